"""Compare the records of two versions of newsbeam, byte for byte, but for `metadata.processed_by`. Exit status 1 where one differs.

    python tests/bench/identical.py --before OTHER/.venv/bin/newsbeam --after .venv/bin/newsbeam seeds ../shared/seeds
    python tests/bench/identical.py --before … --after … --every 10 ../shared/bench/extract/dev     # every tenth file of a folder

Documents, dropped rows and dead letters are compared, in their order. `--ignore` names further keys that may differ, as a dotted path
(`translation.evidence.why`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ADDED = "2026-01-01T00:00:00Z"
STEMS = ("documents", "dropped", "dead-letters")


def chosen(inputs: list[Path], every: int) -> list[str]:
    """The inputs; of a folder every N-th file by name, where `every` is N."""
    files: list[str] = []
    for path in inputs:
        if every > 1 and path.is_dir():
            files += [str(one) for one in sorted(one for one in path.rglob("*") if one.is_file())[::every]]
        else:
            files.append(str(path))
    return files


def rows(newsbeam: Path, files: list[str], ignored: list[list[str]]) -> Iterator[tuple[str, str]]:
    """(which output, the row) for each row that one version writes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        words = [str(newsbeam.absolute()), "run", *files, "--output", str(out), "--added", ADDED]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if not out.is_dir():
            sys.exit(f"{newsbeam}: {done.stderr.strip()}")
        print(f"{newsbeam}: {done.stdout.strip().splitlines()[-1]}")
        for stem in STEMS:
            for path in sorted(out.glob(f"{stem}-*.jsonl")):
                # Only a line feed ends a row: a text may have U+2028 or U+0085, where `str.splitlines` splits.
                for line in path.read_bytes().splitlines():
                    row = json.loads(line)
                    for keys in ignored:
                        forget(row, keys)
                    yield stem, json.dumps(row, ensure_ascii=False)


def forget(value: Any, keys: list[str]) -> None:
    """Take what a dotted path names out of a row, in every item of the lists on the way."""
    if isinstance(value, list):
        for item in value:
            forget(item, keys)
    elif isinstance(value, dict) and keys[0] in value:
        if len(keys) == 1:
            del value[keys[0]]
        else:
            forget(value[keys[0]], keys[1:])


def main() -> int:
    """Run both, print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=Path, nargs="+")
    parser.add_argument("--before", type=Path, required=True, metavar="NEWSBEAM", help="the command of one version")
    parser.add_argument("--after", type=Path, required=True, metavar="NEWSBEAM", help="the command of the other")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of a folder, every N-th file (default: 1)")
    parser.add_argument("--ignore", action="append", default=[], metavar="KEY", help="a further key that may differ")
    options = parser.parse_args()
    files = chosen(options.inputs, options.every)
    ignored = [key.split(".") for key in ("metadata.processed_by", *options.ignore)]
    before, after = (list(rows(command, files, ignored)) for command in (options.before, options.after))
    differing = [pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]]
    for (stem, one), (_, other) in differing[:5]:
        at = next((place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), min(len(one), len(other)))
        print(f"{stem}: …{one[max(0, at - 60) : at + 60]!r} is now …{other[max(0, at - 60) : at + 60]!r}")
    print(f"{len(before)} rows before, {len(after)} after, {len(differing)} differ")
    return int(bool(differing) or len(before) != len(after))


if __name__ == "__main__":
    sys.exit(main())
