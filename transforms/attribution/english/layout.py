"""Statements marked by line layout: transcripts, headlines, signed quotations."""

from __future__ import annotations

import re
from collections import Counter

from newsbeam.transforms.attribution.labels import is_label
from newsbeam.transforms.attribution.lexicon import no_speakers, sources
from newsbeam.transforms.attribution.quotations import Quotation
from newsbeam.transforms.attribution.statement import Statement

_MAX_HEADLINE_CHARS = 200  # characters of a headline
_FEWEST_HEADINGS = 3
_NAME = r"[^\W\d_a-z][\w’'.-]*"
# DOE: … · “DOE (on the phone): …
_TRANSCRIPT = re.compile(r"[\"“]?(?<![A-Z.'’-])([A-Z][A-Z.'’-]{1,40}(?: [A-Z][A-Z.'’-]{1,40}){0,3})(?: \([^()\n]{1,40}\))?(:) {1,8}(?=\S)")
_TRANSCRIPT_LINE = re.compile(rf"^[ \t]{{0,8}}{_TRANSCRIPT.pattern}", re.M)
# Doe: … · Jane Doe’s Camp: … · Poll: …
_HEADLINE = re.compile(rf"({_NAME}(?: (?:of|for|the|and|&|[a-z]+|{_NAME})){{0,5}})(:) +(?=[\"“‘'\w])")
# “…” ― Jane Doe, a nurse
_SIGNATURE = re.compile(rf"\s*([―—–]|--?)\s*({_NAME}(?: (?:de|van|von|bin|al|{_NAME})){{0,5}}(?:, [^\n.!?;:\"“”]{{2,80}})?)\W*$")


def transcript_names(text: str) -> frozenset[str]:
    """Return the last words of the labels in capitals that a transcript repeats.

    Headings occur once each, several in a text; fewer labels may be speakers. What is spoken ends
    like a sentence; “BOOK: By Dec 31” does not.
    """
    counts: Counter[str] = Counter()
    sentences: Counter[str] = Counter()
    for match in _TRANSCRIPT_LINE.finditer(text) if ":" in text else ():
        name = match[1].rpartition(" ")[2]
        stop = text.find("\n", match.end())
        counts[name] += 1
        sentences[name] += text[match.end() : stop if stop >= 0 else len(text)].rstrip()[-1:] in _SENTENCE_ENDS
    return frozenset(
        name for name, count in counts.items() if (count > 1 or len(counts) < _FEWEST_HEADINGS) and 2 * sentences[name] >= count
    )


_SENTENCE_ENDS = tuple(".!?…\"”’'—–-)]")


def laid_out(text: str, start: int, end: int, quotes: list[Quotation], first: bool, names: frozenset[str]) -> Statement | None:
    """Return the statement that the complete line `text[start:end]` makes.

    `first`: the line is the first of the text, so it may be a headline. `names`: see `transcript_names`.
    """
    return _transcript(text, start, end, names) or _signed(text, end, quotes, start) or (_headline(text, start, end) if first else None)


def _transcript(text: str, start: int, end: int, names: frozenset[str]) -> Statement | None:
    match = _TRANSCRIPT.match(text, start, end)
    if (
        match is None
        or match[1].rpartition(" ")[2] not in names
        or match[1].split()[0].strip(".") in no_speakers()
        or end - match.end() < 8
    ):
        return None
    return Statement([(match.end(), end)], match.span(2), match.span(1), 0.75, direct=True)


def _headline(text: str, start: int, end: int) -> Statement | None:
    if end - start > _MAX_HEADLINE_CHARS:
        return None
    match = _HEADLINE.match(text, start, end)
    if match is None or end - match.end() < 12:
        return None
    words = match[1].split()
    low = words[-1].lower()
    if is_label(match[1]):
        return None
    named = all(word[0].isupper() or word in ("of", "for", "the", "and", "&") for word in words)
    lists = sources()
    kind = any(
        low in lists[key] for key in ("group_words", "unnamed_words", "document_words", "organisation_words", "outlet_words", "titles")
    )
    # If no word shows the kind of source, the name must occur again within a sentence.
    again = named and len(words) <= 3 and re.search(rf"[a-z,] {re.escape(words[-1])}\b", text[end:]) is not None
    if not kind and not again:
        return None
    stop = end - 1 if text[end - 1] == "." else end
    return Statement([(match.end(), stop)], match.span(2), match.span(1), 0.7, direct=False)


def _signed(text: str, end: int, quotes: list[Quotation], start: int) -> Statement | None:
    """Match a line with a quotation and, after a dash, its author."""
    if not quotes or quotes[-1].start > start or not quotes[-1].closed:
        return None
    quotation = quotes[-1]
    match = _SIGNATURE.match(text, quotation.end, end)
    if match is None or match.end() < end:
        return None
    return Statement([(quotation.start, quotation.end)], match.span(1), _name(match), 0.9, direct=True)


def _name(match: re.Match[str]) -> tuple[int, int]:
    return match.start(2), match.start(2) + len(match[2].rstrip(".,"))


def signature(text: str, start: int, end: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Match a line that signs the quotation above: ranges of dash and name."""
    match = _SIGNATURE.match(text, start, end) if text[start] in "―—–-" and end - start < _MAX_HEADLINE_CHARS else None
    return (match.span(1), _name(match)) if match and match.end() >= end else None
