"""From the inputs on the command line (files, folders, globs, URIs) to files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from newsbeam.errors import InputError, UsageError
from newsbeam.inputs.compression import COMPRESSION_SUFFIXES
from newsbeam.inputs.format_entries import document_suffixes
from newsbeam.inputs.work_units import Source
from newsbeam.storage import output_layout
from newsbeam.storage.filesystem import check_scheme, filesystems, is_remote, printable
from newsbeam.storage.output_folders import is_newsbeam_output, outputs_among

_FETCH_FIRST = "newsbeam does not download from the web; download it first, then name the file or its folder"
_NOT_READ = {
    "http": _FETCH_FIRST,
    "https": _FETCH_FIRST,
    "ftp": _FETCH_FIRST,
    "abfss": "write abfs://CONTAINER/PATH",
}
"""URI schemes that are not supported, and what to do instead."""

SKIPPED_OUTPUT = "skipped {}: it is an output folder of newsbeam (name it explicitly to read it)"
"""The note on an output folder among the inputs: it would double documents."""


MAX_PATH_BYTES = os.pathconf("/", "PC_PATH_MAX")
"""The length of the longest path that can be opened."""

TOO_DEEP = "{}: the folders are nested too deeply for a pattern; name the folder itself to read all of it"


def printable_input(path: str) -> str:
    """Return the path that is displayed as `path`."""
    if is_remote(path) or os.path.lexists(path):
        return path
    return re.sub(r"\\udc([89a-f][0-9a-f])", lambda match: chr(0xDC00 + int(match.group(1), 16)), path)


@dataclass(frozen=True)
class Discovery:
    """The files to read, and notes for the user."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()


def discover(inputs: Sequence[str], exclude: str = "") -> Discovery:
    """Find the files that `inputs` name, each once, in order; folders are sorted.

    Args:
        inputs: files, folders, globs and URIs.
        exclude: the output folder, which is never read.

    Raises:
        InputError: an input does not exist or cannot be used.
    """
    sources: dict[tuple[str, str], Source] = {}
    places: dict[str, str] = {}
    notes: list[str] = []
    skipped: dict[str, int] = {}
    out = os.path.realpath(exclude) if exclude and "://" not in exclude else exclude
    for word in inputs:
        given = word.removeprefix("file://")
        before = len(sources)
        if is_remote(given):
            found: Iterable[Source] = _remote(given, out, notes, skipped)
        elif os.path.isdir(given):
            if out and os.path.realpath(given) == out:
                raise InputError(f"{given} is the output folder; choose another --output")
            found = _walk(given, out, notes, skipped)
        elif os.path.exists(given) or os.path.islink(given):
            found = [source_at(given, folder_name(given))]
        else:
            found = _glob(given, out, notes, skipped)
        for source in found:
            # Two spellings of a path are one input.
            folder, _, name = source.path.rpartition("/")
            if folder not in places:
                places[folder] = folder if is_remote(folder) else os.path.abspath(folder or ("/" if source.path.startswith("/") else "."))
            sources.setdefault((places[folder], name), source)
        if len(sources) == before and os.path.isdir(given):
            notes.append(f"{given}: no documents in this folder")
    if skipped:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(skipped.items(), key=lambda item: (-item[1], item[0])))
        notes.append(f"skipped {kinds} (unknown extension; name a file explicitly to read it)")
    return Discovery(tuple(sources.values()), tuple(notes))


