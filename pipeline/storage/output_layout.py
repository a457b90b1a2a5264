"""The names of the files and folders of an output folder.

They are built and parsed here only.

documents-00000-of-00002.jsonl                     records of a run over files; likewise dropped-… and dead-letters-…
documents-20261122T093000-00000-of-00001.jsonl     the same, of one Beam window
documents-20261122T093000-run1-late2-00000.jsonl   of a run over messages
documents-00000001.jsonl                           of `newsbeam watch`
manifest.json, manifest-20261122T093000.json, manifest-20261122T093000-run1-late2.json, manifest-00000001.json
site-counts.zst                                    the counts that `site_template` used in a run over files
README.md, README.md.bak, README.md.bak-2          the data card, and cards that somebody had edited
replay-1/                                          the results of a replay
.newsbeam-lock                                     held while a process writes to the folder
.newsbeam/                                         the state of a run over files: plan.json, shares, site-template, parts/,
                                                   next/, old/, swap.json
.newsbeam-watch/                                   the state of `newsbeam watch`: ledger.sqlite, aside/, site-template
.newsbeam-stream/                                  runs over messages: run-1.json, seen-1, site-template-1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal, get_args

from newsbeam.storage.filesystem import join
from newsbeam.storage.output_formats import all_extensions

OutputKind = Literal["documents", "dropped", "dead_letters"]

OUTPUTS: tuple[OutputKind, ...] = get_args(OutputKind)

MANIFEST = "manifest.json"

CARD = "README.md"

SITE_COUNTS = "site-counts.zst"
"""The counts that `site_template` used in a run over files, for the `--template` of other runs."""

STATE = ".newsbeam"
"""The folder in an output folder in which a run over files keeps unfinished work."""

WATCH_STATE_DIR = ".newsbeam-watch"
"""The folder in which `newsbeam watch` keeps its state. It marks the output folder as its own."""

STREAM_STATE_DIR = ".newsbeam-stream"
"""The folder in which runs over messages keep a record of each run. It marks the output folder as theirs."""

_PREFIX: dict[OutputKind, str] = {"documents": "documents", "dropped": "dropped", "dead_letters": "dead-letters"}
_KIND = {prefix: kind for kind, prefix in _PREFIX.items()}


# --- names of files with lines, and of manifests --------------------------------------------------------------------


@dataclass(frozen=True)
class MessageWindow:
    """A window of messages.

    Its start in seconds since 1970, the run that wrote it, and how often that run had written it
    before.
    """

    start: int
    run: int
    late: int = 0

    @property
    def label(self) -> str:
        """The window without its run, for people."""
        return _timestamp(self.start) + self._late

    @property
    def _late(self) -> str:
        return f"-late{self.late}" if self.late else ""

    def __str__(self) -> str:
        return f"{_timestamp(self.start)}-run{self.run}{self._late}"


@dataclass(frozen=True)
class ShardName:
    """A file of a run over files.

    `period` is the start of a Beam window, such as 20261122T093000, or "" for all of the input.
    """

    kind: OutputKind
    number: int
    total: int
    extension: str
    period: str = ""

    def __str__(self) -> str:
        return f"{_PREFIX[self.kind]}{_dashed(self.period)}-{self.number:05d}-of-{self.total:05d}.{self.extension}"


@dataclass(frozen=True)
class WindowFileName:
    """A file of a run over messages."""

    kind: OutputKind
    window: MessageWindow
    number: int
    extension: str

    def __str__(self) -> str:
        return f"{_PREFIX[self.kind]}-{self.window}-{self.number:05d}.{self.extension}"


@dataclass(frozen=True)
class WatchFileName:
    """A file of `newsbeam watch`."""

    kind: OutputKind
    number: int
    extension: str

    def __str__(self) -> str:
        return f"{_PREFIX[self.kind]}-{self.number:08d}.{self.extension}"


@dataclass(frozen=True)
class RunManifestName:
    """The manifest of a run over files, or of one Beam window of it."""

    period: str = ""

    def __str__(self) -> str:
        return f"manifest{_dashed(self.period)}.json"


@dataclass(frozen=True)
class WindowManifestName:
    """The manifest of one window of messages."""

    window: MessageWindow

    def __str__(self) -> str:
        return f"manifest-{self.window}.json"


@dataclass(frozen=True)
class WatchManifestName:
    """The manifest of one publication of `newsbeam watch`."""

    number: int

    def __str__(self) -> str:
        return f"manifest-{self.number:08d}.json"


LineFileName = ShardName | WindowFileName | WatchFileName
ManifestName = RunManifestName | WindowManifestName | WatchManifestName

_PERIOD = r"[0-9]{8}T[0-9]{6}"
_COUNT = r"(?:0|[1-9][0-9]*)"
_WINDOW = rf"(?P<start>{_PERIOD})-run(?P<run>{_COUNT})(?:-late(?P<late>[1-9][0-9]*))?"
_NUMBER5 = r"(?:[0-9]{5}|[1-9][0-9]{5,})"
_NUMBER8 = r"(?P<number8>[0-9]{8}|[1-9][0-9]{8,})"
_LINE_FILE = re.compile(
    rf"(?P<prefix>{'|'.join(_KIND)})-"
    rf"(?:(?:(?P<period>{_PERIOD})-)?(?P<shard>{_NUMBER5})-of-(?P<total>{_NUMBER5})|{_WINDOW}-(?P<part>{_NUMBER5})|{_NUMBER8})"
    r"\.(?P<extension>[a-z0-9.]+)"
)
_MANIFEST = re.compile(rf"manifest(?:-(?:(?P<period>{_PERIOD})|{_WINDOW}|{_NUMBER8}))?\.json")


def parse_line_file(name: str) -> LineFileName | None:
    """The parts of the name of a file with records, dropped rows or dead letters.

    None if newsbeam gives no such name.
    """
    match = _LINE_FILE.fullmatch(name)
    if match is None or match["extension"] not in all_extensions():
        return None
    kind, extension = _KIND[match["prefix"]], match["extension"]
    if match["shard"]:
        return ShardName(kind, int(match["shard"]), int(match["total"]), extension, match["period"] or "")
    if match["number8"]:
        return WatchFileName(kind, int(match["number8"]), extension)
    window = _window(match)
    return WindowFileName(kind, window, int(match["part"]), extension) if window is not None else None


def parse_manifest(name: str) -> ManifestName | None:
    """The parts of the name of a manifest; None if newsbeam gives no such name."""
    match = _MANIFEST.fullmatch(name)
    if match is None:
        return None
    if match["number8"]:
        return WatchManifestName(int(match["number8"]))
    if not match["start"]:
        return RunManifestName(match["period"] or "")
    window = _window(match)
    return WindowManifestName(window) if window is not None else None


def is_output_name(name: str) -> bool:
    """Tell whether newsbeam gives this name to a file that people read.

    A command could overwrite a file with it.
    """
    return name in {CARD, SITE_COUNTS} or parse_line_file(name) is not None or parse_manifest(name) is not None


def file_pattern(kind: OutputKind, extension: str = "") -> str:
    """A glob for all files of one kind; without an extension, of every format."""
    return f"{_PREFIX[kind]}-*" + (f".{extension}" if extension else "")


MANIFEST_PATTERN = "manifest-*.json"
"""A glob for the manifests of windows, and for those of `newsbeam watch`."""


def file_prefix(kind: OutputKind) -> str:
    """The beginning of the names of one kind of file.

    Files that somebody has split or renamed begin so, too.
    """
    return f"{_PREFIX[kind]}-"


MANIFEST_PREFIX = "manifest"

RECORDS_FOLDER = "documents"
"""A folder into which somebody may have sorted the records of an output folder."""


def is_records_path(path: str) -> bool:
    """Tell whether a path relative to an output folder names a file with records."""
    return re.fullmatch(rf"(?:{RECORDS_FOLDER}/)?{file_prefix('documents')}[^/]*", path) is not None


def may_mark_output(name: str) -> bool:
    """Tell whether a name in a folder suggests that newsbeam writes there.

    The folder is then worth a closer look.
    """
    return name.startswith((STATE, MANIFEST_PREFIX))


def _dashed(period: str) -> str:
    return f"-{period}" if period else ""


def _timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y%m%dT%H%M%S")


def _window(match: re.Match[str]) -> MessageWindow | None:
    try:
        start = datetime.strptime(match["start"], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None  # no such day
    return MessageWindow(int(start.timestamp()), int(match["run"]), int(match["late"] or 0))


def card_backup(number: int) -> str:
    """The name under which an edited data card is kept.

    There is a first, a second and so on.
    """
    return f"{CARD}.bak" if number == 1 else f"{CARD}.bak-{number}"


def lock_path(output: str) -> str:
    """The file that a process locks while it writes to the folder."""
    return join(output, f"{STATE}-lock")


def replay_folder(output: str, number: int) -> str:
    """The folder for the results of a replay."""
    return join(output, f"replay-{number}")


# --- the state of a run over files ----------------------------------------------------------------------------------


def state_folder(output: str) -> str:
    """The folder for unfinished work of a run over files."""
    return join(output, STATE)


def plan_path(output: str) -> str:
    """The file that says what an unfinished run does."""
    return join(output, STATE, "plan.json")


def work_units_path(output: str) -> str:
    """The file with the work units of an unfinished run."""
    return join(output, STATE, "shares")


def site_template_path(output: str) -> str:
    """The file with the counts of `site_template`.

    They are those of the first pass, or of `--template`.
    """
    return join(output, STATE, "site-template")


def parts_folder(output: str) -> str:
    """The folder in which finished parts wait for the rest."""
    return join(output, STATE, "parts")


def next_folder(output: str, period: str = "") -> str:
    """The folder in which new results wait until they are complete."""
    return join(output, STATE, f"next{_dashed(period)}")


def replaced_folder(output: str, period: str = "") -> str:
    """The folder for earlier results while new ones take their place."""
    return join(output, STATE, f"old{_dashed(period)}")


def swap_journal(output: str, period: str = "") -> str:
    """The file that makes new results count before they are in their places."""
    return join(output, STATE, f"swap{_dashed(period)}.json")


def part_name(unit: int, start: int, number: int) -> str:
    """The name of a part of the output.

    It has the work unit, where in its file it starts, and which part of that it is.

    Names sort in the order of the input.
    """
    return f"{unit:06d}-{start:014d}-{number:05d}"


def unit_of_part(part: str) -> int:
    """The work unit that a part came from; -1 for a part of input without an end."""
    unit = part.partition("-")[0]
    return int(unit) if unit.isdecimal() else -1


def part_report_name(part: str) -> str:
    """The file that makes a part count."""
    return f"{part}.json"


def parse_part_report(name: str) -> str | None:
    """The part that a file reports on; None for any other file."""
    return name.removesuffix(".json") if name.endswith(".json") else None


def part_lines_name(part: str, attempt: str, kind: str) -> str:
    """The file with the lines of one kind of a part, as one attempt wrote them."""
    return f"{part}.{attempt}.{kind}"


_REMOTE_STATE = re.compile(rf"/(?:{re.escape(STATE)}/plan\.json|{re.escape(WATCH_STATE_DIR)}/|{re.escape(STREAM_STATE_DIR)}/)")


def folder_of_state(path: str) -> str | None:
    """The output folder to whose state a path belongs.

    None if the path is not part of any state.
    """
    match = _REMOTE_STATE.search(path)
    return path[: match.start()] if match else None


# --- the state of `newsbeam watch` and of runs over messages --------------------------------------------------------


def watch_state(output: str) -> str:
    """The folder for the state of `newsbeam watch`."""
    return join(output, WATCH_STATE_DIR)


def ledger_path(output: str) -> str:
    """The database of `newsbeam watch`."""
    return join(output, WATCH_STATE_DIR, "ledger.sqlite")


def watch_site_template_path(output: str) -> str:
    """The copy of the counts of `--template` that `newsbeam watch` uses."""
    return join(output, WATCH_STATE_DIR, "site-template")


def staging_folder(output: str) -> str:
    """The folder for files that `newsbeam watch` is about to publish."""
    return join(output, WATCH_STATE_DIR, "aside")


def stream_state(output: str) -> str:
    """The folder for what runs over messages record of themselves."""
    return join(output, STREAM_STATE_DIR)


def run_record_path(output: str, run: int) -> str:
    """The file in which a run over messages records what it is."""
    return join(output, STREAM_STATE_DIR, f"run-{run}.json")


def parse_run_record(name: str) -> int | None:
    """The run that a file records; None for any other file."""
    match = re.fullmatch(rf"run-({_COUNT})\.json", name)
    return int(match[1]) if match else None


def seen_keys_path(output: str, run: int) -> str:
    """The file with the keys that earlier runs had written.

    It is made when a run over messages starts.
    """
    return join(output, STREAM_STATE_DIR, f"seen-{run}")


def stream_site_template_path(output: str, run: int) -> str:
    """The copy of the counts of `--template` that a run over messages uses."""
    return join(output, STREAM_STATE_DIR, f"site-template-{run}")
