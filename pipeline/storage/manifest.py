"""Manifests.

They list the files of an output folder and their origin, and hold the account of all inputs.

    manifest.json            a run over files (RunManifest), or all that `newsbeam watch` did (WatchSummary)
    manifest-WINDOW.json     a window of a run over messages (WindowManifest)
    manifest-00000001.json   a publication of `newsbeam watch` (WatchManifest)

The fields in the files are in this order. A manifest of an older version may lack fields that have a default here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import orjson

from newsbeam.storage import filesystem, json_files
from newsbeam.storage.output_layout import MANIFEST, SITE_COUNTS, OutputKind, parse_line_file

_M = TypeVar("_M", bound="Manifest")


@dataclass(frozen=True)
class Account:
    """The account of some inputs: read = written + dropped + failed."""

    read: int = 0
    documents: int = 0
    dropped: int = 0
    dead_letters: int = 0

    @classmethod
    def of(cls, counts: Mapping[Any, int]) -> Account:
        """The account of inputs, given counts of each kind of output."""
        written, dropped, failed = (counts.get(kind, 0) for kind in ("documents", "dropped", "dead_letters"))
        return cls(written + dropped + failed, written, dropped, failed)

    @property
    def written(self) -> int:
        """The number of inputs that became records."""
        return self.documents

    @property
    def failed(self) -> int:
        """The number of inputs that became dead letters."""
        return self.dead_letters

    @property
    def balances(self) -> bool:
        """True if each input that was read became exactly one line."""
        return self.read == self.written + self.dropped + self.failed

    def __add__(self, other: Account) -> Account:
        return Account(
            self.read + other.read,
            self.documents + other.documents,
            self.dropped + other.dropped,
            self.dead_letters + other.dead_letters,
        )

    def __str__(self) -> str:
        return f"read {self.read} = written {self.written} + dropped {self.dropped} + failed {self.failed}"


@dataclass(frozen=True)
class Timing:
    """The number of documents that a processor worked on, and the total time."""

    documents: int
    seconds: float


@dataclass(frozen=True)
class RecipeUsed:
    """The recipe as it was given, and each processor with its options as JSON."""

    text: str
    processors: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class OptionsUsed:
    """The options of the command that decide what a record holds."""

    added: str = ""
    time_limit: float = 0.0
    max_bytes: int = 0
    http_status: tuple[tuple[int, int], ...] | None = None
    format: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    keep_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutputFile:
    """A file with lines: how many, and how many bytes before compression."""

    name: str
    records: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class InputFile:
    """A file that was read. `sha256` is empty if it could not be read to its end."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class SiteCounts:
    """The counts that `site_template` used, by their hash.

    `file` is their name in the output folder if they are kept there. `template` is `--template` as it was given; it is empty if the
    run counted its own input.
    """

    sha256: str
    file: str = ""
    template: str = ""


@dataclass(frozen=True)
class Card:
    """The data card as newsbeam wrote it."""

    name: str
    sha256: str = ""


@dataclass(frozen=True)
class Failure:
    """A kind of failure: how many documents had it, and the first of them."""

    stage: str
    error: str
    message: str
    documents: int
    first: str


@dataclass(frozen=True)
class LittleKeptHost:
    """A host whose documents lost nearly all of their text.

    With their number and the first of them.
    """

    host: str
    documents: int
    first: tuple[str, ...]


