"""Read renderings of pages, and label their units by the main text of each page.

A folder of renderings has one `<form>.jsonl` for each form, with `id` and `text`, and `truth.jsonl` with
`file_id`, `main_content`, `title`, and optionally `domain` and `doubt` (lines that are not scored).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.authors import letters
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.scan import scan

FORMS = ("strings", "wet", "layout", "markdown", "dump", "one-line")
FOLDS = 5
KEPT, GONE, OPEN = 1, 0, -1
_RUN = 4  # words of a run that is compared


def truths(scraped: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the truth of each page."""
    for folder in scraped:
        with (folder / "truth.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def texts(scraped: Sequence[Path], form: str) -> Iterator[tuple[str, str]]:
    """Yield identifier and text of each page in a form."""
    for folder in scraped:
        with (folder / f"{form}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["text"].strip():
                    yield row["id"], row["text"]


def domains(bench: Path, scraped: Sequence[Path]) -> dict[str, str]:
    """Return the site of each page."""
    known = {}
    for part in ("extract", "news"):
        with (bench / part / "dev" / "truth.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                known[row["file_id"]] = row["domain"].removeprefix("www.")
    return {row["file_id"]: row.get("domain") or known.get(row["file_id"], row["file_id"]) for row in truths(scraped)}


def folds(bench: Path, scraped: Sequence[Path]) -> dict[str, int]:
    """Return the fold of each page; all pages of a site have the same."""
    sites = domains(bench, scraped)
    order = sorted(set(sites.values()))
    fold = np.random.default_rng(5).permutation(len(order)) % FOLDS
    number = {site: int(fold[at]) for at, site in enumerate(order)}
    return {identifier: number[site] for identifier, site in sites.items()}


def _words(text: str) -> NDArray[np.uint64]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return _pieces(lines).hashes if lines else np.zeros(0, np.uint64)


def _pieces(lines: Sequence[str]) -> Any:
    """Scan texts of any length in parts, as `scan` reads only the ends of long lines."""
    return scan([part for line in lines for part in _parts(line)])


def _parts(line: str) -> list[str]:
    return [part for part in (line[at : at + 700] for at in range(0, len(line), 700)) if part.strip()]


def _words_of_each(lines: Sequence[str]) -> list[NDArray[np.uint64]]:
    many = [len(_parts(line)) for line in lines]
    page = _pieces(lines)
    ends = np.append(page.begins, len(page.hashes))[np.cumsum(many)]
    return np.split(page.hashes, ends[:-1])


def _runs(words: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    out = np.zeros(max(len(words) - length + 1, 0), np.uint64)
    for place in range(length):
        out = out * np.uint64(0x9E6C63D0876A9A47) + words[place : place + len(out)]
    return out


def labels(units: Sequence[Unit], truth: str, doubt: Sequence[str], title: str) -> NDArray[np.int64]:
    """Label units as KEPT, GONE or OPEN.

    By the share of their words that the truth has in the same order.
    A short unit is in the truth if it is one of its lines, or if the truth has it between what it has of the
    units around it.
    """
    whole = _words(truth)
    words_as_bytes = whole.tobytes()
    where: dict[int, int] = {}
    for at, run in enumerate(_runs(whole, _RUN).tolist()):
        where.setdefault(run, at)
    lines = {letters(line) for line in truth.split("\n")}
    unsure = {letters(line) for line in doubt}
    name = letters(title)
    out = np.full(len(units), OPEN, np.int64)
    place = np.full(len(units), -1, np.int64)  # where the truth has the unit
    words = _words_of_each([unit.text for unit in units])
    for number, its in enumerate(words):
        if len(its) < _RUN + 2:
            continue
        hits = [where.get(run) for run in _runs(its, _RUN).tolist()]
        covered = np.zeros(len(its), bool)
        firsts = []
        for at, hit in enumerate(hits):
            if hit is not None:
                covered[at : at + _RUN] = True
                firsts.append(hit)
        share = covered.mean()
        if share >= 0.75:
            out[number], place[number] = KEPT, firsts[len(firsts) // 2]
        elif share <= 0.3:
            out[number] = GONE
    ahead = -1
    following = np.full(len(units), len(whole), np.int64)
    for number in range(len(units) - 1, -1, -1):
        following[number] = ahead if ahead >= 0 else len(whole)
        if place[number] >= 0:
            ahead = int(place[number])
    before = -1
    for number, its in enumerate(words):
        if place[number] >= 0:
            before = int(place[number])
            continue
        key = letters(units[number].text)
        if not key:
            continue
        if len(its) < _RUN + 2:
            near = before >= 0 and following[number] < len(whole) and following[number] - before < 400
            if near and len(its) and _holds(words_as_bytes[max(before - 5, 0) * 8 : (following[number] + 5) * 8], its.tobytes()):
                out[number] = KEPT
            elif key in lines and len(key) >= 4:
                out[number] = KEPT if before >= 0 or len(key) >= 15 else OPEN
            else:
                out[number] = GONE
        if key in unsure or (name and (key == name or (len(key) >= 15 and name in key and len(key) < 2 * len(name)))):
            out[number] = OPEN
    return out


def _holds(words: bytes, part: bytes) -> bool:
    """Return whether words are among others, both as the bytes of their hashes."""
    at = words.find(part)
    while at >= 0 and at % 8:
        at = words.find(part, at + 1)
    return at >= 0