def _walk(top: str, out: str, notes: list[str], skipped: dict[str, int]) -> Iterator[Source]:
    """Yield the documents below `top`, the files of a folder before its folders.

    It uses a stack because folders may be nested thousands deep.
    """
    name = folder_name(os.path.join(top, "x"))
    seen: set[tuple[int, int]] = set()
    unreadable: list[str] = []
    links = LinksOut(top)
    output = None
    with suppress(OSError):
        status = os.stat(out)
        output = (status.st_dev, status.st_ino)
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            here = os.stat(folder)
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:
            unreadable.append(folder)
            continue
        if (here.st_dev, here.st_ino) in seen:
            continue  # a link back to a folder that was walked already; following it would never end
        seen.add((here.st_dev, here.st_ino))
        if (here.st_dev, here.st_ino) == output:
            notes.append(f"skipped {folder}: it is the output folder")
            continue
        signs = [entry.name for entry in entries if output_layout.may_mark_output(entry.name)]
        is_output = bool(signs) and is_newsbeam_output(folder, signs)
        if is_output and folder != top:
            notes.append(SKIPPED_OUTPUT.format(folder))
            continue
        entries = [entry for entry in entries if not entry.name.startswith(".")]
        folders = [entry for entry in entries if is_folder(entry)]
        files = [entry for entry in entries if not is_folder(entry)]
        if is_output:
            # Of an output folder, the records are an input; the manifest and the dropped rows are not.
            folders = [entry for entry in folders if entry.name == output_layout.RECORDS_FOLDER]
            files = [entry for entry in files if output_layout.is_records_path(entry.name)]
        for entry in files:
            path = entry.path.removeprefix("./")
            if (suffix := format_suffix(entry.name)) and suffix not in document_suffixes():
                skipped["." + suffix] = skipped.get("." + suffix, 0) + 1
            elif (source := _regular(path, name)) is not None:
                if entry.is_symlink():
                    links.add(path)
                yield source
            else:
                notes.append(f"skipped {path}: not a regular file")
        for entry in folders:
            if entry.is_symlink():
                links.add(entry.path)
        waiting += [entry.path for entry in reversed(folders)]
    if links.count:
        notes.append(links.note())
    # A folder that cannot be listed is an unreadable input: opening it yields the dead letter.
    yield from (Source(path, 0, name) for path in sorted(unreadable))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether the entry is a folder or a link to one, but not a circular link."""
    try:
        return entry.is_dir()
    except OSError:
        return False  # read as a file, it becomes a dead letter with the reason


class LinksOut:
    """A counter of links out of a folder: they are followed, with a note."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._real = os.path.join(os.path.realpath(top), "")
        self.count = 0
        self._first = ("", "")

    def add(self, path: str) -> None:
        """Count the link if it leads out."""
        target = os.path.realpath(path)
        if not os.path.join(target, "").startswith(self._real) and os.path.exists(target):
            self._first = self._first if self.count else (path.removeprefix("./"), target)
            self.count += 1

    def note(self) -> str:
        """The note for the user."""
        path, target = self._first
        if self.count == 1:
            return f"following a link out of {self._top}: {path} -> {target}"
        return f"following {self.count} links out of {self._top}; the first is {path} -> {target}"


def source_at(path: str, name: str) -> Source:
    """Return the file at `path`, existing or not, as an input of collection `name`."""
    try:
        status = os.stat(path)
        return Source(path, status.st_size, name, status.st_mtime_ns)
    except OSError:
        return Source(path, 0, name)  # a dangling link or a deleted file: reading it yields the dead letter


