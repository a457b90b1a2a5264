"""Output folders: whose one is, one run at a time in it, and how new results take the place of old ones.

A folder is newsbeam's by what its manifest or its state says, never by the names of its files. Only what the manifest lists is ever
replaced, and only when all that is new lies complete in `DIR/.newsbeam/next`. Then a journal is written, `DIR/.newsbeam/swap.json`,
and from that moment the new results are the ones that count:

    1. the old manifest goes,
    2. the old files go, into `DIR/.newsbeam/old` (from a bucket: they are deleted),
    3. the new files get their names,
    4. the new manifest comes last.

Killed before the journal was written, the old results are there, untouched. Killed later, all of the new ones are there, some
under `.newsbeam/next`; every command that looks at the folder finishes the swap first. Whenever there is a manifest, the files that it
lists are there and are its own; and old files never lie beside new ones, for a reader that goes by names either.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from typing import Any

import orjson

from newsbeam.errors import MissingExtra, UsageError
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import (
    CARD,
    MANIFEST,
    PLAN,
    SHARD_RE,
    STATE,
    STREAM_STATE_DIR,
    WATCH_STATE_DIR,
    is_manifest,
    is_watched,
    read_manifest,
)

# --- whose a folder is ----------------------------------------------------------------------------------------------


def load(path: str, cure: str) -> dict[str, Any]:
    """The JSON object in a file of newsbeam's own. Raises UsageError with the file's name and the cure where it is damaged."""
    try:
        with filesystem.read(path) as stream:
            about = orjson.loads(stream.read())
        if isinstance(about, dict):
            return about
        error: Exception = ValueError("not a JSON object")
    except (OSError, ValueError) as raised:
        error = raised
    raise UsageError(f"{path} is damaged ({error}); {cure}")


def check_command(output: str, command: str) -> None:
    """Raises UsageError where the folder belongs to another command than `command` ("run", "watch" or "stream")."""
    about = read_manifest(output)
    if command != "watch" and (
        is_watched(about) or (not filesystem.is_remote(output) and os.path.lexists(os.path.join(output, WATCH_STATE_DIR)))
    ):
        raise UsageError(f"{output} belongs to `newsbeam watch`; name another folder")
    if command != "stream" and filesystem.list_names(filesystem.join(output, STREAM_STATE_DIR)):
        raise UsageError(f"{output} belongs to runs over messages (--source); name another folder")
    of_run = is_manifest(about) and not is_watched(about)
    if command != "run" and (of_run or is_there(filesystem.join(output, STATE, PLAN))):
        raise UsageError(f"{output} holds the results of a run over files; name another folder")


def check_strangers(output: str) -> None:
    """Raises UsageError where a file that would be replaced is there and is not newsbeam's own: nobody's work is lost to its name."""
    about = read_manifest(output)
    own = {MANIFEST, CARD, *listed(about)} if is_manifest(about) else set()
    if not own and is_there(filesystem.join(output, MANIFEST)):
        why = "damaged, or not one of newsbeam's: get it back from a copy, move it away, or name another folder"
        raise UsageError(f"{filesystem.join(output, MANIFEST)} is {why}")
    for name in sorted(set(names_listed(output)) - own):
        if _REPLACED.fullmatch(name):
            why = "newsbeam's manifest does not list it" if own else "no manifest of newsbeam says that it is newsbeam's"
            raise UsageError(f"{filesystem.join(output, name)} is in the way: {why}; move it away, or name another folder")


def listed(about: Any) -> list[str]:
    """The names of the files that a manifest lists; only names that newsbeam gives, so that no other is ever touched."""
    entries = about.get("files") if isinstance(about, dict) else None
    names = [entry.get("name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [name for name in names if isinstance(name, str) and SHARD_RE.fullmatch(name)]


def names_listed(folder: str) -> list[str]:
    """The names in a folder, of links that lead nowhere as well."""
    if filesystem.is_remote(folder):
        return filesystem.list_names(folder)
    try:
        return os.listdir(folder)
    except OSError:
        return []


def is_there(path: str) -> bool:
    """Whether there is such a file, here or in a bucket."""
    return filesystem.exists(path) if filesystem.is_remote(path) else os.path.lexists(path)


# --- the data card --------------------------------------------------------------------------------------------------


def card_of(about: Any) -> str:
    """The hash of the data card that goes with a manifest; "" where it does not say."""
    card = about.get("card") if isinstance(about, dict) else None
    return str(card.get("sha256", "")) if isinstance(card, dict) else ""


def card_entry(card: bytes) -> dict[str, str]:
    """What a manifest says of the data card, so that one that somebody has edited is known."""
    return {"name": CARD, "sha256": hashlib.sha256(card).hexdigest()}


def is_edited(output: str, written: str) -> bool:
    """Whether the data card is there and is not what newsbeam wrote (with the hash `written`)."""
    path = filesystem.join(output, CARD)
    if not is_there(path):
        return False
    try:
        with filesystem.read(path) as stream:
            return hashlib.sha256(stream.read()).hexdigest() != written
    except OSError:
        return True


def keep_card(output: str) -> str:
    """Give an edited data card another name, under which nothing replaces it; that name."""
    number, name = 1, f"{CARD}.bak"
    while is_there(filesystem.join(output, name)):
        number += 1
        name = f"{CARD}.bak-{number}"
    filesystem.rename(filesystem.join(output, CARD), filesystem.join(output, name))
    return name


def write_card(output: str, card: bytes, written: str) -> str:
    """Put a new data card in place of the one with the hash `written`; the name under which an edited one is kept, or ""."""
    kept = keep_card(output) if is_edited(output, written) else ""
    with filesystem.atomic_write(filesystem.join(output, CARD)) as stream:
        stream.write(card)
    return kept


# --- the state -----------------------------------------------------------------------------------------------------


def check_state(path: str) -> None:
    """Refuse a state folder that may be somebody else's work: a link, or of another owner. Others are kept out of it from now on."""
    if filesystem.is_remote(path):
        return
    try:
        status = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise UsageError(f"{path} is a link, and is not followed; remove it")
    if not stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{path} is a file where newsbeam keeps its state; move it away")
    if status.st_uid != os.geteuid() and status.st_uid != _owner_here(os.path.dirname(path)):
        raise UsageError(f"{path} belongs to another user (uid {status.st_uid}); remove it, or name another folder")
    if status.st_mode & 0o077:
        with suppress(OSError):  # a filesystem without permissions
            os.chmod(path, 0o700)


