"""Throw mutated input at newsbeam and check what has to hold whatever comes. Prints tables; exit status 1 where something did not hold.

    python tests/bench/fuzz.py documents --count 5000                       # the chain, in worker processes
    python tests/bench/fuzz.py documents --corpus ../shared/bench/news/dev  # made of these files too, beside seeds/
    python tests/bench/fuzz.py documents --command --count 500              # files, through the whole `newsbeam run`
    python tests/bench/fuzz.py warc --count 5000
    python tests/bench/fuzz.py parquet --count 5000
    python tests/bench/fuzz.py files FOLDER                                 # each file of a folder by itself, under limits
    python tests/bench/fuzz.py documents --only 4711                        # one mutant again

A mutant is made from its number and the corpus alone (`mutations.py`, `archives.py`). One on which something did not hold is saved
in `--save`, with the command that runs it again.

documents: no crash, no hang, no dead letter but for what is not a document; every span holds; each record has all keys of the contract
with their types, no null and a text; one worker and two give the same bytes, whatever the batches; the account adds up.
warc, parquet: the run ends with status 0 and an account that adds up; each file is accounted for; the good files beside the bad ones
come out whole, and so do the records of a mutant that its mutation leaves alone; the memory of the command itself stays below a limit.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import archives
import mutations
from archives import Archive
from mutations import Corpus, Mutant

from newsbeam.config.job import WorkerConfig
from newsbeam.config.recipe import DEFAULT
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.outputs import schema
from newsbeam.transforms.document import Raw
from newsbeam.workers.pool import Pool

ROOT = Path(__file__).parents[2]
ADDED = "2026-01-01T00:00:00.000Z"
MAX_SECONDS = 10.0
"""The most processor time that a mutant may take: the command's own limit."""
PATIENCE_SECONDS = 120.0
"""The limit given to the workers, by the clock: beside other work a document of two seconds takes twenty."""
BATCH = 8
RUN_LIMIT_SECONDS = 240.0
MAX_COMMAND_MB = 900
"""The most memory that the command's own process may take, whatever the archives hold."""

Failure = tuple[str, str]
"""(the name of the mutant's file, what did not hold)."""


# --- what has to hold of a document ---------------------------------------------------------------------------------


