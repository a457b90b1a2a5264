"""Beam filesystems over fsspec: Hugging Face, and Azure as `az://` and `abfs://`.

Beam has none of its own for them. Importing this module registers them. fsspec and the library of a
store are loaded when a file of that store is accessed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, cast

from apache_beam.io.filesystem import BeamIOError, CompressedFile, CompressionTypes, FileMetadata, FileSystem


class _FsspecFileSystem(FileSystem):  # type: ignore[misc, unused-ignore]
    """A Beam filesystem over fsspec's of the same scheme.

    A missing file raises BeamIOError, as in Beam's own filesystems.
    """

    _scheme = ""

    def __init__(self, pipeline_options: Any) -> None:
        super().__init__(pipeline_options)
        fsspec: Any = importlib.import_module("fsspec")

        self._files: Any = fsspec.filesystem(self._scheme)

    @classmethod
    def scheme(cls) -> str:
        return cls._scheme

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *(path.strip("/") for path in paths)])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def has_dirs(self) -> bool:
        return True

    def mkdirs(self, path: str) -> None:
        self._files.makedirs(path, exist_ok=True)

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        try:
            below = self._files.find(dir_or_prefix, detail=True)
        except FileNotFoundError:
            return
        except Exception as error:  # each store raises its own errors
            raise BeamIOError(f"cannot list {dir_or_prefix}: {error}", {dir_or_prefix: error}) from error
        yield from map(self._about, below.values())

    def _about(self, entry: dict[str, Any]) -> FileMetadata:
        commit = entry.get("last_commit")
        changed = next((entry[key] for key in ("last_modified", "mtime", "created") if entry.get(key)), getattr(commit, "date", None))
        seconds = changed.timestamp() if isinstance(changed, datetime) else float(changed) if isinstance(changed, (int, float)) else 0.0
        return FileMetadata(f"{self._scheme}://{entry['name'].lstrip('/')}", int(entry.get("size") or 0), seconds)

    def _opened(self, path: str, mode: str, compression_type: str) -> BinaryIO:
        stream = self._files.open(path, mode)
        compression = self._get_compression_type(path, compression_type)
        plain = compression == CompressionTypes.UNCOMPRESSED
        return cast("BinaryIO", stream if plain else CompressedFile(stream, compression_type=compression))

    def create(self, path: str, mime_type: str = "application/octet-stream", compression_type: str = CompressionTypes.AUTO) -> BinaryIO:
        return self._opened(path, "wb", compression_type)

    def open(self, path: str, mime_type: str = "application/octet-stream", compression_type: str = CompressionTypes.AUTO) -> BinaryIO:
        return self._opened(path, "rb", compression_type)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for old, new in zip(source_file_names, destination_file_names, strict=True):
            self._files.copy(old, new, recursive=True)

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for old, new in zip(source_file_names, destination_file_names, strict=True):
            self._files.mv(old, new, recursive=True)

    def exists(self, path: str) -> bool:
        return bool(self._files.isfile(path))

    def metadata(self, path: str) -> FileMetadata:
        try:
            return self._about(self._files.info(path))
        except FileNotFoundError as error:
            raise BeamIOError(f"{path}: no such file", {path: error}) from error

    def size(self, path: str) -> int:
        return int(self.metadata(path).size_in_bytes)

    def last_updated(self, path: str) -> float:
        return float(self.metadata(path).last_updated_in_seconds)

    def checksum(self, path: str) -> str:
        return str(self._files.checksum(path))

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            self._files.rm(path, recursive=True)


class HuggingFaceFileSystem(_FsspecFileSystem):
    """`hf://datasets/OWNER/NAME/PATH`, through huggingface_hub and its token."""

    _scheme = "hf"


class AzureFileSystem(_FsspecFileSystem):
    """`az://CONTAINER/PATH`, through adlfs. Beam's own Azure scheme is `azfs://`.

    The account comes from AZURE_STORAGE_ACCOUNT_NAME and related variables.
    """

    _scheme = "az"


class AzureDataLakeFileSystem(_FsspecFileSystem):
    """`abfs://CONTAINER/PATH`, Hadoop's scheme for the same store."""

    _scheme = "abfs"
