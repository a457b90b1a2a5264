"""Menus: runs of short lines."""

from __future__ import annotations

import re

from newsbeam.transforms.authors import letters
from newsbeam.transforms.boilerplate.lines.headline import like_a_headline
from newsbeam.transforms.boilerplate.lines.line import Line
from newsbeam.transforms.boilerplate.word_lists.load import Words
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.text import END, bare, fold, is_dense

_FURNITURE = frozenset[LineKind](("navigation", "share", "subscribe", "cookie", "comment", "other", "advert", "toc", "template"))

_PARTS = re.compile(r"(?:(?<!\s)\s+)?[|｜·•]\s*")


def mark_menus(lines: list[Line], kinds: list[LineKind], prose: list[bool], headline: str, lists: Words) -> None:
    """Mark menus and the masthead above the headline.

    An unknown line is removed if three conditions hold: it shares a block without blank lines with
    known page furniture, it looks like an item or a row of a menu, and a later block has a line
    that can be the headline.
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
    holders = [letters(line.text) for line, kind in zip(lines, kinds, strict=True) if kind == "copyright"]
    below = bool(title)  # the headline is known, or a later block can contain it
    for block in reversed(blocks):
        known = [at for at in block if kinds[at] in _FURNITURE]
        unknown = [at for at in block if not kinds[at]]
        if below and known:
            for run in _runs(unknown):
                between = run[0] - 1 in known and run[-1] + 1 in known
                titled = bool(title) and all(fold(lines[at].text) != title for at in run)
                if (between or (titled and run[0] - 1 in known)) and all(
                    _is_item(lines[at].text.strip(), 3 if len(run) > 1 or titled else 1, lists) for at in run
                ):
                    for at in run:
                        kinds[at] = "navigation"
            _rows(lines, kinds, block, lists, holders)
        below = below or any(not kinds[at] and like_a_headline(lines[at].text.strip()) for at in block)


def _runs(places: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for at in places:
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _is_item(text: str, most: int, lists: Words) -> bool:
    """Return whether the line can be a menu item of at most `most` words.

    Or a row of items.
    """
    if END.search(text) or any(char.isdigit() for char in text):
        return False
    parts = [part for part in _PARTS.split(text) if part]
    if len(parts) >= 3:
        return len(text) <= 160 and all(len(part.split()) <= 3 for part in parts)
    if bare(fold(text)) in lists.sections:
        return True
    return len(text.split()) <= most and len(text) <= (8 if is_dense(text) else 28)


def _rows(lines: list[Line], kinds: list[LineKind], block: list[int], lists: Words, holders: list[str]) -> None:
    """Mark rows of sections next to furniture, and the masthead.

    A row is "News Sport Tides"; a masthead begins with the copyright holder.
    """
    for at in reversed(block):
        if kinds[at] or not any(kinds[beside] in _FURNITURE for beside in (at - 1, at + 1) if beside in block):
            continue
        text = lines[at].text.strip()
        found = text.split()
        known = sum(bare(fold(word)) in lists.sections or bare(fold(word)) in lists.whole for word in found)
        name = letters(_PARTS.split(text)[0])
        row = 3 <= len(found) <= 16 and known >= 2 and known * 3 >= len(found) and all(word[:1].isupper() for word in found)
        masthead = at == block[0] and len(name) >= 5 and any(name in holder for holder in holders)
        if row or (masthead and len(_PARTS.split(text)[0].split()) >= 2):
            kinds[at] = "navigation"
