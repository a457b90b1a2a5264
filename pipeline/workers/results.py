"""Render what the chain gives as lines of the output."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson

from newsbeam.config.failure_cases import cases_of
from newsbeam.config.job import WorkerConfig
from newsbeam.config.results import BatchResult, InputResult
from newsbeam.storage.filesystem import printable
from newsbeam.storage.output_layout import OutputKind
from newsbeam.transforms.decode import media_type_to_count
from newsbeam.transforms.document import Document, Dropped, Failed, Raw
from newsbeam.transforms.fields import iso_date_of
from newsbeam.transforms.processor import Outcome


def failed_batch(raw: Raw, failed: Failed, setup: WorkerConfig) -> BatchResult:
    """The batch of one input that failed outside the chain."""
    if setup.counting:
        return BatchResult()  # the pass that writes will say so
    if setup.singly:
        return BatchResult(endings=(input_result(raw, Outcome(failed), setup),))
    counts: Counter[str] = Counter()
    outcome = Outcome(failed)
    kind, line = render_outcome(raw, outcome, setup)
    count_documents(raw, kind, outcome, counts)
    return BatchResult(dead_letters=line, counts=tuple(sorted(counts.items())), cases=tuple(cases_of(raw, kind, line, outcome)))


def input_result(raw: Raw, outcome: Outcome, setup: WorkerConfig) -> InputResult:
    """What became of one input, by itself."""
    counts: Counter[str] = Counter()
    kind, line = render_outcome(raw, outcome, setup)
    count_documents(raw, kind, outcome, counts)
    if kind == "documents" and isinstance(outcome.result, Document):
        key = outcome.result.id
    else:
        # A message that failed and comes again is known by what it holds; an object that could not be read, by its name.
        key = f"{kind}:{raw.sha256 or (sha256(raw.payload).hexdigest() if raw.payload else printable(raw.origin))}"
    return InputResult(key, kind, line, tuple(sorted(counts.items())))


def render_outcome(raw: Raw, outcome: Outcome, setup: WorkerConfig) -> tuple[OutputKind, bytes]:
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
        "origin": printable(raw.origin),
        "source": setup.recipe.source or raw.source,
        "url": printable(raw.url or (found.url if found else "")),
        "bytes": len(raw.payload),
        "sha256": raw.sha256 or (sha256(raw.payload).hexdigest() if raw.payload else ""),
        "stage": result.stage,
    }
    if isinstance(result, Dropped):
        row["reason"] = result.reason
        return "dropped", orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    # What an error says may quote half a character.
    row["error"], row["message"], row["trace"] = printable(result.error), printable(result.message), printable(result.trace)
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


def count_documents(raw: Raw, kind: str, outcome: Outcome, counts: Counter[str]) -> None:
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
