"""Statements in languages other than English, by their cue lexicons; and which language a text is in.

Quotations are masked first (one mark for the opening character, another for the rest), so that a pattern sees a quotation as
one word and nothing inside it. Then each sentence is matched against the orders that the language's newspapers use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from transforms.attribution import english
from transforms.attribution.lexicon import LANGUAGES, load
from transforms.attribution.people import People
from transforms.attribution.quotes import quotations
from transforms.attribution.verbs import Found
from transforms.document import SpeakerKind

_HEAD, _REST = "\ue000", "\ue001"
_Q = f"{_HEAD}{_REST}*"
_PARAGRAPH = re.compile(r"[^\n]+")
# Ends a sentence; the bounded pieces keep every pattern below linear on a text without any full stop.
_END = re.compile(r"[.!?…]+(?=[\s\"”»)]|$)|[。！？؟]+|(?<=[다요])\.(?=\S)")
_MAX_SENTENCE = 1200
_WORDS = re.compile(r"[^\W\d_]+")
_EAST = ("ko", "ja", "zh")


def guess(prose: str) -> str:
    """The language of a text by script, and for Latin letters by function words; English where nothing tells."""
    sample = prose[:20000]
    hangul = kana = han = cyrillic = arabic = latin = 0
    for char, count in sorted(Counter(sample).items()):
        if not char.isalpha():
            continue
        if "\uac00" <= char <= "\ud7a3":
            hangul += count
        elif "\u3040" <= char <= "\u30ff":
            kana += count
        elif "\u4e00" <= char <= "\u9fff":
            han += count
        elif "\u0400" <= char <= "\u04ff":
            cyrillic += count
        elif "\u0600" <= char <= "\u06ff":
            arabic += count
        else:
            latin += count
    east = hangul + kana + han
    # One ideograph or syllable says about as much as two letters.
    best = max((2 * east, "east"), (cyrillic, "ru"), (arabic, "ar"), (latin, "latin"))
    if best[0] == 0:
        return "en"
    if best[1] == "east":
        return "ko" if hangul > max(kana, han) else "ja" if kana * 8 > han else "zh"
    if best[1] != "latin":
        return best[1]
    words = Counter(_WORDS.findall(sample.lower()))
    scores = [
        (sum(words[word] for word in load(language)["function_words"]), -index, language)
        for index, language in enumerate(("en", "de", "es", "fr"))
    ]
    return max(scores)[2]


def statements(prose: str, language: str, people: People) -> list[Found]:
    """The statements of a text in `language`, in the order of their contents; none for a language without rules.

    `people` are those of `prose`.
    """
    if language == "en":
        return english.statements(prose)
    if language not in LANGUAGES or language == "en":
        return []
    found: list[Found] = []
    last: tuple[int, int] | None = None
    spoke = before = 0  # where the paragraph of the last speaker, and the one before this one, begin
    for match in _PARAGRAPH.finditer(prose):
        masked = _masked(prose, match.start(), match.end())
        if spoke < before:
            last = None
        for start, end in _sentences(masked):
            read = _READERS[language](masked[start:end], match.start() + start, language, last, people)
            found += read
            topic = read[-1].speaker if read else _topic(masked[start:end], match.start() + start, language)
            if topic:
                last, spoke = topic, match.start()
        before = match.start()
    found.sort(key=lambda item: (item.content[0], item.cue))
    return found


@cache
def kinds(language: str) -> tuple[tuple[SpeakerKind, tuple[str, ...]], ...]:
    """The words of a language that tell the kind of a source, in the order in which they count."""
    if language not in LANGUAGES or language == "en":
        return ()
    data = load(language)
    order: tuple[tuple[SpeakerKind, str], ...] = (
        ("person", "persons"),
        ("publication", "publications"),
        ("document", "documents"),
        ("group", "groups"),
        ("organisation", "organisations"),
    )
    return tuple((kind, tuple(data[key])) for kind, key in order)


def _topic(sentence: str, offset: int, language: str) -> tuple[int, int] | None:
    """Whom a Japanese sentence without a statement is about: the person before its first は."""
    if language != "ja":
        return None
    match = _eastern("ja")["topic"].match(sentence)
    return (match.start("np") + offset, match.end("np") + offset) if match else None


def _masked(prose: str, start: int, end: int) -> str:
    paragraph = prose[start:end]
    parts: list[str] = []
    position = 0
    for quotation in quotations(prose, start, end):
        a, b = quotation.start - start, quotation.end - start
        if not quotation.closed:
            continue
        parts += [paragraph[position:a], _HEAD, _REST * (b - a - 1)]
        position = b
    parts.append(paragraph[position:])
    return "".join(parts)


def _sentences(masked: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(masked):
        before = masked[max(match.start() - 4, 0) : match.start()]
        # An initial or a short title is no end: "J. Müller", "Dr. X", "Prof. Y".
        if match.group() == "." and re.search(r"(?:\b[A-ZА-ЯÄÖÜ]|\b(?:Dr|Mr|Sr|Prof|St|Hr|Fr|Nr|г|ст|им))$", before):
            continue
        yield from _pieces(start, match.end())
        start = match.end()
    yield from _pieces(start, len(masked))


def _pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        yield start, min(start + _MAX_SENTENCE, end)
        start += _MAX_SENTENCE


def _any(words: list[str]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word))) + ")"


def _shift(span: tuple[int, int], offset: int) -> tuple[int, int]:
    return span[0] + offset, span[1] + offset


# -- languages with spaces and the verb beside its subject ------------------------------------------------------------


@cache
def _western(language: str) -> dict[str, re.Pattern[str]]:
    data = load(language)
    that = _any(data["conjunction"])
    patterns = {
        "cue": rf"(?<!\w){_any(data['cues'])}(?!\w)",
        # From the cue to the quotation or the conjunction: when, where and to whom it was said.
        "right": rf"(?P<between>[^,،;:{_HEAD}{_REST}]{{0,80}}?)\s*[,،:：]?\s*(?:(?<!\w){that}\s*:?\s*)?(?P<q>{_Q})",
        "that": rf"(?P<between>[^,،;:{_HEAD}{_REST}]{{0,80}}?(?:[,،][^,،;:{_HEAD}{_REST}]{{1,40}}[,،])?)\s*[,،]?\s+"
        rf"(?P<that>{that})(?:\s|(?<=['’]))",
        "more": rf"\s*[.,]?\s*[–—-]?\s*(?P<q>{_Q})",
        "according": rf"(?:^|[\s,،(])(?P<cue>{_any(data['according_before'])})\s+(?=\S)",
        "phrase": rf"(?:[^,،;:()\[\]{_HEAD}{_REST}–—!?.…]|(?<=\b[A-ZА-Я])\.|(?<=\bDr)\.){{1,120}}",
        # A source whose name stands in quotation marks: агентство «…»
        "source": rf"(?:[^,،;:()\[\]{_HEAD}{_REST}–—!?.…]|{_HEAD}{_REST}{{1,40}}){{1,120}}",
    }
    if language == "ar":
        # The preposition ل is written together with its noun, and eats the first letter of the article.
        joined = [word for word in data["according_before"] if word.endswith(("ل", "لـ"))]
        apart = [word for word in data["according_before"] if word not in joined]
        stems = "|".join(data["stems_with_lam"])
        patterns["according"] = rf"(?:^|[\s,،(])(?P<cue>{_any(joined)}(?:ل(?!(?:{stems})))?(?=\w)|{_any(apart)}(?=\s))\s*(?=\S)"
    if language == "de":
        patterns["so"] = r",\s(?P<cue>so)\s+(?P<np>(?:(?:der|die|das)\s)?[A-ZÄÖÜ][^,.:;!?]{1,60}?)(?=[,.]|$)"
    if language == "fr":
        spoken = [cue.split(" ", 1)[1] for cue in data["cues"] if cue.startswith(("a ", "ont "))]
        simple = [cue for cue in data["cues"] if " " not in cue]
        patterns["inverted"] = (
            rf"(?<!\w)(?:(?:a|ont)-t-(?P<who>ils?|elles?|on)\s+(?:\w+ment\s+)?{_any(spoken)}|{_any(simple)}-(?:t-)?(?P<them>ils?|elles?|on))(?!\w)"
        )
    if "according_pronoun" in data:
        words = data["according_pronoun"]
        patterns["pronoun"] = rf"(?:^|[\s,(])(?P<cue>{_any(words['before'])}\s(?P<who>{_any(words['who'])})\s{_any(words['after'])})(?!\w)"
    if data["according_after"]:
        patterns["zufolge"] = rf"(?<!\w)(?P<cue>{_any(data['according_after'])})(?!\w)"
    return {key: re.compile(pattern, re.I if key in ("according", "pronoun") else 0) for key, pattern in patterns.items()}


_LEFT_EDGES = f",،;:()[]–—!?…{_HEAD}{_REST}"


def _left_stretch(sentence: str, end: int) -> tuple[int, int]:
    """What stands before `end` since the last mark of punctuation."""
    start = end
    while start > 0 and sentence[start - 1] not in _LEFT_EDGES and end - start < 160:
        start -= 1
    while start < end and sentence[start].isspace():
        start += 1
    while end > start and sentence[end - 1].isspace():
        end -= 1
    return start, end


def _quote_before(sentence: str, end: int) -> tuple[int, int] | None:
    """The quotation that ends right before `end`, but for a comma and a dash."""
    while end > 0 and sentence[end - 1] in " \u00a0,،–—-":
        end -= 1
    if end == 0 or sentence[end - 1] not in (_HEAD, _REST):
        return None
    return sentence.rfind(_HEAD, 0, end), end


def _read_western(sentence: str, offset: int, language: str, last: tuple[int, int] | None, people: People) -> list[Found]:
    patterns = _western(language)
    found: list[Found] = []
    taken: set[int] = set()
    cues = [(match.span(), _inverted_pronoun(sentence, match.end(), language)) for match in patterns["cue"].finditer(sentence)]
    if "inverted" in patterns:
        for match in patterns["inverted"].finditer(sentence):
            who = match.span("who") if match["who"] else match.span("them")
            cues = [item for item in cues if not match.start() <= item[0][0] < match.end()]
            cues.append((match.span() if match["who"] else (match.start(), who[0] - 1), who))
        cues.sort()
    for cue, pronoun in cues:
        after_cue = max(cue[1], pronoun[1] if pronoun else 0)
        before = _quote_before(sentence, cue[0]) if _HEAD in sentence else None
        right = patterns["phrase"].match(sentence, after_cue)
        stretch = _strip(sentence, right.span()) if right else (after_cue, after_cue)
        behind = pronoun or _cut(sentence, stretch, language) or _person_in(sentence, stretch, language)
        if before and before[0] not in taken:
            # „…“, sagte X · «…», a dit X · "…", — сказал X
            content = [before]
            if behind is None and language == "es":
                # «…», afirmó en la sala: the subject is whoever was named last.
                named = people.last_before(offset + before[0])
                if named is None or (stretch[0] < stretch[1] and sentence[stretch[0]].isupper()):
                    continue
                taken.add(before[0])
                found.append(Found([_shift(before, offset)], _shift(cue, offset), (named[0], named[1]), 0.65, direct=True))
                continue
            if behind is None:
                continue
            more = patterns["more"].match(sentence, max(behind[1], right.end() if right else 0))
            if more:
                content.append(more.span("q"))
            taken.update(start for start, _ in content)
            found.append(_made(content, cue, behind, offset, 0.9))
            continue
        if (language == "de" or pronoun) and behind is not None:
            clause = _clause_before(sentence, cue[0], language)
            if clause:
                # …, sagte X: the verb stands first, so what precedes it is what was said.
                content = [clause]
                more = patterns["more"].match(sentence, max(behind[1], right.end() if right else 0))
                if more and sentence[behind[1] : more.start("q")].strip() == ",":
                    content.append(more.span("q"))
                taken.update(start for start, _ in content)
                found.append(_made(content, cue, behind, offset, 0.75, direct=False))
                continue
        if pronoun and language in ("de", "fr"):
            continue  # what stands left of “sagte er” is not its subject
        verb_first = language == "ar"
        subject: tuple[int, int] | None
        if verb_first:
            subject = _cut(sentence, stretch, language)
            after = subject[1] if subject else cue[1]
        else:
            left = _left_stretch(sentence, cue[0])
            if left[0] == left[1] and left[0] > 1 and sentence[left[0] - 2 : left[0]].strip() == ",":
                # X, Sprecher von Y, sagte: the name stands before the apposition.
                apposition = _left_stretch(sentence, left[0] - len(sentence[: left[0]]) + len(sentence[: left[0]].rstrip(" ,")))
                head = _left_stretch(sentence, max(apposition[0] - 2, 0)) if apposition[0] > 2 else (0, 0)
                left = (head[0], apposition[1]) if head[1] > head[0] and _subject(sentence, head, language) else left
            subject = _subject(sentence, left, language) if left[1] > left[0] else None
            aside = _ASIDE.search(sentence, *subject) if subject else None
            subject = (subject[0], aside.start()) if subject and aside else subject
            after = cue[1]
        # An Arabic sentence that begins with its verb and names nobody goes on with the last speaker.
        heir = last if verb_first and subject is None and not sentence[: cue[0]].strip() else None
        quote = patterns["right"].match(sentence, after)
        that = patterns["that"].match(sentence, after)
        end = len(sentence.rstrip(" .!?…؟"))
        if quote and (quote.start("q") in taken or not _introduced(sentence, quote, language)):
            quote = None
        if quote and that and that.end() < quote.start("q") and sentence[that.end("that") : quote.start("q")].strip(" :،,"):
            quote = None  # said that it was “…”: the clause, not the quotation alone
        if quote:
            if subject is not None or heir is not None:
                taken.add(quote.start("q"))
                content = [quote.span("q")]
                if subject is not None:
                    found.append(_made(content, cue, subject, offset, 0.9))
                elif heir is not None:
                    found.append(Found([_shift(content[0], offset)], _shift(cue, offset), heir, 0.65, direct=True))
            continue
        if that and end - that.start("that") > 8 and (subject is not None or heir is not None):
            clause = (that.start("that"), end)
            if subject is not None:
                found.append(_made([clause], cue, subject, offset, 0.75, direct=False))
            elif heir is not None:
                found.append(Found([_shift(clause, offset)], _shift(cue, offset), heir, 0.6))
            break
    return found or _western_according(sentence, offset, language)


_ASIDE = re.compile(r",\s(?:lui|elle|eux|elles|él|ella)$")  # Le voisin, lui, a annoncé


def _inverted_pronoun(sentence: str, at: int, language: str) -> tuple[int, int] | None:
    """The pronoun right behind a verb: sagte er, dijo ella, сказал он."""
    match = _WORD_AFTER.match(sentence, at)
    if match is None or match[1] not in load(language)["pronouns"]:
        return None
    return match.span(1)


_WORD_AFTER = re.compile(r"\s+([^\W\d_]+)(?!\w)")


def _clause_before(sentence: str, at: int, language: str) -> tuple[int, int] | None:
    """The clause that ends with the comma before `at`, back to a colon or the beginning of the sentence."""
    end = len(sentence[:at].rstrip())
    if end < 2 or sentence[end - 1] != ",":
        return None
    end -= 1
    start = max(sentence.rfind(mark, 0, end) for mark in (": ", "; ")) + 2
    start = 0 if start == 1 else start
    while start < end and sentence[start] in " –—-":
        start += 1
    words = sentence[start:end].split()
    if len(words) < 3 or words[0].lower() in load(language).get("subordinators", ()) or _HEAD in sentence[start:end]:
        return None
    return start, end


def _introduced(sentence: str, quote: re.Match[str], language: str) -> bool:
    """Whether a quotation is what was said, and not a name in quotation marks ("told the “Courier”")."""
    between = quote["between"].split()
    if not between or re.search(r"[:,،]\s*$", sentence[quote.start() : quote.start("q")]):
        return True
    data = load(language)
    return between[-1].lower() not in {*data["articles"], *data["cut"], "dem", "der", "du", "del"} or between[-1] in data["conjunction"]


_CAPITALS = re.compile(r"(?<![\w-])[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]+(?:\s(?:(?:de|del|la|von|van)\s)?[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]+){1,3}")


def _person_in(sentence: str, span: tuple[int, int], language: str) -> tuple[int, int] | None:
    """A speaker behind a place or a time: сказала в суде Anna Doe, contaba el domingo Ana Doe. Not German, whose nouns have capitals."""
    if language not in ("es", "fr", "ru"):
        return None
    match = _CAPITALS.search(sentence, *span)
    return match.span() if match and match.start() - span[0] < 40 else None


def _strip(sentence: str, span: tuple[int, int]) -> tuple[int, int]:
    start, end = span
    while start < end and sentence[start].isspace():
        start += 1
    while end > start and sentence[end - 1].isspace():
        end -= 1
    return start, end


def _western_according(sentence: str, offset: int, language: str) -> list[Found]:
    patterns = _western(language)
    body = len(sentence.rstrip(" .!?…؟"))
    subject: tuple[int, int] | None = None
    match = patterns["according"].search(sentence)
    if match is not None:
        phrase = patterns["source" if language == "ru" else "phrase"].match(sentence, match.end())
        subject = _cut(sentence, _strip(sentence, phrase.span()), language, according=True) if phrase else None
        rest = subject[1] if subject else match.end()
    elif "zufolge" in patterns and (match := patterns["zufolge"].search(sentence)) is not None:
        subject = _subject(sentence, _left_stretch(sentence, match.start()), language)
        rest = match.end()
    elif "so" in patterns and (match := patterns["so"].search(sentence)) is not None:
        subject = match.span("np") if _can_speak(match["np"].split(), language) else None
        rest = match.end()
    elif "pronoun" in patterns and (match := patterns["pronoun"].search(sentence)) is not None:
        subject, rest = match.span("who"), match.end()
    if match is None or subject is None:
        return []
    first = min(match.start("cue"), subject[0])
    before = (len(sentence) - len(sentence.lstrip(" –—-")), len(sentence[:first].rstrip(" ,،(–—-")))
    relative = _RELATIVE.match(sentence, rest)
    if relative:
        rest = relative.end()
    behind = _EDGE.match(sentence, rest)
    tail = (behind.end() if behind else rest, body)
    pieces = [piece for piece in (before, tail) if piece[1] - piece[0] > 6]
    if not pieces:
        return []
    if len(pieces) == 2 and tail[0] - rest < 2:
        pieces = pieces[:1]
    return [_made(pieces, match.span("cue"), subject, offset, 0.8, direct=all(re.fullmatch(_Q, sentence[a:b]) for a, b in pieces))]


_EDGE = re.compile(r"[\s,،):–—-]*")
# A relative clause between commas behind a source: it is said of the source, not by it.
_RELATIVE = re.compile(r",\s(?:qui|dont|où|que|quien|quienes|cuyo|cuya|котор\w+|der|die|das|dessen|deren)\s[^,;:.]{3,120}(?=,)")


def _made(
    content: list[tuple[int, int]], cue: tuple[int, int], speaker: tuple[int, int], offset: int, score: float, direct: bool = True
) -> Found:
    return Found([_shift(span, offset) for span in content], _shift(cue, offset), _shift(speaker, offset), score, direct=direct)


@cache
def _cutter(language: str) -> re.Pattern[str]:
    return re.compile(rf"\s+{_any(load(language)['cut'])}(?=\s|$)")


def _cut(sentence: str, span: tuple[int, int], language: str, according: bool = False) -> tuple[int, int] | None:
    """A speaker that follows its verb: up to where and when it was said, with its apposition."""
    start, end = span
    when = _WHEN.match(sentence, start, end)
    start = when.end() if when else start
    text = sentence[start:end]
    data = load(language)
    match = _cutter(language).search(text)
    if according and language == "de":
        # laut einem Bericht der Zeitung hat …: the verb of the clause follows without a comma.
        match = _german_verb(text)
    elif according and language in ("es", "fr", "ru") and text.count(" ") < 12 and sentence[end : end + 1] == ",":
        match = re.search(r"\sсо ссылкой", text)  # the comma ends the source
    if match and match.start() > 1:
        end = start + match.start()
    while end > start and sentence[end - 1].isspace():
        end -= 1
    words = sentence[start:end].split()
    if not words or len(words) > 14:
        return None
    if not _can_speak(words, language):
        return None
    if (
        not according
        and not _NAMED.search(sentence[start:end].replace("\u00a0", " ").partition(" ")[2] or "")
        and sentence[end : end + 2] == ", "
    ):
        # …, sagte die Leiterin, Jane Doe.
        name = _NAME_BEHIND.match(sentence, end)
        if name:
            return start, name.end("name")
    # …, sagte X, Sprecher des Ministeriums. / X, el portavoz de Y.
    apposition = (
        re.compile(rf",\s+(?:{_any(data['apposition'])}|$^)(?=\s)[^,;:{_HEAD}.!?]{{3,80}}(?=[.,]|$)").match(sentence, end)
        if data["apposition"] and not according
        else None
    )
    return (start, apposition.end()) if apposition else (start, end)


# contaba el domingo Ana Doe: a day between the verb and its subject
_WHEN = re.compile(
    r"(?:el\s(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)|ayer|hoy|hier|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|сегодня|вчера|gestern|heute)\s+(?=[A-ZÀ-ÖØ-ÞА-ЯЁ]|(?:la|le|el|los|les|die|der|das|ein|eine)\s)"
)
_NAMED = re.compile(r"[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]+\s[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]+")
_NAME_BEHIND = re.compile(
    r",\s(?P<name>(?:(?:Me|M\.|Mme|Dr\.|Prof\.|don|doña)\s)?[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]+(?:\s(?:(?:de|del|la|von|van)\s)?[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]+){1,3})(?=[,.;:]|$)"
)


def _german_verb(text: str) -> re.Match[str] | None:
    """Where the source ends in "laut einer Studie der Kammer hängt": at the first word in lower case that is no part of it."""
    named = article = False
    for word in re.finditer(r"\S+", text):
        first = word.group()[0]
        if first.isupper() or first.isdigit():
            named, article = True, False
        elif word.group().lower() in _GERMAN_LINKS:
            article = True
        elif named and not article:
            return re.compile(r"\s+\S").search(text, max(word.start() - 1, 0))
    return None


_GERMAN_LINKS = frozenset("der des von vom und für aus zur zum einer eines dem den".split())


def _subject(sentence: str, span: tuple[int, int], language: str) -> tuple[int, int] | None:
    """A speaker that precedes its verb: the noun phrase at the end of the stretch."""
    start, end = span
    text = sentence[start:end]
    load(language)
    # Behind an introductory phrase or a conjunction the subject begins with its article or a capital.
    words = [(match.start(), match.group()) for match in re.finditer(r"\S+", text)]
    if not words or len(words) > 16:
        return None
    first = 0
    for index in range(len(words) - 1, -1, -1):
        low = words[index][1].lower()
        if low in ("und", "y", "et", "и", "aber", "pero", "mais", "но", "а", "que", "qui", "dass", "que", "как") and index < len(words) - 1:
            first = index + 1
            break
    picked = words[first:]
    if not _can_speak([word for _, word in picked], language):
        return None
    return start + picked[0][0], end


def _can_speak(words: list[str], language: str) -> bool:
    data = load(language)
    low = words[0].lower()
    if low in data["pronouns"]:
        return len(words) == 1
    if low in data["not_speakers"] or words[-1].lower() in data["not_speakers"]:
        return False
    if language == "ar" and (
        words[0].startswith("لل") or (len(words) == 1 and words[0].endswith(("ا", "اً")) and not words[0].startswith("ال"))
    ):
        return False  # to whom or how it was said
    if low in data["articles"] or low.startswith(("l'", "l’")):
        return len(words) > 1 or low.startswith(("l'", "l’"))
    if low in data["cut"] or low in data["conjunction"]:
        return False
    joined = " ".join(words).lower()
    listed = any(term in joined for key in ("publications", "documents", "groups", "organisations") for term in data[key])
    return (
        language == "ar"
        or listed
        or any(word[0].isupper() for word in words)
        or (language == "ru" and any(term in joined for term in data["apposition"]))
    )


# -- Korean, Japanese, Chinese ----------------------------------------------------------------------------------------


@cache
def _eastern(language: str) -> dict[str, re.Pattern[str]]:
    data = load(language)
    cue = _any(data["cues"])
    if language == "ko":
        quotative = _any(data["quotatives"])
        return {
            "quote": re.compile(rf"(?P<q>{_Q})\s?(?:{quotative})"),
            "cue": re.compile(rf"(?P<cue>{cue})"),
            "according": re.compile(rf"(?P<cue>{_any(data['according_after'])})[,\s]"),
            "subject": re.compile(rf"(?P<np>[^,{_HEAD}{_REST}]{{1,60}}?)(?P<p>{_any(data['particles'])})(?=[\s,(]|{_HEAD})"),
            "clause": re.compile(rf"(?P<that>{_any(data['clause_endings'])})\s(?P<cue>{cue})"),
            "direct": re.compile(rf"(?P<np>[^,{_HEAD}{_REST}]{{1,60}})[은는]\s$"),
        }
    if language == "ja":
        return {
            "quote": re.compile(rf"(?P<q>{_Q})(?:など)?と"),
            "cue": re.compile(rf"(?P<cue>{cue})"),
            "according": re.compile(rf"(?P<cue>{_any(data['according_after'])})、?"),
            "subject": re.compile(
                rf"(?P<np>[^、。{_HEAD}{_REST}]{{1,40}}?)(?P<p>{_any(data['particles'])})(?=[、\s]|{_HEAD}|[^{_HEAD}]{{0,200}}$)"
            ),
            "clause": re.compile(rf"と(?P<cue>{cue})"),
            # …は「: the particle right before the quotation; and whom a sentence is about.
            "direct": re.compile(rf"(?P<np>[^、。{_HEAD}{_REST}]{{1,40}})は(?:、)?$"),
            "topic": re.compile(rf"(?P<np>[^、。はがもを{_HEAD}{_REST}]{{1,20}}{_any(data['persons'])})は"),
        }
    name = rf"[^\s，。、：:；,!！?？（）()《》{_HEAD}{_REST}]{{1,30}}?"
    return {
        "before": re.compile(rf"(?:^|[，。；,\s])(?P<np>{name})(?:（[^（）]{{1,30}}）)?(?P<cue>{cue})(?:[：:，,]|说)?\s*(?P<q>{_Q})"),
        "after": re.compile(rf"(?P<q>{_Q})[，,。]?(?P<np>{name})(?P<cue>{cue})(?=[，。；,\s]|$)"),
        "according": re.compile(
            rf"(?:^|[，。；,\s])(?P<cue>{_any(data['according_before'])})(?P<np>{name})(?P<tail>{_any(data['according_after'])})[，,：:]"
        ),
        "more": re.compile(rf"[，,。]\s*(?P<q>{_Q})"),
        "indirect": re.compile(rf"^\s*(?:[对對]此[，,])?(?P<np>{name})(?P<cue>{cue}|(?:告诉|告訴)[^，,。：:{_HEAD}]{{1,12}})[，,：:]"),
    }


@cache
def _titled() -> re.Pattern[str]:
    return re.compile(rf"\s\w{{0,6}}{_any(load('ko')['persons'])}(?:은|는|이|가|도)(?=\s|,|{_HEAD})")


_KOREAN_PLACE = re.compile(r"(?:에서|에게|으로|을|를|은|는|며|면서|부터|까지|에|로|해|고|라|와|과의|하고)$")


def _from(sentence: str, span: tuple[int, int]) -> tuple[int, int]:
    """A subject's stretch, begun again at the last comma or quotation: an earlier match may have taken its first words."""
    start = max(sentence.rfind(mark, 0, span[1]) for mark in (",", "、", _REST, _HEAD)) + 1
    return max(start, span[1] - 60), span[1]