def _owner_here(folder: str) -> int:
    """Who owns what this process makes in a folder: not always its own user, on a drive of the network, say."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            return os.fstat(probe.fileno()).st_uid
    except OSError:
        return os.geteuid()


def make_state(path: str) -> None:
    """Create a state folder, for this user alone."""
    if filesystem.is_remote(path):
        filesystem.make_folder(path)
        return
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        check_state(path)


def clear_state(output: str) -> None:
    """Remove the state of a run. The plan first: without it, whatever is left is nobody's."""
    filesystem.delete(filesystem.join(output, STATE, PLAN))
    filesystem.delete(filesystem.join(output, STATE))


# --- new results in place of old ones -------------------------------------------------------------------------------


def next_folder(output: str, suffix: str = "") -> str:
    """Where the new results lie until they are complete."""
    return filesystem.join(output, STATE, f"next{suffix}")


def check_places(output: str) -> None:
    """Can there be such an output? Raises UsageError."""
    try:
        if filesystem.is_remote(output):
            filesystem.check_scheme(output)
    except MissingExtra:
        raise
    except UsageError as error:
        raise UsageError(f"--output {output}: {error}") from error
    if os.path.exists(output) and not os.path.isdir(output):
        raise UsageError(f"--output {output} is a file; name a folder")


_REPLACED = re.compile(rf"{SHARD_RE.pattern}|manifest(?:-[\dT]+(?:-run\d+(?:-late\d+)?)?)?\.json|README\.md")
"""The names of files that a run, a watch or a stream would write over."""
