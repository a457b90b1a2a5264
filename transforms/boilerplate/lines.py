"""Boilerplate in scraped text, line by line: rules where they are sure, a learned classifier for what they do not know.

Each line is first judged by itself (judge.py), then by its neighbours: a second copy of the page, menus above the headline,
bylines around the article, captions that repeat the headline, lists under a heading such as "Related articles", what follows
the end of the article. This is done again on what is left until no rule takes more. A classifier then looks at all lines, at
what the rules said of them and at what stands around them, and takes of the others those that it is sure of. When in doubt a
line stays; the headline always does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transforms.boilerplate.forest import SCALE
from transforms.boilerplate.judge import END, Judgement, counter, is_dense, is_prose, judge
from transforms.boilerplate.line_features import WINDOW_LINES, Scan, is_english, scan
from transforms.boilerplate.line_model import line_model
from transforms.boilerplate.sieve import sift
from transforms.boilerplate.words import Words, bare, fold
from transforms.document import Removal

# Two or three passes do for real texts. One that needs more than this is left as it was: so time stays linear, and what comes
# out stays what comes out of it.
_PASSES = 24


@dataclass(slots=True)
class _Line:
    number: int
    text: str
    gap: bool  # whether a blank line stands before it
    maybe: bool = True  # whether a rule can concern it
    told: bool = True  # whether it can tell who wrote the text, or when
    prose: bool | None = None  # whether it reads like a paragraph; None where it was cut

    def reads_as_prose(self) -> bool:
        """Whether it reads like a paragraph, by its letters where the scan could not tell."""
        return is_prose(self.text) if self.prose is None else self.prose


@dataclass(frozen=True, slots=True)
class Explained:
    """What was decided of one line: `kind` is "" for a line that stays; `score` is in log odds, above 0 for boilerplate.

    `signs` say in short English phrases what spoke for it, the strongest first.
    """

    line: int
    text: str
    kept: bool
    kind: str
    score: float
    signs: tuple[str, ...]


@dataclass(slots=True)
class _Decided:
    """A window of a text: its lines, what stays of them, what was taken out, and how that came about."""

    given: list[_Line]
    kept: list[_Line]
    removed: list[Removal]
    title: str
    ruled: dict[int, str]  # by line number, the kind that rules gave to the whole line
    page: Scan
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def strip_lines(text: str, headline: str = "", recurring: Callable[[str], float] | None = None) -> tuple[str, tuple[Removal, ...], str]:
    """The kept lines of `text`, what was taken out, and the headline that the text starts with ("" if with none).

    `headline` is the title where it is known already; captions that repeat it go. `recurring` tells of a line on what share of
    the site's other pages it stands, 0 to 1. Linear in the length of the text; lines behind the first MANY_LINES stay.
    """
    text, rest = _in_two(text)
    parts = _decide(text, headline, recurring)
    removed = [removal for part in parts for removal in part.removed]
    removed.sort(key=lambda removal: removal.line)
    title = parts[0].title if parts else ""
    kept = _render([line for part in parts for line in part.kept])
    return f"{kept}\n{rest}" if rest else kept, tuple(removed), re.sub(r"^#{1,6}\s+", "", title)


MANY_LINES = 100_000
"""Lines of a text that are judged. What has more is no article but a log or a list, and all that follows stays."""


def _in_two(text: str) -> tuple[str, str]:
    """The lines of a text that are judged, and the others, each without spaces at its end and at most one blank line in a row."""
    if text.count("\n") + text.count("\r") < MANY_LINES:
        return text, ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rest = "\n".join([line.rstrip() for line in lines[MANY_LINES:]]).rstrip("\n")
    return "\n".join(lines[:MANY_LINES]), re.sub(r"\n{3,}", "\n\n", rest)


def _decide(text: str, headline: str, recurring: Callable[[str], float] | None) -> list[_Decided]:
    given: list[_Line] = []
    gap = False
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        if line and not line.isspace():
            given.append(_Line(number, line.rstrip(), gap))
            gap = False
        else:
            gap = True
    return [_decide_window(given[start : start + WINDOW_LINES], headline, recurring) for start in range(0, len(given), WINDOW_LINES)]


def _by_rules(given: list[_Line], headline: str) -> _Decided:
    """What rules alone decide of a window."""
    page = scan([line.text.strip() for line in given])
    sifted = sift(page)
    for line, maybe, told, prose in zip(given, sifted.maybe.tolist(), sifted.told.tolist(), sifted.prose.tolist(), strict=True):
        line.maybe, line.told, line.prose = maybe, told, prose
    for at in np.flatnonzero(sifted.dense).tolist():
        given[at].prose = None
    kept, removed, title = _ruled(given, headline, sifted.lists, {})
    left = {line.number for line in kept}
    ruled = {removal.line: removal.kind for removal in removed if removal.line not in left}
    return _Decided(given, kept, removed, title, ruled, page)


def read_lines(texts: Sequence[str]) -> tuple[Scan, list[str]]:
    """What the classifier is trained on: the lines as arrays, and the kind that rules give to each ("" for none)."""
    part = _by_rules([_Line(number, text, gap=False) for number, text in enumerate(texts)], "")
    return part.page, [part.ruled.get(number, "") for number in range(len(texts))]


def _decide_window(given: list[_Line], headline: str, recurring: Callable[[str], float] | None) -> _Decided:
    out = _by_rules(given, headline)
    kept, removed, title, page = out.kept, out.removed, out.title, out.page
    left = {line.number for line in kept}
    model = line_model()
    out.groups = model.groups([out.ruled.get(line.number, "") for line in given])
    copies = _copied(given, kept, out.ruled)
    if copies:  # else the first copy would look like what recurs on a page
        single = [at for at, line in enumerate(given) if line.number not in copies]
        out.scores = np.zeros(len(given), np.int64)
        out.scores[single] = model.scores(scan([given[at].text.strip() for at in single]), out.groups[single])
    else:
        out.scores = model.scores(page, out.groups)
    if recurring is not None:
        out.scores += model.recurring([recurring(line.text.strip()) for line in given])
    _guard(given, title, out)
    if removed:
        _take_back(given, out)
        kept, left = out.kept, {line.number for line in out.kept}
    gone = {line.number for line, score in zip(given, out.scores.tolist(), strict=True) if score > 0 and line.number in left}
    if gone:
        kinds = infer_kinds(given, out.ruled, gone, [line.reads_as_prose() for line in given])
        removed += [Removal(kinds[line.number], line.number, line.text.strip()) for line in kept if line.number in gone]
        out.kept = _without(kept, gone)
    return out


def _copied(given: Sequence[_Line], kept: Sequence[_Line], ruled: dict[int, str]) -> set[int]:
    """The numbers of the lines that were taken out as a second copy of the page."""
    if sum(kind == "other" for kind in ruled.values()) < _COPIED:
        return set()
    left = {line.text for line in kept}
    copies = {line.number for line in given if ruled.get(line.number) == "other" and line.text in left}
    return copies if len(copies) >= _COPIED else set()


# Kinds that rules find by a phrase inside a line, which sentences use as well; the log odds from which the classifier knows better,
# and how long a line has to be to be a sentence.
_PHRASES = frozenset(("advert", "subscribe", "related", "navigation", "other"))
_KNOWS_BETTER, _SENTENCE = -3072, 60


def _take_back(given: Sequence[_Line], out: _Decided) -> None:
    """Keep what a rule took for a phrase in it and the classifier is sure of: "Streamers earn a commission when viewers buy …"."""
    if not is_english(out.page):  # elsewhere the classifier sees no words
        return
    page = out.page
    stops = np.bincount(page.line_of, (page.marks & 1) > 0, minlength=len(given))
    english = stops * 6 >= page.many  # a line in another language is none it knows, wherever it stands
    back = {
        line.number: line
        for line, score, known in zip(given, out.scores.tolist(), english.tolist(), strict=True)
        if known and score < _KNOWS_BETTER and len(line.text) >= _SENTENCE and out.ruled.get(line.number) in _PHRASES
    }
    if back:
        for number in back:
            del out.ruled[number]
        out.removed[:] = [removal for removal in out.removed if removal.line not in back]
        out.kept = sorted([*(line for line in out.kept if line.number not in back), *back.values()], key=lambda line: line.number)


# "12. Doe J, Roe R. A title. A Journal. 2020;16:299." Lists of these are part of what they stand under.
_REFERENCE = re.compile(r"\s*\[?\d{1,3}[.\])]\s.{30,}\b(?:19|20)\d\d\b")
_REFERENCED = 2048

# What lines between the headline and the first paragraph must bring beyond the threshold: subheadings stand there.
_TOP = 2560
_NEVER = -(1 << 20)


def _guard(lines: Sequence[_Line], title: str, out: _Decided) -> None:
    """Lower the scores of the headline, which stays, of what stands between it and the first paragraph, and of references."""
    for number in np.flatnonzero(out.scores > 0).tolist():
        if _REFERENCE.match(lines[number].text[:600]):
            out.scores[number] -= _REFERENCED
    at = next((at for at, line in enumerate(lines[:60]) if title and line.text.strip() == title and line.number not in out.ruled), -1)
    if at < 0:
        return
    out.scores[at] = _NEVER
    for below in range(at + 1, min(at + 12, len(lines))):
        line = lines[below]
        if line.reads_as_prose():
            break
        out.scores[below] -= _TOP


def _without(lines: Sequence[_Line], gone: set[int]) -> list[_Line]:
    """The lines that are left, each with the gap that is before it now."""
    left: list[_Line] = []
    gap = False
    for line in lines:
        gap = gap or line.gap
        if line.number not in gone:
            left.append(_Line(line.number, line.text, gap, line.maybe, line.told, line.prose) if gap != line.gap else line)
            gap = False
    return left


def _ruled(given: list[_Line], headline: str, lists: Words, judged: dict[str, Judgement]) -> tuple[list[_Line], list[Removal], str]:
    """What rules leave of the lines, what they take out, and the headline."""
    removed: list[Removal] = []
    lines = given
    for _ in range(_PASSES):
        lines, gone, title = _sweep(lines, headline, lists, judged)
        if not gone:
            return lines, removed, title
        removed += gone
    return given, [], ""


def infer_kinds(lines: Sequence[_Line], ruled: dict[int, str], gone: set[int], prose: Sequence[bool]) -> dict[int, str]:
    """The kinds of lines that the classifier took: that of what rules found right above, else what their place tells."""
    stays = [at for at, line in enumerate(lines) if prose[at] and line.number not in gone and line.number not in ruled]
    first, last = (stays[0], stays[-1]) if stays else (len(lines), -1)
    out: dict[int, str] = {}
    above, far = "", 0
    for at, line in enumerate(lines):
        if line.number in ruled:
            above, far = ruled[line.number], 0
        elif line.number in gone:
            far += 1
            text = line.text.strip()
            if above in _HEADS and far <= 30:
                kind = above
            elif len(text) <= 60 and line.told and any(char.isdigit() for char in text):
                kind = "byline"
            elif at < first:
                kind = "navigation"
            elif at > last:
                kind = "related" if len(text) >= 40 else "navigation"
            else:
                kind = "related" if not prose[at] and len(text.split()) >= 4 and not END.search(text) else "other"
            out[line.number] = kind
        else:
            above = ""
    return out


_HEADS = frozenset(("related", "comment", "subscribe", "advert", "share", "navigation", "cookie", "toc", "byline"))


def explain_lines(text: str, headline: str = "", recurring: Callable[[str], float] | None = None) -> list[Explained]:
    """Of each line that is judged and not blank whether it stays, and why; a line of which only the end goes stays."""
    out: list[Explained] = []
    model = line_model()
    for part in _decide(_in_two(text)[0], headline, recurring):
        whole = {line.number for line in part.kept}
        kinds: dict[int, str] = {}
        tails: dict[int, list[str]] = {}
        for removal in part.removed:
            if removal.line in whole:
                tails.setdefault(removal.line, []).append(removal.kind)
            else:
                kinds.setdefault(removal.line, removal.kind)
        signs = model.signs(part.page, part.groups)
        for at, line in enumerate(part.given):
            number = line.number
            why = list(signs[at])
            if number in part.ruled:
                why.insert(0, f"a rule: {part.ruled[number]}")
            why[:0] = [f"a rule: its end is {kind}" for kind in tails.get(number, ())]
            if line.text.strip() == part.title and number in whole:
                why.insert(0, "the headline")
            score = round(int(part.scores[at]) / SCALE, 4)
            out.append(Explained(number, line.text.strip(), number in whole, kinds.get(number, ""), score, tuple(why)))
    return out


def _render(lines: Sequence[_Line]) -> str:
    return "\n".join(("\n" if line.gap and at else "") + line.text for at, line in enumerate(lines))


def _sweep(
    lines: list[_Line],
    headline: str,
    lists: Words,
    judged: dict[str, Judgement],
) -> tuple[list[_Line], list[Removal], str]:
    """One pass over the lines: what stays, what goes, and the headline."""
    kinds = [""] * len(lines)
    gone: list[Removal] = []
    cut = lines.copy()
    credits = [False] * len(lines)
    for at, line in enumerate(lines):
        if not line.maybe:
            continue
        found = judged.get(line.text)
        if found is None:
            found = judged[line.text] = judge(line.text, lists)
        kinds[at], rest, tails = found
        if tails:
            gone.extend(Removal(kind, line.number, tail) for kind, tail in tails)
            cut[at] = _Line(line.number, rest, line.gap)
        credits[at] = kinds[at] == "credit" or any(kind == "credit" for kind, _ in tails)
    _protect_code(cut, kinds)
    prose = [line.reads_as_prose() for line in cut]
    _copies(cut, kinds, prose)
    _menus(cut, kinds, prose, headline, lists)
    judged_kinds = kinds.copy()
    around([line.text for line in cut], kinds, lists, prose, told=[line.told for line in cut])
    at = _headline(cut, kinds, prose)
    title = cut[at].text.strip() if at >= 0 else ""
    if any(credits):
        _captions(cut, kinds, credits, [text for text in (headline, title) if text])
    _sections(cut, kinds, judged_kinds, prose, lists, at)
    for line, kind in zip(cut, kinds, strict=True):
        if kind:
            gone.append(Removal(kind, line.number, line.text.strip()))
    if not gone:
        return cut, gone, title
    return _without(cut, {line.number for line, kind in zip(cut, kinds, strict=True) if kind}), gone, title


_BULLET = re.compile(r"^\s*(?:[-*•·▪‣◦–]|\d{1,3}[.)])\s+")
_STOP = re.compile(r"(?<![.])[.。;,:]$")


def _like_a_headline(text: str) -> bool:
    """Whether a line can be a headline: short, no full stop, three words at least, no bullet."""
    dense = is_dense(text)
    if is_prose(text) and not (len(text) <= 200 and not END.search(text)):
        return False
    if not (6 if dense else 12) <= len(text) <= (80 if dense else 200):
        return False
    return not _BULLET.match(text) and not _STOP.search(text) and (dense or len(text.split()) >= 3)


def _headline(lines: list[_Line], kinds: list[str], prose: list[bool]) -> int:
    """Where the headline is that the text starts with: its first line, if that can be one and a paragraph comes soon after; else -1."""
    at = next((place for place, kind in enumerate(kinds) if not kind), -1)
    if at < 0 or not _like_a_headline(text := lines[at].text.strip()):
        return -1
    seen = 0
    for place in range(at + 1, len(lines)):
        if not kinds[place]:
            if prose[place] and len(lines[place].text) > len(text):
                return at
            seen += 1
            if seen == 12:
                break
    return -1


_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:import|from|def|class|return|const|let|var|function|#include|SELECT|INSERT|\$ )\b|\w\((?:[^()\n]|(?<!\w)\()*\)"
    r"|^\s*[\w.]+\s*=\s*\S|^\s{4,}\S|^\s*</?\w[^<>]*>|(?<!\w)\w[^\W_]*_\w+[,)(]"
)


def _protect_code(lines: list[_Line], kinds: list[str]) -> None:
    """Names and hashes beside lines of code are code."""
    for at, kind in enumerate(kinds):
        if kind in ("template", "id") and any(
            0 <= beside < len(lines) and kinds[beside] != "template" and len(lines[beside].text) < 160 and _CODE.search(lines[beside].text)
            for beside in (at - 1, at + 1)
        ):
            kinds[at] = ""


# A page scraped twice: so many paragraphs in a row, and so many code points, come again word for word.
_COPIED, _COPIED_LENGTH = 3, 400


def _copies(lines: list[_Line], kinds: list[str], prose: list[bool]) -> None:
    """The second copy of a run of paragraphs goes, with the lines between them that stood in the first copy as well."""
    first: dict[str, int] = {}
    places = [at for at, yes in enumerate(prose) if yes and not kinds[at]]
    order = {at: number for number, at in enumerate(places)}
    again: list[int] = []  # for each paragraph the number of the one that it repeats, or -1
    for at in places:
        text = lines[at].text.strip()
        again.append(order[first[text]] if text in first else -1)
        first.setdefault(text, at)
    start = 0
    while start < len(places):
        end = start + 1
        if again[start] >= 0:
            while end < len(places) and again[end] == again[end - 1] + 1:
                end += 1
            length = sum(len(lines[at].text) * (2 if is_dense(lines[at].text) else 1) for at in places[start:end])
            if end - start >= _COPIED and length >= _COPIED_LENGTH:
                _drop_copy(lines, kinds, places[again[start]], places[again[end - 1]], places[start], places[end - 1])
        start = end


def _drop_copy(lines: list[_Line], kinds: list[str], begin: int, end: int, again: int, last: int) -> None:
    """Take out the lines `again` to `last`, and those right above, that stand in `begin` to `end` or right above it as well."""
    original = {lines[at].text.strip() for at in range(begin, end + 1)}
    for at in range(again, last + 1):
        if not kinds[at] and lines[at].text.strip() in original:
            kinds[at] = "other"
    above = {lines[at].text.strip() for at in range(max(0, begin - 12), begin)}
    for at in range(again - 1, max(end, again - 12), -1):
        if kinds[at]:
            continue
        if lines[at].text.strip() not in above:
            break
        kinds[at] = "other"


_FURNITURE = frozenset(("navigation", "share", "subscribe", "cookie", "comment", "other", "advert", "toc", "template"))
_PARTS = re.compile(r"(?:(?<!\s)\s+)?[|｜·•]\s*")


def _menus(lines: list[_Line], kinds: list[str], prose: list[bool], headline: str, lists: Words) -> None:
    """Menus and the masthead above the headline.

    A line that is unknown goes where it stands in one block, without blank lines, with lines that are known as furniture, looks
    like an item or a row of a menu, and a line that can be the headline comes in a later block.
    """
    first = next((at for at, yes in enumerate(prose) if yes and not kinds[at]), 0)
    blocks: list[list[int]] = []
    for at in range(min(first, 60)):
        if not blocks or lines[at].gap:
            blocks.append([])
        blocks[-1].append(at)
    if len(blocks) < 2 and not (blocks and first < len(lines) and lines[first].gap):
        return
    title = fold(headline)
    holders = [_letters(line.text) for line, kind in zip(lines, kinds, strict=True) if kind == "copyright"]
    below = bool(title)  # whether the headline is known, or a later block can hold it
    for block in reversed(blocks):
        known = [at for at in block if kinds[at] in _FURNITURE]
        unknown = [at for at in block if not kinds[at]]
        if below and known:
            for run in _runs(unknown):
                between = run[0] - 1 in known and run[-1] + 1 in known
                told = bool(title) and all(fold(lines[at].text) != title for at in run)
                if (between or (told and run[0] - 1 in known)) and all(
                    _is_item(lines[at].text.strip(), 3 if len(run) > 1 or told else 1, lists) for at in run
                ):
                    for at in run:
                        kinds[at] = "navigation"
            _rows(lines, kinds, block, lists, holders)
        below = below or any(not kinds[at] and _like_a_headline(lines[at].text.strip()) for at in block)


def _runs(places: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for at in places:
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _is_item(text: str, most: int, lists: Words) -> bool:
    """Whether the line can be an item of a menu of at most so many words, or a row of such."""
    if END.search(text) or any(char.isdigit() for char in text):
        return False
    parts = [part for part in _PARTS.split(text) if part]
    if len(parts) >= 3:
        return len(text) <= 160 and all(len(part.split()) <= 3 for part in parts)
    if bare(fold(text)) in lists.sections:
        return True
    return len(text.split()) <= most and len(text) <= (8 if is_dense(text) else 28)


def _rows(lines: list[_Line], kinds: list[str], block: list[int], lists: Words, holders: list[str]) -> None:
    """A row of sections beside furniture ("News Sport Tides"), and the masthead: a line that begins with the copyright's holder."""
    for at in reversed(block):
        if kinds[at] or not any(kinds[beside] in _FURNITURE for beside in (at - 1, at + 1) if beside in block):
            continue
        text = lines[at].text.strip()
        found = text.split()
        known = sum(bare(fold(word)) in lists.sections or bare(fold(word)) in lists.whole for word in found)
        name = _letters(_PARTS.split(text)[0])
        row = 3 <= len(found) <= 16 and known >= 2 and known * 3 >= len(found) and all(word[:1].isupper() for word in found)
        masthead = at == block[0] and len(name) >= 5 and any(name in holder for holder in holders)
        if row or (masthead and len(_PARTS.split(text)[0].split()) >= 2):
            kinds[at] = "navigation"


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _captions(lines: list[_Line], kinds: list[str], credits: list[bool], headlines: list[str]) -> None:
    """A line that begins with the headline and goes on, with a credit at its end or in the next line, is a caption.

    The first line that is left is none, nor the first that is the headline and no more.
    """
    starts = [fold(headline) for headline in headlines if len(headline) >= 8]
    if not starts:
        return
    top, met = True, False
    for at, line in enumerate(lines):
        if kinds[at]:
            continue
        first, top = top, False
        if first or not (credits[at] or (at + 1 < len(lines) and kinds[at + 1] == "credit")):
            if first:
                met = fold(line.text) in starts
            continue
        head = fold(line.text[:400])
        if not any(head.startswith(start) for start in starts):
            continue
        if head in starts and not met:
            met = True
            continue
        kinds[at] = "caption"