@dataclass(frozen=True)
class LittleKept:
    """Documents that lost nearly all of their text.

    How many, the first, and the hosts with the most.
    """

    documents: int = 0
    first: tuple[str, ...] = ()
    hosts: tuple[LittleKeptHost, ...] = ()
    other_hosts: int = 0


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The part of a manifest that all commands share.

    `account` is for people, `counts` is the same for programs. A window whose files do not hold what was counted says so in
    `account`. `details` has all other counts, under keys such as `language/en`.
    """

    account: str
    counts: Account
    details: dict[str, int] = field(default_factory=dict)
    timings: dict[str, Timing] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    recipe: RecipeUsed | None = None
    options: OptionsUsed = OptionsUsed()
    site_counts: SiteCounts | None = None

    @property
    def balances(self) -> bool:
        """True if each input became exactly one line.

        That is, as far as the command that wrote the manifest could tell.
        """
        return self.counts.balances and self.account == str(self.counts)

    @classmethod
    def load(cls: type[_M], path: str, cure: str) -> _M:
        """Read a manifest.

        Raises UsageError with the name of the file and the cure if it is damaged.
        """
        return json_files.load(cls, path, cure)

    @classmethod
    def find(cls: type[_M], folder: str, name: str = MANIFEST) -> _M | None:
        """Read a manifest of a folder; None if there is none, or if it is damaged."""
        return json_files.find(cls, filesystem.join(folder, name))

    def save(self, path: str) -> None:
        """Write the manifest; the file appears complete or not at all."""
        json_files.save(self, path)


@dataclass(frozen=True, kw_only=True)
class RunManifest(Manifest):
    """The manifest of a run over files. `run` is the random id of the run."""

    failures: tuple[Failure, ...] = ()
    other_failures: int = 0
    little_kept: LittleKept = LittleKept()
    run: str = ""
    files: tuple[OutputFile, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    card: Card | None = None

    @property
    def file_names(self) -> list[str]:
        """The names of its files.

        They are only such as newsbeam gives, so that no other file is ever touched.
        """
        kept = [SITE_COUNTS] if self.site_counts is not None and self.site_counts.file == SITE_COUNTS else []
        return [*(file.name for file in self.files if parse_line_file(file.name) is not None), *kept]

    def bytes_of(self, kind: OutputKind) -> int:
        """The size of all lines of one kind before compression."""
        names = ((parse_line_file(file.name), file.bytes) for file in self.files)
        return sum(size for name, size in names if name is not None and name.kind == kind)


@dataclass(frozen=True)
class Window:
    """The window of messages that a manifest is about.

    `late` is how often its run had written it before.
    """

    start: str
    end: str
    run: int
    late: int


OffsetRange = list[int]
"""Messages of a partition that were processed: first and last offset, earliest and latest time in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class WindowManifest(Manifest):
    """The manifest of a window of messages.

    `messages` are those of which everything is in the files: by partition ranges of offsets, or by subscription their ids.
    `keys` are hashes of the keys by which a redelivered message is recognised. Both are missing (None) if the window was
    rewritten without some of its messages.
    """

    window: Window | None = None
    files: tuple[OutputFile, ...] = ()
    messages: dict[str, list[OffsetRange | str]] | None = None
    keys: str | None = None


@dataclass(frozen=True, kw_only=True)
class WatchSummary(Manifest):
    """The manifest of everything that `newsbeam watch` did in a folder.

    Files and inputs are in the numbered manifests.
    """

    files: tuple[OutputFile, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    manifests: str = ""
    card: Card | None = None


@dataclass(frozen=True, kw_only=True)
class WatchedInput:
    """The progress of a version of a file at the time of publication.

    `path_hex` is set if the path is not UTF-8.
    """

    path: str
    path_hex: str | None = None
    bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    version: int
    records: int
    complete: bool
    sha256: str


@dataclass(frozen=True)
class WatchManifest:
    """The manifest of one publication of `newsbeam watch`.

    It is about the output of some parts of the ledger. `counts` has all counts. `site_counts_sha256` is the hash of the counts that
    `site_template` used.
    """

    number: int
    parts: tuple[int, int]
    newsbeam: str
    recipe_sha256: str
    counts: dict[str, int]
    files: tuple[OutputFile, ...]
    inputs: tuple[WatchedInput, ...]
    site_counts_sha256: str = ""

    @property
    def account(self) -> Account:
        """The account of the inputs of this publication."""
        return Account.of(self.counts)

    @classmethod
    def read(cls, path: str) -> WatchManifest:
        """Read a manifest. Raises OSError, or ValueError if it is damaged."""
        return json_files.read(cls, path)

    def save(self, path: str) -> None:
        """Write the manifest; the file appears complete or not at all."""
        json_files.save(self, path, indent=False)


Command = Literal["run", "watch"]


def recognise(folder: str, name: str = MANIFEST) -> Command | None:
    """Tell which command wrote a manifest.

    None if there is no manifest or if it is not one of newsbeam.

    Browser extensions and web apps have a manifest.json as well. One of newsbeam is recognised even
    if it is otherwise damaged.
    """
    path = filesystem.join(folder, name)
    try:
        if not filesystem.is_file(path):
            return None
        with filesystem.read(path) as stream:
            value = orjson.loads(stream.read())
    except (OSError, ValueError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("account"), str):
        return None
    versions = value.get("versions")
    if not isinstance(versions, dict) or not isinstance(versions.get("newsbeam"), str):
        return None
    return "watch" if "manifests" in value else "run"