@cache
def _korean_person() -> re.Pattern[str]:
    return re.compile(rf"[가-힣]{{2,4}}(?:\(\d+\))?\s?{_any(load('ko')['persons'])}$")


def _korean_np(sentence: str, span: tuple[int, int]) -> tuple[int, int] | None:
    """The subject's noun phrase: its last words, back to one with a particle of place, time or object."""
    data = load("ko")
    words = [(match.start() + span[0], match.group()) for match in re.finditer(r"\S+", sentence[span[0] : span[1]])]
    if not words:
        return None
    first = len(words) - 1
    while first > 0 and len(words) - first < 6:
        word = words[first - 1][1]
        titled = any(title in words[first][1] for title in data["persons"])
        if (
            titled
            and first == len(words) - 1
            and word not in data["lead"]
            and word[-1] not in ",’'"
            and not word.endswith(("에서", "에게", "을", "를"))
        ):
            first -= 1  # 김정은 위원장: the name's last syllable is no particle
            continue
        if (
            word in data["lead"]
            or word[-1] in ",’'"
            or re.search(r"\d일?$|오전|오후|시간$", word)
            or (len(word) > 2 and _KOREAN_PLACE.search(word))
        ):
            break
        first -= 1
    while first < len(words) - 1 and words[first][1] in data["lead"]:
        first += 1
    while (
        first < len(words) - 1
        and re.search(r"[가-힣][한던된인은는]$", words[first][1])
        and _korean_person().search(sentence[words[first + 1][0] : span[1]])
    ):
        first += 1  # 주도한 … 의원: a relative clause
    text = sentence[words[first][0] : span[1]]
    if text in data["not_speakers"] or not re.search(r"\w", text) or words[-1][1] in data["not_speakers"]:
        return None
    return words[first][0], span[1]


