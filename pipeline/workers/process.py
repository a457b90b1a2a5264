"""The child process that runs the chain on batches of raw items.

`newsbeam.workers.pool` starts `main`, which reads batches from standard input and writes results to
standard output. It imports the pure half only, without Beam, so it starts in a third of a second. A
document that hangs, crashes or exhausts memory ends this process only.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import struct
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from newsbeam.config.failure_cases import Case, cases_of
from newsbeam.config.job import WorkerConfig, utc_timestamp
from newsbeam.config.recipe import Recipe
from newsbeam.config.results import BatchResult
from newsbeam.signals import STOP_SIGNALS
from newsbeam.transforms.document import Raw
from newsbeam.transforms.processor import Chain
from newsbeam.workers.limits import limit_memory, run_limited
from newsbeam.workers.results import count_documents, input_result, render_outcome

READY = b"ready\n"
"""A worker's first answer when it is ready; any other answer is an error message."""


BEAT = struct.Struct("<II")
"""The entry in shared memory before each stage: (index + 1, stage)."""


def process_batch(
    raws: Sequence[Raw], chain: Chain, setup: WorkerConfig, beat: Callable[[int, str], object] = lambda index, stage: None
) -> BatchResult:
    """Run the chain on a batch. Each input yields exactly one line of output."""
    if setup.singly:
        outcomes = (run_limited(raw, chain, setup.time_limit, partial(beat, index)) for index, raw in enumerate(raws))
        return BatchResult(endings=tuple(input_result(raw, outcome, setup) for raw, outcome in zip(raws, outcomes, strict=True)))
    lines: dict[str, list[bytes]] = {"documents": [], "dropped": [], "dead_letters": []}
    counts: Counter[str] = Counter()
    cases: list[Case] = []
    for index, raw in enumerate(raws):
        outcome = run_limited(raw, chain, setup.time_limit, partial(beat, index))
        kind, line = render_outcome(raw, outcome, setup)
        lines[kind].append(line)
        count_documents(raw, kind, outcome, counts)
        cases += cases_of(raw, kind, line, outcome)
    documents, dropped, dead_letters = (b"".join(of_kind) for of_kind in lines.values())
    return BatchResult(documents, dropped, dead_letters, tuple(sorted(counts.items())), cases=tuple(cases))


def main() -> None:
    """Read the configuration, then answer batches until the pipe closes."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # A processor that prints must not write to the answers, and one that reads must not consume
    # requests.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # The parent handles Ctrl-C and the signals of service managers. They have been blocked since
    # the start.
    for stop in STOP_SIGNALS:
        signal.signal(stop, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    heart = mmap.mmap(int(sys.argv[1]), BEAT.size)
    setup: WorkerConfig = pickle.load(orders)
    try:
        chain, keys = _chain(setup)
        stages = {name: number for number, name in enumerate(stage_names(setup.recipe))}
        limit_memory()
        # Load lazy resources now, so that the first document's time limit covers only itself.
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
            chain = replace(chain, added=utc_timestamp())
        _answer(answers, process_batch(raws, chain, setup, beat) if keys is None else _count_keys(raws, chain, keys, setup, beat))


def _chain(setup: WorkerConfig) -> tuple[Chain, array[int] | None]:
    """Return the chain and, in a counting pass, the array that collects keys."""
    if not (setup.counting or setup.counts):
        return setup.recipe.chain(setup.version, setup.added, rows=setup.rows), None
    from newsbeam.workers import site_template  # few runs count

    if setup.counting:
        return site_template.counting(setup.recipe.chain(rows=setup.rows))
    return setup.recipe.chain(setup.version, setup.added, site_template.load(setup.counts), setup.rows, setup.counted), None


def _count_keys(
    raws: Sequence[Raw], chain: Chain, keys: array[int], setup: WorkerConfig, beat: Callable[[int, str], object]
) -> BatchResult:
    """Return the keys of a batch. A failure adds none; the main pass reports it."""
    del keys[:]
    for index, raw in enumerate(raws):
        run_limited(raw, chain, setup.time_limit, partial(beat, index))
    return BatchResult(keys=keys.tobytes())


_WARM_UP = (
    Raw("warm-up.txt", b'Reporters said on Monday that the council "will meet again" in May, according to Jane Doe.' * 3),
    Raw("warm-up.html", b"<html><head><title>Warm</title></head><body><p>The council will meet again in May.</p></body></html>"),
)


def stage_names(recipe: Recipe) -> list[str]:
    """Return the names of the stages by number: decoding, then the processors."""
    return ["decode", *(processor.name for processor in recipe.chain().processors)]


def _answer(answers: BinaryIO, answer: object) -> None:
    try:
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()
    except BrokenPipeError:
        os._exit(0)  # the parent ended: no one reads an answer
