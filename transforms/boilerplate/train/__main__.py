"""Train the boilerplate models, or compile the word lists.

python -m newsbeam.transforms.boilerplate.train {html,lines,boundaries,titles,words}
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def main() -> int:
    """Train one model and write its weights; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m newsbeam.transforms.boilerplate.train", description=__doc__)
    parser.add_argument("what", choices=("html", "lines", "boundaries", "titles", "words"))
    parser.add_argument("--bench", type=Path, help="folder with extract/ and lines/; not for words")
    parser.add_argument("--scraped", type=Path, nargs="*", default=[], help="folders with renderings of pages; not for html")
    parser.add_argument("--pages", type=Path, help="folder with silver.jsonl and html/; for html")
    parser.add_argument("--models", type=Path, help="folder with the models of `lines --cross-validate`; for titles")
    parser.add_argument("--out", type=Path, help="output folder (default: the folder in the package)")
    parser.add_argument("--cross-validate", action="store_true", help="print the quality on unseen sites; write nothing")
    given = parser.parse_args()
    if given.what == "words":
        from newsbeam.transforms.boilerplate.train import words

        words.main(given.out or PACKAGE / "word_lists")
        return 0
    if given.bench is None or not (given.bench / "extract").is_dir():
        print(f"{given.bench or 'BENCH'}/extract does not exist; --bench must name the folder with the labelled pages", file=sys.stderr)
        return 2
    try:
        from newsbeam.transforms.boilerplate.train import boundaries, html, lines, titles
    except ImportError as missing:
        print(f"training needs {missing.name}: pip install 'newsbeam[train]'", file=sys.stderr)
        return 2
    out = given.out or PACKAGE / "weights"
    if given.what == "titles":
        if given.models is None:
            print("--models must name the folder that `lines --cross-validate --out` wrote", file=sys.stderr)
            return 2
        if given.cross_validate:
            titles.cross_validated(given.bench, given.scraped, given.models)
        else:
            titles.main(given.bench, given.scraped, given.models, out)
    elif given.cross_validate:
        if given.what == "html":
            html.report(given.bench, given.pages)
        elif given.what == "lines":
            lines.cross_validated(given.bench, given.scraped, out)
        else:
            boundaries.cross_validated(given.bench, given.scraped)
    elif given.what == "html":
        html.main(given.bench, given.pages, out)
    else:
        (lines if given.what == "lines" else boundaries).main(given.bench, given.scraped, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