def _japanese_np(sentence: str, span: tuple[int, int]) -> tuple[int, int] | None:
    data = load("ja")
    start, end = span
    text = sentence[start:end]
    for cut in re.finditer(r"(?:で|に|を|から|まで|日|、)(?=[\u4e00-\u9fffァ-ヴA-Za-z])", text):
        if (cut.end() < len(text) - 1 and cut.group() != "日") or re.search(r"\d日$|[一二三四五六七八九十]日$", text[: cut.end()]):
            start = span[0] + cut.end()
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and end - start > len(lead):
            start += len(lead)
    relative = list(re.finditer(r"(?:た|する|ている|いる|める|住む|働く|通う|営む|暮らす)(?=[\u4e00-\u9fff])", sentence[start:end]))
    if relative and any(term in sentence[start + relative[-1].end() : end] for term in data["persons"]):
        start += relative[-1].end()  # 反対した…議員: what the person did is no part of the name
    text = sentence[start:end]
    if not text or text in data["not_speakers"] or text.endswith(("こと", "もの", "ため", "では", "に")) or not re.search(r"\w", text):
        return None
    return start, end


def _chinese_np(sentence: str, span: tuple[int, int]) -> tuple[int, int] | None:
    data = load("zh")
    start, end = span
    text = sentence[start:end]
    when = re.match(r"(?:\d+月)?\d+[日号]|[周星期礼拜]{1,2}[一二三四五六日天]", text)
    if when:
        start += when.end()
    changed = True
    while changed:
        changed = False
        for lead in data["lead"]:
            if sentence.startswith(lead, start) and end - start > len(lead):
                start += len(lead)
                changed = True
    tail = re.search(
        r"(?:\d+月)?\d+[日号]?$|在.{1,15}[上中时時]$|(?:则|則|也|还|還|並|并|又|都|曾|再次|进一步|日前|当天|随后|此前|对此|接着|接著|(?:微|苦|大)?笑(?:着|著)?|[\u4e00-\u9fff]{1,3}地|周[一二三四五六日])+$",
        sentence[start:end],
    )
    if tail and tail.start() >= 1:
        end = start + tail.start()
    relative = re.match(r".*(?:了|在|岁|歲|工作|来自|來自).*的(?=[\u4e00-\u9fff]{2,4}$)", sentence[start:end])
    if relative:
        start += relative.end()  # 工作了六年的…: what a person did is no part of the name
    text = sentence[start:end]
    if (
        (len(text) < 2 and text not in data["pronouns"])
        or len(text) > 25
        or (text.startswith(tuple(data["not_speakers"])) and text not in data["pronouns"])
    ):
        return None
    return start, end


