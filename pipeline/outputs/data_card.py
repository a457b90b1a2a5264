"""The README of an output folder."""

from __future__ import annotations

import re
from typing import Any

from newsbeam.outputs.schema import MAX_NAME, columns
from newsbeam.storage.output_layout import MANIFEST, SITE_COUNTS, file_pattern
from newsbeam.transforms.document import RECORD_FIELDS


def data_card(name: str, files: str, account: str, made_by: str, counts: bool = False) -> str:
    """The README.md beside the shards.

    Its header has features for Hugging Face datasets; a table describes the columns.

    With `dataset_info.features`, a reader need not guess types from the first shard (datasets#7222). `counts` tells whether the folder
    has a file of counts.
    """
    lines = ["---", "configs:", "- config_name: default", "  data_files:", "  - split: train", f'    path: "{files}"']
    lines += ["dataset_info:", "  config_name: default", "  features:", *_features(columns(), "  "), "---", "", f"# {_as_text(name)}", ""]
    lines += [f"Made by {made_by}. {account}.", "", "| column | type | content |", "| --- | --- | --- |"]
    lines += [f"| `{key}` | {_short(of)} | {RECORD_FIELDS[key]} |" for key, of in columns().items()]
    lines += ["", "Offsets are code points into `text`, end exclusive; -1 if a piece is missing or in removed text.", ""]
    lines += [
        f"- `{file_pattern('dropped', 'jsonl')}`: documents that a rule left out, with the reason",
        f"- `{file_pattern('dead_letters', 'jsonl')}`: documents that failed, with stage and error; `newsbeam replay` tries them again",
        f"- `{MANIFEST}`: versions, recipe, inputs and counts",
        *([f"- `{SITE_COUNTS}`: how often texts recur on each site; other runs can use it with `--template`"] if counts else []),
        "",
    ]
    return "\n".join(lines)


def _as_text(name: str) -> str:
    """Escape a name for Markdown.

    Names come from folders and recipes, and may contain markup or line breaks.
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    if len(line) > MAX_NAME:
        line = line[:MAX_NAME] + "…"
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*\[\]~#|!$]|(?<!\w)_|_(?!\w))", r"\\\1", line) or "newsbeam"


def _features(of: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for name, inner in of.items():
        lines.append(f"{indent}- name: {name}")
        if isinstance(inner, dict):
            lines += [f"{indent}  struct:", *_features(inner, indent + "  ")]
        elif isinstance(inner, list) and isinstance(inner[0], dict):
            lines += [f"{indent}  list:", *_features(inner[0], indent + "  ")]
        elif isinstance(inner, list):
            lines.append(f"{indent}  list: {inner[0]}")
        else:
            lines.append(f"{indent}  dtype: {inner}")
    return lines


def _short(of: Any) -> str:
    if isinstance(of, list):
        return f"list of {_short(of[0])}"
    if isinstance(of, dict):
        return "{" + ", ".join(of) + "}"
    return str({"string": "str", "int64": "int", "float64": "float"}[of])
