"""What becomes of a batch of raw items, and the process in which that happens.

`main` is the child process that `pipeline.pool` talks to: it reads batches on its standard input, runs the
chain and answers on its standard output. It imports the pure half only, never Beam, so it starts in a third of a second,
and a document that hangs, crashes or eats all memory takes this process with it and nothing else.
"""

from __future__ import annotations

import base64
import mmap
import os
import pickle
import signal
import struct
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

import orjson

from pipeline.examples import Case, cases_of
from pipeline.files import shown
from pipeline.recipe import Recipe
from transforms.decode import media_type_to_count
from transforms.document import Document, Dropped, Failed, Raw
from transforms.fields import USUAL_NAMES, RowOptions, iso_date_of
from transforms.processor import Chain, DocumentTimeout, Outcome

MEMORY_BYTES = 4 << 30
"""The most address space that a worker may take: a document that wants more gets a MemoryError, and a dead letter."""

STOPS = (signal.SIGINT, signal.SIGTERM)
"""The signals that ask a run to end. Workers leave them to their parent."""

READY = b"ready\n"
"""A worker's first answer, once it can begin; any other is the reason why it never will."""

MEGABYTE = 1 << 20

BEAT = struct.Struct("<II")
"""What a worker writes into shared memory before each stage: the document's place in its batch, the stage's number."""


@dataclass(frozen=True)
class Setup:
    """All that a worker needs to know: the same for every worker of a run. `time_limit` in seconds, a document.

    `added` "": the time at which a document is worked on, where a run has no end.

    For `site_template`: whether this is the first pass, which counts only, and the file with the counts for the second.
    `singly`: what becomes of each input is told by itself, as a stream needs it, and not put together. `rows`: how rows are read.
    """

    recipe: Recipe
    added: str
    time_limit: float
    version: str
    counting: bool = False
    counts: str = ""
    singly: bool = False
    rows: RowOptions = USUAL_NAMES


class Ending(NamedTuple):
    """What became of one input: the kind of output, its line, what was counted, and the key by which a second arrival is known.

    The key is a record's id; else the kind and the hash of the payload, or where it came from if there is no payload.
    """

    key: str
    kind: str
    line: bytes
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Batch:
    """What became of a batch of inputs: the lines of each output, ready to write, and what was counted.

    `keys` is all that the first pass of `site_template` gives: what to count, as signed numbers of 8 bytes. `endings` is all that
    there is where each input is told by itself: one for each, in their order. `cases`: what went wrong, for the table and the manifest.
    """

    documents: bytes = b""
    dropped: bytes = b""
    dead_letters: bytes = b""
    counts: tuple[tuple[str, int], ...] = ()
    keys: bytes = b""
    endings: tuple[Ending, ...] = ()
    cases: tuple[Case, ...] = ()


