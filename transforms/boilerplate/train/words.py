"""Writes `words.json` anew from the word lists of all languages: `python -m newsbeam.transforms.boilerplate.train words`."""

from __future__ import annotations

import json
from pathlib import Path

from newsbeam.transforms.boilerplate.word_lists.compile import merge, sources


def main(folder: Path) -> None:
    """Write `words.json` into `folder`."""
    # A line a part: what changes is seen in the history.
    lines = (f"{json.dumps(part)}: {json.dumps(found, ensure_ascii=False)}" for part, found in merge(sources()).items())
    new = folder / "words.json.new"
    new.write_text("{" + ",\n".join(lines) + "}\n", "utf-8")
    new.replace(new.with_suffix(""))  # at once: a worker may be reading it
