"""Render the outcomes of the chain as lines of the output, and count them."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson

from newsbeam.config.failure_cases import cases_of
from newsbeam.config.job import WorkerConfig
from newsbeam.config.results import BatchResult, DeadLetter, DroppedRow, InputResult, OutputRow
from newsbeam.storage.filesystem import printable
from newsbeam.storage.output_layout import OutputKind
from newsbeam.transforms.decode import media_type_to_count
from newsbeam.transforms.document import STRING_KEYS, Document, Dropped, Failed, Raw
from newsbeam.transforms.fields import iso_date_of
from newsbeam.transforms.processor import Outcome


def failed_batch(raw: Raw, failed: Failed, setup: WorkerConfig) -> BatchResult:
    """The batch of one input that failed outside the chain."""
    if setup.counting:
        return BatchResult()  # the pass that writes will report it
    if setup.singly:
        return BatchResult(endings=(input_result(raw, Outcome(failed), setup),))
    counts: Counter[str] = Counter()
    outcome = Outcome(failed)
    kind, line = render_outcome(raw, outcome, setup)
    count_documents(raw, kind, outcome, counts)
    return BatchResult(dead_letters=line, counts=tuple(sorted(counts.items())), cases=tuple(cases_of(raw, kind, line, outcome)))


def input_result(raw: Raw, outcome: Outcome, setup: WorkerConfig) -> InputResult:
    """The result of one input, not merged with others."""
    counts: Counter[str] = Counter()
    kind, line = render_outcome(raw, outcome, setup)
    count_documents(raw, kind, outcome, counts)
    if kind == "documents" and isinstance(outcome.result, Document):
        key = outcome.result.id
    else:
        # A redelivered message that failed is recognised by its contents; an object that could not be read, by its name.
        key = f"{kind}:{raw.sha256 or (sha256(raw.payload).hexdigest() if raw.payload else printable(raw.origin))}"
    return InputResult(key, kind, line, tuple(sorted(counts.items())))


def render_outcome(raw: Raw, outcome: Outcome, setup: WorkerConfig) -> tuple[OutputKind, bytes]:
    """The kind of output that one input belongs to, and its line there."""
    result = outcome.result
    if isinstance(result, Document):
        record = result.record_fields()
        # A record that newsbeam wrote earlier stays in its collection.
        record["source"] = setup.recipe.source or result.source or raw.source
        record["created"] = result.created or iso_date_of(raw.date, latest=result.added)
        wrong = [key for key in STRING_KEYS if type(record[key]) is not str]
        if not wrong:
            try:
                line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
                # Nulls are searched for only in lines with these letters, which a text may contain, too.
                if b"null" not in line or not (wrong := list(_nulls(orjson.loads(line)))):
                    return "documents", line
            except (TypeError, ValueError) as error:  # a third-party processor can put anything into a document
                wrong = [str(error)]
        result = Failed("record", "RecordError", f"the record cannot be written: {', '.join(wrong)}")
    document = outcome.document
    row = OutputRow(
        id=document.id if document else "",
        input_id=document.metadata.input_id if document else "",
        origin=printable(raw.origin),
        source=setup.recipe.source or raw.source,
        url=printable(raw.url or (document.url if document else "")),
        bytes=len(raw.payload),
        sha256=raw.sha256 or (sha256(raw.payload).hexdigest() if raw.payload else ""),
        stage=result.stage,
    )
    if isinstance(result, Dropped):
        return "dropped", DroppedRow(**vars(row), reason=result.reason).line()
    letter = DeadLetter(
        **vars(row),
        # The texts of an error may quote surrogates.
        error=printable(result.error),
        message=printable(result.message),
        trace=printable(result.trace),
        form=raw.form,
        payload=base64.b64encode(raw.payload).decode() if raw.inline else "",
    )
    return "dead_letters", letter.line()


def _nulls(value: Any, where: str = "") -> Iterator[str]:
    """Find nulls in a record.

    orjson writes NaN as null, and no reader downstream accepts it.
    """
    if value is None:
        yield f"{where[1:]} is null"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nulls(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _nulls(inner, where)


def count_documents(raw: Raw, kind: str, outcome: Outcome, counts: Counter[str]) -> None:
    """Count an input for the summary table and the manifest. Keys are `group/name`."""
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
        count_record(result, counts)


def count_record(document: Document, counts: Counter[str]) -> None:
    """Count what is in a record that was written."""
    counts[f"language/{document.language or 'not looked at'}"] += 1
    counts[f"translation/{document.translation.verdict}"] += 1
    counts["translated by style alone"] += document.translation.by_style_alone
    counts["attributions"] += len(document.attributions)
    counts["statements"] += sum(item.type == "statement" for item in document.attributions)
    counts["speakers with id"] += sum(item.speaker.id != "" for item in document.attributions)
    counts["chains"] += sum(item.via != () for item in document.attributions)
    counts["credits"] += len(document.credits)
    counts["characters"] += len(document.text)
    for removal in document.removed:
        counts[f"removed/{removal.kind}"] += 1


MAX_REASON = 120
"""Characters of a reason that distinguish it when reasons are counted. The reason of a processor may quote a document."""


def _reason_to_count(reason: str) -> str:
    """The reason under which a drop is counted.

    It is one of few, whatever media types an archive claims.
    """
    word, _, media_type = reason.rpartition(" ")
    return f"{word} {media_type_to_count(media_type)}" if word == "media type" else reason[:MAX_REASON]
