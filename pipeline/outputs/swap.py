"""Put new results in the place of old ones, at the end and all at once."""

from __future__ import annotations

import os
from collections.abc import Sequence

import orjson

from newsbeam.errors import UsageError
from newsbeam.outputs.folder import card_of, is_edited, is_there, keep_card, listed, load, names_listed, next_folder
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import CARD, STATE, is_manifest, read_manifest


def replace(output: str, new: Sequence[str], suffix: str = "") -> None:
    """Put the files `new`, complete in `next_folder`, in place of what the old manifest lists; the new manifest is the last of them.

    Raises UsageError, with nothing touched, where a file that is not newsbeam's is in the way.
    """
    manifest = f"manifest{suffix}.json"
    about = read_manifest(output, manifest)
    old = listed(about) if is_manifest(about) else []
    own = {*old, *((manifest, CARD) if is_manifest(about) or suffix else ())}
    if strangers := sorted((set(new) - own).intersection(names_listed(output))):
        raise UsageError(
            f"{filesystem.join(output, strangers[0])} is in the way, and is not newsbeam's; move it away and go on with --resume"
        )
    if not filesystem.is_remote(output):
        filesystem.sync_folder(next_folder(output, suffix))
    with filesystem.atomic_write(_journal(output, suffix)) as stream:
        # Of a window's, nobody knows which one wrote the card last.
        stream.write(orjson.dumps({"old": old, "new": list(new), "card": None if suffix else card_of(about)}))
    finish(output, suffix)


def finish(output: str, suffix: str = "") -> bool:
    """Finish the swap that a journal tells of, wherever it was cut short; whether there was one. Raises UsageError where it is damaged."""
    journal, coming = _journal(output, suffix), next_folder(output, suffix)
    if not is_there(journal):
        return False
    about = load(journal, f"the results are in {coming} and {output}; keep those, and remove {os.path.dirname(journal)}")
    new: list[str] = about["new"]
    waiting = set(names_listed(coming))
    manifest = f"manifest{suffix}.json"
    if manifest in waiting:
        _put_away(output, manifest, suffix)
        _sync(output)
        for name in about["old"]:
            if name in waiting or name not in new:
                _put_away(output, name, suffix)
        if CARD in waiting and about["card"] is not None:
            if is_edited(output, about["card"]):
                keep_card(output)
            _put_away(output, CARD, suffix)
        _sync(output)
        for name in new:
            if name in waiting and name != manifest:
                _put_in_place(output, name, suffix)
        _sync(output)
        _put_in_place(output, manifest, suffix)
        _sync(output)
    filesystem.delete(journal)
    filesystem.delete(coming)
    filesystem.delete(filesystem.join(output, STATE, f"old{suffix}"))
    return True


def _journal(output: str, suffix: str) -> str:
    return filesystem.join(output, STATE, f"swap{suffix}.json")


def _put_away(output: str, name: str, suffix: str) -> None:
    path = filesystem.join(output, name)
    if filesystem.is_remote(path):
        filesystem.delete(path)
    elif os.path.lexists(path):
        # Faster than to delete it, which would be time without results.
        away = os.path.join(output, STATE, f"old{suffix}")
        os.makedirs(away, exist_ok=True)
        os.replace(path, os.path.join(away, name))


def _put_in_place(output: str, name: str, suffix: str) -> None:
    try:
        filesystem.rename(filesystem.join(next_folder(output, suffix), name), filesystem.join(output, name))
    except FileNotFoundError:
        # An engine that has lost sight of a machine has this done on another as well.
        if not is_there(filesystem.join(output, name)):
            raise


def _sync(folder: str) -> None:
    if not filesystem.is_remote(folder):
        filesystem.sync_folder(folder)
