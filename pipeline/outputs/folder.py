"""Output folders.

Which command one belongs to, its data card, and where its state is.

A folder is recognised by its manifest or its state, never by the names of its files. Only files that the manifest lists are ever
replaced, and only when all new files are complete (`newsbeam.outputs.swap`).
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from newsbeam.errors import MissingExtra, UsageError
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import Card, RunManifest, recognise
from newsbeam.storage.output_layout import CARD, MANIFEST

# --- whose folder it is ---------------------------------------------------------------------------------------------

MANIFEST_CURE = "restore it from a copy, or run over the inputs again"

Owner = Literal["run", "watch", "stream"]

_OWNERS: dict[Owner, str] = {
    "run": "runs over files (`newsbeam run`)",
    "watch": "`newsbeam watch`",
    "stream": "runs over messages (`newsbeam run --source`)",
}


def check_owner(output: str, command: Owner) -> None:
    """Check that a command may write to a folder.

    Args:
        output: the output folder. It may be missing.
        command: a run over files, `newsbeam watch` or a run over messages.

    Raises:
        UsageError: the folder belongs to another command, its state to somebody else, or a file that the command would replace
            was not written by newsbeam.
    """
    check_state(state_of(output, command))
    for other, owns in _EVIDENCE.items():
        if other != command and owns(output):
            raise UsageError(f"{output} belongs to {_OWNERS[other]}; name another folder")
    # All files in the folder of an earlier `watch` or run over messages are its own, even if a manifest was lost.
    if command == "run" or not _EVIDENCE[command](output):
        _check_foreign_files(output)


def state_of(output: str, command: Owner) -> str:
    """The folder in which a command keeps its state."""
    if command == "watch":
        return output_layout.watch_state(output)
    return output_layout.stream_state(output) if command == "stream" else output_layout.state_folder(output)


def _is_of_watch(output: str) -> bool:
    # The state may be lost. It is rebuilt; the manifest says whose the folder is.
    state = output_layout.watch_state(output)
    return recognise(output) == "watch" or (not filesystem.is_remote(output) and os.path.lexists(state))


def _is_of_stream(output: str) -> bool:
    return bool(filesystem.list_names(output_layout.stream_state(output)))


def _is_of_run(output: str) -> bool:
    return recognise(output) == "run" or path_exists(output_layout.plan_path(output))


_EVIDENCE: dict[Owner, Callable[[str], bool]] = {"watch": _is_of_watch, "stream": _is_of_stream, "run": _is_of_run}


def _check_foreign_files(output: str) -> None:
    """Raise UsageError if a file that would be replaced was not written by newsbeam."""
    path = filesystem.join(output, MANIFEST)
    manifest = RunManifest.find(output) if recognise(output) else None
    if manifest is None and path_exists(path):
        cure = "restore it from a copy, move it away, or name another folder"
        raise UsageError(f"{path} is damaged, or was not written by newsbeam: {cure}")
    own = set() if manifest is None else {MANIFEST, CARD, *manifest.file_names}
    for name in sorted(set(list_all_names(output)) - own):
        if output_layout.is_output_name(name):
            why = "the manifest does not list it" if own else "no manifest says that newsbeam wrote it"
            raise UsageError(f"{filesystem.join(output, name)} is in the way: {why}; move it away, or name another folder")


def list_all_names(folder: str) -> list[str]:
    """The names in a folder, dangling links included."""
    if filesystem.is_remote(folder):
        return filesystem.list_names(folder)
    try:
        return os.listdir(folder)
    except OSError:
        return []


def path_exists(path: str) -> bool:
    """Check for a file, a folder, an object or a link."""
    return filesystem.exists(path) if filesystem.is_remote(path) else os.path.lexists(path)


def check_places(output: str) -> None:
    """Check that a path or a URI can be an output folder. Raises UsageError."""
    try:
        if filesystem.is_remote(output):
            filesystem.check_scheme(output)
    except MissingExtra:
        raise
    except UsageError as error:
        raise UsageError(f"--output {output}: {error}") from error
    if os.path.exists(output) and not os.path.isdir(output):
        raise UsageError(f"--output {output} is a file; name a folder")


# --- the data card --------------------------------------------------------------------------------------------------


def describe_card(text: bytes) -> Card:
    """The entry of a data card in a manifest, by which an edited card is recognised."""
    return Card(CARD, hashlib.sha256(text).hexdigest())


def is_edited(output: str, written: Card | None) -> bool:
    """Check for a data card that is not the one newsbeam wrote."""
    path = filesystem.join(output, CARD)
    if not path_exists(path):
        return False
    try:
        with filesystem.read(path) as stream:
            return written is None or hashlib.sha256(stream.read()).hexdigest() != written.sha256
    except OSError:
        return True


def keep_card(output: str) -> str:
    """Rename an edited data card, so that nothing replaces it. Returns the new name."""
    number = 1
    while path_exists(filesystem.join(output, name := output_layout.card_backup(number))):
        number += 1
    filesystem.rename(filesystem.join(output, CARD), filesystem.join(output, name))
    return name


def write_card(output: str, text: bytes, written: Card | None) -> str:
    """Replace the data card.

    Args:
        output: the output folder.
        text: the new card.
        written: the card that newsbeam wrote before, if any.

    Returns:
        The name under which an edited card was kept, or "".
    """
    kept = keep_card(output) if is_edited(output, written) else ""
    with filesystem.atomic_write(filesystem.join(output, CARD)) as stream:
        stream.write(text)
    return kept


# --- the state ------------------------------------------------------------------------------------------------------


def check_state(path: str) -> None:
    """Make sure that a state folder is this user's own and closed to others.

    Raises:
        UsageError: it is a link or a file, or belongs to another user.
    """
    if filesystem.is_remote(path):
        return
    try:
        status = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise UsageError(f"{path} is a link, which newsbeam does not follow here; remove it")
    if not stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{path} is a file, but newsbeam needs a folder of this name for its state; move it away")
    if status.st_uid != os.geteuid() and status.st_uid != _owner_here(os.path.dirname(path)):
        raise UsageError(f"{path} belongs to another user (uid {status.st_uid}); remove it, or name another folder")
    if status.st_mode & 0o077:
        with suppress(OSError):  # a filesystem without permissions
            os.chmod(path, 0o700)


def _owner_here(folder: str) -> int:
    """The owner of new files in a folder.

    It is not always this process's user, on a network drive for example.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            return os.fstat(probe.fileno()).st_uid
    except OSError:
        return os.geteuid()


def make_state(path: str) -> None:
    """Create a state folder for this user alone."""
    if filesystem.is_remote(path):
        filesystem.make_folder(path)
        return
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        check_state(path)


def clear_state(output: str) -> None:
    """Remove the state of a run.

    The plan goes first: without it, the rest does not count.
    """
    filesystem.delete(output_layout.plan_path(output))
    filesystem.delete(output_layout.state_folder(output))
