"""Remove boilerplate from scraped text.

Rules decide certain cases, and a learned classifier the others. Rules are applied to each line
separately (rules.py), then to its context: a second copy of the page, menus above the headline,
bylines around the article, captions that repeat the headline, lists under a heading such as
"Related articles", and what follows the end of the article. This is repeated on the remaining lines
until no rule matches. The classifier then scores all lines, from the results of the rules and the
lines around them, and removes those that are certain. In doubt a line stays; the headline always
does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import SCALE
from newsbeam.transforms.boilerplate.forms.read import FORMS, Form, Scraped, read_form
from newsbeam.transforms.boilerplate.forms.unit import MARKS, Unit
from newsbeam.transforms.boilerplate.lines.bylines import extent, is_byline_or_date, mark_bylines
from newsbeam.transforms.boilerplate.lines.duplicates import COPIED, find_copies
from newsbeam.transforms.boilerplate.lines.features import Layout
from newsbeam.transforms.boilerplate.lines.headline import BULLET, find_headline, like_a_headline
from newsbeam.transforms.boilerplate.lines.line import Explained, Line
from newsbeam.transforms.boilerplate.lines.menus import mark_menus
from newsbeam.transforms.boilerplate.lines.model import LineModel, line_model
from newsbeam.transforms.boilerplate.lines.prefilter import prefilter
from newsbeam.transforms.boilerplate.lines.rules import LineVerdict, classify_line, count_line_kind
from newsbeam.transforms.boilerplate.lines.titles import BARRED, SEPARATOR, Candidate, choose_title, normal
from newsbeam.transforms.boilerplate.scan import WINDOW_LINES, Scan, scan
from newsbeam.transforms.boilerplate.site_template import Recurring
from newsbeam.transforms.boilerplate.word_lists.load import Words
from newsbeam.transforms.document import LineKind, Removal, RemovalKind
from newsbeam.transforms.text import END, bare, fold

# Real texts need two or three passes. A text that needs more than this stays as it was. This keeps
# the time linear, and the result unchanged by a second run.
_PASSES = 24


@dataclass(slots=True)
class _Window:
    """Decisions on a window of a text."""

    given: list[Line]
    kept: list[Line]
    removed: list[Removal]
    title: str
    ruled: dict[int, RemovalKind]  # by line number, the kind that rules gave to the complete line
    page: Scan
    layout: Layout
    lists: Words  # the word lists without phrases that do not occur
    template: set[int] = field(default_factory=set)  # numbers of lines that other pages of the site have
    heading: int = -1  # index of the headline's line
    begins: bool = False  # the text begins with the headline, or does by rule
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class Stripped:
    """A cleaned text, its removed pieces, and its headline ("" if there is none)."""

    text: str
    removed: tuple[Removal, ...]
    headline: str
    form: Form


def strip_lines(text: str, headline: str = "", recurring: Recurring | None = None, *, markdown: bool = False) -> Stripped:
    """Remove the boilerplate of a scraped text.

    `headline` is the title if it is known; captions that repeat it are removed. With `markdown`, the
    lines that stay keep their markup. The time is linear in the length of the text. Lines after the first
    MANY_LINES stay.
    """
    text, rest = _split_long(text)
    scraped = read_form(text)
    parts = _decide(scraped, headline, recurring)
    removed = [each for part in parts for each in _removals(part, scraped.units)]
    removed.sort(key=lambda removal: removal.line)
    title = parts[0].title if parts else ""
    left = [line for part in parts for line in part.kept]
    kept = _render(left, one_line=scraped.form == "one line", markdown=markdown and "markdown" in scraped.form)
    return Stripped(f"{kept}\n{rest}" if rest else kept, tuple(removed), title, scraped.form)


def _removals(part: _Window, units: Sequence[Unit]) -> Iterator[Removal]:
    """Yield what was removed of a window, by the lines of the input."""
    whole = {line.number for line in part.kept}
    for removal in part.removed:
        unit = units[removal.line]
        if removal.line not in whole and removal.text == unit.text.strip():
            for number, piece in unit.pieces:
                yield Removal(removal.kind, number, piece.strip())
        else:  # the end of a unit, which is on its last line
            yield Removal(removal.kind, unit.pieces[-1][0], removal.text)


MANY_LINES = 100_000
"""Maximum lines to check; a longer text is a log or a list rather than an article."""


def _split_long(text: str) -> tuple[str, str]:
    """Split a text after MANY_LINES lines.

    In the second part, lines have no trailing spaces, and there is at most one blank line in a row.
    """
    if text.count("\n") + text.count("\r") < MANY_LINES:
        return text, ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rest = "\n".join([line.rstrip() for line in lines[MANY_LINES:]]).rstrip("\n")
    return "\n".join(lines[:MANY_LINES]), re.sub(r"\n{3,}", "\n\n", rest)


def _decide(scraped: Scraped, headline: str, recurring: Recurring | None) -> list[_Window]:
    form = FORMS.index(scraped.form)
    given = _lines(scraped.units)
    model = line_model()
    parts = [_judge_window(given[start : start + WINDOW_LINES], form, headline, model) for start in range(0, len(given), WINDOW_LINES)]
    if recurring is not None:
        kept = [
            not part.ruled.get(line.number) and score <= 0 for part in parts for line, score in zip(part.given, part.scores, strict=True)
        ]
        flags = recurring([line.text.strip() for line in given], kept)
        for part in parts:
            part.template = {line.number for line in part.given if flags[line.number]}
            part.scores[[at for at, line in enumerate(part.given) if flags[line.number]]] = _TEMPLATE
    if parts:
        _set_headline(parts[0], form, headline)
    for part in parts:
        _remove(part)
    return parts


# Log odds of a text that is on other pages of its site.
_TEMPLATE = BARRED


def _set_headline(part: _Window, form: int, headline: str) -> None:
    """Choose the headline of a text among its first lines."""
    part.heading = -1
    units = [line.unit for line in part.given]
    if headline:
        part.begins = part.title == headline
        part.title = headline
        named = [at for at, line in enumerate(part.given) if line.text.strip() == headline and line.number not in part.ruled]
        part.heading = named[0] if named and named[0] < _FIRST_LINES else -1
        return
    prose = [line.reads_as_prose() for line in part.given]
    ruled = part.title
    chosen = choose_title(units, _title_scores(part), prose, form, part.title, one_line=FORMS[form] == "one line")
    part.title = chosen.text if chosen else ""
    part.begins = chosen is not None and (chosen.first == 0 or normal(ruled) == normal(chosen.text))
    if chosen is None:
        return
    key = normal(chosen.text)
    whole = [at for at in range(min(len(units), _FIRST_LINES)) if normal(units[at].text) == key]
    places = list(range(chosen.first, chosen.last + 1))
    if whole and chosen.part:
        places = [next((at for at in whole if at > chosen.last), whole[0])]
    elif chosen.part:
        _cut_headline(part, chosen)
    for at in places:
        line = part.given[at]
        part.heading = at
        if part.ruled.pop(line.number, ""):
            part.removed = [removal for removal in part.removed if removal.line != line.number]
            part.kept = sorted([*(kept for kept in part.kept if kept.number != line.number), line], key=lambda kept: kept.number)
    part.scores[places] = _NEVER
    # The same with the name of the site behind it, as in the title of the page, is not wanted twice.
    for at in range(min(places[0], _TAGS)):
        text = normal(units[at].text)
        if text.startswith(key) and text != key and SEPARATOR.match(text[len(key) :]):
            part.scores[at] = max(int(part.scores[at]), SCALE)


_TAGS = 3  # lines at the top of a text that may be the title of the page
_FIRST_LINES = 300  # in which a headline is searched


def _cut_headline(part: _Window, chosen: Candidate) -> None:
    """Remove what is in a line beside the headline: the name of the site."""
    line = part.given[chosen.last]
    at = line.text.find(chosen.text)
    if chosen.first != chosen.last or at < 0 or line.number in part.ruled:
        return
    before, after = line.text[:at].strip(), line.text[at + len(chosen.text) :].strip()
    part.removed += [Removal("navigation", line.number, piece) for piece in (before, after) if piece]
    part.kept = [replace(kept, text=chosen.text) if kept.number == line.number else kept for kept in part.kept]


def _lines(units: Sequence[Unit]) -> list[Line]:
    """Return the units as lines, numbered from 0."""
    return [Line(number, unit.text, unit.gap, unit) for number, unit in enumerate(units)]


def layout_of(units: Sequence[Unit], form: int) -> Layout:
    """Return the layout of the units as arrays."""
    return Layout(
        np.array([unit.linked for unit in units], np.int64),
        np.array([unit.indent for unit in units], np.int64),
        np.array([MARKS.index(unit.mark) for unit in units], np.int64),
        np.array([unit.gap for unit in units], np.int64),
        np.array([len(unit.pieces) for unit in units], np.int64),
        form,
    )


def _by_rules(given: list[Line], form: int, headline: str) -> _Window:
    """Apply only the rules to a window."""
    page = scan([line.text.strip() for line in given])
    prefiltered = prefilter(page)
    for line, may_match, may_be_byline, prose in zip(
        given, prefiltered.may_match.tolist(), prefiltered.may_be_byline.tolist(), prefiltered.prose.tolist(), strict=True
    ):
        line.may_match, line.may_be_byline, line.prose = may_match, may_be_byline, prose
    for at in np.flatnonzero(prefiltered.dense).tolist():
        given[at].prose = None
    kept, removed, title = _apply_rules(given, headline, prefiltered.lists, {})
    left = {line.number for line in kept}
    ruled = {removal.line: removal.kind for removal in removed if removal.line not in left}
    layout = layout_of([line.unit for line in given], form)
    return _Window(given, kept, removed, title, ruled, page, layout, prefiltered.lists)


def read_units(units: Sequence[Unit], form: int) -> tuple[Scan, list[LineKind], Layout]:
    """Prepare training data: the units as arrays, and the kinds from rules."""
    part = _by_rules(_lines(units), form, "")
    return part.page, [part.ruled.get(number, "") for number in range(len(units))], part.layout


def scored_units(units: Sequence[Unit], form: int, model: LineModel) -> tuple[NDArray[np.int64], list[bool], str]:
    """Prepare training data for headlines.

    Returns the log odds of the units by `model`, whether they are prose, and the headline by rules.
    """
    out = _judge_window(_lines(units), form, "", model)
    return _title_scores(out), [line.reads_as_prose() for line in out.given], out.title


# Kinds of rules that a headline never has.
_NO_HEADLINES = frozenset[LineKind](
    ("navigation", "share", "cookie", "copyright", "subscribe", "comment", "advert", "id", "template", "toc")
)


def _title_scores(part: _Window) -> NDArray[np.int64]:
    """Return the log odds of the lines, for the choice of a headline.

    Those of lines that rules removed are above 0, and BARRED for kinds that a headline never has.
    """
    kinds = [part.ruled.get(line.number, "") for line in part.given]
    least = [BARRED if kind in _NO_HEADLINES else SCALE if kind else _NEVER for kind in kinds]
    scores: NDArray[np.int64] = np.maximum(part.scores, np.array(least, np.int64))
    return scores


def _judge_window(given: list[Line], form: int, headline: str, model: LineModel) -> _Window:
    """Apply the rules to a window, and score its lines."""
    out = _by_rules(given, form, headline)
    out.groups = model.groups([out.ruled.get(line.number, "") for line in given])
    copies = _copied(given, out.kept, out.ruled)
    if copies:  # otherwise, the first copy would look like repeated text
        single = np.array([at for at, line in enumerate(given) if line.number not in copies], np.int64)
        out.scores = np.zeros(len(given), np.int64)
        alone = scan([given[at].text.strip() for at in single.tolist()])
        out.scores[single] = model.scores(alone, out.groups[single], out.layout.at(single))
    else:
        out.scores = model.scores(out.page, out.groups, out.layout)
    return out


def _remove(out: _Window) -> None:
    """Remove the lines with positive scores from a window.

    Restores some that rules had removed.
    """
    given = out.given
    _keep_later_headlines(given, out)
    _protect(given, out)
    if out.removed:
        _restore_sentences(given, out)
    left = {line.number for line in out.kept}
    gone = {line.number for line, score in zip(given, out.scores.tolist(), strict=True) if score > 0 and line.number in left}
    if gone:
        kinds = infer_kinds(given, out.ruled, gone, [line.reads_as_prose() for line in given])
        kinds |= dict.fromkeys(out.template & gone, "template")
        out.removed += [Removal(kinds[line.number], line.number, line.text.strip()) for line in out.kept if line.number in gone]
        out.kept = _without(out.kept, gone)


_BYLINES, _PARAGRAPHS = 3, 6  # lines below a headline in which a byline, and two paragraphs, are expected
_DOUBTFUL = 2 * SCALE  # log odds below which a paragraph may belong to a further article


def _keep_later_headlines(given: Sequence[Line], out: _Window) -> None:
    """Keep the headlines of further articles in the same text.

    Text below the end of an article does not belong to it, but the next headline may stand right below
    its last label. It has a byline or a date, and two paragraphs in a row, below it.
    """
    lists = out.lists
    stays = [
        line.reads_as_prose() and line.number not in out.ruled and score < _DOUBTFUL
        for line, score in zip(given, out.scores.tolist(), strict=True)
    ]
    first = stays.index(True) if True in stays else len(given)
    back = {}
    # Only lines above two paragraphs in a row can be headlines.
    pairs = [at for at, (one, two) in enumerate(pairwise(stays)) if one and two]
    for at in sorted({at for pair in pairs for at in range(max(pair - _PARAGRAPHS + 1, first + 1), pair)}):
        line = given[at]
        if not (line.number in out.ruled or out.scores[at] > 0):
            continue
        if not any(each.may_be_byline and is_byline_or_date(each.text.strip(), lists) for each in given[at + 1 : at + 1 + _BYLINES]):
            continue
        text = line.text.strip()
        if like_a_headline(text) and not is_byline_or_date(text, lists) and not classify_line(line.text, lists)[0]:
            back[line.number] = line
            out.scores[at] = _NEVER
            _keep_paragraphs(given, out, stays, at + 1)
    if back:
        for number in back:
            out.ruled.pop(number, None)
        out.removed[:] = [removal for removal in out.removed if removal.line not in back]
        out.kept = sorted([*(line for line in out.kept if line.number not in back), *back.values()], key=lambda line: line.number)


def _keep_paragraphs(given: Sequence[Line], out: _Window, prose: Sequence[bool], start: int) -> None:
    """Keep paragraphs from `start` to the next line below one that a rule removed."""
    seen = False
    for at in range(start, min(start + 2 * _PARAGRAPHS, len(given))):
        if prose[at]:
            out.scores[at] = min(int(out.scores[at]), 0)
            seen = True
        elif seen and given[at].number in out.ruled:
            break


def _copied(given: Sequence[Line], kept: Sequence[Line], ruled: dict[int, RemovalKind]) -> set[int]:
    """Return the numbers of lines removed as a second copy of the page."""
    if sum(kind == "other" for kind in ruled.values()) < COPIED:
        return set()
    left = {line.text for line in kept}
    copies = {line.number for line in given if ruled.get(line.number) == "other" and line.text in left}
    return copies if len(copies) >= COPIED else set()


# Kinds that rules assign because of a phrase inside a line, which sentences may contain as well;
# the log odds below which the classifier overrules them, and the minimum length of a sentence.
_PHRASES = frozenset[LineKind](("advert", "subscribe", "related", "navigation", "other"))
_KNOWS_BETTER, _SENTENCE = -3072, 60


def _restore_sentences(given: Sequence[Line], out: _Window) -> None:
    """Restore lines that the classifier is certain to be text.

    Rules had removed them because of a phrase: "Streamers earn a commission when viewers buy …".
    """
    page = out.page
    stops = np.bincount(page.line_of, (page.marks & 1) > 0, minlength=len(given))
    english = stops * 6 >= page.many  # of other languages, the classifier has seen too few lines to be certain
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


# "12. Doe J, Roe R. A title. A Journal. 2020;16:299." Lists of references belong to the text above.
_REFERENCE = re.compile(r"\s*\[?\d{1,3}[.\])]\s.{30,}\b(?:19|20)\d\d\b")
_REFERENCED = 2048

# Additional log odds for lines between the headline and the first paragraph, which may be
# subheadings.
_TOP = 2560
_NEVER = -(1 << 20)


def _protect(lines: Sequence[Line], out: _Window) -> None:
    """Lower the scores of protected lines.

    They are the headline, which always stays, and references. If the text begins with the headline,
    also lines between it and the first paragraph.
    """
    for number in np.flatnonzero(out.scores > 0).tolist():
        if _REFERENCE.match(lines[number].text[:600]):
            out.scores[number] -= _REFERENCED
    at = out.heading
    if at < 0:
        return
    out.scores[at] = _NEVER
    for below in range(at + 1, min(at + 12, len(lines)) if out.begins else 0):
        if lines[below].reads_as_prose():
            break
        if out.scores[below] < _TEMPLATE:
            out.scores[below] -= _TOP


def _without(lines: Sequence[Line], gone: set[int]) -> list[Line]:
    """Return the remaining lines, each with the gap before it."""
    left: list[Line] = []
    gap = False
    for line in lines:
        gap = gap or line.gap
        if line.number not in gone:
            left.append(replace(line, gap=gap) if gap != line.gap else line)
            gap = False
    return left


def _apply_rules(given: list[Line], headline: str, lists: Words, judged: dict[str, LineVerdict]) -> tuple[list[Line], list[Removal], str]:
    """Apply the rules repeatedly.

    Returns the kept lines, what was removed, and the headline.
    """
    removed: list[Removal] = []
    lines = given
    for _ in range(_PASSES):
        lines, gone, title = _rule_pass(lines, headline, lists, judged)
        if not gone:
            return lines, removed, title
        removed += gone
    return given, [], ""


def infer_kinds(lines: Sequence[Line], ruled: dict[int, RemovalKind], gone: set[int], prose: Sequence[bool]) -> dict[int, RemovalKind]:
    """Choose a kind for each line that the classifier removed.

    That of the line above, if a rule removed it; otherwise by position.
    """
    stays = [at for at, line in enumerate(lines) if prose[at] and line.number not in gone and line.number not in ruled]
    first, last = (stays[0], stays[-1]) if stays else (len(lines), -1)
    out: dict[int, RemovalKind] = {}
    above: LineKind = ""
    kind: RemovalKind
    far = 0
    for at, line in enumerate(lines):
        if line.number in ruled:
            above, far = ruled[line.number], 0
        elif line.number in gone:
            far += 1
            text = line.text.strip()
            if above and above in _HEADS and far <= 30:
                kind = above
            elif len(text) <= 60 and line.may_be_byline and any(char.isdigit() for char in text):
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


_HEADS = frozenset[LineKind](("related", "comment", "subscribe", "advert", "share", "navigation", "cookie", "toc", "byline"))


def explain_lines(text: str, headline: str = "") -> list[Explained]:
    """Return each unit of a text with the reasons for its decision.

    A unit stays if only its end is removed.
    """
    out: list[Explained] = []
    model = line_model()
    for part in _decide(read_form(_split_long(text)[0]), headline, None):
        whole = {line.number for line in part.kept}
        kinds: dict[int, RemovalKind] = {}
        tails: dict[int, list[RemovalKind]] = {}
        for removal in part.removed:
            if removal.line in whole:
                tails.setdefault(removal.line, []).append(removal.kind)
            else:
                kinds.setdefault(removal.line, removal.kind)
        signs = model.signs(part.page, part.groups, part.layout)
        for at, line in enumerate(part.given):
            number = line.number
            why = list(signs[at])
            if number in part.ruled:
                why.insert(0, f"rule: {part.ruled[number]}")
            why[:0] = [f"rule: the end is {kind}" for kind in tails.get(number, ())]
            if at == part.heading and number in whole:
                why.insert(0, "the headline")
            score = round(int(part.scores[at]) / SCALE, 4)
            place = line.unit.pieces[0][0]
            out.append(Explained(place, line.text.strip(), number in whole, kinds.get(number, ""), score, tuple(why)))
    return out


def _render(lines: Sequence[Line], *, one_line: bool, markdown: bool) -> str:
    if one_line:
        out = ""
        last = -2
        for line in lines:
            out += (" " if line.number == last + 1 else "\n" if out else "") + line.text
            last = line.number
        return out
    return "\n".join(("\n" if line.gap and at else "") + (_raw(line) if markdown else line.text) for at, line in enumerate(lines))


def _raw(line: Line) -> str:
    """Return a line with its markup, unless a part of it was removed."""
    unit = line.unit
    return " ".join(text for _, text in unit.pieces) if line.text == unit.text else line.text


def _rule_pass(
    lines: list[Line],
    headline: str,
    lists: Words,
    judged: dict[str, LineVerdict],
) -> tuple[list[Line], list[Removal], str]:
    """Apply the rules once; return kept lines, removals and the headline."""
    kinds: list[LineKind] = [""] * len(lines)
    gone: list[Removal] = []
    cut = lines.copy()
    credits = [False] * len(lines)
    for at, line in enumerate(lines):
        if not line.may_match:
            continue
        found = judged.get(line.text)
        if found is None:
            found = judged[line.text] = classify_line(line.text, lists)
        kinds[at], rest, tails = found
        if tails:
            gone.extend(Removal(kind, line.number, tail) for kind, tail in tails)
            cut[at] = Line(line.number, rest, line.gap, line.unit)
        credits[at] = kinds[at] == "credit" or any(kind == "credit" for kind, _ in tails)
    _protect_code(cut, kinds)
    prose = [line.reads_as_prose() for line in cut]
    find_copies(cut, kinds, prose)
    mark_menus(cut, kinds, prose, headline, lists)
    judged_kinds = kinds.copy()
    mark_bylines([line.text for line in cut], kinds, lists, prose, may_be_byline=[line.may_be_byline for line in cut])
    at = find_headline(cut, kinds, prose)
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


_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:import|from|def|class|return|const|let|var|function|#include|SELECT|INSERT|\$ )\b|\w\((?:[^()\n]|(?<!\w)\()*\)"
    r"|^\s*[\w.]+\s*=\s*\S|^\s{4,}\S|^\s*</?\w[^<>]*>|(?<!\w)\w[^\W_]*_\w+[,)(]"
)


def _protect_code(lines: list[Line], kinds: list[LineKind]) -> None:
    """Keep names and hashes next to lines of code."""
    for at, kind in enumerate(kinds):
        if kind in ("template", "id") and any(
            0 <= beside < len(lines) and kinds[beside] != "template" and len(lines[beside].text) < 160 and _CODE.search(lines[beside].text)
            for beside in (at - 1, at + 1)
        ):
            kinds[at] = ""


def _captions(lines: list[Line], kinds: list[LineKind], credits: list[bool], headlines: list[str]) -> None:
    """Mark a line that begins with the headline as a caption.

    A credit must be at its end or in the next line. Excluded are the first remaining line, and the
    first line that is the headline alone.
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