def _read_korean_or_japanese(sentence: str, offset: int, language: str, last: tuple[int, int] | None, people: People) -> list[Found]:
    patterns = _eastern(language)
    found: list[Found] = []
    body = len(sentence.rstrip(" .。!?！？"))
    according = patterns["according"].search(sentence)
    noun = _korean_np if language == "ko" else _japanese_np
    quotes = list(patterns["quote"].finditer(sentence))
    if quotes:
        cue = patterns["cue"].search(sentence, quotes[-1].end())
        if cue is None and language == "ja":
            return []
        if cue is not None and cue.start() - quotes[-1].end() <= 60:
            subject: tuple[int, int] | None = None
            direct = patterns["direct"].search(sentence[max(quotes[0].start() - 70, 0) : quotes[0].start()])
            if direct:
                shift = max(quotes[0].start() - 70, 0)
                subject = noun(sentence, _from(sentence, (direct.start("np") + shift, direct.end("np") + shift)))
            for match in patterns["subject"].finditer(sentence[: quotes[0].start()]) if subject is None else ():
                if language == "ko" and _titled().match(sentence, match.end()):
                    continue  # the last syllable of a name looks like a particle: 김정은 위원장은
                subject = noun(sentence, _from(sentence, match.span("np")))
                if subject:
                    break
            if subject is None:
                for match in patterns["subject"].finditer(sentence, quotes[-1].end("q"), cue.start()):
                    begin, quotative = match.start("np"), quotes[-1].end()
                    subject = noun(sentence, (max(begin, quotative), match.end("np"))) if match.end("np") > max(begin, quotative) else None
                    if subject:
                        break
            content = [match.span("q") for match in quotes]
            if subject is not None:
                found.append(_made(content, cue.span("cue"), subject, offset, 0.85))
            elif last is not None:
                found.append(Found([_shift(span, offset) for span in content], _shift(cue.span("cue"), offset), last, 0.6, direct=True))
            return found
    if according:
        source = noun(sentence, _from(sentence, (0, according.start())))
        if source and body - according.end() > 6:
            start = according.end() + (len(sentence[according.end() : body]) - len(sentence[according.end() : body].lstrip()))
            return [_made([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
    clauses = list(patterns["clause"].finditer(sentence))
    clause = clauses[-1] if clauses else None
    if clause is not None and body - clause.end() < 4 and clause["cue"] not in ("했다", "했습니다", "言う", "みている"):
        topic = next(
            (
                m
                for m in patterns["subject"].finditer(sentence[: clause.start()])
                if language != "ko" or not _titled().match(sentence, m.end())
            ),
            None,
        )
        subject = noun(sentence, _from(sentence, topic.span("np"))) if topic else None
        if topic and subject:
            start = topic.end()
            while start < clause.start() and sentence[start] in " 、,":
                start += 1
            end = clause.start() + (1 if language == "ko" else 0)
            if end - start > 4:
                found.append(_made([(start, end)], clause.span("cue"), subject, offset, 0.7, direct=False))
    return found


def _read_chinese(sentence: str, offset: int, language: str, last: tuple[int, int] | None, people: People) -> list[Found]:
    patterns = _eastern(language)
    found: list[Found] = []
    for key in ("before", "after"):
        if _HEAD not in sentence:
            break
        for match in patterns[key].finditer(sentence):
            subject = _chinese_np(sentence, match.span("np"))
            if subject is None or any(_shift(match.span("q"), offset) in item.content for item in found):
                continue
            content = [match.span("q")]
            more = patterns["more"].match(sentence, match.end())
            if key == "after" and more:
                content.append(more.span("q"))
            found.append(_made(content, match.span("cue"), subject, offset, 0.85))
    if found:
        return found
    body = len(sentence.rstrip("。！？!? ."))
    according = patterns["according"].search(sentence)
    if according:
        if body - according.end() > 4:
            return [_made([(according.end(), body)], according.span("cue"), according.span("np"), offset, 0.8, direct=False)]
        return []
    opening = patterns["indirect"].search(sentence)
    subject = _chinese_np(sentence, opening.span("np")) if opening else None
    if opening and subject and body - opening.end() > 4:
        found.append(_made([(opening.end(), body)], opening.span("cue"), subject, offset, 0.7, direct=False))
    return found


_READERS = {
    "ko": _read_korean_or_japanese,
    "ja": _read_korean_or_japanese,
    "zh": _read_chinese,
    "de": _read_western,
    "es": _read_western,
    "fr": _read_western,
    "ru": _read_western,
    "ar": _read_western,
}
