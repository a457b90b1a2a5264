"""How well pages are read that an unclosed element swallows, with and without the second opinion of BeautifulSoup. Asserts nothing.

    python tests/bench/broken_pages.py --bench ../shared/bench                   # every page that can be broken, a GB of memory
    python tests/bench/broken_pages.py --bench ../shared/bench --limit 40        # 40 of them, evenly spread

By the HTML standard, only their own end tags close select, object and template. A page of bench/extract (development part) that has one
of these end tags is broken by removing the first of them. Measured is the word F1 of the main text, per element: of the page as it is,
of the broken page read by lexbor alone, and of the broken page as newsbeam reads it. A page with end tags of several elements counts
once for each. The last line says how often the second opinion is asked for pages as they are, and how many of their texts it changes.

The shipped weights were trained on these pages: compare the columns, not with other pages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from newsbeam.transforms.boilerplate.main_text import main_text
from newsbeam.transforms.boilerplate.pages import blocks
from newsbeam.transforms.decode import decode_bytes

ELEMENTS = ("select", "object", "template")
WORD = re.compile(r"\w+")


def word_f1(text: str, gold: str) -> float:
    """The F1 of two bags of words, as in score.py of bench/extract."""
    ours, wanted = Counter(WORD.findall(text.lower())), Counter(WORD.findall(gold.lower()))
    if not ours or not wanted:
        return float(ours == wanted)
    return 2 * (ours & wanted).total() / (ours.total() + wanted.total())


def without_first_end_tag(page: str, element: str) -> str | None:
    """The page without the first end tag of an element; None if it has none."""
    match = re.search(rf"</{element}\s*>", page, re.I)
    return None if match is None else page[: match.start()] + page[match.end() :]


@contextmanager
def one_opinion() -> Iterator[None]:
    """Read pages by lexbor alone, inside the block."""
    asks = blocks._may_be_swallowed
    blocks._may_be_swallowed = lambda html: False
    try:
        yield
    finally:
        blocks._may_be_swallowed = asks


def alone(page: str) -> str:
    """The main text by lexbor alone."""
    with one_opinion():
        return main_text(page).text


def evenly(cases: Sequence[tuple[str, str, str, str]], limit: int) -> Sequence[tuple[str, str, str, str]]:
    """At most `limit` of the cases (0: all), evenly spread."""
    return [cases[number * len(cases) // limit] for number in range(limit)] if 0 < limit < len(cases) else cases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder with extract/dev")
    parser.add_argument("--limit", type=int, default=0, help="how many broken pages to read (default: all)")
    options = parser.parse_args()
    folder = options.bench / "extract" / "dev"
    cases: list[tuple[str, str, str, str]] = []
    asked = changed = pages = 0
    with (folder / "truth.jsonl").open(encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            page = decode_bytes(gzip.decompress((folder / "html" / f"{row['file_id']}.html.gz").read_bytes()))[0]
            pages += 1
            if blocks._may_be_swallowed(blocks.prepared(page)):
                asked += 1
                changed += main_text(page).text != alone(page)
            versions = ((element, without_first_end_tag(page, element)) for element in ELEMENTS)
            cases += [(element, page, broken, row["main_content"]) for element, broken in versions if broken is not None]
    rows: list[tuple[str, float, float, float]] = []
    for element, page, broken, gold in evenly(cases, options.limit):
        rows.append((element, word_f1(main_text(page).text, gold), word_f1(alone(broken), gold), word_f1(main_text(broken).text, gold)))
    print(f"{'element':10}{'pages':>6}{'as it is':>10}{'lexbor':>8}{'newsbeam':>10}{'better':>8}{'worse':>7}")
    for name in (*ELEMENTS, "all"):
        chosen = [row for row in rows if name in (row[0], "all")]
        if chosen:
            whole, first, second = (statistics.fmean(scores) for scores in zip(*(row[1:] for row in chosen), strict=True))
            better, worse = sum(row[3] > row[2] for row in chosen), sum(row[3] < row[2] for row in chosen)
            print(f"{name:10}{len(chosen):6}{whole:10.3f}{first:8.3f}{second:10.3f}{better:8}{worse:7}")
    print(f"{pages} pages as they are: the second opinion is asked for {asked} and changes {changed}")


if __name__ == "__main__":
    main()
