"""Train the style models that ship with the package, or evaluate them.

python -m newsbeam.transforms.translation.train style
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def main() -> int:
    """Train and write the weights, or cross-validate; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m newsbeam.transforms.translation.train", description=__doc__)
    parser.add_argument("what", choices=("style",))
    parser.add_argument("--bench", type=Path, required=True, help="folder with translation/ and extract/")
    parser.add_argument("--data", type=Path, help="folder with checkouts of the other corpora, see weights/style.md (default: none)")
    parser.add_argument("--out", type=Path, default=PACKAGE / "weights", help="output folder (default: weights/ in the package)")
    parser.add_argument("--language", action="append", help="train only this language (repeatable)")
    parser.add_argument("--cross-validate", action="store_true", help="print the quality on held-out documents; write nothing")
    given = parser.parse_args()
    if not (given.bench / "translation").is_dir():
        print(f"{given.bench} does not contain translation/; --bench must name the folder with the labelled passages", file=sys.stderr)
        return 2
    try:
        from newsbeam.transforms.translation.train import style
    except ImportError as missing:
        print(f"training needs {missing.name}: pip install 'newsbeam[train]'", file=sys.stderr)
        return 2
    for language, passages in style.load(given.bench, given.data).items():
        if given.language and language not in given.language:
            continue
        if given.cross_validate:
            style.report(language, passages)
        else:
            style.train(language, passages, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