_WORDS = re.compile(r"[^\W\d_]+")
_DATED = re.compile(r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{1,2}:\d\d|\d\W{0,3}[^\W\d]|[^\W\d]\W{0,3}\d")


def _is_date(line: str, lists: Words) -> bool:
    """Whether the line is nothing but a date, a time, or how long reading takes."""
    if len(line) > 90 or _DATED.search(line) is None:
        return False
    return all(word in lists.date for word in _WORDS.findall(line.casefold()))


_PARTICLES = frozenset("and de van von der la und et y e for of the del da do dos das di ibn bin al".split())


def _is_byline(line: str, lists: Words) -> bool:
    """Whether the line is "By Jane Doe" and no more: a word for "by", then names."""
    if len(line) > 80 or END.search(line):
        return False
    first, _, rest = line.strip().partition(" ")
    if bare(fold(first)) not in lists.by:
        return False
    names = rest.replace(",", " ").replace("|", " ").split()
    return 1 <= len(names) <= 8 and all(name[0].isupper() or not name[0].isalpha() or name in _PARTICLES for name in names)


_DAY = re.compile(
    r"\d{4}[./-]\s?\d{1,2}[./-]\s?\d{1,2}|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{4}|\d{4}\s?[年년]"
    r"|\d{1,2}(?:st|nd|rd|th|er|º|\.)?\s(?:de\s)?([^\W\d_]{3,12})\.?,?\s(?:de\s)?\d{4}|([^\W\d_]{3,12})\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}"
)
_TIME = re.compile(r"\d{1,2}[:h]\d\d")
_PIECES = re.compile(r"[\s|｜·•,;()（）\[\]<>]+")


def _is_info(line: str, lists: Words, top: bool) -> bool:
    """Whether the line is what pages tell above or below an article in one row: who, when, from where, buttons.

    It holds a whole date, and else nothing but names, labels and words of dates. At the top, where the headline may be, it has to
    begin with a word for "by", or with the date and give the time.
    """
    if len(line) > 180 or line[-1] in "!?。！？":
        return False
    day = _DAY.search(line)
    if day is None or any(word and word.casefold() not in lists.date for word in day.groups()):
        return False
    pieces = [piece for piece in _PIECES.split(line) if piece]
    by = bare(fold(pieces[0])) in lists.by
    begins = line[: day.start()].strip("-–— ") == ""
    if not by and not (_TIME.search(line) and (begins or not top)) and (top or not begins):
        return False
    names = 0
    for piece in pieces:
        core = bare(piece.casefold())
        letters = _WORDS.findall(core)
        if core in lists.by or core in _PARTICLES or all(word in lists.date for word in letters):
            continue
        if not piece[0].isupper() and not (is_dense(core) and len(core) <= (14 if ":" in piece or "：" in piece else 6)):
            return False
        names += 1
    return names <= 12


_SIGNED = re.compile(r"^(.{2,60}) +\(?[\w.+-]+@[\w-]+(?:\.[\w-]+)+\)?$")
_ASIDE = re.compile(r"^[（(]([^()（）]{2,30})[)）]$")


def _is_signature(line: str, last: bool) -> bool:
    """Whether the line is a name with a mail address, or, below an East Asian article, a name in brackets."""
    if match := _SIGNED.match(line) or (_ASIDE.match(line) if last else None):
        names = match[1].split()
        if is_dense(match[1]):
            return len(match[1]) <= 12 and match[1].replace(" ", "").isalpha()
        return match.re is _SIGNED and len(names) <= 5 and all(name[0].isupper() for name in names)
    return False


def around(
    texts: Sequence[str],
    kinds: list[str],
    lists: Words,
    prose: Sequence[bool],
    headings: Sequence[bool] = (),
    told: Sequence[bool] = (),
) -> None:
    """Give a kind to bylines, dates and signatures before the first and after the last paragraph; `headings` are none of them.

    `told` says of each text whether it can be one of these at all.
    """
    first, last = _extent(kinds, prose)
    if first < 0:
        return
    second = next((at for at in range(first + 1, last + 1) if prose[at] and not kinds[at]), first)
    top = True
    for at, text in enumerate(texts):
        if kinds[at] or not text:
            continue
        if told and not told[at]:
            top = False
            continue
        if first <= at <= last or (headings and headings[at]):
            top = False
            # The paragraph above a byline is what leads into the article.
            if first < at < second and not (headings and headings[at]):
                line = text.strip()
                begins = not line[0].islower() and bare(fold(line.partition(" ")[0])) in lists.by
                if begins and (_is_byline(line, lists) or _is_info(line, lists, top)):
                    kinds[at] = "byline"
            continue
        line = text.strip()
        if len(line) <= 200 and (
            _is_date(line, lists) or _is_byline(line, lists) or _is_info(line, lists, top) or _is_signature(line, at > last)
        ):
            kinds[at] = "byline"
        else:
            top = False


def _extent(kinds: Sequence[str], prose: Sequence[bool]) -> tuple[int, int]:
    """The first and the last paragraph, -1 without any."""
    count = len(prose)
    first = next((at for at in range(count) if prose[at] and not kinds[at]), -1)
    last = next((at for at in range(count - 1, -1, -1) if prose[at] and not kinds[at]), -1)
    return first, last


def _sections(lines: list[_Line], kinds: list[str], said: list[str], prose: list[bool], lists: Words, title: int) -> None:
    """What the place in the text tells: lists under a heading, what follows the end. The line `title` stays.

    `said` are the kinds without those of names and dates below the article, which are no heading of anything.
    """
    prose = [yes and not kind for yes, kind in zip(prose, kinds, strict=True)]
    _, last = _extent(kinds, prose)
    if last < 0:
        return
    weights = [len(line.text) if yes else 0 for line, yes in zip(lines, prose, strict=True)]
    total, before, seen = sum(weights), 0, 0
    ending = ""
    over = False
    cores = [bare(fold(line.text[:200])) if kind else "" for line, kind in zip(lines, kinds, strict=True)]
    # In a forum such headings stand under every post.
    closing = [kind == "comment" and (core in lists.over or bool(counter(core, lists))) for kind, core in zip(kinds, cores, strict=True)]
    ends_once = sum(closing) <= 3
    for at, line in enumerate(lines):
        core = cores[at]
        if not kinds[at]:
            if at == title:
                pass
            elif over or (ending and at > last and not END.search(line.text) and (ending in _SURE or not _BULLET.match(line.text))):
                kinds[at] = ending
        elif closing[at] and ends_once and seen >= 3 and before >= 0.5 * total:
            ending, over = "comment", True
        elif at > last and (said[at] in _ENDING or core in lists.ends):
            ending = ending or (lists.ends.get(core) or kinds[at])
        before += weights[at]
        seen += prose[at]
        listed = lists.lists.get(core) or (kinds[at] if kinds[at] == "related" and core in lists.whole else "")
        if listed and core:
            following = at + 1
            while following < len(lines) and not kinds[following] and not prose[following] and _BULLET.match(lines[following].text):
                kinds[following] = listed
                following += 1


# After one of these nothing of the article comes, once its last paragraph is over.
_SURE = frozenset(("related", "comment", "subscribe"))
_ENDING = frozenset(("related", "comment", "subscribe", "byline", "share", "navigation"))
