"""The page: one HTML document with styles, script and, when saved, records."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import orjson

from newsbeam.errors import UsageError
from newsbeam.transforms.record_types import Record

MAX_SAVED_BYTES = 200 << 20
"""JSON in a saved page; browsers hold no more with ease."""


@cache
def _script() -> str:
    return (files("newsbeam.view") / "page.js").read_text("utf-8")


@cache
def _styles() -> str:
    return (files("newsbeam.view") / "page.css").read_text("utf-8")


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _policy(connect: str) -> str:
    return (
        f"default-src 'none'; script-src {_hash(_script())}; style-src {_hash(_styles())}; connect-src {connect}; base-uri 'none'; "
        "form-action 'none'"
    )


POLICY = _policy("'self'")
"""The policy of the page that a server shows: its own script and styles, questions to its own server, and nothing else."""

_SAVED_POLICY = _policy("'none'")


def page(title: str, token: str = "", compares: bool = False, saved: dict[str, Any] | None = None) -> str:
    """Return the page.

    Args:
        title: its title.
        token: the secret by which the server accepts labels.
        compares: whether there is a second run.
        saved: what a page without a server holds: `records`, and `corpus` from the index.
    """
    about = {"title": title, "token": token, "compares": compares}
    policy = "" if saved is None else f'<meta http-equiv="Content-Security-Policy" content="{escape(_SAVED_POLICY)}">'
    blocks = [_json("about", about)] + ([] if saved is None else [_json("saved", saved)])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{policy}<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_styles()}</style></head><body><div id=app></div>{''.join(blocks)}"
        f"<script>{_script()}</script></body></html>"
    )


def _json(name: str, value: Any) -> str:
    # "<" ends no element, and begins none, when it is written as an escape.
    text = orjson.dumps(value).decode().replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def saved_page(title: str, records: Iterable[Record], corpus: dict[str, Any]) -> str:
    """Return the page as one file. Raises UsageError for too many records."""
    kept: list[Record] = []
    size = 0
    for record in records:
        kept.append(record)
        size += len(record["text"]) * 2 + 1000
        if size > MAX_SAVED_BYTES:
            raise UsageError(f"more than {len(kept):,} records are too many for one page; use newsbeam view without --save")
    return page(title, saved={"records": kept, "corpus": corpus})
