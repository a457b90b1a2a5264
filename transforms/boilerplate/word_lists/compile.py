"""Compile the word lists of all languages into `words.json`.

  python -m newsbeam.transforms.boilerplate.train words

Languages in order of priority: English first, then by code.
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
    """Yield the folded phrases of a part, with their kinds.

    Raises ValueError with `source` for an unknown kind.
    """
    for name, phrases in (part or {}).items():
        kind = removal_kind(name, source)
        for phrase in phrases:
            # fold strips the space at the end of a phrase, which means that a word ends there
            yield fold(phrase), kind


# complete lines and headings, each with one kind
_LINES = ("whole", "ends", "over", "lists", "count")
_SINGLE = ("home", "photo", "by", "date", "send", "platforms", "sections", "vague", "provided")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_END = re.compile(r"(?<!\W)\W+$")
# if languages disagree about a phrase, English wins, as most leftovers are English; other languages
# must not disagree
_FIRST = "en"


def sources() -> dict[str, str]:
    """Return the text of each language's file by code, in order of priority."""
    folder = files(__package__).joinpath("words")
    texts = {entry.name[:-5]: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return {code: texts[code] for code in sorted(texts, key=lambda code: (code != _FIRST, code))}


_FORM = 4  # format of words.json: increment it if this module, `fold` or `bare` changes


def digest(texts: dict[str, str]) -> str:
    """Return a hash of the files and of the format."""
    return blake2b(json.dumps([_FORM, texts]).encode(), digest_size=16).hexdigest()


def merge(texts: dict[str, str]) -> dict[str, Any]:
    """Merge all files, folded, in the format of words.json.

    Raises ValueError for an unknown kind of removal.
    """
    out: dict[str, Any] = {part: {} for part in (*_LINES, "starts", "holds", "tails", "frames", *_SINGLE)}
    codes: list[str] = []
    for code, text in texts.items():
        data: dict[str, Any] = parse_yaml(text)
        codes += [code, *data.get("also", ())]
        for part in _LINES:
            for phrase, kind in _phrases(data.get(part), f"words/{code}.yaml, {part}"):
                out[part].setdefault(bare(phrase), kind)
                # the pattern for counted nouns leaves out vowel signs at the end
                if part == "count":
                    out[part].setdefault(_END.sub("", phrase), kind)
        for part in ("starts", "holds", "tails", "frames"):
            for phrase, kind in _phrases(data.get(part), f"words/{code}.yaml, {part}"):
                out[part].setdefault(phrase, kind)
        for part in _SINGLE:
            for word in data.get(part, ()):
                out[part][fold(word)] = None
                # compared with words that are not folded, or that are split at characters other
                # than letters
                if part in ("by", "date"):
                    out[part].update(dict.fromkeys((word.casefold(), *_LETTERS.findall(word.casefold()))))
    return {
        "digest": digest(texts),
        "languages": sorted(set(codes)),
        **{part: list(found) if part in _SINGLE else found for part, found in out.items()},
    }
