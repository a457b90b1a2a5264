"""Input of the English model: tokens with word, ending and feature ids.

All styles of quotation marks become the same two tokens, so a style missing from the training
corpus is read like any other. Only the first and last words of a long quotation are kept: its
middle never says who spoke, and the model sees more context without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

from newsbeam.transforms.attribution.lexicon import english, load, sources
from newsbeam.transforms.attribution.quotations import Quotation, quotations

OPENING, CLOSING, BREAK, UNKNOWN = "<open>", "<close>", "<break>", "<unknown>"
_HEAD, _TAIL = 14, 8  # words kept at the beginning and at the end of a long quotation
_TOKEN = re.compile(
    r"(?:[A-Za-z]\.){2,}|\d+(?:[.,:/]\d+)+|[^\W_]+(?:['’]t\b|(?:[&\-][^\W_]+)+)?|['’](?:s|re|ve|ll|d|m|S|RE|VE|LL|D|M)\b|\.\.+|--+|[^\s\w]|_+"
)
PARAGRAPH = re.compile(r"[^\n]+(?:(?<=[\w,;])[ \t]*\n[ \t]*(?=[a-z])[^\n]+)*")

# Token features other than the word: columns of the model's first layer. The word classes of the
# lexicon come first.
_CLASS_BITS = 22
_LISTS = (
    "outlet_words",
    "document_words",
    "group_words",
    "unnamed_words",
    "organisation_words",
    "places",
    "titles",
    "nationalities",
    "female",
    "male",
)
_CAPITAL, _CAPITALS, _NUMBER, _MARK, INSIDE, SINGLE, _UNCLOSED, _LONG, _BEGINS, _ENDS, _LINE, _PHRASAL = range(
    _CLASS_BITS + len(_LISTS), _CLASS_BITS + len(_LISTS) + 12
)
SIGNS = _PHRASAL + 1


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens of a document as parallel lists.

    `start` and `end` are offsets in the text, `signs` holds the features as bits, `sentences` and
    `paragraphs` the index of each token's sentence and paragraph. A paragraph begins with the empty
    token BREAK. A quotation belongs to the sentence in which it begins.
    """

    start: list[int]
    end: list[int]
    words: list[str]
    signs: list[int]
    sentences: list[int]
    paragraphs: list[int]

    def quoted(self, k: int) -> bool:
        """Return whether a token is inside a quotation or is punctuation."""
        return bool(self.signs[k] & (1 << INSIDE | 1 << _MARK))


def read(text: str, paragraphs: list[tuple[int, int]]) -> Reading:
    """Tokenise the paragraphs; each begins with BREAK."""
    starts: list[int] = []
    ends: list[int] = []
    words: list[str] = []
    signs: list[int] = []

    def plain(position: int, upto: int, always: int) -> None:
        spans = [match.span() for match in _TOKEN.finditer(text, position, upto)]
        tokens = [text[start:end] for start, end in spans]
        if _NOT.search(text, position, upto):
            spans, tokens = _split_not(spans, tokens)
        known = [_word(token) for token in tokens]
        starts.extend([start for start, _ in spans])
        ends.extend([end for _, end in spans])
        words.extend([word for word, _ in known])
        signs.extend([sign | always for _, sign in known])

    for start, end in paragraphs:
        first = len(words)
        starts.append(start)
        ends.append(start)
        words.append(BREAK)
        signs.append(0)
        position = start
        for quotation in quotations(text, start, end):
            plain(position, quotation.start, 0)
            position = _quotation(text, quotation, plain, starts, ends, words, signs)
        plain(position, end, 0)
        if len(words) > first + 1:
            signs[first + 1] |= 1 << _BEGINS
            signs[-1] |= 1 << _ENDS
            if words[-1] not in _LAST:
                signs[first] |= 1 << _LINE
    return Reading(starts, ends, words, signs, *_sentences(words, signs))


_NOT = re.compile("n['’]t")


def _split_not(spans: list[tuple[int, int]], tokens: list[str]) -> tuple[list[tuple[int, int]], list[str]]:
    """Split "don't" into do and n't."""
    parts: list[tuple[int, int]] = []
    words: list[str] = []
    for (start, end), token in zip(spans, tokens, strict=True):
        if len(token) > 3 and token.endswith(("n't", "n’t")):
            parts += ((start, end - 3), (end - 3, end))
            words += (token[:-3], token[-3:])
        else:
            parts.append((start, end))
            words.append(token)
    return parts, words


