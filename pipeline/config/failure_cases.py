"""What went wrong in a run, summed up: like cases together, how many, and the first of them in the order of the input.

The sums are the same whatever the workers and their order. A batch keeps all of its few cases; a part, which is always the same
stretch of the input, keeps the first MAX_PART_CASES that come up in it and counts the others without telling them apart; so does a
run with MAX_CASES, part by part. So memory is bounded, and a number that is shown is short only where there are more kinds of cases
than that.
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
"""Of each kind."""

MAX_SHOWN = 20
"""Of each kind, in the manifest: the commonest."""

MAX_ORIGINS = 3

LITTLE = 0.05
"""Of a document's visible characters: a page of which less is kept says that something is amiss."""

FAILED, LITTLE_KEPT, LITTLE_KEPT_AT = "failed", "little kept", "little kept at"

Case = tuple[str, tuple[str, ...], int, tuple[str, ...], str]
"""(kind, key, how many, origins of the first, message of the first)."""


class Cases:
    """Cases as they come up, at most `limit` different ones of each kind."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._cases: dict[str, dict[tuple[str, ...], list[Any]]] = {}

    def add(self, cases: Iterable[Any]) -> None:
        """Add cases, which come after all that were added before. They may have been through JSON."""
        for kind, key, count, origins, message in cases:
            of_kind = self._cases.setdefault(kind, {})
            if tuple(key) in of_kind or len(of_kind) < self._limit:
                case = of_kind.setdefault(tuple(key), [0, [], message])
            else:  # the same stage and error with another message; or another host
                case = of_kind.setdefault((*key[:-1], ""), [0, [], ""])
            case[0] += count
            case[1] = [*case[1], *origins][:MAX_ORIGINS]

    def rows(self) -> list[Case]:
        """All of them, in the order in which they came up."""
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
    """What of one input is a case: `kind` is the output it went to, `line` what was written there."""
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
    """The message without where it is from, so that like ones are alike, and not too long for a line or two."""
    path = origin.rpartition("#")[0] or origin
    for name in (origin, path, path.rpartition("/")[2]):
        if len(name) > 2:
            message = message.replace(name, "…")
    return " ".join(message.removeprefix("… ").split())[:300]


def _host(outcome: Outcome, raw: Raw) -> str:
    url = (outcome.document.url if outcome.document is not None else "") or raw.url
    match = re.match(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:www\.)?([^/?#:]+)", url, re.I)
    return printable(match.group(1).lower())[:100] if match else "(no url)"
