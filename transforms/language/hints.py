"""Language hints from the page's declaration and its address.

Hints only break ties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from newsbeam.transforms.package_data import load_yaml

# Codes that are synonyms of the codes used here.
_ALIASES = {
    "no": "nb", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "fil": "tl", "cmn": "zh", "yue": "zh", "arb": "ar",
    "pes": "fa", "prs": "fa", "ckb": "ku", "kmr": "ku", "zsm": "ms", "swh": "sw", "lvs": "lv", "ekk": "et", "als": "sq", "azj": "az",
    "khk": "mn", "npi": "ne", "ory": "or", "uzn": "uz", "plt": "mg",
}  # fmt: skip
_CODE = re.compile(r"[a-z]{2,3}(?=$|[-_;,])", re.I)
# The first parts of an address's path: /de/, /de-at/, /de_AT/.
_PATH = re.compile(r"(?:https?:)?//[^/?#]+((?:/[\w-]{1,12}){0,2})(?:[/?#]|$)", re.I)
_HOST = re.compile(r"(?:https?:)?//(?:[^/@?#]*@)?([^/:?#]+)", re.I)
_QUERY = re.compile(r"[?&](?:lang|hl|locale|language)=([a-z]{2,3})(?![a-z])", re.I)


def hints(declared: str, url: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield hints with the languages they suggest, most reliable first.

    The languages are ISO 639-1: ("declared nb", ("nb",)), (".at", ("de",)).
    """
    if found := _CODE.match(declared.strip()):
        yield f"declared {found.group().lower()}", (_code(found.group()),)
    if found := _QUERY.search(url):
        yield f"url {found.group()[1:]}", (_code(found.group(1)),)
    if found := _PATH.match(url):
        for part in found.group(1).split("/"):
            if re.fullmatch(r"[a-z]{2}(?:[-_][a-z]{2})?", part, re.I):
                yield f"url /{part}/", (_code(part[:2]),)
    if found := _HOST.match(url):
        labels = found.group(1).lower().split(".")
        if len(labels) > 2 and re.fullmatch(r"[a-z]{2}", labels[0]):
            yield f"url {labels[0]}.", (_code(labels[0]),)
        if len(labels) > 1 and labels[-1] in _domains():
            yield f"url .{labels[-1]}", _domains()[labels[-1]]


def _code(code: str) -> str:
    code = code.lower()
    return _ALIASES.get(code, code)


@cache
def _domains() -> dict[str, tuple[str, ...]]:
    table = load_yaml("newsbeam.transforms.language", "hints.yaml")
    return {domain: tuple(languages) for domain, languages in table.items()}