def now() -> str:
    """The time, as it stands in a record's `added`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")  # without a fraction, pyarrow's JSON reader makes it a timestamp


def work(raws: Sequence[Raw], chain: Chain, setup: Setup, beat: Callable[[int, str], object] = lambda index, stage: None) -> Batch:
    """Run the chain over a batch. Each input adds exactly one line to one of the three outputs."""
    if setup.singly:
        outcomes = (run_limited(raw, chain, setup.time_limit, partial(beat, index)) for index, raw in enumerate(raws))
        return Batch(endings=tuple(ending(raw, outcome, setup) for raw, outcome in zip(raws, outcomes, strict=True)))
    lines: dict[str, list[bytes]] = {"documents": [], "dropped": [], "dead_letters": []}
    counts: Counter[str] = Counter()
    cases: list[Case] = []
    for index, raw in enumerate(raws):
        outcome = run_limited(raw, chain, setup.time_limit, partial(beat, index))
        kind, line = render(raw, outcome, setup)
        lines[kind].append(line)
        _count(raw, kind, outcome, counts)
        cases += cases_of(raw, kind, line, outcome)
    documents, dropped, dead_letters = (b"".join(of_kind) for of_kind in lines.values())
    return Batch(documents, dropped, dead_letters, tuple(sorted(counts.items())), cases=tuple(cases))


def fail(raw: Raw, failed: Failed, setup: Setup) -> Batch:
    """The batch of one input that failed outside the chain."""
    if setup.counting:
        return Batch()  # the pass that writes will say so
    if setup.singly:
        return Batch(endings=(ending(raw, Outcome(failed), setup),))
    counts: Counter[str] = Counter()
    outcome = Outcome(failed)
    kind, line = render(raw, outcome, setup)
    _count(raw, kind, outcome, counts)
    return Batch(dead_letters=line, counts=tuple(sorted(counts.items())), cases=tuple(cases_of(raw, kind, line, outcome)))


def ending(raw: Raw, outcome: Outcome, setup: Setup) -> Ending:
    """What became of one input, by itself."""
    counts: Counter[str] = Counter()
    kind, line = render(raw, outcome, setup)
    _count(raw, kind, outcome, counts)
    if kind == "documents" and isinstance(outcome.result, Document):
        key = outcome.result.id
    else:
        # A message that failed and comes again is known by what it holds; an object that could not be read, by its name.
        key = f"{kind}:{raw.sha256 or (sha256(raw.payload).hexdigest() if raw.payload else shown(raw.origin))}"
    return Ending(key, kind, line, tuple(sorted(counts.items())))


def render(raw: Raw, outcome: Outcome, setup: Setup) -> tuple[str, bytes]:
    """(which output, its line) for what became of one input."""
    result = outcome.result
    if isinstance(result, Document):
        record = result.record()
        # One of newsbeam's own records stays in the collection that it says.
        record["source"] = setup.recipe.source or result.source or raw.source
        record["created"] = result.created or iso_date_of(raw.date, latest=result.added)
        wrong = [key for key in _STRINGS if type(record[key]) is not str]
        if not wrong:
            try:
                line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
                # Every null is looked for, but only in lines where the letters stand: text may hold them too.
                if b"null" not in line or not (wrong := list(_nulls(orjson.loads(line)))):
                    return "documents", line
            except (TypeError, ValueError) as error:  # a third party's processor may put anything into a document
                wrong = [str(error)]
        result = Failed("record", "RecordError", f"the record cannot be written: {', '.join(wrong)}")
    found = outcome.document
    row: dict[str, Any] = {
        "id": found.id if found else "",
        "input_id": found.metadata.input_id if found else "",
        "origin": shown(raw.origin),
        "source": setup.recipe.source or raw.source,
        "url": shown(raw.url or (found.url if found else "")),
        "bytes": len(raw.payload),
        "sha256": raw.sha256 or (sha256(raw.payload).hexdigest() if raw.payload else ""),
        "stage": result.stage,
    }
    if isinstance(result, Dropped):
        row["reason"] = result.reason
        return "dropped", orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    # What an error says may quote half a character.
    row["error"], row["message"], row["trace"] = shown(result.error), shown(result.message), shown(result.trace)
    row["form"] = raw.form
    row["payload"] = base64.b64encode(raw.payload).decode() if raw.inline else ""
    return "dead_letters", orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _nulls(value: Any, where: str = "") -> Iterator[str]:
    """What is null in a record: a number that is none comes out of orjson so, and no reader downstream takes it."""
    if value is None:
        yield f"{where[1:]} is null"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nulls(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _nulls(inner, where)


_STRINGS = ("id", "text", "source", "added", "created", "url", "site", "title", "author", "language")


def _count(raw: Raw, kind: str, outcome: Outcome, counts: Counter[str]) -> None:
    """What the table at the end of a run and the manifest are made of. Keys are `group/what`."""
    document, result = outcome.document, outcome.result
    counts[kind] += 1
    counts[f"input/{media_type_to_count(document.metadata.media_type) if document else 'unreadable or empty'}"] += 1
    counts["bytes"] += len(raw.payload)
    if raw.incomplete and kind == "documents":
        counts["incomplete"] += 1
    if document is not None:
        for field, key in document.fields_taken:
            counts[f"field/{field} from `{key}`"] += 1
        for field, key in document.fields_absent:
            counts[f"no field/{field}={key}"] += 1
    for stage, nanoseconds in outcome.nanoseconds:
        counts[f"ns/{stage}"] += nanoseconds
        counts[f"calls/{stage}"] += 1
    if isinstance(result, Dropped):
        counts[f"reason/{result.stage}: {_reason_to_count(result.reason)}"] += 1
    elif isinstance(result, Failed) or kind != "documents":
        failed = result if isinstance(result, Failed) else Failed("record", "RecordError", "")
        counts[f"error/{failed.stage}: {failed.error}"] += 1
    else:
        counts[f"language/{result.language or 'not looked at'}"] += 1
        counts[f"translation/{result.translation.verdict}"] += 1
        counts["attributions"] += len(result.attributions)
        counts["credits"] += len(result.credits)
        counts["characters"] += len(result.text)
        for removal in result.removed:
            counts[f"removed/{removal.kind}"] += 1


MAX_REASON = 120
"""Characters of a reason that are counted by; a processor's own may quote a document."""


def _reason_to_count(reason: str) -> str:
    """The reason as it is counted: one of few, whatever an archive says of its records."""
    word, _, media_type = reason.rpartition(" ")
    return f"{word} {media_type_to_count(media_type)}" if word == "media type" else reason[:MAX_REASON]


