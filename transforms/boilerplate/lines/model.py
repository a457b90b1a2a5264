"""The learned part of cleaning scraped text: log odds of boilerplate for each line, from weights/lines.npz.

Words are scored first, then trees look at a line's score beside all else that is known of it and of the lines around it. The
words were learned from English: a text in another language is judged by trees that see no words, only looks, places and what
the rules found, and a line must be surer boilerplate to go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.explain import carried, columns_of
from newsbeam.transforms.boilerplate.forest import SCALE, Forest, forest_of
from newsbeam.transforms.boilerplate.lines.features import (
    GROUPS,
    NAMES,
    Ints,
    Scan,
    WordScores,
    columns,
    ends_sentence,
    is_english,
    word_scores,
)
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.package_data import load_arrays

# What trees without words may not ask about: the words' scores, and English stop words.
_WORDY = ("score", "stop", "all_bad")
WORDLESS = tuple(number for number, name in enumerate(NAMES) if not any(part in name for part in _WORDY))
"""The columns that the trees for other languages see."""

# Log odds that go to a line which stands on all other pages of its site.
_RECURRING = 12 * SCALE

_GROUPED = (
    ("its words", ("score", "stop", "stops", "address")),
    ("the words of the lines around it", ("score~", "score+", "score-", "run_score", "list_score", "heading_score", "stops+", "stops-")),
    ("what rules know it as", ("rule",)),
    ("what rules found around it", ("rule~", "rule+", "rule-", "ruled_", "run_rule", "heading_rule")),
    ("lines that look or begin like it", ("shape", "head", "again")),
    ("its length", ("size", "words", "mean", "telling")),
    ("the length of the lines around it", ("size~", "size+", "size-", "capital~", "capital+", "capital-")),
    ("capital letters", ("upper", "capital")),
    ("numbers and dates", ("number", "digits", "dated", "number~")),
    ("how it begins and ends", ("end", "first", "inner", "ends~", "end+", "end-")),
    ("its signs", ("commas", "colons", "quotes", "bars", "brackets", "odd", "code", "code~")),
    ("its place among the paragraphs", ("prose", "mass", "since", "until", "place", "left", "share", "run", "run_place")),
    ("bullets", ("list", "bullet")),
    ("how much of it the paragraphs speak of", ("body", "rare")),
    ("the text as a whole", ("all_", "count")),
)


# What a line must bring beyond the threshold, in log odds: with its length, since its words are lost with it, and as a sentence;
# in a text in which rules found next to nothing, since most texts of that kind are clean.
_LONG, _LONG_FROM, _LONG_TO = SCALE // 2, 40, 140
_SENTENCE, _SENTENCE_WORDS = SCALE // 2, 8
_CLEAN, _CLEAN_SHARE = SCALE + SCALE // 2, 50
# And in a text of so few lines, where hardly anything stands around it.
_FEW, _FEW_LINES = 4 * SCALE, 8
# And as a subheading, a short line right between two paragraphs, or as a sentence right below a paragraph.
_BETWEEN, _BELOW = SCALE // 2, 2 * SCALE


def dear(page: Scan, groups: Ints) -> Ints:
    """How much dearer than a short line in a littered text each line is, in units of 1/1024."""
    lengths = np.clip(page.lengths, _LONG_FROM, _LONG_TO) - _LONG_FROM
    out: Ints = lengths * _LONG // (_LONG_TO - _LONG_FROM)
    sentence = ends_sentence(page) & (page.many >= _SENTENCE_WORDS)
    long = page.lengths >= _LONG_TO - _LONG_FROM
    out += np.where(sentence, _SENTENCE, 0)
    out[1:] += np.where(sentence[1:] & long[:-1] & (groups[:-1] == 0), _BELOW, 0)
    if int((groups > 0).sum()) * _CLEAN_SHARE < len(groups):
        out += _CLEAN
    if len(groups) < _FEW_LINES:
        out += _FEW
    out[1:-1] += np.where(~long[1:-1] & long[:-2] & long[2:] & (groups[1:-1] == 0), _BETWEEN, 0)
    return out


@dataclass(frozen=True, eq=False)
class LineModel:
    """`english` and `wordless` are the trees, `usual` what each column is for a common line of an article."""

    words: WordScores
    english: Forest
    wordless: Forest
    threshold: int
    threshold_wordless: int
    usual: NDArray[np.float32]

    def groups(self, kinds: Sequence[LineKind]) -> Ints:
        """The kinds that rules gave to lines ("" for none), as the trees read them."""
        return np.array([GROUPS[kind] for kind in kinds], np.int64)

    def scores(self, page: Scan, groups: Ints) -> Ints:
        """For each line log odds of boilerplate in units of 1/1024, above 0 where it should go."""
        return self._judge(*self._read(page, groups)) - dear(page, groups)

    def _read(self, page: Scan, groups: Ints) -> tuple[NDArray[np.float32], bool]:
        english = is_english(page)
        words = word_scores(page, self.words) if english else np.zeros(len(page.many), np.int64)
        return columns(page, words, groups), english

    def _judge(self, rows: NDArray[np.float32], english: bool) -> Ints:
        if english:
            return self.english.scores(rows).astype(np.int64) - self.threshold
        return self.wordless.scores(rows).astype(np.int64) - self.threshold_wordless

    def recurring(self, shares: Sequence[float]) -> Ints:
        """What it adds to each line's log odds that it stands on such a share of the site's other pages."""
        return (np.array(shares, np.float64) * _RECURRING).astype(np.int64)

    def signs(self, page: Scan, groups: Ints) -> list[tuple[str, ...]]:
        """For each line what spoke for the decision, at most three phrases: how far the score moves when it is made as usual."""
        rows, english = self._read(page, groups)
        found = carried(lambda other: self._judge(other, english), rows, columns_of(_GROUPED, NAMES), self.usual)
        return [tuple(f"{_GROUPED[number][0]} ({shift / SCALE:+.1f})" for number, shift in told) for told in found]


@cache
def line_model() -> LineModel:
    """The model that ships with the package."""
    arrays = load_arrays("newsbeam.transforms.boilerplate", "lines.npz")
    return LineModel(
        WordScores(arrays["words_weights"], arrays["words_checks"], int(arrays["words_bias"])),
        forest_of(arrays, "english_"),
        forest_of(arrays, "wordless_"),
        int(arrays["threshold"]),
        int(arrays["threshold_wordless"]),
        arrays["usual"],
    )
