"""Statements in languages other than English, by their cue lexicons; and which language a text is in.

Quotations are masked first (one mark for the opening character, another for the rest), so that a pattern sees a quotation as
one word and nothing inside it. Then each sentence is matched against the orders that the language's newspapers use: see
western.py for the languages that set the verb beside its subject, eastern.py for Korean, Japanese and Chinese.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from transforms.attribution import english
from transforms.attribution.chains import links
from transforms.attribution.eastern import announced, read_chinese, read_japanese, read_korean, topic
from transforms.attribution.grammar import HEAD, REST, grammar
from transforms.attribution.lexicon import EASTERN, WESTERN, load
from transforms.attribution.people import People
from transforms.attribution.quotes import Quotation, quotations
from transforms.attribution.verbs import Found
from transforms.attribution.western import State, read
from transforms.document import SpeakerKind

_PARAGRAPH = re.compile(r"[^\n]+")
# Ends a sentence; the bounded pieces keep every pattern linear on a text without any full stop.
_END = re.compile(r"(?<![.!?…])[.!?…]+(?=[\s\"”»)]|$)|[。！？؟]+|(?<=[다요])\.(?=\S)|\ue002")
_MAX_SENTENCE = 1200
_MIN_SENTENCE = 8  # characters; nothing is said in less, but within quotation marks
_SPEECH_END = "\ue002"  # closes a quotation that ends a sentence
_WORDS = re.compile(r"[^\W\d_]+")
# Of the Latin words of a text in one of these languages more than one in so many is a function word; of names hardly any are.
_FEW_FUNCTION_WORDS = 12
_OTHER_LETTERS = 50
_GUESSED = ("en", "de", "es", "fr", "it", "pt", "nl", "pl")


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
    words = Counter(_WORDS.findall(sample.lower()))
    scores = [(sum(words[word] for word in load(language)["function_words"]), -index, language) for index, language in enumerate(_GUESSED)]
    east = hangul + kana + han
    if max(scores)[0] * _FEW_FUNCTION_WORDS < sum(words.values()) and max(east, cyrillic, arabic) >= _OTHER_LETTERS:
        latin = 0  # names in a text of another script
    # One ideograph or syllable says about as much as two letters.
    best = max((2 * east, "east"), (cyrillic, "cyrillic"), (arabic, "ar"), (latin, "latin"))
    if best[0] == 0:
        return "en"
    if best[1] == "east":
        return "ko" if hangul > max(kana, han) else "ja" if kana * 8 > han else "zh"
    if best[1] == "cyrillic":
        return "uk" if any(letter in sample for letter in "їєґЇЄҐ") and "ы" not in sample else "ru"
    if best[1] != "latin":
        return best[1]
    return max(scores)[2]


def has_rules(language: str) -> bool:
    """Whether speakers can be found in `language`; where not, quotations are given without their speakers."""
    return language == "en" or language in WESTERN or language in EASTERN


def statements(prose: str, language: str, people: People) -> list[Found]:
    """The statements of a text in `language`, in the order of their contents; bare quotations for a language without rules.

    `people` are those of `prose`. A bare quotation has the cue (-1, -1) and no speaker.
    """
    if language == "en":
        return english.statements(prose)
    found = (
        _bare(prose)
        if not has_rules(language)
        else _western(prose, language, people)
        if language in WESTERN
        else _eastern(prose, language, people)
    )
    if has_rules(language):
        for item in found:
            who, item.via = links(prose, item.content, item.cue, item.speaker or (-1, -1), language)
            item.speaker = who if item.speaker is not None else None
    found.sort(key=lambda item: (item.content[0], item.cue))
    return found


@cache
def kinds(language: str) -> tuple[tuple[SpeakerKind, tuple[str, ...]], ...]:
    """The words of a language that tell the kind of a source, in the order in which they count."""
    if language == "en" or not has_rules(language):
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


def _western(prose: str, language: str, people: People) -> list[Found]:
    g = grammar(language)
    state = State(people=people)
    found: list[Found] = []
    spoke = before = 0  # where the paragraph of the last speaker, and the one before this one, begin
    for match in _PARAGRAPH.finditer(prose):
        if spoke < before:
            state.last = None
        if match.end() - match.start() <= _MIN_SENTENCE and match.group().isalnum():
            before = match.start()
            continue
        masked = _masked(prose, match.start(), match.end(), language)
        for start, end in _sentences(masked):
            sentence = masked[start:end].replace(_SPEECH_END, REST)
            offset = match.start() + start
            alone = _ALONE.fullmatch(sentence)
            if alone and found and found[-1].direct and found[-1].cue[0] >= match.start() and found[-1].speaker is not None:
                # “…,” she said. “…”: the quotation goes on.
                found[-1].content.append((alone.start("q") + offset, alone.end("q") + offset))
                continue
            made = read(sentence, offset, g, state) if len(sentence) > _MIN_SENTENCE else []
            found += made
            if made and made[-1].speaker is not None:
                state.last, spoke = made[-1].speaker, match.start()
            if len(sentence) > _MIN_SENTENCE:
                state.before = _stripped(prose, offset, match.start() + end)
        before = match.start()
    return _merged(found)


def _merged(found: list[Found]) -> list[Found]:
    """A sentence claimed whole by what follows it (“Об этом сообщил X”) loses to what was found inside of it."""
    kept = []
    for index, item in enumerate(found):
        a, b = item.content[0]
        inside = (span for other in found[max(index - 4, 0) : index] for span in other.content)
        if item.cue[0] < b or not any(a <= x and y <= b and (x, y) != (a, b) for x, y in inside):
            kept.append(item)
    return kept


def _eastern(prose: str, language: str, people: People) -> list[Found]:
    reader = {"ko": read_korean, "ja": read_japanese, "zh": read_chinese}[language]
    found: list[Found] = []
    last: tuple[int, int] | None = None
    pending: tuple[tuple[int, int], tuple[int, int]] | None = None  # who is said to speak in the next sentence
    spoke = before = 0
    for match in _PARAGRAPH.finditer(prose):
        masked = _masked(prose, match.start(), match.end(), language)
        if spoke < before:
            last = None
        for start, end in _sentences(masked):
            sentence = masked[start:end].replace(_SPEECH_END, REST)
            alone = _ALONE.fullmatch(sentence) if pending else None
            if alone and pending:
                offset = match.start() + start
                made = [Found([(alone.start("q") + offset, alone.end("q") + offset)], pending[1], pending[0], 0.8, direct=True)]
            else:
                made = reader(sentence, match.start() + start, last, people)
            pending = None if made else announced(sentence, match.start() + start, language)
            found += made
            about = made[-1].speaker if made else topic(sentence, match.start() + start, language)
            if about:
                last, spoke = about, match.start()
        before = match.start()
    return found


_BARE_WORDS = 4  # a quotation of fewer words is a name, a title or an emphasis


def _bare(prose: str) -> list[Found]:
    """Quotations long enough, or closed like a sentence, to be speech; nobody is named."""
    found = []
    for match in _PARAGRAPH.finditer(prose):
        for quotation in quotations(prose, match.start(), match.end()):
            inner = prose[quotation.start : quotation.end].strip("\"“”„‟«»‘’‚'「」『』＂ \u00a0")
            words = len(inner.split()) if " " in inner else len(inner) // 3
            if quotation.closed and (words >= _BARE_WORDS or (words >= 2 and inner[-1:] in ".!?…。！？,")):
                found.append(Found([(quotation.start, quotation.end)], (-1, -1), None, 0.4, direct=True))
    return found


_ALONE = re.compile(rf"\s*(?:[–—-]\s*)?(?P<q>{HEAD}{REST}*)[\s.,;!?]*")


def _stripped(prose: str, start: int, end: int) -> tuple[int, int]:
    while start < end and prose[start] in " \u00a0–—-":
        start += 1
    while end > start and prose[end - 1] in " .!?…\u00a0":
        end -= 1
    return start, end


def _masked(prose: str, start: int, end: int, language: str) -> str:
    paragraph = prose[start:end]
    found = quotations(prose, start, end)
    if language == "ko" and "《" in paragraph:
        found = _with_angles(paragraph, start, found)
    if language in WESTERN and paragraph.lstrip()[:1] in ("—", "–", "―", "-") and not any(item.closed for item in found):
        found = _dialogue(paragraph, start, language) or found
    parts: list[str] = []
    position = 0
    for quotation in found:
        a, b = quotation.start - start, quotation.end - start
        if not quotation.closed and not (language in WESTERN and paragraph[:a].rstrip()[-1:] in ("", ":", ",") and b - a > 20):
            continue
        # A quotation that ends like a sentence ends one where a new one begins behind it: „Ja.“ Der Minister …
        ends = paragraph[b - 2 : b - 1] in (".", "!", "?", "…") and _NEXT.match(paragraph, b) is not None and b - a > 12
        parts += (
            [paragraph[position:a], HEAD, REST * (b - a - 2), _SPEECH_END if ends else REST] if b - a > 1 else [paragraph[position:a], HEAD]
        )
        position = b
    parts.append(paragraph[position:])
    return "".join(parts)


_NEXT = re.compile(r"\s+[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐ]")
_ANGLES = re.compile(r"《[^《》\n]{1,600}》(?=\s?(?:이?라고|이?라며|고\s|며\s))")


def _with_angles(paragraph: str, start: int, found: list[Quotation]) -> list[Quotation]:
    """With what stands in 《》 before a Korean ending of speech: elsewhere these marks hold titles."""
    more = [Quotation(start + match.start(), start + match.end(), "《") for match in _ANGLES.finditer(paragraph)]
    kept = [item for item in found if not any(angle.start < item.end and item.start < angle.end for angle in more)]
    return sorted([*kept, *more], key=lambda item: item.start)


@cache
def _aside(language: str) -> re.Pattern[str]:
    # — Да, — сказал он. — Нет. · —No —dijo Ana—. Sí. · — Oui, dit-il.
    cue = grammar(language).cue.pattern
    plain = rf"|[,!?…]\s(?={cue})[^—–―\n]{{2,80}}?(?:\.(?=\s|$)|$)" if language in ("fr", "it", "pt") else ""
    return re.compile(rf"(?:[,.!?…]\s?|\s)[—–―-]\s?(?={cue})[^—–―\n]{{2,120}}?(?:\.\s?[—–―]\s?|[—–―][.,]?\s?|\.(?=\s|$)|$)" + plain)


def _dialogue(paragraph: str, start: int, language: str) -> list[Quotation]:
    """The speech of a line that opens with a dash, without the asides of the narrator; nothing where there is no such aside."""
    opening = len(paragraph) - len(paragraph.lstrip()) + 1
    asides = list(_aside(language).finditer(paragraph, opening))
    if not asides:
        return []
    found = []
    position = opening
    for aside in asides:
        found.append((position, aside.start() + (1 if paragraph[aside.start()] in ",.!?…" else 0)))
        position = aside.end()
    found.append((position, len(paragraph)))
    made = []
    for a, b in found:
        words = paragraph[a:b]
        first = a + len(words) - len(words.lstrip(" \u00a0–—―-"))
        last = a + len(words.rstrip(" \u00a0,"))
        if last - first > 1:
            made.append(Quotation(start + first, start + last, "—"))
    return made


def _sentences(masked: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(masked):
        before = masked[max(match.start() - 6, 0) : match.start()]
        # An initial or a short title is no end: "J. Müller", "Dr. X", "Prof. Y"; nor is an ordinal: "am 4. Mai".
        if match.group() == "." and (_SHORT.search(before) or (before[-1:].isdigit() and _LOWER_OR_MONTH.match(masked, match.end()))):
            continue
        yield from _pieces(masked, start, match.end())
        start = match.end()
    yield from _pieces(masked, start, len(masked))


_SHORT = re.compile(r"(?:\b[A-ZА-ЯÄÖÜ]|\b(?:Dr|Mr|Mrs|Ms|Sr|Sra|Prof|St|Hr|Fr|Nr|bzw|ca|Mio|Mrd|EE|UU|г|гг|ст|им|тыс|млн|млрд|руб))$")
_LOWER_OR_MONTH = re.compile(r"\s(?:[a-zà-ÿа-я]|Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert)")


def _pieces(masked: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence in pieces of bounded length, none of which ends within a quotation or right behind one."""
    while start < end:
        stop = min(start + _MAX_SENTENCE, end)
        for behind in (_BEHIND_QUOTATION, 0):
            if stop < end and masked[stop] in (REST, _SPEECH_END) and (quoted := _QUOTED.match(masked, stop)):
                stop = min(quoted.end() + behind, end)
        yield start, stop
        start = stop


_BEHIND_QUOTATION = 300  # characters in which a speaker is named behind a long quotation
_QUOTED = re.compile(f"{REST}*{_SPEECH_END}?")
