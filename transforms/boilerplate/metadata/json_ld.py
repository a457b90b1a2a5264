"""Metadata in JSON-LD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from newsbeam.transforms.authors import clean
from newsbeam.transforms.text import resolved, scrub

_LARGEST = 2_000_000  # characters of JSON-LD to parse

MAIN = ("article", "posting", "report", "recipe", "podcastepisode", "question", "webpage", "qapage", "itempage", "faqpage", "techarticle")

ARTICLES = ("article", "posting", "report", "recipe", "podcastepisode", "question", "review")


def _parse(script: str) -> Any:
    text = script.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    if "CDATA" in text[:20]:
        text = text[text.find("{") : text.rfind("}") + 1]
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        # orjson rejects unpaired surrogates (an emoji split by a length limit), and could not write
        # them either.
        return json.loads(scrub(json.dumps(json.loads(text, strict=False), ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None


def json_ld_nodes(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Return the main nodes of the scripts, in order; skip broken scripts."""
    for script in scripts:
        if len(script) > _LARGEST:
            continue
        waiting = [_parse(script)]
        for at in waiting:
            if len(waiting) > 2000:
                break
            if isinstance(at, list):
                waiting += at[:1000]
            elif isinstance(at, dict):
                yield at
                waiting += [at[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if isinstance(at.get(key), dict | list)]


def types_of(thing: dict[str, Any]) -> list[str]:
    """Return the types of a node, in lower case."""
    kind = thing.get("@type")
    return [one.rsplit("/", 1)[-1].lower() for one in (kind if isinstance(kind, list) else [kind]) if isinstance(one, str)]


def is_type(thing: dict[str, Any], *words: str) -> bool:
    """Return whether a type of a node ends with one of the words."""
    return any(kind.endswith(words) for kind in types_of(thing))


def text_of(value: Any) -> str:
    """Return the text of a value, "" if it has none."""
    for _ in range(4):
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = value.get("@value") or value.get("name")
        else:
            return ""
    return ""


_TAGS = re.compile(r"<[^<>]*>")

_PARAGRAPHS = re.compile(r"</?(?:p|div|br|h[1-6]|li)\b[^<>]*>|[\r\n]+", re.I)


def article_body(value: Any) -> str:
    """Return an articleBody as paragraphs; some pages use markup in it."""
    if not isinstance(value, str):
        return ""
    parts = (clean(_TAGS.sub(" ", part)) for part in _PARAGRAPHS.split(resolved(value)))
    return "\n\n".join(part for part in parts if part)
