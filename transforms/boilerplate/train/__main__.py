"""Make the weights and the merged word lists: `python -m newsbeam.transforms.boilerplate.train {html,lines,words}`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def main() -> int:
    """Train one model and write its weights. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m newsbeam.transforms.boilerplate.train", description=__doc__)
    parser.add_argument("what", choices=("html", "lines", "words"))
    parser.add_argument("--bench", type=Path, help="folder with extract/ and lines/; not for words")
    parser.add_argument("--out", type=Path, help="folder to write to (default: where the package reads from)")
    parser.add_argument("--cross-validate", action="store_true", help="say how well it does on sites it has not seen; write nothing")
    given = parser.parse_args()
    if given.what == "words":
        from newsbeam.transforms.boilerplate.train import words

        words.main(given.out or PACKAGE / "word_lists")
        return 0
    if given.bench is None or not (given.bench / "extract").is_dir():
        print(f"no folder {given.bench or 'BENCH'}/extract: say with --bench where the labelled pages are", file=sys.stderr)
        return 2
    try:
        from newsbeam.transforms.boilerplate.train import html, lines
    except ImportError as missing:
        print(f"training needs {missing.name}: pip install 'newsbeam[train]'", file=sys.stderr)
        return 2
    if given.cross_validate:
        (html.report if given.what == "html" else lines.cross_validated)(given.bench)
        return 0
    out = given.out or PACKAGE / "weights"
    (html.main if given.what == "html" else lines.main)(given.bench, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
