"""What becomes of a batch of raw items, and the process in which that happens.

`main` is the child process that `newsbeam.workers.pool` talks to: it reads batches on its standard input, runs the
chain and answers on its standard output. It imports the pure half only, never Beam, so it starts in a third of a second,
and a document that hangs, crashes or eats all memory takes this process with it and nothing else.
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
"""A worker's first answer, once it can begin; any other is the reason why it never will."""


BEAT = struct.Struct("<II")
"""What a worker writes into shared memory before each stage: the document's place in its batch, the stage's number."""


def process_batch(
    raws: Sequence[Raw], chain: Chain, setup: WorkerConfig, beat: Callable[[int, str], object] = lambda index, stage: None
) -> BatchResult:
    """Run the chain over a batch. Each input adds exactly one line to one of the three outputs."""
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
    """The child's loop: Setup, then batches of raw items, each answered with a Batch, until the pipe closes."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # A processor that prints must not write into the answers, nor one that reads eat the orders.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # Ctrl-C, and what a service manager sends to all processes of a service, is the parent's business. Blocked since birth.
    for stop in STOP_SIGNALS:
        signal.signal(stop, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    heart = mmap.mmap(int(sys.argv[1]), BEAT.size)
    setup: WorkerConfig = pickle.load(orders)
    try:
        chain, keys = _chain(setup)
        stages = {name: number for number, name in enumerate(stage_names(setup.recipe))}
        limit_memory()
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
            chain = replace(chain, added=utc_timestamp())
        _answer(answers, process_batch(raws, chain, setup, beat) if keys is None else _count_keys(raws, chain, keys, setup, beat))


def _chain(setup: WorkerConfig) -> tuple[Chain, array[int] | None]:
    """The worker's chain, and, in a pass that counts, where it puts what it finds."""
    if not (setup.counting or setup.counts):
        return setup.recipe.chain(setup.version, setup.added, rows=setup.rows), None
    from newsbeam.workers import site_template  # few runs count

    if setup.counting:
        return site_template.counting(setup.recipe.chain(rows=setup.rows))
    return setup.recipe.chain(setup.version, setup.added, site_template.load(setup.counts), setup.rows), None


def _count_keys(
    raws: Sequence[Raw], chain: Chain, keys: array[int], setup: WorkerConfig, beat: Callable[[int, str], object]
) -> BatchResult:
    """What a batch adds to the counts. What fails adds nothing: the pass that writes will say why."""
    del keys[:]
    for index, raw in enumerate(raws):
        run_limited(raw, chain, setup.time_limit, partial(beat, index))
    return BatchResult(keys=keys.tobytes())


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
