"""Train the language model that ships with the package, weights/model.npz.

  python -m newsbeam.transforms.language.train --data DIR

The layout of DIR is described in corpus.py. Training takes about 25 minutes on one core, and 8 GB.
The same data give the same weights.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def main() -> int:
    """Fit the scripts that several languages share; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m newsbeam.transforms.language.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with data/, words/ and ngrams/")
    parser.add_argument("--bench", type=Path, required=True, help="folder with dev.jsonl, whose sentences are excluded from training")
    parser.add_argument("--refine", type=Path, metavar="MODEL", help="refine the weights of this file instead of fitting new ones")
    parser.add_argument("--script", action="append", help="fit only this script, and keep the weights of the others (repeatable)")
    parser.add_argument("--out", type=Path, default=PACKAGE / "weights" / "model.npz", help="output file (default: %(default)s)")
    given = parser.parse_args()
    if not (given.data / "data").is_dir():
        print(f"{given.data} does not contain data/; --data must name the folder with the texts", file=sys.stderr)
        return 2
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        from newsbeam.transforms.language.train import build
    except ImportError as missing:
        print(f"training needs {missing.name}: pip install 'newsbeam[train]'", file=sys.stderr)
        return 2
    if not (given.bench / "dev.jsonl").is_file():
        print(f"{given.bench} does not contain dev.jsonl: no sentences are excluded", file=sys.stderr)
        texts = []
    else:
        texts = [json.loads(line)["text"] for line in (given.bench / "dev.jsonl").read_text("utf-8").split("\n") if line]
    build.build(given.data, texts, given.out, given.script, given.refine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
