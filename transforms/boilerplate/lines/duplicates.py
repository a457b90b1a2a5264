"""Repeated parts of a text."""

from __future__ import annotations

from newsbeam.transforms.boilerplate.lines.line import Line
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.text import is_dense

# A page was scraped twice if at least this many consecutive paragraphs, with this many characters,
# are repeated exactly.
COPIED, _COPIED_LENGTH = 3, 400


def find_copies(lines: list[Line], kinds: list[LineKind], prose: list[bool]) -> None:
    """Remove the second copy of a run of paragraphs.

    Also removes the lines between them that are in the first copy.
    """
    first: dict[str, int] = {}
    places = [at for at, yes in enumerate(prose) if yes and not kinds[at]]
    order = {at: number for number, at in enumerate(places)}
    again: list[int] = []  # for each paragraph, the index of the one that it repeats, or -1
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
            if end - start >= COPIED and length >= _COPIED_LENGTH:
                _drop_copy(lines, kinds, places[again[start]], places[again[end - 1]], places[start], places[end - 1])
        start = end


def _drop_copy(lines: list[Line], kinds: list[LineKind], begin: int, end: int, again: int, last: int) -> None:
    """Remove the lines `again` to `last`, and repeated lines right above.

    Only lines that are also in `begin` to `end`, or right above it.
    """
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
