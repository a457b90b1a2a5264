"""The operations on output files, on local disks and Beam's filesystems."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import uuid4

from newsbeam.errors import MissingExtra, UsageError

# Scheme of a URI -> (the extra that installs its filesystem, a module that is there when the extra is).
_EXTRAS = {
    "gs": ("gcp", "google.cloud.storage"),
    "s3": ("aws", "boto3"),
    "azfs": ("azure", "azure.storage.blob"),
    "hdfs": ("hadoop", "hdfs"),
    "hf": ("hf", "huggingface_hub"),
    "az": ("azure", "adlfs"),
    "abfs": ("azure", "adlfs"),
}


def require_extra(extra: str, module: str, what: str) -> None:
    """Raises MissingExtra unless `module`, which the extra installs, can be imported."""
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # a parent package is missing
        found = None
    if found is None:
        raise MissingExtra(f"{what} needs an extra: pip install 'newsbeam[{extra}]'")


def check_scheme(path: str) -> None:
    """Raise MissingExtra or UsageError if the filesystem of a URI is not available."""
    scheme = path.partition("://")[0]
    if scheme in _EXTRAS:
        require_extra(*_EXTRAS[scheme], f"{scheme}://")
    try:
        filesystems().get_filesystem(path)
    except ValueError as error:
        raise UsageError(f"no filesystem is installed for {scheme}://; use a path or another scheme") from error


def filesystems(beam_options: Mapping[str, Any] | None = None) -> Any:
    """Return Beam's FileSystems, some of which need Beam's options.

    The import is late because it takes a second.
    """
    found = _with_default_options()
    if beam_options:
        from apache_beam.options.pipeline_options import PipelineOptions

        found.set_options(PipelineOptions.from_dictionary(beam_options))
    return found


@cache
def _with_default_options() -> Any:
    silence_beam_logging()
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    import newsbeam.storage.fsspec_filesystems  # noqa: F401 - which makes Beam know its file systems

    FileSystems.set_options(PipelineOptions([]))
    return FileSystems


def silence_beam_logging(level: int = logging.ERROR) -> None:
    """Set the level of Beam's logging; call this before Beam is imported.

    Beam logs through the root logger, including warnings that do not help users. Warnings of
    newsbeam itself are always shown.
    """
    logging.basicConfig(level=level, format="%(message)s")
    logging.getLogger().setLevel(level)
    logging.getLogger(__name__.partition(".")[0]).setLevel(logging.WARNING)


PACKAGES = str(Path(__file__).parents[2])
"""The folder with the package `newsbeam`: site-packages, or `.src` of a checkout."""

CHECKOUT = str(Path(__file__).resolve().parents[2])
"""The top folder of a checkout; the same as PACKAGES if newsbeam is installed."""


def search_path() -> list[str]:
    """List the folders that newsbeam and its workers search for modules.

    They are those of this process, but the current folder is last.

    So a `yaml.py` or a `transforms/` beside the data hides no module that newsbeam needs. The one exception is a checkout of newsbeam
    that this process runs from.
    """
    paths = [os.path.abspath(path) for path in sys.path if isinstance(path, str)]
    try:
        here = os.getcwd()
    except OSError:  # the folder was deleted
        return paths
    if here not in paths or here == PACKAGES:
        return paths
    return [*(path for path in paths if path != here), here]


def printable(text: str) -> str:
    """Escape lone surrogates as `\\udcXX`, so that any encoder accepts the text.

    They occur in file names that are not UTF-8.
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def is_remote(path: str) -> bool:
    """Tell whether a path is a URI of another filesystem."""
    return "://" in path


def join(folder: str, *names: str) -> str:
    """Join a folder and a path below it."""
    return "/".join([folder.rstrip("/"), *names]) if is_remote(folder) else os.path.join(folder, *names)


def make_folder(path: str) -> None:
    """Create a folder and its parents if missing; object stores have no folders."""
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)
    elif not filesystems().exists(path.rstrip("/") + "/"):
        filesystems().mkdirs(path)


def exists(path: str) -> bool:
    """Check for a file or folder."""
    return bool(filesystems().exists(path)) if is_remote(path) else os.path.exists(path)


def is_file(path: str) -> bool:
    """Check for a regular file or an object, which can be read without blocking."""
    return bool(filesystems().exists(path)) if is_remote(path) else os.path.isfile(path)