def _regular(path: str, name: str) -> Source | None:
    """Return the file at `path`, or None for a pipe or device, which may not end."""
    try:
        status = os.stat(path)
    except OSError:
        return Source(path, 0, name)
    return Source(path, status.st_size, name, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _glob(pattern: str, out: str, notes: list[str], skipped: dict[str, int]) -> list[Source]:
    import glob  # rarely needed

    if not glob.has_magic(pattern):
        near = _similar(pattern)
        raise InputError(f"no such file or folder: {pattern}" + (f"; did you mean {near}?" if near else ""))
    try:
        paths = sorted(glob.glob(pattern, recursive=True))
    except RecursionError as error:
        raise InputError(TOO_DEEP.format(pattern)) from error
    if not paths:
        raise InputError(f"nothing matches {pattern} (quote the pattern so that the shell does not expand it; ** includes subfolders)")
    name = folder_name(re.split(r"[*?\[]", pattern)[0] + "x")
    found: list[Source] = []
    # Output folders of newsbeam that merely match the pattern are skipped.
    outputs = outputs_among(paths, os.path.dirname(re.split(r"[*?\[]", pattern)[0]))
    notes += map(SKIPPED_OUTPUT.format, outputs)
    for path in paths:
        if any(path == output or path.startswith(os.path.join(output, "")) for output in outputs):
            continue
        if os.path.isdir(path):
            # `folder/*` means its entries. Subfolders are included only if the pattern has **,
            # which lists their files itself.
            if "**" not in pattern:
                found += _walk(path, out, notes, skipped)
        elif (source := _regular(path, name)) is None:
            notes.append(f"skipped {path}: not a regular file")
        elif not out or os.path.commonpath([os.path.realpath(path), out]) != out:
            found.append(source)
    return found


def _remote(given: str, out: str, notes: list[str], skipped: dict[str, int]) -> list[Source]:
    scheme = given.partition("://")[0]
    if scheme in _NOT_READ:
        raise InputError(f"{given}: {_NOT_READ[scheme]}")
    try:
        check_scheme(given)
    except UsageError as error:
        raise InputError(f"{given}: {error}") from error
    files = filesystems()
    try:
        if re.search(r"[*?\[]", given):
            listed = files.match([given])[0].metadata_list
            walked = False
        else:
            listed = [] if given.endswith("/") else files.match([given])[0].metadata_list
            walked = not listed
            listed = listed or files.match([given.rstrip("/") + "/**"])[0].metadata_list
    except Exception as error:  # each remote filesystem raises its own errors; to a user they mean the same
        raise InputError(f"cannot list {given}: {error}") from error
    if not listed:
        raise InputError(f"no files at {given}")
    name = re.split(r"[*?\[]", given)[0].rstrip("/").rpartition("/")[2] or scheme
    found = []
    outputs = outputs_among([str(entry.path) for entry in listed], given) if walked else []
    notes += [SKIPPED_OUTPUT.format(folder) for folder in outputs if folder != out.rstrip("/")]
    left_out = tuple(folder.rstrip("/") + "/" for folder in (*outputs, out) if folder)
    records_only = walked and is_newsbeam_output(given.rstrip("/"))
    for entry in sorted(listed, key=lambda entry: str(entry.path)):
        if records_only and not output_layout.is_records_path(str(entry.path)[len(given.rstrip("/")) :].lstrip("/")):
            continue
        if walked and str(entry.path).startswith(left_out):
            continue
        suffix = format_suffix(entry.path.rpartition("/")[2])
        if walked and suffix and suffix not in document_suffixes():
            skipped["." + suffix] = skipped.get("." + suffix, 0) + 1
        elif not entry.path.endswith("/"):
            changed = int(1e9 * (entry.last_updated_in_seconds or 0))
            found.append(Source(entry.path, int(entry.size_in_bytes or 0), name, changed))
    return found


def folder_name(path: str) -> str:
    """Return the default collection of a file: the name of its folder."""
    return printable(os.path.basename(os.path.dirname(os.path.abspath(path)))) or "root"


def format_suffix(name: str) -> str:
    """Return the lower-case suffix that names the format, without compression, or ""."""
    parts = name.lower().split(".")
    while len(parts) > 1 and parts[-1] in COMPRESSION_SUFFIXES:
        parts.pop()
    # The suffixes of "page.2024-05-01" and "article.v2 final" do not name a format.
    return parts[-1] if len(parts) > 1 and re.fullmatch(r"[a-z][a-z0-9]{0,8}", parts[-1]) else ""


def _similar(path: str) -> str:
    import difflib

    folder = os.path.dirname(path) or "."
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    near = difflib.get_close_matches(os.path.basename(path.rstrip("/")), names, 1)
    return os.path.join(os.path.dirname(path), near[0]) if near else ""
