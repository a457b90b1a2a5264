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
from transforms.attribution.english import Found
from transforms.attribution.lexicon import LANGUAGES, load
from transforms.attribution.quotes import quotations
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


def statements(prose: str, language: str) -> list[Found]:
    """The statements of a text in `language`, in the order of their contents; none for a language without rules."""
    if language == "en":
        return english.statements(prose)
    if language not in LANGUAGES or language == "en":
        return []
    found: list[Found] = []
    last: tuple[int, int] | None = None
    for match in _PARAGRAPH.finditer(prose):
        masked = _masked(prose, match.start(), match.end())
        for start, end in _sentences(masked):
            read = _READERS[language](masked[start:end], match.start() + start, language, last)
            found += read
            if read and read[-1].speaker:
                last = read[-1].speaker
        if not found or found[-1].content[-1][1] < match.start() - 400:
            last = None
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
        "that": rf"(?P<between>[^,،;:{_HEAD}{_REST}]{{0,80}}?)\s*[,،]?\s+(?P<that>{that})(?:\s|(?<=['’]))",
        "more": rf"\s*[.,]?\s*[–—-]?\s*(?P<q>{_Q})",
        "according": rf"(?:^|[\s,،(])(?P<cue>{_any(data['according_before'])}){'' if language == 'ar' else chr(92) + 's+'}(?=\S)",
        "phrase": rf"(?:[^,،;:()\[\]{_HEAD}{_REST}–—!?.…]|(?<=\b[A-ZА-Я])\.|(?<=\bDr)\.){{1,120}}",
    }
    if data["according_after"]:
        patterns["zufolge"] = rf"(?<!\w)(?P<cue>{_any(data['according_after'])})(?!\w)"
    return {key: re.compile(pattern, re.I if key == "according" else 0) for key, pattern in patterns.items()}


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


def _read_western(sentence: str, offset: int, language: str, last: tuple[int, int] | None) -> list[Found]:
    patterns = _western(language)
    found: list[Found] = []
    taken: set[int] = set()
    for match in patterns["cue"].finditer(sentence):
        cue = match.span()
        before = _quote_before(sentence, cue[0]) if _HEAD in sentence else None
        right = patterns["phrase"].match(sentence, cue[1])
        stretch = _strip(sentence, right.span()) if right else (cue[1], cue[1])
        if before and before[0] not in taken:
            # „…“, sagte X · «…», a dit X · "…", — сказал X
            speaker = _cut(sentence, stretch, language)
            if speaker is None:
                continue
            content = [before]
            more = patterns["more"].match(sentence, max(speaker[1], right.end() if right else 0))
            if more:
                content.append(more.span("q"))
            taken.update(start for start, _ in content)
            found.append(_made(content, cue, speaker, offset, 0.9))
            continue
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
            after = cue[1]
        quote = patterns["right"].match(sentence, after)
        if quote and quote.start("q") not in taken:
            if subject is not None or (verb_first and last is not None):
                taken.add(quote.start("q"))
                content = [quote.span("q")]
                if subject is not None:
                    found.append(_made(content, cue, subject, offset, 0.9))
                elif last is not None:
                    found.append(Found([_shift(content[0], offset)], _shift(cue, offset), last, 0.65, direct=True))
            continue
        that = patterns["that"].match(sentence, after)
        end = len(sentence.rstrip(" .!?…؟"))
        if that and subject is not None and end - that.start("that") > 8:
            found.append(_made([(that.start("that"), end)], cue, subject, offset, 0.75, direct=False))
            break
    return found or _western_according(sentence, offset, language)


def _strip(sentence: str, span: tuple[int, int]) -> tuple[int, int]:
    start, end = span
    while start < end and sentence[start].isspace():
        start += 1
    while end > start and sentence[end - 1].isspace():
        end -= 1
    return start, end