def _sections(lines: list[Line], kinds: list[LineKind], said: list[LineKind], prose: list[bool], lists: Words, title: int) -> None:
    """Apply the rules on sections of the text.

    Removes lists under a heading, and what follows the end of the article. The line `title` stays.
    `said` are the kinds without names and dates below the article, which are not headings of
    anything.
    """
    prose = [yes and not kind for yes, kind in zip(prose, kinds, strict=True)]
    _, last = extent(kinds, prose)
    if last < 0:
        return
    weights = [len(line.text) if yes else 0 for line, yes in zip(lines, prose, strict=True)]
    total, before, seen = sum(weights), 0, 0
    ending: LineKind = ""
    over = False
    cores = [bare(fold(line.text[:200])) if kind else "" for line, kind in zip(lines, kinds, strict=True)]
    # In a forum, these headings are below every post.
    closing = [
        kind == "comment" and (core in lists.over or bool(count_line_kind(core, lists))) for kind, core in zip(kinds, cores, strict=True)
    ]
    ends_once = sum(closing) <= 3
    for at, line in enumerate(lines):
        core = cores[at]
        if not kinds[at]:
            if at == title:
                pass
            elif over or (ending and at > last and not END.search(line.text) and (ending in _SURE or not BULLET.match(line.text))):
                kinds[at] = ending
        elif closing[at] and ends_once and seen >= 3 and before >= 0.5 * total and _comments_follow(kinds[at + 1 :], prose[at + 1 :]):
            ending, over = "comment", True
        elif at > last and (said[at] in _ENDING or core in lists.ends):
            ending = ending or (lists.ends.get(core) or kinds[at])
        before += weights[at]
        seen += prose[at]
        listed = lists.lists.get(core) or (kinds[at] if kinds[at] == "related" and core in lists.whole else "")
        if listed and core:
            following = at + 1
            while following < len(lines) and not kinds[following] and not prose[following] and BULLET.match(lines[following].text):
                kinds[following] = listed
                following += 1


def _comments_follow(kinds: Sequence[LineKind], prose: Sequence[bool]) -> bool:
    """Return whether lines below a number of comments read like comments.

    Each comment has its date, name or button. "12 comments" can also be in the middle of an article.
    """
    return sum(kind in ("comment", "byline", "share") for kind in kinds) * 3 >= sum(prose)


# After these, and after the last paragraph, the article is over.
_SURE = frozenset(("related", "comment", "subscribe"))
_ENDING = frozenset(("related", "comment", "subscribe", "byline", "share", "navigation"))
