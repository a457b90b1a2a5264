"""The state of a watched file in the ledger."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from newsbeam.storage import filesystem
from newsbeam.storage.manifest import WatchedInput
from newsbeam.storage.output_layout import OUTPUTS, OutputKind


class FileStat(NamedTuple):
    """Size, times and inode of a file.

    As long as they stay the same, the content is assumed to be the same.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStat:
        """From a result of os.stat."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@dataclass(frozen=True)
class Input:
    """The progress of one version of a file.

    `path` is absolute. `version` counts from 1. `records` is how many records of the file became a line; `complete` says that there
    are no more. `sha256` is empty if the file could not be read to its end, or is not finished.
    """

    path: str
    stamp: FileStat
    version: int = 1
    records: int = 0
    complete: bool = False
    sha256: str = ""

    def row(self) -> tuple[Any, ...]:
        """The row in the table of inputs."""
        return (os.fsencode(self.path), *self.stamp, self.version, self.records, int(self.complete), self.sha256)

    def entry(self) -> WatchedInput:
        """The entry in a manifest."""
        path = filesystem.printable(self.path)
        return WatchedInput(
            path=path,
            path_hex=None if path == self.path else os.fsencode(self.path).hex(),
            bytes=self.stamp.size,
            mtime_ns=self.stamp.mtime_ns,
            ctime_ns=self.stamp.ctime_ns,
            inode=self.stamp.inode,
            version=self.version,
            records=self.records,
            complete=self.complete,
            sha256=self.sha256,
        )

    @classmethod
    def from_entry(cls, entry: WatchedInput) -> Input:
        """From an entry in a manifest. Raises ValueError if `path_hex` is damaged."""
        path = entry.path if entry.path_hex is None else os.fsdecode(bytes.fromhex(entry.path_hex))
        stamp = FileStat(entry.bytes, entry.mtime_ns, entry.ctime_ns, entry.inode)
        return cls(path, stamp, entry.version, entry.records, entry.complete, entry.sha256)


@dataclass
class Part:
    """The output of some inputs.

    It has lines by kind, counts, the number of records `read`, and the progress of each input.
    """

    lines: dict[OutputKind, list[bytes]] = field(default_factory=lambda: {kind: [] for kind in OUTPUTS})
    counts: Counter[str] = field(default_factory=Counter)
    read: int = 0
    inputs: dict[str, Input] = field(default_factory=dict)
    size: int = 0
