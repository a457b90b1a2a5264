"""Recognise the output folders of newsbeam.

They must not be read by accident.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import recognise
from newsbeam.storage.output_layout import MANIFEST, WindowManifestName


def is_newsbeam_output(folder: str, names: Iterable[str] = ()) -> bool:
    """Tell whether newsbeam wrote `folder`, or is about to.

    It then holds a manifest of newsbeam or the state of a run.

    Args:
        folder: a path or a URI.
        names: the files in it, if the caller has listed them. With them the output of a run over messages is recognised even
            without its state.
    """
    if filesystem.is_remote(folder):
        return _is_remote_output(folder)
    if os.path.isfile(output_layout.plan_path(folder)) or os.path.isdir(output_layout.watch_state(folder)):
        return True
    if os.path.isdir(output_layout.stream_state(folder)) or recognise(folder):
        return True
    windows = [name for name in names if isinstance(output_layout.parse_manifest(name), WindowManifestName)]
    return any(recognise(folder, name) for name in windows[:1])


def outputs_among(paths: Iterable[str], below: str) -> list[str]:
    """The output folders below `below` in which any of `paths` lies.

    They are sorted, without folders inside one of them.
    """
    below = below.rstrip("/")
    folders: set[str] = set()
    for path in paths:
        if not filesystem.is_remote(path):
            folder = path if os.path.isdir(path) else os.path.dirname(path)
            while folder not in folders and len(folder) > len(below):
                folders.add(folder)
                folder = os.path.dirname(folder)
        elif owner := output_layout.folder_of_state(path):
            folders.add(owner)
        elif path.rpartition("/")[2] == MANIFEST:
            # A bucket is listed recursively, so whatever makes a folder an output folder is among the paths.
            folders.add(path.rpartition("/")[0])
    outputs: list[str] = []
    for folder in sorted(folders - {below}):
        if not any(folder.startswith(outer + "/") for outer in outputs) and is_newsbeam_output(folder):
            outputs.append(folder)
    return outputs


def _is_remote_output(folder: str) -> bool:
    if recognise(folder) or filesystem.exists(output_layout.plan_path(folder)):
        return True
    states = (output_layout.stream_state(folder), output_layout.watch_state(folder))
    return any(filesystem.list_names(state) for state in states)
