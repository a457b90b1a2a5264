"""Split texts into paragraphs and sentences, and mask quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from newsbeam.transforms.attribution.chunks import reader
from newsbeam.transforms.attribution.lexicon import EASTERN, WESTERN
from newsbeam.transforms.attribution.quotations import Quotation, quotations
from newsbeam.transforms.attribution.svo.grammar import HEAD, REST, grammar

PARAGRAPH = re.compile(r"[^\n]+")

# End of a sentence. All parts are bounded, so that the time is linear on a text without full stops.
_END = re.compile(r"(?<![.!?…])[.!?…]+(?=[\s\"”»)]|$)|[。！？؟।]+|(?<=[다요])\.(?=\S)|\ue002")

_MAX_SENTENCE_CHARS = 1200

MIN_SENTENCE_CHARS = 8  # characters; shorter statements occur only in quotation marks

SPEECH_END = "\ue002"  # the closing mark of a quotation that ends a sentence

ALONE = re.compile(rf"\s*(?:[–—-]\s*)?(?P<q>{HEAD}{REST}*)[\s.,;!?。！？]*")


def stripped(prose: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a span by blanks, dashes and full stops at its ends."""
    while start < end and prose[start] in " \u00a0–—-":
        start += 1
    while end > start and prose[end - 1] in " .!?…\u00a0":
        end -= 1
    return start, end


def mask_quotations(prose: str, start: int, end: int, language: str) -> str:
    """Mask the quotations of a paragraph, so that no sentence ends inside one."""
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
        before = paragraph[:a].rstrip()[-1:]
        opens = before in ("", ":", ",") if language in WESTERN else before in ("：", "，", "。", "、", ":") and language in EASTERN
        if not quotation.closed and not (opens and b - a > 20):
            continue
        # If a quotation ends like a sentence and a new one begins after it, it ends the sentence:
        # „Ja.“ Der Minister …
        following = _NEXT_WITHOUT_CAPITALS if before in (":", ",", "،") else _NEXT
        ends = paragraph[b - 2 : b - 1] in (".", "!", "?", "…", "।", "؟") and following.match(paragraph, b) is not None and b - a > 12
        for first, last in _without_asides(paragraph, a, b, language):
            parts += [paragraph[position:first], HEAD, REST * (last - first - 1)]
            position = last
        if ends and parts[-1]:
            parts[-1] = parts[-1][:-1] + SPEECH_END
    parts.append(paragraph[position:])
    return "".join(parts)


# Where the speaker may interrupt a quotation: «Va bene – ha detto X –. …» · « Non, dit X. … »
_ASIDE = re.compile(r"(?P<dash>[\s,.!?…]\s?[—–―-]\s?|\s[—–―-])(?=\w)|,\s(?=\w)")
_ASIDE_END = re.compile(r"[.,]?(?:\s?[—–―]|\s-|-(?=[\s,.;]))[,.;]?\s?|\.\s|[!?;:]")
_FULL_STOP = re.compile(r"(?<!\b[A-ZÀ-Þ])\.\s")
_LONGEST_ASIDE = 160  # characters
_SHORTEST_PIECE = 4  # characters


def _without_asides(paragraph: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    """Return the pieces of a quotation without the asides that name its speaker."""
    if language in EASTERN or end - start > _LONGEST_WITH_ASIDES:
        return [(start, end)]
    pieces = []
    for match in _ASIDE.finditer(paragraph, start + _SHORTEST_PIECE, end - _SHORTEST_PIECE):
        if match.start() < start + _SHORTEST_PIECE:
            continue  # inside the aside before it
        at = match.end()
        stop = min(at + _LONGEST_ASIDE, end - 1)
        sentence = _FULL_STOP.search(paragraph, at, stop)
        spoken = reader.opening_cue(paragraph[at : sentence.start() if sentence else stop], language, bool(match["dash"]))
        if not spoken:
            continue
        closing = _ASIDE_END.search(paragraph, at, stop) if match["dash"] else None
        if match["dash"] and closing is None and stop < end - 1:
            continue
        upto = at + spoken if not match["dash"] else closing.end() if closing else stop
        if closing is not None and closing.group() in "!?;:":
            continue
        pieces.append((start, match.start() + (paragraph[match.start()] in ".!?…")))
        start = upto
        while start < end and paragraph[start] in " ,.\u00a0–—-":
            start += 1
    return [*pieces, (start, end)] if end - start > 1 or not pieces else pieces


_LONGEST_WITH_ASIDES = 3000  # characters

_NEXT = re.compile(r"\s{1,20}[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐ]")
# In scripts without capitals, a sentence may begin behind a quotation that its speaker precedes.
_NEXT_WITHOUT_CAPITALS = re.compile(r"\s{1,20}[A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐ\u0590-\u08ff\u0900-\u097f]")

_ANGLES = re.compile(r"《[^《》\n]{1,600}》(?=\s?(?:이?라고|이?라며|고\s|며\s))")


def _with_angles(paragraph: str, start: int, found: list[Quotation]) -> list[Quotation]:
    """Add 《…》 before a Korean ending of reported speech.

    In other positions, these marks enclose titles.
    """
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
    """Return the speech in a line of dialogue that begins with a dash.

    The narrator's asides are left out. Returns nothing if there is no aside.
    """
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


def split_sentences(masked: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences in a masked paragraph."""
    start = 0
    for match in _END.finditer(masked):
        before = masked[max(match.start() - 6, 0) : match.start()]
        # An initial or an abbreviated title does not end a sentence ("J. Müller", "Dr. X", "Prof.
        # Y"); nor does an ordinal ("am 4. Mai").
        if match.group() == "." and (
            _ABBREVIATION.search(before)
            or masked[match.end() + 1 : match.end() + 2].islower()
            or (before[-1:].isdigit() and _MONTH.match(masked, match.end()))
        ):
            continue
        yield from _pieces(masked, start, match.end())
        start = match.end()
    yield from _pieces(masked, start, len(masked))


_ABBREVIATION = re.compile(
    r"(?:\b[A-ZÀ-ÖØ-ÞĄ-ŽΑ-ΩА-ЯІЇЄҐ]|\b(?:[Dd]r|Mr|Mrs|Ms|Sr|Sra|[Pp]rof|St|Hr|Fr|Nr|bzw|ca|Mio|Mrd|EE|UU|г|гг|ст|им|тыс|млн|млрд|руб"
    r"|[Dd]l|[Dd]na|κ|κκ|[Ii]ng|Mgr|Bc|mgr|inż|gen|płk|red|hab|np|tzv|tj|např|plk|[Kk]ap|jr|ул|нар|тис|грн|ז|mr|drs|ir|dhr|mevr|no|मि|डॉ|श्री|د|أ))$"
)

_MONTH = re.compile(r"\s(?:Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert)")


def _pieces(masked: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence in pieces of bounded length.

    No piece ends inside a quotation or directly after one.
    """
    while start < end:
        stop = min(start + _MAX_SENTENCE_CHARS, end)
        for behind in (_SPEAKER_WINDOW, 0):
            if stop < end and masked[stop] in (REST, SPEECH_END) and (quoted := _QUOTED.match(masked, stop)):
                stop = min(quoted.end() + behind, end)
        yield start, stop
        start = stop


_SPEAKER_WINDOW = 300  # characters after a long quotation in which its speaker may be named

_QUOTED = re.compile(f"{REST}*{SPEECH_END}?")
