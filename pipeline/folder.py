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

import errno
import fcntl
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import orjson

from pipeline import files

MANIFEST = "manifest.json"
CARD = "README.md"

STATE = ".newsbeam"
"""The folder in an output folder in which a run over files keeps what is not finished."""

PLAN = "plan.json"
"""The file in it that says what the run is."""

WATCHED = ".newsbeam-watch"
"""The folder in an output folder that says it is `newsbeam watch`'s, and in which that keeps its state."""

STREAMED = ".newsbeam-stream"
"""The folder in an output folder that says runs without an end write there, and what each of them was."""

_LOCK = ".newsbeam-lock"

_OF_A_WINDOW = re.compile(r"manifest-\d{8}T\d{6}-run\d+(?:-late\d+)?\.json")

_SHARD = re.compile(
    r"(?:documents|dropped|dead-letters)-(?:(?:\w+-)?\d{5}-of-\d{5}|\d{8}|\d{8}T\d{6}-run\d+(?:-late\d+)?-\d{5})"
    r"\.(?:jsonl(?:\.gz|\.zst)?|parquet)"
)
"""The names that newsbeam gives to files with lines: nothing else is ever removed, whatever a manifest lists."""

_REPLACED = re.compile(rf"{_SHARD.pattern}|manifest(?:-[\dT]+(?:-run\d+(?:-late\d+)?)?)?\.json|README\.md")
"""The names of files that a run, a watch or a stream would write over."""


class Refused(ValueError):
    """The command cannot begin as asked; the message says why and what would help."""


# --- whose a folder is ----------------------------------------------------------------------------------------------


def is_newsbeam_output(folder: str, names: Iterable[str] = ()) -> bool:
    """Whether newsbeam wrote `folder`, or is about to: it holds a manifest of newsbeam's, or the state of a run, a watch or a stream.

    `names` are the files in it, where the caller has listed them: with them the output of a stream is known without its state, too.
    """
    if files.remote(folder):
        return _is_remote_output(folder)
    if os.path.isfile(os.path.join(folder, STATE, PLAN)) or os.path.isdir(os.path.join(folder, WATCHED)):
        return True
    if os.path.isdir(os.path.join(folder, STREAMED)) or is_manifest(read_manifest(folder)):
        return True
    return any(is_manifest(read_manifest(folder, name)) for name in [name for name in names if _OF_A_WINDOW.fullmatch(name)][:1])


def outputs_among(paths: Iterable[str], below: str) -> list[str]:
    """The folders below `below` that newsbeam wrote and in which any of `paths` lies, sorted; none that lies in another of them."""
    below = below.rstrip("/")
    folders: set[str] = set()
    for path in paths:
        if not files.remote(path):
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
    if is_manifest(read_manifest(folder)) or files.exists(files.join(folder, STATE, PLAN)):
        return True
    return any(files.names_in(files.join(folder, name)) for name in (STREAMED, WATCHED))


def read_manifest(folder: str, name: str = MANIFEST) -> Any:
    """What the file `name` in `folder` holds as JSON; None where there is none, or where it cannot be read."""
    path = files.join(folder, name)
    try:
        if not (files.exists(path) if files.remote(path) else os.path.isfile(path)):
            return None
        with files.read(path) as stream:
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


def load(path: str, cure: str) -> dict[str, Any]:
    """The JSON object in a file of newsbeam's own. Raises Refused with the file's name and the cure where it is damaged."""
    try:
        with files.read(path) as stream:
            about = orjson.loads(stream.read())
        if isinstance(about, dict):
            return about
        error: Exception = ValueError("not a JSON object")
    except (OSError, ValueError) as raised:
        error = raised
    raise Refused(f"{path} is damaged ({error}); {cure}")


def check_command(output: str, command: str) -> None:
    """Raises Refused where the folder belongs to another command than `command` ("run", "watch" or "stream")."""
    about = read_manifest(output)
    if command != "watch" and (is_watched(about) or (not files.remote(output) and os.path.lexists(os.path.join(output, WATCHED)))):
        raise Refused(f"{output} belongs to `newsbeam watch`; name another folder")
    if command != "stream" and files.names_in(files.join(output, STREAMED)):
        raise Refused(f"{output} belongs to runs over messages (--source); name another folder")
    of_run = is_manifest(about) and not is_watched(about)
    if command != "run" and (of_run or _is_there(files.join(output, STATE, PLAN))):
        raise Refused(f"{output} holds the results of a run over files; name another folder")


def check_strangers(output: str) -> None:
    """Raises Refused where a file that would be replaced is there and is not newsbeam's own: nobody's work is lost to its name."""
    about = read_manifest(output)
    own = {MANIFEST, CARD, *listed(about)} if is_manifest(about) else set()
    if not own and _is_there(files.join(output, MANIFEST)):
        why = "damaged, or not one of newsbeam's: get it back from a copy, move it away, or name another folder"
        raise Refused(f"{files.join(output, MANIFEST)} is {why}")
    for name in sorted(set(_names(output)) - own):
        if _REPLACED.fullmatch(name):
            why = "newsbeam's manifest does not list it" if own else "no manifest of newsbeam says that it is newsbeam's"
            raise Refused(f"{files.join(output, name)} is in the way: {why}; move it away, or name another folder")