def _sentences(words: list[str], signs: list[int]) -> tuple[list[int], list[int]]:
    """Return the sentence and the paragraph index of each token."""
    begins_sentence, begins_paragraph = [0] * len(words), [0] * len(words)
    for k in [k for k, word in enumerate(words) if word in _BOUNDARIES]:
        word = words[k]
        if word == BREAK:
            begins_sentence[k] = begins_paragraph[k] = 1
            continue
        if word == CLOSING:
            ends = k > 0 and words[k - 1] in _FINAL
        else:
            ends = not signs[k] & (1 << INSIDE) and not (word == "." and k > 0 and _is_short(words[k - 1]))
        if ends and k + 1 < len(words):
            after = words[k + 1]
            continues = after in _FINAL or (signs[k + 1] & _NO_BEGINNING == 0 and after[:1].isalpha())
            begins_sentence[k + 1] = 0 if continues else 1
    return list(accumulate(begins_sentence)), list(accumulate(begins_paragraph))


def _is_short(word: str) -> bool:
    """Return whether a full stop after `word` is part of it (abbreviation)."""
    return (len(word) == 1 and word.isalpha()) or word in _abbreviations()


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(word.lower() for word in load("en")["abbreviations"])


_FINAL = (".", "!", "?", "…")
_BOUNDARIES = frozenset((*_FINAL, BREAK, CLOSING))
_LAST = (*_FINAL, ":", CLOSING)  # how a paragraph of prose ends
# a token without any of these continues a sentence
_NO_BEGINNING = 1 << _CAPITAL | 1 << _NUMBER | 1 << _MARK


def _quotation(
    text: str,
    quotation: Quotation,
    plain: Callable[[int, int, int], None],
    starts: list[int],
    ends: list[int],
    words: list[str],
    signs: list[int],
) -> int:
    """Append the tokens of a quotation; return the offset after it."""
    size = len(quotation.mark)
    inside, upto = quotation.start + size, quotation.end - (size if quotation.closed else 0)
    kind = 1 << INSIDE
    if quotation.mark in "'‘‚’":
        kind |= 1 << SINGLE
    if not quotation.closed:
        kind |= 1 << _UNCLOSED
    opened = len(words)
    starts.append(quotation.start)
    ends.append(inside)
    words.append(OPENING)
    signs.append(kind)
    first = len(words)
    plain(inside, upto, kind)
    if quotation.closed and len(words) - first > _HEAD + _TAIL:
        for column in (starts, ends, signs):
            del column[first + _HEAD : len(column) - _TAIL]
        del words[first + _HEAD : len(words) - _TAIL]
        for k in range(opened, len(words)):
            signs[k] |= 1 << _LONG
    if quotation.closed:
        starts.append(upto)
        ends.append(quotation.end)
        words.append(CLOSING)
        signs.append(kind | signs[opened])
    return quotation.end


@lru_cache(maxsize=1 << 16)
def _word(word: str) -> tuple[str, int]:
    """Return the normalised word and its feature bits."""
    first = word[0]
    if not first.isalnum():
        return (word.lower().replace("’", "'") if len(word) > 1 else word), english()[0].get(word.lower(), 0) & _CLASSES | 1 << _MARK
    low = word.lower().replace("’", "'")
    words, phrasal = english()
    known = words.get(low, 0) & _CLASSES
    for number, members in enumerate(_lists()):
        if low in members:
            known |= 1 << (_CLASS_BITS + number)
    if low in phrasal:
        known |= 1 << _PHRASAL
    if first.isupper():
        known |= 1 << _CAPITAL
        if len(word) > 1 and word.isupper():
            known |= 1 << _CAPITALS
    if first.isdigit():
        known |= 1 << _NUMBER
        low = _DIGITS.sub("0", low)
    return low, known


_CLASSES = (1 << _CLASS_BITS) - 1
_DIGITS = re.compile(r"\d")


@cache
def _lists() -> tuple[frozenset[str], ...]:
    return tuple(sources()[key] for key in _LISTS)