def check_record(record: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a record, a sentence each."""
    columns = schema.columns()
    if list(record) != list(columns):
        yield f"the record's keys are {', '.join(record)}"
        return
    for key, kind in columns.items():
        yield from _check_type(record[key], kind, key)
    yield from _check_spans(record, record["text"], "")
    if not record["text"].strip():
        yield "written without a text"
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", record["id"]):
        yield f"id is {record['id']!r}"
    for key, score in (("language_score", record["language_score"]), ("translation.score", record["translation"]["score"])):
        if not 0 <= score <= 1:
            yield f"{key} is {score}"
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        yield f"half a character: {error}"


def _check_type(value: Any, kind: Any, where: str) -> Iterator[str]:
    if isinstance(kind, dict):
        if not isinstance(value, dict) or list(value) != list(kind):
            yield f"{where} is {str(value)[:80]}"
            return
        for key, inner in kind.items():
            yield from _check_type(value[key], inner, f"{where}.{key}")
    elif isinstance(kind, list):
        if not isinstance(value, list):
            yield f"{where} is {str(value)[:80]}"
            return
        for item in value:
            yield from _check_type(item, kind[0], where)
    elif type(value) is not {"string": str, "int64": int, "float64": float}[kind]:
        yield f"{where} is {str(value)[:80]}, not a {kind}"


def _check_spans(value: Any, text: str, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _check_spans(item, text, where)
    elif isinstance(value, dict):
        if "start" in value and "end" in value:
            start, end = value["start"], value["end"]
            nowhere = start == end == -1
            if not nowhere and not 0 <= start <= end <= len(text):
                yield f"{where} is [{start}:{end}] of {len(text)}"
            elif not nowhere and "text" in value and text[start:end] != value["text"]:
                yield f"{where} [{start}:{end}] is {text[start:end][:60]!r}, not {value['text'][:60]!r}"
        for key, item in value.items():
            yield from _check_spans(item, text, f"{where}.{key}")


def is_refusal(row: dict[str, Any]) -> bool:
    """Whether a dead letter says that an input is not a document, and nothing worse."""
    return row["stage"] == "decode" and row["error"] == "DecodeError"


_SLIPS = frozenset(
    """AssertionError AttributeError ImportError IndexError KeyError LookupError ModuleNotFoundError NameError OverflowError RecursionError
    TypeError UnboundLocalError ZeroDivisionError""".split()
)
"""What a reader raises where its author did not foresee something."""


def is_clear(row: dict[str, Any], name: str) -> bool:
    """Whether a dead letter of an archive names the file, and an error that somebody foresaw."""
    return row["stage"] in ("read", "decode") and row["error"] not in _SLIPS and name in row["message"]


def check_lines(mutant: Mutant, kind: str, row: dict[str, Any]) -> Iterator[str]:
    """What is wrong with what became of a mutant."""
    if kind == "documents":
        yield from check_record(row)
    elif kind == "dropped":
        if not (isinstance(row.get("reason"), str) and row["reason"] and len(row["reason"]) < 200):
            yield f"dropped without a short reason: {row.get('reason')!r:.80}"
    elif not (is_refusal(row) and not mutant.is_document):
        yield f"dead letter: {row['stage']}: {row['error']}: {row['message'][:200]}"


# --- documents through the pool -------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What one mutant did: its three outputs, and what it took."""

    name: str
    mutations: tuple[str, ...]
    size: int
    outputs: tuple[bytes, bytes, bytes]
    seconds: float
    megabytes: float
    wrong: list[str] = field(default_factory=list)

    @property
    def ending(self) -> str:
        """Which of the three outputs it went to."""
        return next((kind for kind, lines in zip(KINDS, self.outputs, strict=True) if lines), "nothing")


KINDS = ("documents", "dropped", "dead_letters")


def as_raw(mutant: Mutant) -> Raw:
    """A mutant as a reader would hand it on."""
    origin = f"fuzz/{mutant.name}"
    return Raw(origin, mutant.payload, mutant.form, mutant.content_type, name=mutant.name, source="fuzz")


def setup(recipe: str = DEFAULT) -> WorkerConfig:
    """What the workers of the command are given."""
    return WorkerConfig(parse(recipe), ADDED, PATIENCE_SECONDS, "0")


def run_singly(mutants: Sequence[Mutant], recipe: str = DEFAULT) -> list[Seen]:
    """Each mutant in a batch of its own, in one worker process, with the processor time and the memory that it took."""
    pool: Pool[int] = Pool(setup(recipe), 1)
    meter = _Meter()
    seen = []
    try:
        pool.submit(-1, [Raw("fuzz/first", b"The first document waits for the worker to start.")])
        list(pool.results(everything=True))
        for mutant in mutants:
            meter.begin()
            pool.submit(mutant.number, [as_raw(mutant)])
            ((_, batch),) = pool.results(everything=True)
            seconds, megabytes = meter.end()
            outputs = (batch.documents, batch.dropped, batch.dead_letters)
            seen.append(Seen(mutant.name, mutant.mutations, len(mutant.payload), outputs, seconds, megabytes))
            seen[-1].wrong += _check_batch(mutant, batch)
            if seconds > MAX_SECONDS:
                seen[-1].wrong.append(f"took {seconds:.1f} s of processor time")
    finally:
        pool.close()
    return seen


def run_together(mutants: Sequence[Mutant], workers: int = 2, recipe: str = DEFAULT) -> list[tuple[bytes, bytes, bytes]]:
    """All mutants in batches, by several workers: the outputs of each batch."""
    pool: Pool[int] = Pool(setup(recipe), workers)
    outputs = []
    try:
        for start in range(0, len(mutants), BATCH):
            pool.submit(start, [as_raw(mutant) for mutant in mutants[start : start + BATCH]])
            outputs += [(batch.documents, batch.dropped, batch.dead_letters) for _, batch in pool.results()]
        outputs += [(batch.documents, batch.dropped, batch.dead_letters) for _, batch in pool.results(everything=True)]
    finally:
        pool.close()
    return outputs


def _check_batch(mutant: Mutant, batch: BatchResult) -> Iterator[str]:
    rows = [(kind, line) for kind in KINDS for line in getattr(batch, kind).splitlines()]
    counts = dict(batch.counts)
    if len(rows) != 1 or sum(counts.get(kind, 0) for kind in KINDS) != 1 or counts.get(rows[0][0]) != 1:
        yield f"one input gave {len(rows)} lines, and counts of {[counts.get(kind, 0) for kind in KINDS]}"
    for kind, line in rows:
        yield from check_lines(mutant, kind, json.loads(line))


class _Meter:
    """The processor time and the peak of memory of the children of this process, where the system tells (Linux)."""

    def __init__(self) -> None:
        self._before: dict[int, float] = {}

    def begin(self) -> None:
        self._before = {child: _processor_seconds(child) for child in _children(os.getpid())}
        for child in self._before:
            with suppress(OSError):
                Path(f"/proc/{child}/clear_refs").write_text("5")  # the peak begins anew

    def end(self) -> tuple[float, float]:
        children = _children(os.getpid())
        seconds = sum(_processor_seconds(child) - self._before.get(child, 0.0) for child in children)
        return seconds, max((_peak_megabytes(child) for child in children), default=0.0)


def _children(parent: int) -> list[int]:
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                children.append(int(path.parent.name))
    return children


def _processor_seconds(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def _peak_megabytes(process: int) -> float:
    try:
        match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0.0
    return int(match.group(1)) / 1024 if match else 0.0


def fuzz_documents(numbers: Sequence[int], folders: Sequence[Path], jobs: int = 2) -> tuple[list[Seen], list[Failure]]:
    """Run these mutants through the chain twice, once one by one and once in batches; what they did, and what did not hold."""
    pieces = [numbers[at::jobs] for at in range(jobs)]
    if jobs == 1:
        seen = _run_numbers(folders, numbers)
    else:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as executor:
            seen = [one for of_piece in executor.map(partial(_run_numbers, folders), pieces) for one in of_piece]
    seen.sort(key=lambda one: one.name)
    corpus = Corpus(folders)
    together = run_together([mutations.make(number, corpus) for number in numbers])
    by_number = sorted(seen, key=lambda one: int(Path(one.name).stem))
    for start, outputs in zip(range(0, len(by_number), BATCH), together, strict=True):
        batch = by_number[start : start + BATCH]
        for kind, lines in zip(range(len(KINDS)), outputs, strict=True):
            if b"".join(one.outputs[kind] for one in batch) != lines:
                there = set(lines.splitlines())
                for one in batch:
                    one.wrong += [f"{KINDS[kind]} differ when run again" for line in one.outputs[kind].splitlines() if line not in there]
    return seen, [(one.name, wrong) for one in seen for wrong in one.wrong]


def _run_numbers(folders: Sequence[Path], numbers: Sequence[int]) -> list[Seen]:
    corpus = Corpus(folders)
    return run_singly([mutations.make(number, corpus) for number in numbers])


# --- through the command --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ran:
    """How a command ended: its status (-1: it hung and was killed), what it said, what all took, and the peak of its own memory."""

    status: int
    out: str
    err: str
    seconds: float
    processor_seconds: float
    megabytes: float

    @property
    def account(self) -> list[int]:
        """Read, written, dropped, failed; empty where the last line is not an account."""
        match = re.fullmatch(r"read (\d+) = written (\d+) \+ dropped (\d+) \+ failed (\d+)", (self.out.splitlines() or [""])[-1])
        return [int(number) for number in match.groups()] if match else []


def newsbeam_command() -> list[str]:
    """The command of this environment."""
    return [str(Path(sys.executable).with_name("newsbeam"))]


def run_command(command: Sequence[str], limit: float = 0, address_space_mb: int = 0) -> Ran:
    """Run a command in an empty folder, watch its memory, end it with its children after `limit` seconds (0: RUN_LIMIT_SECONDS)."""
    limits = f"ulimit -v {address_space_mb * 1024}; " if address_space_mb else ""
    words = ["bash", "-c", f"{limits}exec {shlex.join(command)}"]
    began, before, peak, status, limit = time.monotonic(), _reaped_seconds(), 0.0, -1, limit or RUN_LIMIT_SECONDS
    with tempfile.TemporaryDirectory() as cwd, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd, start_new_session=True)
        try:
            while time.monotonic() - began < limit:
                peak = max(peak, _peak_megabytes(process.pid))
                with suppress(subprocess.TimeoutExpired):
                    status = process.wait(0.05)
                    break
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return Ran(status, texts[0], texts[1], time.monotonic() - began, _reaped_seconds() - before, peak)


def _reaped_seconds() -> float:
    """The processor time of all that has ended below this process."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def rows_of(folder: Path, stem: str) -> Iterator[dict[str, Any]]:
    """The JSON lines of one kind in an output folder, wherever in it they lie."""
    for path in sorted(folder.rglob(f"{stem}-*.jsonl")):
        with path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)


def outcomes(folder: Path) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What became of each file, by its name: (kind, line) of everything that was in it."""
    by_name: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for kind in KINDS:
        for row in rows_of(folder, kind.replace("_", "-")):
            origin = row["metadata"]["origin"] if kind == "documents" else row["origin"]
            by_name[Path(origin.partition("#")[0].partition("!")[0]).name].append((kind, row))
    return by_name


def _output_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.jsonl"))}


def _check_run(ran: Ran, by_name: dict[str, list[tuple[str, dict[str, Any]]]], max_mb: float = MAX_COMMAND_MB) -> Iterator[str]:
    account = ran.account
    if ran.status == -1:
        yield f"hung: no end after {ran.seconds:.0f} s"
    elif ran.status != 0 and not (ran.status == 1 and account and account[1] == 0):
        yield f"ended with status {ran.status}: {ran.err.strip()[-300:]}"
    elif not account or account[0] != sum(account[1:]):
        yield f"no account that adds up: {ran.out[-200:]!r}"
    else:
        lines = Counter(kind for rows in by_name.values() for kind, _ in rows)
        if account[1:] != [lines[kind] for kind in KINDS]:
            yield f"the account says {account}, the folder holds {dict(lines)}"
    if "Traceback" in ran.err:
        yield f"traceback: {ran.err.strip()[-300:]}"
    if ran.megabytes > max_mb:
        yield f"the command took {ran.megabytes:.0f} MB"


def fuzz_documents_command(numbers: Sequence[int], folders: Sequence[Path], command: Sequence[str], work: Path) -> list[Failure]:
    """Write the mutants as files and run the command over them twice, with one worker and with two."""
    corpus = Corpus(folders)
    mutants = {mutant.name: mutant for mutant in (mutations.make(number, corpus) for number in numbers)}
    source = work / "in"
    source.mkdir()
    for mutant in mutants.values():
        (source / mutant.name).write_bytes(mutant.payload)
    failures: list[Failure] = []
    bytes_of: list[dict[str, bytes]] = []
    for workers in ("1", "2"):
        out = work / f"out-{workers}"
        ran = run_command([*command, "run", str(source), "--output", str(out), "--added", ADDED, "-j", workers])
        by_name = outcomes(out)
        failures += [("", wrong) for wrong in _check_run(ran, by_name)]
        for mutant in mutants.values():
            if not by_name[mutant.name]:
                failures.append((mutant.name, "not accounted for"))
            as_file = Mutant(mutant.number, mutant.name, mutant.mutations, mutant.payload, "json" if mutant.form == "json" else "file")
            failures += [(mutant.name, wrong) for kind, row in by_name[mutant.name] for wrong in check_lines(as_file, kind, row)]
        bytes_of.append(_output_bytes(out))
    if bytes_of[0] != bytes_of[1]:
        failures.append(("", "one worker and two give different bytes"))
    return failures


# --- archives -------------------------------------------------------------------------------------------------------


def fuzz_archives(
    made: Sequence[Archive], command: Sequence[str], work: Path, shared: Sequence[Archive]
) -> tuple[list[Failure], Counter[str]]:
    """Run the command over mutated archives with good ones (`shared`) beside them; what did not hold, and what became of all."""
    failures, counts = _run_archives(made, command, work / "all", shared)
    if any(not name for name, _ in failures) and len(made) > 1:
        # The run as a whole went wrong: which of the archives did it?
        half = len(made) // 2
        found = [
            failure
            for part, name in ((made[:half], "a"), (made[half:], "b"))
            for failure in fuzz_archives(part, command, work / name, shared)[0]
        ]
        return found or failures, counts
    if len(made) == 1:
        failures = [(name or made[0].name, wrong) for name, wrong in failures]
    return failures, counts


def _run_archives(
    made: Sequence[Archive], command: Sequence[str], work: Path, shared: Sequence[Archive]
) -> tuple[list[Failure], Counter[str]]:
    source, out = work / "in", work / "out"
    source.mkdir(parents=True)
    for archive in (*made, *shared):
        (source / archive.name).write_bytes(archive.payload)
    recipe = work / "recipe.yaml"
    recipe.write_text("processors: []\n")
    ran = run_command([*command, "run", str(source), "--output", str(out), "--added", ADDED, "--recipe", str(recipe), "-j", "1"])
    by_name = outcomes(out)
    failures = [("", wrong) for wrong in _check_run(ran, by_name)]
    if failures:
        return failures, Counter()
    for archive in made:
        rows = by_name[archive.name]
        if not rows:
            failures.append((archive.name, "not accounted for"))
        failures += [(archive.name, wrong) for wrong in _missing(archive, rows)]
        for kind, row in rows:
            if kind == "documents":
                failures += [(archive.name, wrong) for wrong in check_record(row)]
            elif kind == "dead_letters" and not is_clear(row, archive.name):
                failures.append((archive.name, f"dead letter: {row['stage']}: {row['error']}: {row['message'][:200]}"))
    failures += [
        ("", f"beside bad ones, {archive.name}: {wrong}") for archive in shared for wrong in _missing(archive, by_name[archive.name])
    ]
    became = Counter(
        f"{row['stage']}: {row['error']}" if kind == "dead_letters" else kind for rows in by_name.values() for kind, row in rows
    )
    return failures, became


def _missing(archive: Archive, rows: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Which of the texts that an archive has to give did not come out."""
    texts = Counter(word for kind, row in rows if kind == "documents" for word in re.findall(r"marker\d+x", row["text"]))
    lost = [marker for marker in archive.intact if not texts[marker]]
    if lost:
        letters = [f"{row['error']}: {row['message'][:160]}" for kind, row in rows if kind == "dead_letters"]
        yield f"{len(lost)} of {len(archive.intact)} untouched documents are lost; dead letters: {letters[:2]}"


# --- files by themselves --------------------------------------------------------------------------------------------


def run_files(folder: Path, command: Sequence[str], seconds: float, megabytes: int) -> None:
    """Run the command over each file of a folder by itself, under limits of time and address space, and print what became of it."""
    print("| file | kB | status | processor s | MB | what became of it |\n| --- | --- | --- | --- | --- | --- |")
    for path in sorted(folder.resolve().iterdir()):
        if not path.is_file() or path.suffix in (".sh", ".md", ".py"):
            continue
        with tempfile.TemporaryDirectory(prefix="newsbeam-fuzz-") as work:
            out = Path(work, "out")
            ran = run_command([*command, "run", str(path), "--output", str(out), "--added", ADDED, "-j", "1"], seconds, megabytes)
            status = "hung" if ran.status == -1 else str(ran.status)
            said = ran.out.splitlines()[-1] if ran.account else " ".join((ran.err.strip() or ran.out.strip()).splitlines()[-1:])
            letters = Counter(
                f"{row.get('error') or row['stage']}: {row.get('message') or row['reason']}"[:110]
                for stem in ("dead-letters", "dropped")
                for row in rows_of(out, stem)
            )
            if documents := [len(row["text"]) for row in rows_of(out, "documents")]:
                said += f"; {', '.join(map(str, documents[:6]))} characters"
            said += "".join(f"; {number} × {letter}" for letter, number in letters.most_common(2))
            said = said.replace(str(path), path.name).replace("|", "\\|")
            took = f"{ran.processor_seconds:.1f} | {ran.megabytes:.0f}"
            print(f"| {path.name} | {path.stat().st_size / 1000:.1f} | {status} | {took} | {said[:300]} |", flush=True)


# --- the command line of this program -------------------------------------------------------------------------------


def _print_documents(seen: Sequence[Seen]) -> None:
    by_mutation: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        for mutation in one.mutations:
            by_mutation[mutation].append(one)
    print("\n| mutation | mutants | written | dropped | dead letters | wrong | ms per kB | slowest s | most MB |")
    print("| --- " * 9 + "|")
    for mutation, ones in [*sorted(by_mutation.items()), ("all", list(seen))]:
        endings = Counter(one.ending for one in ones)
        wrong = sum(bool(one.wrong) for one in ones)
        rate = sum(one.seconds for one in ones) * 1e6 / max(1, sum(one.size for one in ones))
        slowest, most = max(one.seconds for one in ones), max(one.megabytes for one in ones)
        row = [mutation, len(ones), *(endings[kind] for kind in KINDS), wrong, f"{rate:.2f}", f"{slowest:.2f}", f"{most:.0f}"]
        print("| " + " | ".join(map(str, row)) + " |")
    for title, order in (
        ("Slowest", lambda one: one.seconds),
        ("Slowest per kB (of 4 kB and more)", lambda one: one.seconds / one.size if one.size >= 4096 else 0.0),
        ("Most memory", lambda one: one.megabytes),
    ):
        print(f"\n{title}:")
        for one in sorted(seen, key=order, reverse=True)[:8]:
            rate = one.seconds * 1e6 / max(1, one.size)
            took = f"{one.seconds:.2f} s  {one.size / 1000:.0f} kB  {rate:.1f} ms/kB  {one.megabytes:.0f} MB"
            print(f"  {one.name}  {took}  {', '.join(one.mutations)}")


class _Log:
    """What did not hold so far, printed as it comes, the inputs saved with the command that runs each again."""

    def __init__(self, folder: Path, again: str) -> None:
        self.bad: set[str] = set()
        self._folder, self._again = folder, again

    def add(self, failures: Sequence[Failure], payload_of: Callable[[str], bytes]) -> None:
        by_name: dict[str, list[str]] = defaultdict(list)
        for name, wrong in failures:
            by_name[name].append(wrong)
        for name, wrongs in by_name.items():
            print(f"{name or 'the run'}: {wrongs[0][:500]}" + (f" (and {len(wrongs) - 1} more)" if len(wrongs) > 1 else ""), flush=True)
            self.bad.add(name)
            if name:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / name).write_bytes(payload_of(name))
                print(f"    newsbeam run {self._folder / name} --output /tmp/out --overwrite", flush=True)
                print(f"    {self._again} --only {int(re.findall(r'[0-9]+', name)[0])}", flush=True)


def _pieces(options: argparse.Namespace, size: int) -> Iterator[Sequence[int]]:
    """The numbers, a few at a time, until the time is up."""
    numbers = options.only or range(options.first, options.first + options.count)
    began = time.monotonic()
    for start in range(0, len(numbers), size):
        if time.monotonic() - began > options.minutes * 60:
            print(f"\nThe time is up; go on with --first {numbers[start]}")
            return
        yield numbers[start : start + size]


def _fuzz_documents(options: argparse.Namespace, command: Sequence[str]) -> tuple[int, int]:
    folders = [ROOT / "seeds", *options.corpus]
    corpus = Corpus(folders)
    from_corpus = f" --corpus {' '.join(map(str, options.corpus))}" if options.corpus else ""
    log = _Log(options.save, f"python tests/bench/fuzz.py documents{' --command' * options.command}{from_corpus}")
    seen: list[Seen] = []
    count = 0
    for numbers in _pieces(options, 100):
        if options.command:
            with tempfile.TemporaryDirectory(prefix="newsbeam-fuzz-") as work:
                failures = fuzz_documents_command(numbers, folders, command, Path(work))
        else:
            of_piece, failures = fuzz_documents(numbers, folders, options.jobs)
            seen += of_piece
        count += len(numbers)
        log.add(failures, lambda name: mutations.make(int(Path(name).stem), corpus).payload)
    if seen:
        _print_documents(seen)
    return count, len(log.bad)


def _fuzz_archives(options: argparse.Namespace, command: Sequence[str]) -> tuple[int, int]:
    warc = options.what == "warc"
    make, shared = (archives.make_warc, archives.good_warcs()) if warc else (archives.make_parquet, archives.good_parquets())
    log = _Log(options.save, f"python tests/bench/fuzz.py {options.what}")
    counts: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    count = 0
    for numbers in _pieces(options, options.group):
        made = [make(number) for number in numbers]
        with tempfile.TemporaryDirectory(prefix="newsbeam-fuzz-") as work:
            failures, of_group = fuzz_archives(made, command, Path(work), shared)
        # Not made anew: an encrypted file has other keys each time.
        log.add(failures, {archive.name: archive.payload for archive in (*made, *shared)}.__getitem__)
        counts += of_group
        count += len(made)
        names = {name for name, _ in failures}
        tried.update(mutation for archive in made for mutation in archive.mutations)
        bad.update(mutation for archive in made if archive.name in names for mutation in archive.mutations)
    print("\n| mutation | files | wrong |\n| --- | --- | --- |")
    for mutation, number in sorted(tried.items()):
        print(f"| {mutation} | {number} | {bad[mutation]} |")
    print("\nOf all files together: " + ", ".join(f"{number:,} {what}" for what, number in counts.most_common()))
    return count, len(log.bad)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["documents", "warc", "parquet", "files"])
    parser.add_argument("folder", nargs="?", type=Path, help="files: the folder")
    parser.add_argument("--count", type=int, default=1000, help="how many mutants (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (default: 0)")
    parser.add_argument("--only", type=int, nargs="+", help="these numbers alone")
    parser.add_argument("--minutes", type=float, default=60, help="begin nothing new after so many (default: 60)")
    parser.add_argument("--corpus", type=Path, nargs="+", default=[], help="folders of pages and texts, beside seeds/")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default: 2)")
    parser.add_argument("--command", action="store_true", help="documents: as files, through `newsbeam run`")
    parser.add_argument("--newsbeam", nargs="+", help="the command to run (default: this environment's)")
    parser.add_argument("--group", type=int, default=50, help="warc, parquet: how many files a run has (default: 50)")
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir(), "newsbeam-fuzz"), help="where bad inputs are kept")
    parser.add_argument("--seconds", type=float, default=300, help="files: the limit of time, by the clock (default: 300)")
    parser.add_argument("--megabytes", type=int, default=6000, help="files: the limit of address space (default: 6000)")
    options = parser.parse_args(arguments)
    command = options.newsbeam or newsbeam_command()
    if options.what == "files":
        if options.folder is None:
            parser.error("files: which folder?")
        run_files(options.folder, command, options.seconds, options.megabytes)
        return 0
    count, bad = (_fuzz_documents if options.what == "documents" else _fuzz_archives)(options, command)
    print(f"\n{count} mutants, {bad} on which something did not hold")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
