"""The names of the files in an output folder, and whose folder it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

import orjson

from newsbeam.storage import filesystem

MANIFEST = "manifest.json"

CARD = "README.md"

STATE = ".newsbeam"
"""The folder in an output folder in which a run over files keeps what is not finished."""

PLAN = "plan.json"
"""The file in it that says what the run is."""

WATCH_STATE_DIR = ".newsbeam-watch"
"""The folder in an output folder that says it is `newsbeam watch`'s, and in which that keeps its state."""

STREAM_STATE_DIR = ".newsbeam-stream"
"""The folder in an output folder that says runs without an end write there, and what each of them was."""

_OF_A_WINDOW = re.compile(r"manifest-\d{8}T\d{6}-run\d+(?:-late\d+)?\.json")

SHARD_RE = re.compile(
    r"(?:documents|dropped|dead-letters)-(?:(?:\w+-)?\d{5}-of-\d{5}|\d{8}|\d{8}T\d{6}-run\d+(?:-late\d+)?-\d{5})"
    r"\.(?:jsonl(?:\.gz|\.zst)?|parquet)"
)
"""The names that newsbeam gives to files with lines: nothing else is ever removed, whatever a manifest lists."""


def is_newsbeam_output(folder: str, names: Iterable[str] = ()) -> bool:
    """Whether newsbeam wrote `folder`, or is about to: it holds a manifest of newsbeam's, or the state of a run, a watch or a stream.

    `names` are the files in it, where the caller has listed them: with them the output of a stream is known without its state, too.
    """
    if filesystem.is_remote(folder):
        return _is_remote_output(folder)
    if os.path.isfile(os.path.join(folder, STATE, PLAN)) or os.path.isdir(os.path.join(folder, WATCH_STATE_DIR)):
        return True
    if os.path.isdir(os.path.join(folder, STREAM_STATE_DIR)) or is_manifest(read_manifest(folder)):
        return True
    return any(is_manifest(read_manifest(folder, name)) for name in [name for name in names if _OF_A_WINDOW.fullmatch(name)][:1])


def outputs_among(paths: Iterable[str], below: str) -> list[str]:
    """The folders below `below` that newsbeam wrote and in which any of `paths` lies, sorted; none that lies in another of them."""
    below = below.rstrip("/")
    folders: set[str] = set()
    for path in paths:
        if not filesystem.is_remote(path):
            folder = path if os.path.isdir(path) else os.path.dirname(path)
            while folder not in folders and len(folder) > len(below):
                folders.add(folder)
                folder = os.path.dirname(folder)
        elif state := _REMOTE_STATE.search(path):
            folders.add(path[: state.start()])
        elif path.rpartition("/")[2] == MANIFEST:
            # A listing of everything: what makes a folder an output is in it.
            folders.add(path.rpartition("/")[0])
    found: list[str] = []
    for folder in sorted(folders - {below}):
        if not any(folder.startswith(outer + "/") for outer in found) and is_newsbeam_output(folder):
            found.append(folder)
    return found


_REMOTE_STATE = re.compile(r"/(?:\.newsbeam/plan\.json|\.newsbeam-watch/|\.newsbeam-stream/)")


def _is_remote_output(folder: str) -> bool:
    if is_manifest(read_manifest(folder)) or filesystem.exists(filesystem.join(folder, STATE, PLAN)):
        return True
    return any(filesystem.list_names(filesystem.join(folder, name)) for name in (STREAM_STATE_DIR, WATCH_STATE_DIR))


def read_manifest(folder: str, name: str = MANIFEST) -> Any:
    """What the file `name` in `folder` holds as JSON; None where there is none, or where it cannot be read."""
    path = filesystem.join(folder, name)
    try:
        if not (filesystem.exists(path) if filesystem.is_remote(path) else os.path.isfile(path)):
            return None
        with filesystem.read(path) as stream:
            return orjson.loads(stream.read())
    except (OSError, ValueError):
        return None


def is_manifest(about: Any) -> bool:
    """Whether `about` is what newsbeam writes into a manifest; browsers' extensions and web apps have a manifest.json as well."""
    if not isinstance(about, dict) or not isinstance(about.get("account"), str):
        return False
    versions = about.get("versions")
    return isinstance(versions, dict) and isinstance(versions.get("newsbeam"), str)


def is_watched(about: Any) -> bool:
    """Whether a manifest is the one that `newsbeam watch` keeps of everything."""
    return is_manifest(about) and "manifests" in about


OUTPUTS = ("documents", "dropped", "dead_letters")

FILE_PREFIX = {"documents": "documents", "dropped": "dropped", "dead_letters": "dead-letters"}
