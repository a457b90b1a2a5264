"""Two runs over the same documents: what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from newsbeam.library.records import statements_of
from newsbeam.transforms.record_types import Record

MAX_CHANGED = 500
"""Documents with differences that are listed: those with the most."""


class Records(Protocol):
    """Records in their order, also by id."""

    def records(self) -> Iterator[Record]:
        """Yield all records in order."""
        ...

    def record(self, n: int) -> Record | None:
        """Return the n-th record."""
        ...

    def ids(self) -> list[str]:
        """Return the ids of all records in order."""
        ...


def _numbers(ids: list[str]) -> dict[str, int]:
    """Return the number of the first record with each id."""
    numbers: dict[str, int] = {}
    for number, identifier in enumerate(ids, 1):
        numbers.setdefault(identifier, number)
    return numbers


def _statements(record: Record) -> Counter[str]:
    return Counter(f"{one['speaker']} · {one['cue']} · {one['content']}" for one in statements_of(record))


ASPECTS: dict[str, Callable[[Record], Any]] = {
    "text": lambda record: record["text"],
    "title": lambda record: record["title"],
    "author": lambda record: record["author"],
    "created": lambda record: record["created"],
    "language": lambda record: record["language"],
    "verdict": lambda record: (record["translation"]["verdict"], record["translation"]["source_language"]),
    "evidence": lambda record: Counter(one["text"] for one in record["translation"]["artifacts"]),
    "statements": _statements,
    "credits": lambda record: Counter(f"{one['kind']} {one['name']}" for one in record["credits"]),
    "removed": lambda record: Counter(f"{one['kind']} {one['text']}" for one in record["removed"]),
}
"""The parts of a record that are compared, by the name that users see."""


def compare(first: Records, second: Records | None) -> dict[str, Any]:
    """Compare the documents that two runs have in common, by id.

    Returns counts (`both`, `only_first`, `only_second`, `same` and `differs` by aspect, `new` and `gone` for aspects that are lists)
    and `changed`: the documents that differ, those with the most differences first.
    """
    if second is None:
        raise ValueError("there is no second run: newsbeam view DIR --compare DIR")
    both = only_first = 0
    same: Counter[str] = Counter()
    differs: Counter[str] = Counter()
    new: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    changed: list[dict[str, Any]] = []
    ids = second.ids()
    own, others = _numbers(first.ids()), _numbers(ids)
    for record in first.records():
        number = others.get(record["id"])
        other = second.record(number) if number else None
        if other is None:
            only_first += 1
            continue
        both += 1
        aspects: dict[str, int] = {}
        for name, of in ASPECTS.items():
            one, two = of(record), of(other)
            if one == two:
                same[name] += 1
                continue
            differs[name] += 1
            aspects[name] = 1
            if isinstance(one, Counter):
                gone[name] += (one - two).total()
                new[name] += (two - one).total()
                aspects[name] = (one - two).total() + (two - one).total()
        if aspects:
            title = record["title"] or record["text"][:80]
            changed.append({"id": record["id"], "n": own[record["id"]], "title": title, "aspects": aspects})
    changed.sort(key=lambda one: -sum(one["aspects"].values()))
    only_second = sum(identifier not in own for identifier in ids)
    return {
        "both": both,
        "only_first": only_first,
        "only_second": only_second,
        "same": dict(same),
        "differs": dict(differs),
        "new": dict(new),
        "gone": dict(gone),
        "changed": changed[:MAX_CHANGED],
    }
