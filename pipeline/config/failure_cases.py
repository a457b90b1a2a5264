"""Failures and losses of a run.

Similar cases are counted together, with the first of them in the order of the input.

The counts do not depend on the number of workers. A batch keeps all of its few cases. A part, which always is the same range of the
input, keeps its first MAX_PART_CASES kinds and counts the rest together. A run does the same with MAX_CASES, part by part. So memory is
bounded, and a count is too low only if there are more kinds of cases than that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from newsbeam.storage.filesystem import printable
from newsbeam.storage.manifest import Failure, LittleKept, LittleKeptHost
from newsbeam.transforms.document import Document, Dropped, Raw
from newsbeam.transforms.processor import Outcome

MAX_PART_CASES, MAX_CASES = 200, 20_000
"""Cases that a part and a run tell apart, for each of the kinds below."""

MAX_SHOWN = 20
"""Cases of each kind in the manifest: the most frequent."""

MAX_ORIGINS = 3

LITTLE = 0.05
"""Share of the visible characters of a document. If less is kept, something is probably wrong."""

FAILED, LITTLE_KEPT, LITTLE_KEPT_AT = "failed", "little kept", "little kept at"

Case = tuple[str, tuple[str, ...], int, tuple[str, ...], str]
"""(kind, key, count, origins of the first documents, message of the first)."""


class Cases:
    """Cases in the order of the input, at most `limit` different ones of each kind."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._cases: dict[str, dict[tuple[str, ...], list[Any]]] = {}

    def add(self, cases: Iterable[Any]) -> None:
        """Add cases of later inputs. They may have been read from JSON."""
        for kind, key, count, origins, message in cases:
            of_kind = self._cases.setdefault(kind, {})
            if tuple(key) in of_kind or len(of_kind) < self._limit:
                case = of_kind.setdefault(tuple(key), [0, [], message])
            else:  # the same stage and error with another message, or another host
                case = of_kind.setdefault((*key[:-1], ""), [0, [], ""])
            case[0] += count
            case[1] = [*case[1], *origins][:MAX_ORIGINS]

    def rows(self) -> list[Case]:
        """All cases in the order of the input."""
        return [(kind, key, *case) for kind, of_kind in self._cases.items() for key, case in of_kind.items()]

    def failures(self) -> tuple[tuple[Failure, ...], int]:
        """The most frequent failures, and how many documents failed otherwise."""
        failures, others = self._most_frequent(FAILED)
        return tuple(Failure(stage, error, message, number, first[0]) for (stage, error, _), (number, first, message) in failures), others

    def little_kept(self) -> LittleKept:
        """The documents that lost nearly all of their text."""
        hosts, others = self._most_frequent(LITTLE_KEPT_AT)
        others += sum(number for (host,), (number, _, _) in hosts if not host)
        count, origins, _ = self._cases.get(LITTLE_KEPT, {}).get(("",), [0, [], ""])
        named = tuple(LittleKeptHost(host, number, tuple(first)) for (host,), (number, first, _) in hosts if host)
        return LittleKept(count, tuple(origins), named, others)

    def _most_frequent(self, kind: str) -> tuple[list[Any], int]:
        """The most frequent cases of a kind, and how many documents had other cases."""
        ordered = sorted(self._cases.get(kind, {}).items(), key=lambda case: (-case[1][0], case[0]))
        return ordered[:MAX_SHOWN], sum(case[0] for _, case in ordered[MAX_SHOWN:])


def cases_of(raw: Raw, kind: str, line: bytes, outcome: Outcome) -> list[Case]:
    """The cases of one input.

    Args:
        raw: the input.
        kind: the output that it belongs to.
        line: its line there.
        outcome: the result of the chain.
    """
    origin = printable(raw.origin)
    if kind == "dead_letters":
        row = orjson.loads(line)
        message = _without_origin(row["message"], origin)
        return [(FAILED, (row["stage"], row["error"], re.sub(r"\d+", "0", message)), 1, (origin,), message)]
    if isinstance(outcome.result, (Document, Dropped)) and 0 <= outcome.kept < LITTLE * outcome.visible:
        host = _host(outcome, raw)
        return [(LITTLE_KEPT, ("",), 1, (origin,), ""), (LITTLE_KEPT_AT, (host,), 1, (origin,), "")]
    return []


def _without_origin(message: str, origin: str) -> str:
    """The message without its origin, short enough for two lines.

    Similar messages become equal.
    """
    path = origin.rpartition("#")[0] or origin
    for name in (origin, path, path.rpartition("/")[2]):
        if len(name) > 2:
            message = message.replace(name, "…")
    return " ".join(message.removeprefix("… ").split())[:300]


def _host(outcome: Outcome, raw: Raw) -> str:
    url = (outcome.document.url if outcome.document is not None else "") or raw.url
    match = re.match(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:www\.)?([^/?#:]+)", url, re.I)
    return printable(match.group(1).lower())[:100] if match else "(no url)"
