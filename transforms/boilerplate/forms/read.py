"""Recognise the form of a scraped text, and read its units.

Scrapers leave the same page in different forms: one block a line; a line for each piece between two
tags, so that links and bold words break sentences; wrapped at a width; with the indents and columns
of the page; as markdown; all on one line. Forms can be combined (wrapped markdown).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from newsbeam.transforms.boilerplate.forms.fragments import has_fragments, joined
from newsbeam.transforms.boilerplate.forms.markdown import is_markdown, read_markdown
from newsbeam.transforms.boilerplate.forms.one_line import is_one_line, split_line
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.forms.wrapped import unwrapped, wrapped_width

Form = Literal["blocks", "fragments", "wrapped", "layout", "markdown", "wrapped markdown", "one line"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(slots=True)
class Scraped:
    """A scraped text: its form and its units."""

    form: Form
    units: list[Unit]


def read_form(text: str) -> Scraped:
    """Recognise the form of a text, and return its units in order.

    The time is linear in the length of the text. Blank lines are in no unit.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    units: list[Unit] = []
    gap = False
    indented = 0
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if bare:
            indent = 0
            if line[0].isspace():
                indent = len(line) - len(line.lstrip())
                indented += indent > 1
            units.append(Unit(line.rstrip(), ((number, line.rstrip()),), gap, indent))
            gap = False
        else:
            gap = True
    if is_one_line(units):
        return Scraped("one line", split_line(units))
    width = wrapped_width(units)
    markdown = is_markdown(text, units)
    layout = indented * 10 > len(units) * 3 and len(units) >= 8 and not markdown
    form: Form = "layout" if layout else "blocks"
    if layout and indented * 10 > len(units) * 6:  # else, indents are those of lists or of code
        units = dedented(units)
    if width:
        units = unwrapped(units, width, markdown=markdown)
        form = "wrapped"
    elif not markdown and has_fragments(units):
        units = joined(units)
        form = "fragments"
    if markdown:
        units = read_markdown(units)
        form = "wrapped markdown" if width else "markdown"
    return Scraped(form, units)


def dedented(units: list[Unit]) -> list[Unit]:
    """Take the indents of the page from the units.

    Units without a blank line between them keep the difference to the least indented of them, as code
    and nested lists need it, unless they have only one indent.
    """
    out: list[Unit] = []
    at = 0
    while at < len(units):
        end = at + 1
        while end < len(units) and not units[end].gap:
            end += 1
        least = min(unit.indent for unit in units[at:end])
        out += [
            Unit(unit.text[least:] if unit.indent else unit.text, unit.pieces, unit.gap, unit.indent, unit.mark, unit.linked)
            for unit in units[at:end]
        ]
        at = end
    return out
