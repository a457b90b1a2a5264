"""Markdown: headings, lists, links, images, tables and code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, islice

from newsbeam.transforms.boilerplate.forms.unit import LINKED, Mark, Unit

_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\s*\)"
_IMAGE = re.compile(rf"!\[((?:[^\[\]\\]|\\.)*)\]{_TARGET}")
_LINK = re.compile(rf"\[((?:[^\[\]\\]|\\.)*)\](?:{_TARGET}|\[[^\[\]]*\])")
_AT_TARGET = re.compile(rf"\]{_TARGET}")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(?=\S)")
_ITEM = re.compile(r"\s*(?:(?:[-*+]|\d{1,3}[.)])\s+)+")
_STRONG = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1).)+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*_])([*_])(?=[^\s*_])([^*_\n]+?)(?<=[^\s*_])\1(?![\w*_])")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_RULE = re.compile(r"\s*(?:\*\s*){3,}$|\s*(?:-\s*){3,}$|\s*(?:_\s*){3,}$")
_AUTO = re.compile(r"<(https?://[^<>\s]+)>")
_LEAST_LINKS, _LEAST_HEADINGS = 3, 3
_HEAD = 200_000  # characters in which links are counted


def is_markdown(text: str, units: Sequence[Unit]) -> bool:
    """Return whether a text is markdown rather than a text with a few signs of it."""
    if "](" in text:
        head = text[:_HEAD]
        links = sum(1 for _ in islice(chain(_LINK.finditer(head), _IMAGE.finditer(head)), _LEAST_LINKS))
        if links >= _LEAST_LINKS or (links and any(_HEADING.match(unit.text) for unit in units)):
            return True
    # Without a blank line above, it may as well be a comment in code.
    return sum(unit.gap and _HEADING.match(unit.text) is not None for unit in units) >= _LEAST_HEADINGS


def read_markdown(units: Sequence[Unit]) -> list[Unit]:
    """Read the markup of each unit; its text is then without.

    Units without text, as images and rules are, stay as they are, to be removed.
    """
    out: list[Unit] = []
    fence = False
    opened = 0  # links that an earlier line opened
    for unit in units:
        raw = unit.text
        edge = raw.lstrip().startswith("```")
        fence ^= edge
        if fence or edge:
            out.append(Unit(raw, unit.pieces, unit.gap, unit.indent, "code"))
            continue
        mark: Mark = ""
        body = raw
        if heading := _HEADING.match(body):
            mark, body = "heading", body[heading.end() :].rstrip("# ")
        elif item := _ITEM.match(body):
            mark, body = "item", body[item.end() :]
        elif _is_table_rule(body) or body.count("|") >= 2 or (unit.pieces and out and out[-1].mark == "row" and "|" in body):
            mark = "row"
        text, linked, opened = inline(body, opened)
        quote = re.match(r"\s*(?:>\s*)+", text)
        if quote:
            text = text[quote.end() :]
        letters = sum(map(str.isalnum, text))
        if mark == "row":
            text = " | ".join(cell for cell in (part.strip() for part in text.split("|")) if cell.strip("-: "))
        elif mark == "item" and text:
            text = f"{_bullet(raw)} {text}"
        if not text.strip() or _RULE.match(raw):
            mark = "image" if "](" in raw else mark
            out.append(Unit(raw.strip(), unit.pieces, unit.gap, unit.indent, mark or "row", LINKED if "](" in raw else 0))
            continue
        share = min(LINKED, linked * LINKED // max(letters, 1))
        out.append(Unit(text.strip(), unit.pieces, unit.gap, unit.indent, mark, share))
    return out


def _is_table_rule(line: str) -> bool:
    """Return whether a line is the rule below the head of a table: | --- | :-: |."""
    return "--" in line and "|" in line and not line.strip("|:- \t")


def _bullet(raw: str) -> str:
    first = raw.lstrip()
    number = re.match(r"\d{1,3}[.)]", first)
    return number[0] if number else "-"


def inline(body: str, opened: int = 0) -> tuple[str, int, int]:
    """Return a line without inline markup.

    And the number of its letters in links, and of links that it leaves open.
    """
    linked = 0
    if "[" in body or "](" in body:
        body = _IMAGE.sub(" ", body)

        def shown(match: re.Match[str]) -> str:
            nonlocal linked
            linked += sum(map(str.isalnum, match[1]))
            before = body[match.start() - 1 : match.start()]
            after = body[match.end() : match.end() + 1]
            return f"{' ' if before in (')', ']') else ''}{match[1].strip()}{' ' if after == '[' else ''}"

        body = _LINK.sub(shown, body)
        if (at := body.find("](")) >= 0 and (closing := _AT_TARGET.match(body, at)):
            linked += sum(map(str.isalnum, body[:at]))
            body = body[:at].lstrip() + body[closing.end() :]
            opened = max(0, opened - 1)
        elif opened:
            linked = sum(map(str.isalnum, body))
        if body.lstrip().startswith("[") and "]" not in body:
            opened = 1
            body = body.lstrip()[1:]
            linked = sum(map(str.isalnum, body))
    elif opened:
        linked = sum(map(str.isalnum, body))
        opened = opened + 1 if opened < 6 else 0  # a link that is never closed ends after a few lines
    body = _AUTO.sub(r"\1", body)
    if "*" in body or "_" in body:
        body = _STRONG.sub(r"\2", body)
        body = _EMPHASIS.sub(r"\2", body)
        body = body.replace("****", "")
    if "`" in body:
        body = body.replace("`", "")
    if "\\" in body:
        body = _ESCAPE.sub(r"\1", body)
    return " ".join(body.split()), linked, opened
