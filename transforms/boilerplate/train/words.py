"""Rebuild `words.json` from the word lists of all languages.

python -m newsbeam.transforms.boilerplate.train words
"""

from __future__ import annotations

import json
from pathlib import Path

from newsbeam.transforms.boilerplate.word_lists.compile import merge, sources


def main(folder: Path) -> None:
    """Write `words.json` to `folder`."""
    # One line per part, so that the history shows changes.
    lines = (f"{json.dumps(part)}: {json.dumps(found, ensure_ascii=False)}" for part, found in merge(sources()).items())
    new = folder / "words.json.new"
    new.write_text("{" + ",\n".join(lines) + "}\n", "utf-8")
    new.replace(new.with_suffix(""))  # atomic, as a worker may be reading it
