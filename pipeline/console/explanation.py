"""The output of `newsbeam explain`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from newsbeam.console.terminal import Places, escape_controls
from newsbeam.transforms.boilerplate.lines.line import Explained
from newsbeam.transforms.document import Attribution, Document, Removal
from newsbeam.transforms.language import UNKNOWN, name_of
from newsbeam.transforms.translation import Reason, describe

STYLES = {
    "content": "green",
    "speaker": "bold cyan",
    "cue": "yellow",
    "via": "cyan",
    "artifact": "underline magenta",
    "removed": "strike red",
    "note": "dim",
}

# What a score of a language means, from its least on (shares of right answers: tests/bench/README.md).
_SURE = ((0.9, "certain"), (0.6, "probably"), (0.0, "uncertain: short, mixed or close to another language"))

LEGEND = Text("  ").join(
    [Text("text", "bold"), *(Text(key, STYLES[key]) for key in ("speaker", "cue", "content", "via", "artifact", "removed"))]
)


def header(document: Document) -> Text:
    """Describe the document: type, size, url, title and fields."""
    about = document.metadata
    parts = [about.media_type, about.encoding, f"{about.bytes:,} bytes", f"{len(document.text):,} characters"]
    lines = [text_of("  ".join(parts))]
    lines += [text_of(f"{key}: {value}") for key in ("url", "title", "created", "author") if (value := getattr(document, key))]
    if document.fields_taken:
        lines.append(text_of("fields: " + ", ".join(f"{field} from `{key}`" for field, key in document.fields_taken)))
    lines += [text_of(f"--field {field}={key}: this row does not have it") for field, key in document.fields_absent]
    return Text("\n").join(lines)


def describe_changes(before: Document | None, after: Document) -> Iterator[Text]:
    """List the changes that a processor made to a document."""
    if before is None:
        return
    for key in ("title", "author", "site", "created", "url", "declared_language"):
        value = getattr(after, key)
        if value and value != getattr(before, key):
            yield text_of(f"{key.replace('_', ' ')}: ", (value, "bold"))
    if after.text != before.text:
        pieces = len(after.removed) - len(before.removed)
        yield Text(f"text: {len(before.text):,} → {len(after.text):,} characters, {pieces} pieces removed")
    if after.language != before.language or after.language_score != before.language_score:
        yield _language(after)
        for run in after.languages:
            yield text_of(f"  {run.language} {run.score:.2f}  {shorten(after.text[run.start : run.end])}")
    if after.translation != before.translation:
        verdict = after.translation
        language = verdict.source_language
        source: list[str | tuple[str, str]] = [" from ", (language, "bold"), f" ({verdict.source_language_score:.2f})"] if language else []
        yield text_of("verdict: ", (verdict.verdict, "bold"), *source, f", score {verdict.score:.2f}")
        yield text_of(f"  {describe(verdict)}")
        alike: dict[tuple[str, str], list[str]] = {}
        for number, artifact in enumerate(verdict.artifacts, 1):
            place = "" if artifact.start >= 0 else " (in a removed line)"
            alike.setdefault((artifact.kind, artifact.why), []).append(f"{shorten(artifact.text, 50)}{place} {_mark(number)}")
        for (kind, why), words in alike.items():
            yield text_of(f"  {kind}: ", (" · ".join(words), "magenta"), " ", (why, "dim"))
    if after.attributions != before.attributions:
        yield Text(f"{len(after.attributions)} attributions")
        for attribution in after.attributions:
            yield _who_said_what(attribution)
    for credit in after.credits[len(before.credits) :]:
        yield text_of(f"credit, {credit.kind}: ", (credit.name, "bold"), "  ", (shorten(credit.text, 60), "dim"))


def _language(document: Document) -> Text:
    """Say which language a document is in, how sure that is, and what decided."""
    code, score = document.language, document.language_score
    if code == UNKNOWN.language:
        return text_of("language: ", ("none that newsbeam knows", "bold"), f" ({code}): too few sentences, or another language")
    sure = next(words for least, words in _SURE if score >= least)
    hint = f"; {document.metadata.language_hint}" if document.metadata.language_hint else ""
    return text_of("language: ", (name_of(code), "bold"), f" ({code}), {sure}, score {score:.2f}{hint}")


def boilerplate_table(pieces: list[Explained]) -> Table:
    """List kept and removed text side by side, in document order, with reasons."""
    table = Table(expand=True, show_edge=False, pad_edge=False)
    table.add_column("kept", style=STYLES["content"], ratio=5)
    table.add_column("removed", style="red", ratio=5)
    table.add_column("as", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("because of", style=STYLES["note"], ratio=4)
    for piece in pieces:
        text = text_of(shorten(piece.text, 160))
        left, right = (text, Text("")) if piece.kept else (Text(""), text)
        table.add_row(left, right, text_of(piece.kind), f"{piece.score:+.1f}", text_of("; ".join(piece.signs)))
    table.caption = "score: above 0, the learned model prefers removal (log odds); rules override the model"
    return table


def translation_table(reasons: list[Reason], after: Document) -> Table:
    """List what each kind of evidence, and the style, adds to the log odds."""
    table = Table(expand=True, show_edge=False, pad_edge=False)
    table.add_column("evidence for or against a translation", ratio=5)
    table.add_column("found", style=STYLES["artifact"], ratio=6)
    table.add_column("log odds", justify="right", no_wrap=True)
    table.add_column("towards", no_wrap=True)
    for reason in reasons:
        words = shorten(" · ".join(shorten(words, 40) for words in dict.fromkeys(reason.found)), 160)
        table.add_row(text_of(reason.what), text_of(words), f"{reason.odds:+.2f}", text_of(" ".join(reason.sources)))
    total = sum(reason.odds for reason in reasons)
    table.caption = f"total {total:+.2f}, which gives the score {after.translation.score:.2f} (0: undecided)"
    return table


def _mark(number: int) -> str:
    return f"[{number}]"


def _who_said_what(attribution: Attribution) -> Text:
    """Format an attribution: speaker (role) · cue · statement · chain.

    Outlets with an id have it behind their names. A chain begins with the speaker.
    """
    speaker = attribution.speaker
    who = _with_id(speaker.name or speaker.text or "(no name)", speaker.id)
    role = f" ({speaker.role})" if speaker.role else ""
    what = shorten(" … ".join(piece.text for piece in attribution.content), 110)
    chain: list[str | tuple[str, str]] = (
        [" · ", (f"via {' via '.join(_with_id(link.name, link.id) for link in reversed(attribution.via))}", "cyan")]
        if attribution.via
        else []
    )
    kind = f"{attribution.form} {attribution.type} {attribution.score:.2f}"
    cue, said = (attribution.cue.text, "yellow"), (what, "green")
    return text_of("  ", (who, "bold cyan"), f"{role} · ", cue, " · ", said, *chain, " ", (kind, "dim"))


def _with_id(name: str, identifier: str) -> str:
    return f"{name} [{identifier}]" if identifier else name


def shorten(text: str, most: int = 100) -> str:
    """Put text on one line and cut it to `most` characters."""
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= most else text[: most - 1] + "…"


def marked_text(document: Document, first: Document | None) -> Text:
    """Render the text with all annotations marked.

    In scraped text, removed lines appear at their original positions.
    """
    text, at = Text(escape_controls(document.text, lines=True)), Places(document.text)
    for attribution in document.attributions:
        for piece in attribution.content:
            text.stylize(STYLES["content"], at(piece.start), at(piece.end))
        cue, speaker = attribution.cue, attribution.speaker
        marks = [("cue", cue.start, cue.end), ("speaker", speaker.start, speaker.end)]
        for look, start, end in [*marks, *(("via", link.start, link.end) for link in attribution.via)]:
            if start >= 0:
                text.stylize(STYLES[look], at(start), at(end))
    ends: dict[int, str] = {}
    for number, artifact in enumerate(document.translation.artifacts, 1):
        if artifact.start >= 0:
            text.stylize(STYLES["artifact"], at(artifact.start), at(artifact.end))
            ends[at(artifact.end)] = ends.get(at(artifact.end), "") + _mark(number)
    lines = [removal for removal in document.removed if removal.line >= 0]
    kept = list(text.split("\n", allow_blank=True))
    noted = _noted(kept, ends)
    return _with_removed(kept, noted, lines, first.text) if lines and first is not None else Text("\n").join(noted)


def _noted(lines: list[Text], marks: dict[int, str]) -> list[Text]:
    """Insert each mark at its position in the lines."""
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
                noted.append(marks[places[number]], STYLES["note"])
        out.append(noted)
        start = end + 1
    return out


def _with_removed(kept: list[Text], shown: list[Text], removed: list[Removal], original: str) -> Text:
    """Merge kept lines, as `shown`, with removed lines, in the order of the original.

    A removal from within a line follows that line.
    """
    by_line: dict[int, list[Removal]] = {}
    for removal in removed:
        by_line.setdefault(removal.line, []).append(removal)
    out: list[Text] = []
    following = 0
    for number, line in enumerate((escape_controls(line, lines=True) for line in re.split(r"\r\n|\n|\r", original)), 1):
        gone = sorted(by_line.get(number, []), key=lambda removal: line.find(escape_controls(removal.text, lines=True)))
        while following < len(kept) and not kept[following].plain.strip():
            following += 1
        rest = kept[following].plain.strip() if following < len(kept) else ""
        if rest and (line.strip() == rest or (gone and rest in line)):
            out.append(shown[following])
            following += 1
        elif not line.strip():
            out.append(Text(""))
        out += [text_of((removal.text, STYLES["removed"]), (f"  [{removal.kind}]", STYLES["note"])) for removal in gone]
    return Text("\n").join([*out, *shown[following:]])


def text_of(*pieces: str | tuple[str, str]) -> Text:
    """Assemble a line from pieces with optional styles, and escape controls."""
    return Text.assemble(*(escape_controls(piece) if isinstance(piece, str) else (escape_controls(piece[0]), piece[1]) for piece in pieces))
