"""Training data: documents in chunks, chunks packed in rows of fixed shape."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count as numbers_from
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.attribution.english.encoding import BREAK, INSIDE, OPENING, SIGNS, SINGLE, UNKNOWN, Reading, read
from newsbeam.transforms.attribution.english.network import distance
from newsbeam.transforms.attribution.english.rules import read as read_paragraphs
from newsbeam.transforms.attribution.train.plain import Range, Said, examples, kinds

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

TOKENS, CUES = 768, 36  # per row
CONTEXT_TOKENS = 48  # tokens of context on either side of a cue
_CHUNK_TOKENS = 366  # tokens per chunk: two chunks fit in a row
_GAP_TOKENS = 16  # tokens between chunks, more than the reach of the convolutions
_MAX_ENDINGS = 1500
_SINGLE_MARK_SHARE = 0.15  # share of chunks whose double quotation marks become single ones
_NEGATIVES_PER_CUE = 0.5  # negatives per gold cue: words that are often cues, but not here


@dataclass(frozen=True)
class Gold:
    """Token indices of one attribution; `source` may be empty."""

    cue: Ints
    source: Ints
    content: Ints


@dataclass(frozen=True)
class Text:
    """One annotated document."""

    name: str
    text: str
    reading: Reading
    golds: tuple[Gold, ...]
    record: dict[str, Any]


def texts(path: Path) -> list[Text]:
    """Load the documents of a JSONL file."""
    return [_text(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line]


def plain_texts(count: int, seed: int) -> list[Text]:
    """Return documents of seven random plain sentences.

    `count` is the total number of sentences.
    """
    made = examples("train", seed, tuple(kind for kind in kinds() if kind not in ("label", "bare")))
    wanted = (example for example in made if not _CITING.search(example.text))
    return [_text(record) for record in _records((example.text, example.said) for example in islice(wanted, count))]


_CITING = re.compile(r"\b(?:citing|which cited)\b")
_TOGETHER = 7  # sentences per document


def _records(made: Iterator[tuple[str, tuple[Said, ...]]]) -> Iterator[dict[str, Any]]:
    for number in numbers_from():
        some = list(islice(made, _TOGETHER))
        if not some:
            return
        text, attributions = "", []
        for words, found in some:
            text += "\n\n" if text else ""

            def moved(spans: list[Range], by: int = len(text)) -> list[list[int]]:
                return [[start + by, end + by] for start, end in spans]

            attributions += [{"source": moved(item.source), "cue": moved(item.cue), "content": moved(item.content)} for item in found]
            text += words
        yield {"doc": f"plain {number}", "text": text, "attributions": attributions}


def _text(record: dict[str, Any]) -> Text:
    text = record["text"]
    reading = read(text, read_paragraphs(text).paragraphs)
    starts, ends = np.array(reading.start), np.array(reading.end)

    def tokens(spans: Sequence[Sequence[int]]) -> Ints:
        hit = np.zeros(len(starts), bool)
        for start, end in spans:
            hit |= (starts < end) & (ends > start)
        return np.flatnonzero(hit).astype(np.int32)

    golds = [Gold(*(tokens(item[role]) for role in ("cue", "source", "content"))) for item in record["attributions"]]
    return Text(record["doc"], text, reading, tuple(gold for gold in golds if len(gold.cue)), record)


def vocabulary(documents: list[Text], ranked: list[str], size: int) -> tuple[list[str], list[str]]:
    """Return the vocabularies of words and endings; in both, 0 is unknown.

    The words are the `size` most frequent ones of the vectors, and those that occur twice in the
    corpus.
    """
    seen = Counter(word for document in documents for word in document.reading.words)
    words = [UNKNOWN, *ranked[:size]]
    known = set(words)
    words += [word for word, count in sorted(seen.items(), key=lambda item: (-item[1], item[0])) if count >= 2 and word not in known]
    endings = Counter(word[-3:] for word in words)
    return words, ["", *(ending for ending, _ in sorted(endings.items(), key=lambda item: (-item[1], item[0]))[: _MAX_ENDINGS - 1])]


@dataclass(frozen=True)
class Chunk:
    """Paragraphs of a document that are read together.

    `maybe` are tokens that look like cues but are not.
    """

    words: Ints
    endings: Ints
    signs: Floats
    sentences: Ints
    paragraphs: Ints
    golds: tuple[Gold, ...]
    maybe: Ints


def chunks(document: Text, words: dict[str, int], endings: dict[str, int], cue_words: frozenset[str]) -> list[Chunk]:
    """Split a document into chunks at paragraph boundaries."""
    reading = document.reading
    total = len(reading.words)
    numbers = np.array([words.get(w) or (words.get(w.rpartition("-")[2], 0) if "-" in w else 0) for w in reading.words], np.int32)
    tails = np.array([endings.get(w[-3:], 0) for w in reading.words], np.int32)
    signs = ((np.array(reading.signs, np.int64)[:, None] >> np.arange(SIGNS)) & 1).astype(np.float32)
    sentences, paragraphs = np.array(reading.sentences, np.int32), np.array(reading.paragraphs, np.int32)
    in_cue = np.zeros(total, bool)
    for gold in document.golds:
        in_cue[gold.cue] = True
    maybe = np.array([word in cue_words and not taken for word, taken in zip(reading.words, in_cue, strict=True)], bool)
    made = []
    start = 0
    while start < total:
        end = min(total, start + _CHUNK_TOKENS)
        if end < total:
            last = next((k for k in range(end, start, -1) if reading.words[k] == BREAK), 0)
            end = last or end
        golds = tuple(
            Gold(*(part[(part >= start) & (part < end)] - start for part in (gold.cue, gold.source, gold.content)))
            for gold in document.golds
            if start <= gold.cue[0] < end
        )
        part = slice(start, end)
        found = np.flatnonzero(maybe[part]).astype(np.int32)
        made.append(Chunk(numbers[part], tails[part], signs[part], sentences[part], paragraphs[part], golds, found))
        start = end
    return made


def cue_words(documents: list[Text]) -> frozenset[str]:
    """Return the words that frequently begin a cue.

    At least three times, and in at least 2% of their occurrences.
    """
    seen = Counter(word for document in documents for word in document.reading.words)
    first = Counter(document.reading.words[gold.cue[0]] for document in documents for gold in document.golds)
    return frozenset(word for word, count in first.items() if count >= 3 and count * 50 >= seen[word] and word != OPENING)


def rows(parts: list[Chunk], rng: np.random.Generator) -> list[list[Chunk]]:
    """Pack the chunks into rows, in random order."""
    done: list[list[Chunk]] = []
    open_rows: list[tuple[list[Chunk], float, float]] = []
    for number in rng.permutation(len(parts)):
        part = parts[number]
        size, cues = len(part.words) + _GAP_TOKENS, len(part.golds) * (1 + _NEGATIVES_PER_CUE) + 1
        for place, (row, tokens, taken) in enumerate(open_rows):
            if tokens + size <= TOKENS and taken + cues <= CUES:
                row.append(part)
                open_rows[place] = row, tokens + size, taken + cues
                break
        else:
            open_rows.append(([part], size, cues))
            if len(open_rows) > 24:
                fullest = max(range(len(open_rows)), key=lambda k: max(open_rows[k][1] / TOKENS, open_rows[k][2] / CUES))
                done.append(open_rows.pop(fullest)[0])
    done += [row for row, _, _ in open_rows]
    return [done[number] for number in rng.permutation(len(done))]


def tensors(row: list[Chunk], rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Convert a row to arrays of fixed shape.

    TOKENS tokens, and CUES cues with their context.
    """
    size = 2 * CONTEXT_TOKENS + 1
    made: dict[str, NDArray[Any]] = {
        "words": np.zeros(TOKENS, np.int32),
        "endings": np.zeros(TOKENS, np.int32),
        "signs": np.zeros((TOKENS, SIGNS), np.float32),
        "inside": np.zeros((TOKENS, 1), np.float32),
        "cue": np.zeros(TOKENS, np.int32),
        "role": np.zeros(TOKENS, np.int32),
        "anchor": np.zeros(CUES, np.int32),
        "marked": np.zeros((CUES, size), np.float32),
        "where": np.zeros((CUES, size), np.int32),
        "around": np.zeros((CUES, size), np.int32),
        "counts": np.zeros(CUES, np.float32),
    }
    offset = number = 0
    for part in row:
        length = len(part.words)
        here = slice(offset, offset + length)
        made["words"][here], made["endings"][here], made["signs"][here], made["inside"][here] = part.words, part.endings, part.signs, 1
        if rng.random() < _SINGLE_MARK_SHARE:
            # Simulate single quotation marks, which are rare in the corpus.
            made["signs"][here, SINGLE] = made["signs"][here, INSIDE]
        for gold in part.golds:
            made["role"][offset + gold.content] = 2
            made["cue"][offset + gold.cue] = 2
        for gold in part.golds:
            made["role"][offset + gold.source] = 1
            made["cue"][offset + gold.cue[0]] = 1
        count = min(len(part.maybe), 1 + int(len(part.golds) * _NEGATIVES_PER_CUE))
        negatives = rng.choice(part.maybe, count, replace=False) if count else part.maybe
        none = np.zeros(0, np.int32)
        for gold in (*part.golds, *(Gold(np.array([k], np.int32), none, none) for k in negatives)):
            if number == CUES:
                break
            anchor = int(gold.cue[0])
            made["anchor"][number], made["counts"][number] = offset + anchor, 1
            low, high = max(0, anchor - CONTEXT_TOKENS), min(length, anchor + CONTEXT_TOKENS + 1)
            window = slice(low - anchor + CONTEXT_TOKENS, high - anchor + CONTEXT_TOKENS)
            made["where"][number, window] = distance(
                part.sentences[low:high] - part.sentences[anchor], part.paragraphs[low:high] - part.paragraphs[anchor]
            )
            for key, tokens, value in (("marked", gold.cue, 1), ("around", gold.content, 2), ("around", gold.source, 1)):
                near = tokens - anchor + CONTEXT_TOKENS
                made[key][number, near[(near >= 0) & (near < size)]] = value
            number += 1
        offset += length + _GAP_TOKENS
    return made