def _western_according(sentence: str, offset: int, language: str) -> list[Found]:
    patterns = _western(language)
    match = patterns["according"].search(sentence)
    after = False
    if match is None and "zufolge" in patterns:
        match, after = patterns["zufolge"].search(sentence), True
    if match is None:
        return []
    body = len(sentence.rstrip(" .!?…؟"))
    if after:
        subject = _subject(sentence, _left_stretch(sentence, match.start()), language)
        rest = match.end()
    else:
        phrase = patterns["phrase"].match(sentence, match.end())
        subject = _cut(sentence, _strip(sentence, phrase.span()), language, according=True) if phrase else None
        rest = subject[1] if subject else match.end()
    if subject is None:
        return []
    first = min(match.start("cue"), subject[0])
    before = (len(sentence) - len(sentence.lstrip(" –—-")), len(sentence[:first].rstrip(" ,،(–—-")))
    behind = re.compile(r"[\s,،):–—-]*").match(sentence, rest)
    tail = (behind.end() if behind else rest, body)
    pieces = [piece for piece in (before, tail) if piece[1] - piece[0] > 6]
    if not pieces:
        return []
    if len(pieces) == 2 and tail[0] - rest < 2:
        pieces = pieces[:1]
    return [_made(pieces, match.span("cue"), subject, offset, 0.8, direct=all(re.fullmatch(_Q, sentence[a:b]) for a, b in pieces))]


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
    text = sentence[start:end]
    data = load(language)
    match = _cutter(language).search(text)
    if according and language == "de":
        # laut einem Bericht der Zeitung … hat: the verb of the clause follows without a comma.
        verb = re.search(
            r"\s+(?:hat|haben|ist|sind|war|waren|wird|werden|wurde|wurden|soll|sollen|kann|können|will|wollen|gibt|gab|sei|seien|liegt|stieg|sank)\b",
            text,
        )
        match = match if match and (not verb or match.start() < verb.start()) else verb
        if verb and (match is None or (verb.start() <= match.start() + 25 and match is not verb and text[: match.start()].count(" ") < 1)):
            match = verb
    if match and match.start() > 1:
        end = start + match.start()
    while end > start and sentence[end - 1].isspace():
        end -= 1
    words = sentence[start:end].split()
    if not words or len(words) > 14:
        return None
    if not _can_speak(words, language):
        return None
    # …, sagte X, Sprecher des Ministeriums. / X, el portavoz de Y.
    apposition = (
        re.compile(rf",\s+(?:{_any(data['apposition'])}|$^)(?=\s)[^,;:{_HEAD}.!?]{{3,80}}(?=[.,]|$)").match(sentence, end)
        if data["apposition"] and not according
        else None
    )
    return (start, apposition.end()) if apposition else (start, end)


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
        }
    name = rf"[^\s，。、：:；,!！?？（）()《》{_HEAD}{_REST}]{{1,30}}?"
    return {
        "before": re.compile(rf"(?:^|[，。；,\s])(?P<np>{name})(?:（[^（）]{{1,30}}）)?(?P<cue>{cue})(?:[：:，,]|说)?\s*(?P<q>{_Q})"),
        "after": re.compile(rf"(?P<q>{_Q})[，,。]?(?P<np>{name})(?P<cue>{cue})(?=[，。；,\s]|$)"),
        "according": re.compile(
            rf"(?:^|[，。；,\s])(?P<cue>{_any(data['according_before'])})(?P<np>{name})(?P<tail>{_any(data['according_after'])})[，,：:]"
        ),
        "indirect": re.compile(rf"^(?P<np>{name})(?P<cue>{cue})[，,：:]"),
    }


@cache
def _titled() -> re.Pattern[str]:
    return re.compile(rf"\s\w{{0,6}}{_any(load('ko')['persons'])}(?:은|는|이|가|도)(?=\s|,|{_HEAD})")


_KOREAN_PLACE = re.compile(r"(?:에서|에게|으로|을|를|은|는|며|면서|부터|까지|에|로|해|고|라|와|과의|하고)$")


def _from(sentence: str, span: tuple[int, int]) -> tuple[int, int]:
    """A subject's stretch, begun again at the last comma or quotation: an earlier match may have taken its first words."""
    start = max(sentence.rfind(mark, 0, span[1]) for mark in (",", "、", _REST, _HEAD)) + 1
    return max(start, span[1] - 60), span[1]


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
        r"(?:\d+月)?\d+[日号]?$|在.{1,15}[上中时]?$|(?:则|也|还|還|並|并|再次|进一步|日前|当天|随后|此前|对此|周[一二三四五六日])+$",
        sentence[start:end],
    )
    if tail and tail.start() > 1:
        end = start + tail.start()
    text = sentence[start:end]
    if (
        (len(text) < 2 and text not in data["pronouns"])
        or len(text) > 25
        or (text.startswith(tuple(data["not_speakers"])) and text not in data["pronouns"])
    ):
        return None
    return start, end


def _read_korean_or_japanese(sentence: str, offset: int, language: str, last: tuple[int, int] | None) -> list[Found]:
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
            for match in patterns["subject"].finditer(sentence[: quotes[0].start()]):
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


def _read_chinese(sentence: str, offset: int, language: str, last: tuple[int, int] | None) -> list[Found]:
    patterns = _eastern(language)
    found: list[Found] = []
    for key in ("before", "after"):
        if _HEAD not in sentence:
            break
        for match in patterns[key].finditer(sentence):
            subject = _chinese_np(sentence, match.span("np"))
            if subject is None or any(_shift(match.span("q"), offset) in item.content for item in found):
                continue
            found.append(_made([match.span("q")], match.span("cue"), subject, offset, 0.85))
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
