"""Put new results in the place of earlier ones, at the end and all at once.

New results are complete in `DIR/.newsbeam/next` before any file of the folder is touched. Then a journal is written,
`DIR/.newsbeam/swap.json`, and from that moment the new results count:

    1. the old manifest goes,
    2. the old files go, to `DIR/.newsbeam/old` (on an object store they are deleted),
    3. the new files get their names,
    4. the new manifest comes last.

A process that is killed before it has written the journal leaves the old results untouched. After that, all new results exist, some of
them under `.newsbeam/next`, and the next command that uses the folder finishes the swap first. Whenever there is a manifest, the files
that it lists are there and are its own. Old files never lie beside new ones, so a reader that goes by names is safe, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from newsbeam.errors import UsageError
from newsbeam.outputs.folder import is_edited, keep_card, list_all_names, path_exists
from newsbeam.storage import filesystem, json_files
from newsbeam.storage.manifest import Card, RunManifest
from newsbeam.storage.output_layout import CARD, RunManifestName, next_folder, replaced_folder, swap_journal


@dataclass(frozen=True)
class _Journal:
    """Names of files to remove and to put in place.

    With the hash of the data card that newsbeam wrote before.

    `card` is None for one of several windows: nobody knows which of them wrote the card last.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    card: str | None = None


def replace(output: str, new: Sequence[str], period: str = "") -> None:
    """Replace the files that the old manifest lists.

    Args:
        output: the output folder.
        new: the names of the new files, complete in `next_folder`. The manifest is the last.
        period: the start of a Beam window, "" for a run without windows.

    Raises:
        UsageError: a file in the way was not written by newsbeam. Nothing was touched.
    """
    manifest = str(RunManifestName(period))
    about = RunManifest.find(output, manifest)
    old = about.file_names if about is not None else []
    own = {*old, *((manifest, CARD) if about is not None or period else ())}
    if foreign := sorted((set(new) - own).intersection(list_all_names(output))):
        path = filesystem.join(output, foreign[0])
        raise UsageError(f"{path} is in the way: newsbeam did not write it; move it away and continue with --resume")
    if not filesystem.is_remote(output):
        filesystem.sync_folder(next_folder(output, period))
    card = about.card.sha256 if about is not None and about.card is not None else ""
    json_files.save(_Journal(tuple(old), tuple(new), None if period else card), swap_journal(output, period), indent=False)
    finish(output, period)


def finish(output: str, period: str = "") -> bool:
    """Finish the swap of a journal, wherever it was interrupted.

    Returns whether there was a journal. Raises UsageError if it is damaged.
    """
    path, waiting_folder = swap_journal(output, period), next_folder(output, period)
    if not path_exists(path):
        return False
    cure = f"the results are in {waiting_folder} and {output}; keep those, and remove {os.path.dirname(path)}"
    journal = json_files.load(_Journal, path, cure)
    waiting = set(list_all_names(waiting_folder))
    manifest = str(RunManifestName(period))
    if manifest in waiting:
        _put_away(output, manifest, period)
        _sync(output)
        for name in journal.old:
            if name in waiting or name not in journal.new:
                _put_away(output, name, period)
        if CARD in waiting and journal.card is not None:
            if is_edited(output, Card(CARD, journal.card)):
                keep_card(output)
            _put_away(output, CARD, period)
        _sync(output)
        for name in journal.new:
            if name in waiting and name != manifest:
                _put_in_place(output, name, period)
        _sync(output)
        _put_in_place(output, manifest, period)
        _sync(output)
    filesystem.delete(path)
    filesystem.delete(waiting_folder)
    filesystem.delete(replaced_folder(output, period))
    return True


def _put_away(output: str, name: str, period: str) -> None:
    path = filesystem.join(output, name)
    if filesystem.is_remote(path):
        filesystem.delete(path)
    elif os.path.lexists(path):
        # Faster than deleting, and the folder is without results for a shorter time.
        away = replaced_folder(output, period)
        os.makedirs(away, exist_ok=True)
        os.replace(path, os.path.join(away, name))


def _put_in_place(output: str, name: str, period: str) -> None:
    try:
        filesystem.rename(filesystem.join(next_folder(output, period), name), filesystem.join(output, name))
    except FileNotFoundError:
        # A runner that has lost contact with a machine repeats this on another.
        if not path_exists(filesystem.join(output, name)):
            raise


def _sync(folder: str) -> None:
    if not filesystem.is_remote(folder):
        filesystem.sync_folder(folder)
