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


_CDATA = re.compile(r"(?:/\*|//)?\s?(?:<!\[CDATA\[|\]\]>)(?:\s?\*/)?")
_STARTS = re.compile(r"[{\[]")


def _parse(script: str) -> list[Any]:
    """Return the values in a script, leniently read."""
    text = script.lstrip("\ufeff \t\r\n").removeprefix("<!--").rstrip().removesuffix("-->").strip().rstrip(";")
    if "CDATA" in text[:40] or "]]>" in text[-20:]:
        text = _CDATA.sub("", text)
    value = _strict(text)
    if value is None and "&quot;" in text:
        value = _strict(text := resolved(text))
    if value is not None:
        return [value]
    if not _STARTS.search(text):
        return []
    repaired = _repaired(text)
    if (value := _strict(repaired)) is not None:
        return [value]
    return list(_several(repaired)) or [_by_pattern(text)]


def _strict(text: str) -> Any:
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


_OUTSIDE = re.compile(r'"|//|/\*|,+(?=\s*(?:[}\],]|\Z))')
_INSIDE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}|(?P<odd>.?))|(?P<quote>")', re.S)
# A quote ends a string before a colon, a bracket, a comma before the next value, or the end.
_AFTER_STRING = re.compile(r'\s*(?:[:}\]]|,\s*(?:["{\[}\]\d/-]|true\b|false\b|null\b|\Z)|//|/\*|\Z)')


def _repaired(text: str) -> str:
    """Repair slips that people make who write JSON by hand or by a template.

    These are trailing commas, comments, quotes inside strings and escapes that JSON does not have.
    """
    out: list[str] = []
    at = 0
    while mark := _OUTSIDE.search(text, at):
        out.append(text[at : mark.start()])
        sign, at = mark[0], mark.end()
        if sign == "//":
            end = text.find("\n", at)
            at = end if end >= 0 else len(text)
        elif sign == "/*":
            end = text.find("*/", at)
            at = end + 2 if end >= 0 else len(text)
        elif sign == '"':
            out.append(sign)
            while inside := _INSIDE.search(text, at):
                out.append(text[at : inside.start()])
                at = inside.end()
                if inside["quote"]:
                    if _AFTER_STRING.match(text, at):
                        out.append('"')
                        break
                    out.append('\\"')
                elif inside["odd"] is None:
                    out.append(inside[0])
                else:
                    out.append(inside["odd"] if inside["odd"] in ("'", "\n") else f"\\\\{inside['odd']}")
            else:
                break
    out.append(text[at:])
    return "".join(out)


def _several(text: str) -> Iterator[Any]:
    """Yield the values one after the other, up to the first broken one."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    for _ in range(_MANY_VALUES):
        start = _STARTS.search(text, at)
        if start is None:
            return
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            return
        if (clean_value := _strict(json.dumps(value))) is not None:
            yield clean_value


_MANY_VALUES = 20
_FIELD = re.compile(
    r'"(@type|headline|datePublished|dateModified|articleBody)"\s*:\s*(?:\[\s*)?"((?:[^"\\]|\\.){1,200000})"'
    r'|"(author)"\s*:\s*(?:[\[{]\s*){0,2}(?:"@(?:type|id)"\s*:\s*"[^"]{0,200}"\s*,\s*){0,2}(?:"name"\s*:\s*)?"((?:[^"\\@]|\\.){1,200})"(?!\s*:)'
)


def _by_pattern(text: str) -> dict[str, Any]:
    """Return the fields of an article in a script that is not JSON."""
    fields: dict[str, Any] = {}
    for match in _FIELD.finditer(text):
        name, value = (match[1], match[2]) if match[1] else (match[3], match[4])
        read = _strict(f'"{value}"')
        fields.setdefault(name, read if isinstance(read, str) else value)
    if not str(fields.get("@type", "")).lower().endswith(ARTICLES) and ("headline" in fields or "datePublished" in fields):
        fields["@type"] = "Article"
    return fields


def json_ld_nodes(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Return the main nodes of the scripts, in order; skip broken scripts."""
    for script in scripts:
        if len(script) > _LARGEST:
            continue
        waiting = _parse(script)
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


def live_body(value: Any) -> str:
    """Return the texts of a live blog's updates, each below its headline."""
    parts: list[str] = []
    for update in (value if isinstance(value, list) else [value])[:_MANY_UPDATES]:
        if isinstance(update, dict) and (body := article_body(update.get("articleBody"))):
            headline = text_of(update.get("headline"))
            parts += [headline, body] if headline and not body.startswith(headline) else [body]
    return "\n\n".join(parts)


_MANY_UPDATES = 500
