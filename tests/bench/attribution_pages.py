"""Attributions in 1,000 words of pages that are no news: products, services, documentation, listings, collections.

    python tests/bench/attribution_pages.py --bench ../shared/bench/extract/dev [--pages 60] [--show 40]

The texts are the main texts of the bench. Only attributions with a score of .5 or more count.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from itertools import islice
from pathlib import Path

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.document import Document

KINDS = ("product", "service", "documentation", "listing", "collection")
LEAST_SCORE = 0.5


def main() -> None:
    """Print a line for each kind of page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder with truth.jsonl")
    parser.add_argument("--pages", type=int, default=60, help="of each kind")
    parser.add_argument("--show", type=int, default=0, help="print this many attributions of each kind")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in (arguments.bench / "truth.jsonl").open(encoding="utf-8")]
    print("kind           pages    words  attributions  per 1,000 words  most on one page")
    for kind in KINDS:
        pages = list(islice((row for row in rows if row["page_type"] == kind), arguments.pages))
        words, shown = 0, 0
        found: Counter[str] = Counter()
        for row in pages:
            text = row["main_content"] or ""
            words += len(text.split())
            for item in Attribute()(Document(text=text)).attributions:
                if item.score >= LEAST_SCORE:
                    found[row["file_id"]] += 1
                    shown += 1
                    if shown <= arguments.show:
                        print(f"  {item.type} {item.score:.2f} [{item.speaker.text}] {item.cue.text} | {item.content[0].text[:90]!r}")
        most = found.most_common(1)[0] if found else ("", 0)
        rate = 1000 * found.total() / max(words, 1)
        print(f"{kind:14} {len(pages):5} {words:8} {found.total():13} {rate:16.2f}  {most[1]} ({most[0]})")


if __name__ == "__main__":
    main()
