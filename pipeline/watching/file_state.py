"""What the ledger knows of a file."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import OUTPUTS


class FileStat(NamedTuple):
    """What a file looks like from outside. While it stays the same, so does the content, as far as anyone can tell."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStat:
        """The stamp of what os.stat found."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@dataclass(frozen=True)
class Input:
    """How far one version of one file has come. `path` is absolute; `version` counts from 1; `records` is how many of it have
    ended as a line; `complete`: there are no more. `sha256` "" where it could not be read to its end, or is not yet.
    """

    path: str
    stamp: FileStat
    version: int = 1
    records: int = 0
    complete: bool = False
    sha256: str = ""

    def row(self) -> tuple[Any, ...]:
        """As a row of the table."""
        return (os.fsencode(self.path), *self.stamp, self.version, self.records, int(self.complete), self.sha256)

    def entry(self) -> dict[str, Any]:
        """As an entry of a manifest."""
        name = {"path": filesystem.printable(self.path)}
        if name["path"] != self.path:
            name["path_hex"] = os.fsencode(self.path).hex()  # a name that is not UTF-8
        stamp = self.stamp._asdict()
        rest = {"version": self.version, "records": self.records, "complete": self.complete, "sha256": self.sha256}
        return {**name, "bytes": stamp.pop("size"), **stamp, **rest}

    @classmethod
    def of_entry(cls, entry: dict[str, Any]) -> Input:
        """From an entry of a manifest."""
        path = os.fsdecode(bytes.fromhex(entry["path_hex"])) if "path_hex" in entry else entry["path"]
        stamp = FileStat(entry["bytes"], entry["mtime_ns"], entry["ctime_ns"], entry["inode"])
        return cls(path, stamp, entry["version"], entry["records"], entry["complete"], entry["sha256"])


@dataclass
class Part:
    """What came of some inputs: their lines by kind, what was counted, how many records were `read`, and how far each input is."""

    lines: dict[str, list[bytes]] = field(default_factory=lambda: {kind: [] for kind in OUTPUTS})
    counts: Counter[str] = field(default_factory=Counter)
    read: int = 0
    inputs: dict[str, Input] = field(default_factory=dict)
    size: int = 0
