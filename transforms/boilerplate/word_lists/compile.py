"""Puts the word lists of all languages together: `python -m newsbeam.transforms.boilerplate.train words` writes `words.json` anew.

The languages in the order in which they count: English first, then by their codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import blake2b
from importlib.resources import files
from typing import Any

from newsbeam.transforms.document import RemovalKind, removal_kind
from newsbeam.transforms.package_data import parse_yaml
from newsbeam.transforms.text import bare, fold


def _phrases(part: dict[str, list[str]] | None, source: str) -> Iterator[tuple[str, RemovalKind]]:
    """The phrases of a part, folded, with their kinds. Raises ValueError for an unknown kind, naming `source`."""
    for name, phrases in (part or {}).items():
        kind = removal_kind(name, source)
        for phrase in phrases:
            # fold drops the space at a phrase's end, which says that a word ends there
            yield fold(phrase), kind


_LINES = ("whole", "ends", "over", "lists", "count")  # whole lines and headings, each with one kind
_SINGLE = ("home", "photo", "by", "date", "send", "platforms", "sections", "vague", "provided")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_END = re.compile(r"(?<!\W)\W+$")
_FIRST = "en"  # where languages disagree about a phrase, English counts, since most leftovers are; others may not disagree


def sources() -> dict[str, str]:
    """The text of each language's file, by its code, in the order in which they count."""
    folder = files(__package__).joinpath("words")
    texts = {entry.name[:-5]: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return {code: texts[code] for code in sorted(texts, key=lambda code: (code != _FIRST, code))}


_FORM = 4  # of words.json: another number where this module, `fold` or `bare` change


def digest(texts: dict[str, str]) -> str:
    """What tells one state of the files, and of what is made of them, from another."""
    return blake2b(json.dumps([_FORM, texts]).encode(), digest_size=16).hexdigest()


def merge(texts: dict[str, str]) -> dict[str, Any]:
    """Merge all files, folded, in the form of words.json. Raises ValueError for an unknown kind of removal."""
    out: dict[str, Any] = {part: {} for part in (*_LINES, "starts", "holds", "tails", "frames", *_SINGLE)}
    codes: list[str] = []
    for code, text in texts.items():
        data: dict[str, Any] = parse_yaml(text)
        codes += [code, *data.get("also", ())]
        for part in _LINES:
            for phrase, kind in _phrases(data.get(part), f"words/{code}.yaml, {part}"):
                out[part].setdefault(bare(phrase), kind)
                if part == "count":  # what is counted is found by a pattern that leaves out vowel signs at its end
                    out[part].setdefault(_END.sub("", phrase), kind)
        for part in ("starts", "holds", "tails", "frames"):
            for phrase, kind in _phrases(data.get(part), f"words/{code}.yaml, {part}"):
                out[part].setdefault(phrase, kind)
        for part in _SINGLE:
            for word in data.get(part, ()):
                out[part][fold(word)] = None
                if part in ("by", "date"):  # compared with words that are not folded, or taken apart at other signs than letters
                    out[part].update(dict.fromkeys((word.casefold(), *_LETTERS.findall(word.casefold()))))
    return {
        "digest": digest(texts),
        "languages": sorted(set(codes)),
        **{part: list(found) if part in _SINGLE else found for part, found in out.items()},
    }