def listed(about: Any) -> list[str]:
    """The names of the files that a manifest lists; only names that newsbeam gives, so that no other is ever touched."""
    entries = about.get("files") if isinstance(about, dict) else None
    names = [entry.get("name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [name for name in names if isinstance(name, str) and _SHARD.fullmatch(name)]


def _names(folder: str) -> list[str]:
    """The names in a folder, of links that lead nowhere as well."""
    if files.remote(folder):
        return files.names_in(folder)
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_there(path: str) -> bool:
    return files.exists(path) if files.remote(path) else os.path.lexists(path)


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
    path = files.join(output, CARD)
    if not _is_there(path):
        return False
    try:
        with files.read(path) as stream:
            return hashlib.sha256(stream.read()).hexdigest() != written
    except OSError:
        return True


def keep_card(output: str) -> str:
    """Give an edited data card another name, under which nothing replaces it; that name."""
    number, name = 1, f"{CARD}.bak"
    while _is_there(files.join(output, name)):
        number += 1
        name = f"{CARD}.bak-{number}"
    files.rename(files.join(output, CARD), files.join(output, name))
    return name


def write_card(output: str, card: bytes, written: str) -> str:
    """Put a new data card in place of the one with the hash `written`; the name under which an edited one is kept, or ""."""
    kept = keep_card(output) if is_edited(output, written) else ""
    with files.whole(files.join(output, CARD)) as stream:
        stream.write(card)
    return kept


# --- the state and the lock -----------------------------------------------------------------------------------------


def check_state(path: str) -> None:
    """Refuse a state folder that may be somebody else's work: a link, or of another owner. Others are kept out of it from now on."""
    if files.remote(path):
        return
    try:
        status = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise Refused(f"{path} is a link, and is not followed; remove it")
    if not stat.S_ISDIR(status.st_mode):
        raise Refused(f"{path} is a file where newsbeam keeps its state; move it away")
    if status.st_uid != os.geteuid() and status.st_uid != _owner_here(os.path.dirname(path)):
        raise Refused(f"{path} belongs to another user (uid {status.st_uid}); remove it, or name another folder")
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
    if files.remote(path):
        files.make_folder(path)
        return
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        check_state(path)


def clear_state(output: str) -> None:
    """Remove the state of a run. The plan first: without it, whatever is left is nobody's."""
    files.delete(files.join(output, STATE, PLAN))
    files.delete(files.join(output, STATE))


@contextmanager
def locked(output: str) -> Iterator[None]:
    """One run at a time in one output folder of this machine: the folder is made where it is missing. Raises Refused."""
    if files.remote(output):
        yield
        return
    lock = os.path.join(output, _LOCK)
    try:
        os.makedirs(output, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused(f"{lock} is a link, and is not followed; remove it") from error
        raise Refused(f"--output {output} cannot be written to: {error.strerror or error}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise Refused(f"{lock} is not a lock of newsbeam's, but leads to something else; remove it")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # One that ends takes the file with it: what is locked then is nobody's any more.
            if not os.path.lexists(lock) or not os.path.samestat(os.fstat(descriptor), os.lstat(lock)):
                raise BlockingIOError
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise Refused(f"another run is writing to {output}" + (f": process {holder}" if holder else "")) from error
        os.pwrite(descriptor, b"%-19d\n" % os.getpid(), 0)
        try:
            yield
        finally:
            files.delete(lock)  # the folder may have been taken away meanwhile
    finally:
        os.close(descriptor)


# --- new results in place of old ones -------------------------------------------------------------------------------


def next_folder(output: str, suffix: str = "") -> str:
    """Where the new results lie until they are complete."""
    return files.join(output, STATE, f"next{suffix}")


def replace(output: str, new: Sequence[str], suffix: str = "") -> None:
    """Put the files `new`, complete in `next_folder`, in place of what the old manifest lists; the new manifest is the last of them.

    Raises Refused, with nothing touched, where a file that is not newsbeam's is in the way.
    """
    manifest = f"manifest{suffix}.json"
    about = read_manifest(output, manifest)
    old = listed(about) if is_manifest(about) else []
    own = {*old, *((manifest, CARD) if is_manifest(about) or suffix else ())}
    if strangers := sorted((set(new) - own).intersection(_names(output))):
        raise Refused(f"{files.join(output, strangers[0])} is in the way, and is not newsbeam's; move it away and go on with --resume")
    if not files.remote(output):
        files.sync_folder(next_folder(output, suffix))
    with files.whole(_journal(output, suffix)) as stream:
        # Of a window's, nobody knows which one wrote the card last.
        stream.write(orjson.dumps({"old": old, "new": list(new), "card": None if suffix else card_of(about)}))
    finish(output, suffix)


def finish(output: str, suffix: str = "") -> bool:
    """Finish the swap that a journal tells of, wherever it was cut short; whether there was one. Raises Refused where it is damaged."""
    journal, coming = _journal(output, suffix), next_folder(output, suffix)
    if not _is_there(journal):
        return False
    about = load(journal, f"the results are in {coming} and {output}; keep those, and remove {os.path.dirname(journal)}")
    new: list[str] = about["new"]
    waiting = set(_names(coming))
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
    files.delete(journal)
    files.delete(coming)
    files.delete(files.join(output, STATE, f"old{suffix}"))
    return True


def _journal(output: str, suffix: str) -> str:
    return files.join(output, STATE, f"swap{suffix}.json")


def _put_away(output: str, name: str, suffix: str) -> None:
    path = files.join(output, name)
    if files.remote(path):
        files.delete(path)
    elif os.path.lexists(path):
        # Faster than to delete it, which would be time without results.
        away = os.path.join(output, STATE, f"old{suffix}")
        os.makedirs(away, exist_ok=True)
        os.replace(path, os.path.join(away, name))


def _put_in_place(output: str, name: str, suffix: str) -> None:
    try:
        files.rename(files.join(next_folder(output, suffix), name), files.join(output, name))
    except FileNotFoundError:
        # An engine that has lost sight of a machine has this done on another as well.
        if not _is_there(files.join(output, name)):
            raise


def _sync(folder: str) -> None:
    if not files.remote(folder):
        files.sync_folder(folder)
