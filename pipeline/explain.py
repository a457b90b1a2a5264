"""`newsbeam explain`: one document, and what was done to it, for a reader who is no programmer."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import orjson
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.console import Places, visible
from pipeline.find import InputError, find
from pipeline.folder import is_newsbeam_output
from pipeline.read import Reader, share_out
from pipeline.recipe import Recipe
from pipeline.worker import late, run_limited, time_limit
from transforms.boilerplate import Boilerplate
from transforms.boilerplate.lines import Explained
from transforms.document import Attribution, Document, Dropped, Failed, Raw, Removal
from transforms.fields import USUAL_NAMES, RowOptions
from transforms.processor import Chain, DocumentTimeout, Outcome, Processor
from transforms.records import without_annotations
from transforms.translation import Reason, Translate

TIME_LIMIT = 60.0
"""Seconds; a person is waiting."""

_LOOK = {
    "content": "green",
    "speaker": "bold cyan",
    "cue": "yellow",
    "via": "cyan",
    "artifact": "underline magenta",
    "removed": "strike red",
    "note": "dim",
}


_LEGEND = Text("  ").join(
    [Text("text", "bold"), *(Text(key, _LOOK[key]) for key in ("speaker", "cue", "content", "via", "artifact", "removed"))]
)


class CannotExplain(ValueError):
    """There is no such document; the message says why."""


@dataclass
class _Watch:
    """Keeps the document as it was after each processor."""

    after: list[tuple[Processor, Document]] = field(default_factory=list)

    def around(self, processor: Processor) -> Any:
        """The processor, watched."""
        return _Watched(processor, self)


class _Watched:
    def __init__(self, processor: Processor, watch: _Watch) -> None:
        self.name, self.effect = processor.name, processor.effect
        self._processor, self._watch = processor, watch

    def __call__(self, document: Document) -> Any:
        result = self._processor(document)
        if isinstance(result, Document):
            self._watch.after.append((self._processor, result))
        return result


@dataclass(frozen=True)
class Wanted:
    """Which document of a file or a folder: the one with this id or url, else the `number`-th."""

    number: int = 1
    id: str = ""
    url: str = ""

    def __str__(self) -> str:
        return f"with the id {self.id}" if self.id else f"with the url {self.url}" if self.url else str(self.number)


def explain(path: str, wanted: Wanted, recipe: Recipe, rows: RowOptions = USUAL_NAMES, as_it_is: bool = False) -> int:
    """Show one document of a file or an output folder. Returns the exit status; raises CannotExplain.

    `as_it_is`: of one of newsbeam's own records, what it says is shown, and nothing is run.
    """
    raw = _find(path, wanted, rows)
    if as_it_is and (record := _decoded(raw, rows)) is not None and record.processed_before:
        _show_record(raw, record)
        return 0
    watch = _Watch()
    chain = recipe.chain(rows=rows)
    chain = replace(chain, processors=tuple(watch.around(processor) for processor in chain.processors))
    outcome = _in_time(raw, chain)
    console = Console(highlight=False, soft_wrap=False)
    console.print(Rule(_text(raw.origin), align="left"))
    first = _decoded(raw, rows)
    if first is not None:
        console.print(_header(first))
    before = without_annotations(first) if first is not None else None
    for processor, document in watch.after:
        console.print(Rule(_text((processor.name, "bold"), f" {processor.effect}"), align="left", style="dim"))
        if isinstance(processor, Boilerplate) and before is not None:
            console.print(_verdicts(processor.explain(before)))
        if isinstance(processor, Translate) and before is not None:
            console.print(_odds(processor.explain(before), document))
        for line in _did(before, document):
            console.print(line)
        before = document
    result = outcome.result
    if isinstance(result, Dropped):
        console.print(Rule(Text("dropped", "bold yellow"), align="left"))
        console.print(_text(f"{result.stage} left it out: {result.reason}"))
    elif isinstance(result, Failed):
        console.print(Rule(Text("failed", "bold red"), align="left"))
        console.print(_text(f"at {result.stage}: {result.error}: {result.message}"))
        if result.trace:
            console.print(Text(visible(result.trace, lines=True), style=_LOOK["note"]))
    else:
        console.print(Rule(_LEGEND, align="left"))
        console.print(_marked(result, first))
    return 0


def _in_time(raw: Raw, chain: Chain) -> Outcome:
    """What becomes of the document, within TIME_LIMIT of processor time, and no longer than that by the clock for each MB either."""

    def alarm(_number: int, _frame: object) -> None:
        raise DocumentTimeout(late(raw, TIME_LIMIT))

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, time_limit(raw, TIME_LIMIT))
    try:
        return run_limited(raw, chain, TIME_LIMIT)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _text(*pieces: str | tuple[str, str]) -> Text:
    """One line out of pieces, each with its style or none; nothing in them but what can be seen."""
    return Text.assemble(*(visible(piece) if isinstance(piece, str) else (visible(piece[0]), piece[1]) for piece in pieces))


def _show_record(raw: Raw, record: Document) -> None:
    console = Console(highlight=False, soft_wrap=False)
    console.print(Rule(_text(raw.origin), align="left"))
    console.print(_text(f"a record made by {_made_by(raw)} of {record.metadata.origin}; --recipe FILE runs a recipe over it"))
    console.print(_header(record))
    if record.removed:
        table = Table(expand=True, show_edge=False, pad_edge=False)
        table.add_column("line", justify="right", no_wrap=True)
        table.add_column("as", no_wrap=True)
        table.add_column("removed", style="red", ratio=1)
        for removal in record.removed:
            table.add_row(str(removal.line) if removal.line >= 0 else "", _text(removal.kind), _text(_short(removal.text, 160)))
        console.print(table)
    bare = replace(without_annotations(record), site="", credits=())
    for line in _did(bare, record):
        console.print(line)
    console.print(Rule(_LEGEND, align="left"))
    console.print(_marked(replace(record, removed=()), None))


def _made_by(raw: Raw) -> str:
    about = orjson.loads(raw.payload)["metadata"]
    return str(about["processed_by"])


def _find(path: str, wanted: Wanted, rows: RowOptions) -> Raw:
    if os.path.isdir(path) and not is_newsbeam_output(path):
        raise CannotExplain(f"{path} is a folder; explain takes one file, or the output folder of a run (newsbeam run takes any)")
    try:
        found = find([path])
    except InputError as error:
        raise CannotExplain(str(error)) from error
    reader = Reader(256 << 20, rows=rows)
    raws: Iterator[Raw] = (raw for share in share_out(found.sources) for bundle in reader.read(share) for raw in bundle.raws)
    if wanted.id or wanted.url:
        raws = (raw for raw in raws if _is_wanted(raw, wanted, rows))
    raw = next(islice(raws, wanted.number - 1, None), None)
    if raw is None:
        raise CannotExplain(f"{path} has no record {wanted}")
    return raw


def _is_wanted(raw: Raw, wanted: Wanted, rows: RowOptions) -> bool:
    sought = (wanted.id.removeprefix("sha256:") or wanted.url).encode()
    if raw.form == "json" and b"\\" not in raw.payload and sought not in raw.payload and wanted.id:
        return False  # a record that does not hold the id: decoding all of them would take minutes
    document = _decoded(raw, rows)
    if document is None:
        return False
    if wanted.id:
        return document.id.startswith(wanted.id) or document.id.partition(":")[2].startswith(wanted.id)
    return document.url == wanted.url


def _decoded(raw: Raw, rows: RowOptions) -> Document | None:
    from transforms.decode import DecodeError, decode

    try:
        document = decode(raw, rows=rows) if not raw.error and not raw.drop else None
    except DecodeError:
        return None  # the outcome says it
    return document if isinstance(document, Document) else None


def _header(document: Document) -> Text:
    about = document.metadata
    parts = [about.media_type, about.encoding, f"{about.bytes:,} bytes", f"{len(document.text):,} characters"]
    lines = [_text("  ".join(parts))]
    lines += [_text(f"{key}: {value}") for key in ("url", "title", "created", "author") if (value := getattr(document, key))]
    if document.fields_taken:
        lines.append(_text("fields: " + ", ".join(f"{field} from `{key}`" for field, key in document.fields_taken)))
    lines += [_text(f"--field {field}={key}: this row does not have it") for field, key in document.fields_absent]
    return Text("\n").join(lines)


def _did(before: Document | None, after: Document) -> Iterator[Text]:
    """What a processor did, line by line."""
    if before is None:
        return
    for key in ("title", "author", "site", "created", "url", "declared_language"):
        value = getattr(after, key)
        if value and value != getattr(before, key):
            yield _text(f"{key.replace('_', ' ')}: ", (value, "bold"))
    if after.text != before.text:
        pieces = len(after.removed) - len(before.removed)
        yield Text(f"text: {len(before.text):,} → {len(after.text):,} characters, {pieces} pieces removed")
    if after.language != before.language or after.language_score != before.language_score:
        yield _text("language: ", (after.language, "bold"), f", score {after.language_score:.2f}")
        for run in after.languages:
            yield _text(f"  {run.language} {run.score:.2f}  {_short(after.text[run.start : run.end])}")
    if after.translation != before.translation:
        verdict = after.translation
        language = verdict.source_language
        source: list[str | tuple[str, str]] = [" from ", (language, "bold"), f" ({verdict.source_language_score:.2f})"] if language else []
        yield _text("verdict: ", (verdict.verdict, "bold"), *source, f", score {verdict.score:.2f}")
        alike: dict[tuple[str, str], list[str]] = {}
        for number, artifact in enumerate(verdict.artifacts, 1):
            place = "" if artifact.start >= 0 else " (in a removed line)"
            alike.setdefault((artifact.kind, artifact.why), []).append(f"{_short(artifact.text, 50)}{place} {_mark(number)}")
        for (kind, why), words in alike.items():
            yield _text(f"  {kind}: ", (" · ".join(words), "magenta"), " ", (why, "dim"))
    if after.attributions != before.attributions:
        yield Text(f"{len(after.attributions)} attributions")
        for attribution in after.attributions:
            yield _who_said_what(attribution)
    for credit in after.credits[len(before.credits) :]:
        yield _text(f"credit, {credit.kind}: ", (credit.name, "bold"), "  ", (_short(credit.text, 60), "dim"))


def _verdicts(pieces: list[Explained]) -> Table:
    """What was kept and what was removed side by side, in the order of the document, and why."""
    table = Table(expand=True, show_edge=False, pad_edge=False)
    table.add_column("kept", style=_LOOK["content"], ratio=5)
    table.add_column("removed", style="red", ratio=5)
    table.add_column("as", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("because of", style=_LOOK["note"], ratio=4)
    for piece in pieces:
        text = _text(_short(piece.text, 160))
        left, right = (text, Text("")) if piece.kept else (Text(""), text)
        table.add_row(left, right, _text(piece.kind), f"{piece.score:+.1f}", _text("; ".join(piece.signs)))
    table.caption = "score: above 0 the learned model would rather remove it than keep it (log odds); rules have the last word"
    return table


def _odds(reasons: list[Reason], after: Document) -> Table:
    """How the score came about: what each kind of evidence, and the style, adds to the log odds."""
    table = Table(expand=True, show_edge=False, pad_edge=False)
    table.add_column("what speaks for or against a translation", ratio=5)
    table.add_column("found", style=_LOOK["artifact"], ratio=6)
    table.add_column("log odds", justify="right", no_wrap=True)
    table.add_column("towards", no_wrap=True)
    for reason in reasons:
        words = _short(" · ".join(_short(words, 40) for words in dict.fromkeys(reason.found)), 160)
        table.add_row(_text(reason.what), _text(words), f"{reason.odds:+.2f}", _text(" ".join(reason.sources)))
    total = sum(reason.odds for reason in reasons)
    table.caption = f"in all {total:+.2f}, which makes the score {after.translation.score:.2f} (0: even)"
    return table


def _mark(number: int) -> str:
    return f"[{number}]"


def _who_said_what(attribution: Attribution) -> Text:
    """Speaker (role) · cue · statement · chain."""
    speaker = attribution.speaker
    who = speaker.name or speaker.text or "(nobody named)"
    role = f" ({speaker.role})" if speaker.role else ""
    what = _short(" … ".join(piece.text for piece in attribution.content), 110)
    chain: list[str | tuple[str, str]] = (
        [" · ", (f"via {', '.join(link.name for link in attribution.via)}", "cyan")] if attribution.via else []
    )
    kind = f"{attribution.form} {attribution.type} {attribution.score:.2f}"
    cue, said = (attribution.cue.text, "yellow"), (what, "green")
    return _text("  ", (who, "bold cyan"), f"{role} · ", cue, " · ", said, *chain, " ", (kind, "dim"))


def _short(text: str, most: int = 100) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def _marked(document: Document, first: Document | None) -> Text:
    """The text with everything that points into it marked; in scraped text, the removed lines stand where they stood."""
    text, at = Text(visible(document.text, lines=True)), Places(document.text)
    for attribution in document.attributions:
        for piece in attribution.content:
            text.stylize(_LOOK["content"], at(piece.start), at(piece.end))
        cue, speaker = attribution.cue, attribution.speaker
        marks = [("cue", cue.start, cue.end), ("speaker", speaker.start, speaker.end)]
        for look, start, end in [*marks, *(("via", link.start, link.end) for link in attribution.via)]:
            if start >= 0:
                text.stylize(_LOOK[look], at(start), at(end))
    ends: dict[int, str] = {}
    for number, artifact in enumerate(document.translation.artifacts, 1):
        if artifact.start >= 0:
            text.stylize(_LOOK["artifact"], at(artifact.start), at(artifact.end))
            ends[at(artifact.end)] = ends.get(at(artifact.end), "") + _mark(number)
    lines = [removal for removal in document.removed if removal.line >= 0]
    kept = list(text.split("\n", allow_blank=True))
    noted = _noted(kept, ends)
    return _with_removed(kept, noted, lines, first.text) if lines and first is not None else Text("\n").join(noted)


def _noted(lines: list[Text], marks: dict[int, str]) -> list[Text]:
    """The lines with each mark put in at its place in the whole text."""
    out = []
    start = 0
    for line in lines:
        end = start + len(line)
        places = sorted(place for place in marks if start < place <= end)
        pieces = line.divide([place - start for place in places])
        noted = Text()
        for number, piece in enumerate(pieces):
            noted.append_text(piece)
            if number < len(places):
                noted.append(marks[places[number]], _LOOK["note"])
        out.append(noted)
        start = end + 1
    return out


def _with_removed(kept: list[Text], shown: list[Text], removed: list[Removal], original: str) -> Text:
    """Kept lines, as they are `shown`, and removed lines in the order of the original; what was cut out of a line follows it."""
    by_line: dict[int, list[Removal]] = {}
    for removal in removed:
        by_line.setdefault(removal.line, []).append(removal)
    out: list[Text] = []
    following = 0
    for number, line in enumerate((visible(line, lines=True) for line in re.split(r"\r\n|\n|\r", original)), 1):
        gone = sorted(by_line.get(number, []), key=lambda removal: line.find(visible(removal.text, lines=True)))
        while following < len(kept) and not kept[following].plain.strip():
            following += 1
        rest = kept[following].plain.strip() if following < len(kept) else ""
        if rest and (line.strip() == rest or (gone and rest in line)):
            out.append(shown[following])
            following += 1
        elif not line.strip():
            out.append(Text(""))
        out += [_text((removal.text, _LOOK["removed"]), (f"  [{removal.kind}]", _LOOK["note"])) for removal in gone]
    return Text("\n").join([*out, *shown[following:]])