def time_limit(raw: Raw, seconds: float) -> float:
    """How long a document may take, where one of up to 1 MB may take `seconds`: that much for each MB begun."""
    return seconds * max(1, -(-len(raw.payload) // MEGABYTE))


def late(raw: Raw, seconds: float) -> str:
    """What is said of a document that took too long."""
    limit = time_limit(raw, seconds)
    each = "" if limit == seconds else f" {seconds:g} for each MB"
    return f"took longer than {limit:g} s (--time-limit{each})"


def run_limited(raw: Raw, chain: Chain, seconds: float, entering: Callable[[str], object] = str) -> Outcome:
    """`chain.run`, ended by a DocumentTimeout after `time_limit(raw, seconds)` of this process's processor time.

    The clock plays no part: what else the machine does, or that it slept, costs no document. Works in a process's main thread; the
    pool kills what this cannot end, and what waits without taking any processor time.
    """
    if seconds <= 0:
        return chain.run(raw, entering)

    def alarm(_number: int, _frame: object) -> None:
        raise DocumentTimeout(late(raw, seconds))

    outcome: Outcome | None = None
    try:
        signal.signal(signal.SIGPROF, alarm)
        # Again every second: a bare `except` on the way may swallow the first.
        signal.setitimer(signal.ITIMER_PROF, time_limit(raw, seconds), 1.0)
        try:
            outcome = chain.run(raw, entering)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except DocumentTimeout as error:
        # The alarm went off between the chain's last line and the reset: what it made, if anything, stands.
        return outcome or Outcome(Failed("record", "DocumentTimeout", str(error)))
    return outcome


def main() -> None:
    """The child's loop: Setup, then batches of raw items, each answered with a Batch, until the pipe closes."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # A processor that prints must not write into the answers, nor one that reads eat the orders.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # Ctrl-C, and what a service manager sends to all processes of a service, is the parent's business. Blocked since birth.
    for stop in STOPS:
        signal.signal(stop, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    heart = mmap.mmap(int(sys.argv[1]), BEAT.size)
    setup: Setup = pickle.load(orders)
    try:
        chain, keys = _chain(setup)
        stages = {name: number for number, name in enumerate(stage_names(setup.recipe))}
        _limit_memory()
        # Loads what is loaded lazily, so that the first document's time limit is its own.
        for sample in _WARM_UP:
            chain.run(sample)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to say it
        text = " ".join(f"{type(error).__name__}: {error}".split())
        answers.write(text.encode("utf-8", "backslashreplace"))
        return
    answers.write(READY)
    answers.flush()

    def beat(index: int, stage: str) -> None:
        BEAT.pack_into(heart, 0, index + 1, stages.get(stage, 0))

    while True:
        try:
            raws = pickle.load(orders)
        except EOFError:
            return
        if not setup.added:
            chain = replace(chain, added=now())
        _answer(answers, work(raws, chain, setup, beat) if keys is None else _count_keys(raws, chain, keys, setup, beat))


def _chain(setup: Setup) -> tuple[Chain, array[int] | None]:
    """The worker's chain, and, in a pass that counts, where it puts what it finds."""
    if not (setup.counting or setup.counts):
        return setup.recipe.chain(setup.version, setup.added, rows=setup.rows), None
    from pipeline import site_template  # few runs count

    if setup.counting:
        return site_template.counting(setup.recipe.chain(rows=setup.rows))
    return setup.recipe.chain(setup.version, setup.added, site_template.load(setup.counts), setup.rows), None


def _count_keys(raws: Sequence[Raw], chain: Chain, keys: array[int], setup: Setup, beat: Callable[[int, str], object]) -> Batch:
    """What a batch adds to the counts. What fails adds nothing: the pass that writes will say why."""
    del keys[:]
    for index, raw in enumerate(raws):
        run_limited(raw, chain, setup.time_limit, partial(beat, index))
    return Batch(keys=keys.tobytes())


_WARM_UP = (
    Raw("warm-up.txt", b'Reporters said on Monday that the council "will meet again" in May, according to Jane Doe.' * 3),
    Raw("warm-up.html", b"<html><head><title>Warm</title></head><body><p>The council will meet again in May.</p></body></html>"),
)


def stage_names(recipe: Recipe) -> list[str]:
    """The stages a document goes through, by number: decoding, then the processors by their own names."""
    return ["decode", *(processor.name for processor in recipe.chain().processors)]


def _answer(answers: BinaryIO, answer: object) -> None:
    try:
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()
    except BrokenPipeError:
        os._exit(0)  # the parent is gone: there is nobody left to answer, nor to tell


def _limit_memory() -> None:
    import resource  # not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    if sys.platform != "darwin":  # macOS refuses a limit below what a process has mapped already
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
