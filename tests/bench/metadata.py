"""How well a page's title, author and published date are read, with trafilatura beside it. Prints a table; asserts nothing.

    python tests/bench/metadata.py --data DIR            # ../shared/bench/extract, every page
    python tests/bench/metadata.py --data DIR --limit 300 --misses author

A field counts on the pages for which the truth has one, and is right when it is the same after normalising, for both systems alike:
- all: compatibility forms, capitals and runs of spaces made one; quotation marks, dashes and ellipses straightened.
- title: as the truth has it, which leaves the site's name out; nothing is stripped from either side here.
- author: a "by" before it is dropped; ",", "&", "and", ";" and "|" between names are the same; the order of the names counts.
- publish_date: the day (a month where the truth has only that).
"extra" is how often a system gives a value where the truth has none: the truth left out many that the page shows, so it is no error rate.
Ours reads the page without knowing its address, as a file is read; the headline is the first h1 that is seen. trafilatura
is optional (`pip install trafilatura`); its figures need about two minutes.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import re
import statistics
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

from newsbeam.transforms.boilerplate.metadata.extract import page_metadata
from newsbeam.transforms.boilerplate.pages.blocks import read_page

FIELDS = ("title", "author", "publish_date")
_SIGNS = str.maketrans(dict.fromkeys("’‘´`′", "'") | dict.fromkeys("“”«»„″", '"') | dict.fromkeys("–—‑‐−", "-"))


def normal(field: str, value: str) -> str:
    """`value` as it is compared."""
    text = " ".join(unicodedata.normalize("NFKC", value).translate(_SIGNS).casefold().replace("…", "...").split())
    if field == "author":
        text = re.sub(r"^by\s+", "", text)
        return ", ".join(part for part in re.split(r"\s*(?:,|;|&|\||\sand\s)\s*(?:and\s)?", text) if part)
    return text[:10] if field == "publish_date" else text


def ours(html: str) -> tuple[dict[str, str], float]:
    """Title, author and date, and the spent_ms that the metadata took (without parsing)."""
    page = read_page(html)
    headline = next((block.text for block in page.blocks if block.tag == "h1" and block.seen), "")
    began = time.perf_counter()
    said = page_metadata(page, headline, [], "")
    spent = (time.perf_counter() - began) * 1000
    return {"title": said.title, "author": said.author, "publish_date": said.created}, spent


def trafilatura(html: str) -> tuple[dict[str, str], float]:
    """The same from trafilatura; its time includes its parser."""
    from trafilatura import extract_metadata

    began = time.perf_counter()
    try:
        said = extract_metadata(html)
    except Exception:  # noqa: BLE001 - a page that it cannot read is one without metadata
        said = None
    spent = (time.perf_counter() - began) * 1000
    return {"title": said.title or "", "author": said.author or "", "publish_date": said.date or ""} if said else dict.fromkeys(
        FIELDS, ""
    ), spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder extract/dev of the benchmarks")
    parser.add_argument("--limit", type=int, default=0, help="only the first N pages")
    parser.add_argument("--misses", choices=FIELDS, help="print what was wrong in this field")
    parser.add_argument("--without-peer", action="store_true")
    options = parser.parse_args()
    systems: dict[str, Callable[[str], tuple[dict[str, str], float]]] = {"newsbeam": ours}
    if not options.without_peer and importlib.util.find_spec("trafilatura"):
        systems["trafilatura"] = trafilatura
    rows = [json.loads(line) for line in (options.data / "truth.jsonl").read_text("utf-8").split("\n") if line]
    rows = rows[: options.limit or None]
    right: dict[tuple[str, str, str], list[int]] = {}
    extra: dict[tuple[str, str], list[int]] = {}
    times: dict[str, list[float]] = {name: [] for name in systems}
    for row in rows:
        html = gzip.decompress((options.data / "html" / f"{row['file_id']}.html.gz").read_bytes()).decode("utf-8", "replace")
        for name, system in systems.items():
            found, spent = system(html)
            times[name].append(spent)
            for field in FIELDS:
                truth = normal(field, row[field] or "")
                answer = normal(field, found[field])[: len(truth) if field == "publish_date" and truth else None]
                if not truth:
                    extra.setdefault((name, field), []).append(bool(answer))
                    continue
                for kind in (row["page_type"], "all"):
                    right.setdefault((name, field, kind), []).append(answer == truth)
                if name == "newsbeam" and field == options.misses and answer != truth:
                    print(f"{row['page_type']} {row['domain']} | {truth} | {answer}")
    kinds = [*sorted({row["page_type"] for row in rows}), "all"]
    print(f"| {'exact':13} | {' | '.join(f'{field} {name}' for field in FIELDS for name in systems)} |")
    print("| --- " * (1 + len(FIELDS) * len(systems)) + "|")
    for kind in kinds:
        cells = []
        for field in FIELDS:
            for name in systems:
                scores = right.get((name, field, kind), [])
                cells.append(f"{statistics.mean(scores):.3f} of {len(scores)}" if scores else "–")
        print(f"| {kind:13} | {' | '.join(cells)} |")
    cells = [
        f"{statistics.mean(extra.get((name, field), [0])):.3f} of {len(extra.get((name, field), []))}"
        for field in FIELDS
        for name in systems
    ]
    print(f"| {'extra':13} | {' | '.join(cells)} |")
    for name, spent_ms in times.items():
        print(f"{name}: {statistics.mean(spent_ms):.2f} ms a page, median {statistics.median(spent_ms):.2f}, longest {max(spent_ms):.1f}")


if __name__ == "__main__":
    main()