def create(path: str) -> BinaryIO:
    """Create a file to write uncompressed bytes to."""
    if not is_remote(path):
        return open(path, "wb", buffering=1 << 20)
    from apache_beam.io.filesystem import CompressionTypes

    return cast("BinaryIO", filesystems().create(path, compression_type=CompressionTypes.UNCOMPRESSED))


def read(path: str) -> BinaryIO:
    """Open a file to read uncompressed bytes from."""
    if not is_remote(path):
        return open(path, "rb", buffering=1 << 20)
    from apache_beam.io.filesystem import CompressionTypes

    return cast("BinaryIO", filesystems().open(path, compression_type=CompressionTypes.UNCOMPRESSED))


_TEMPORARY = ".tmp"


def temporary_path(path: str) -> str:
    """Return a unique name beside `path` for an incomplete file."""
    return f"{path}.{uuid4().hex}{_TEMPORARY}"


def incomplete_path(path: str) -> str:
    """Return a name beside `path` for an incomplete file with a single writer."""
    return path + _TEMPORARY


def is_temporary(name: str) -> bool:
    """Tell from its name whether a file is not complete yet."""
    return name.endswith(_TEMPORARY)


def final_name(name: str) -> str:
    """Return the intended name of an incomplete file, or any other name as it is."""
    return re.sub(rf"\.\w+{re.escape(_TEMPORARY)}$", "", name)


@contextmanager
def atomic_write(path: str) -> Iterator[BinaryIO]:
    """Write a file that appears under its name complete or not at all."""
    temporary = temporary_path(path)
    stream = create(temporary)
    try:
        with stream:
            yield stream
            sync(stream, path)
    except BaseException:
        delete(temporary)
        raise
    rename(temporary, path)
    if not is_remote(path):
        sync_folder(os.path.dirname(path))


def sync(stream: BinaryIO, path: str) -> None:
    """Flush the file at `path` to disk; object stores are durable already."""
    if not is_remote(path):
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(path: str) -> None:
    """Flush the names in a local folder to disk."""
    descriptor = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some filesystems do not support it
            raise
    finally:
        os.close(descriptor)


def rename(old: str, new: str) -> None:
    """Move a file, replacing any file at the new path."""
    if not is_remote(old):
        os.replace(old, new)
        return
    if filesystems().exists(new):
        filesystems().delete([new])
    filesystems().rename([old], [new])


def delete(path: str) -> None:
    """Remove a file, or a folder with its contents, if it exists."""
    if is_remote(path):
        files = filesystems()
        if files.exists(path):
            files.delete([path])
        elif below := [entry.path for entry in files.match([path.rstrip("/") + "/**"])[0].metadata_list]:
            files.delete(below)  # an object store has no folders, only common prefixes
    elif os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def list_names(folder: str, beginning: str = "") -> list[str]:
    """List the names in a folder with a prefix, sorted; none if it does not exist."""
    return sorted(sizes_in(folder, beginning))


def sizes_in(folder: str, beginning: str = "") -> dict[str, int]:
    """Return the sizes in bytes of the files in a folder whose names have a prefix."""
    if is_remote(folder):
        listed: list[Any] = filesystems().match([f"{folder.rstrip('/')}/{beginning}*"])[0].metadata_list
        return {str(entry.path).rpartition("/")[2]: int(entry.size_in_bytes or 0) for entry in listed}
    sizes: dict[str, int] = {}
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        if entry.name.startswith(beginning) and entry.is_file():
            with suppress(FileNotFoundError):  # deleted in the meantime
                sizes[entry.name] = entry.stat().st_size
    return sizes


def is_occupied(folder: str) -> bool:
    """Check for anything under this name, or below it."""
    if not is_remote(folder):
        return os.path.lexists(folder)
    return bool(exists(folder) or filesystems().match([folder.rstrip("/") + "/**"])[0].metadata_list)


def link_or_copy(old: str, new: str) -> None:
    """Link a file to a second name, or copy it if links are not possible."""
    if not is_remote(old) and not is_remote(new):
        try:
            os.link(old, new)
            return
        except OSError:
            pass  # another filesystem, or one without links: copy
    with read(old) as source, create(new) as target:
        shutil.copyfileobj(source, target, 1 << 20)
