"""The learned classifier for scraped text, from weights/lines.npz.

It returns log odds of boilerplate for each line. Words are scored first; then trees combine a
line's score with its other features and those of the lines around it. The word scores were learned
from pages in many languages. For words without a score, the trees have to rely on appearance,
positions and the results of the rules, as they did on a part of the training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.explain import contributions, group_columns
from newsbeam.transforms.boilerplate.forest import SCALE, Forest, load_forest
from newsbeam.transforms.boilerplate.forms.read import FORMS
from newsbeam.transforms.boilerplate.lines.features import (
    CONTEXT,
    GROUPS,
    NAMES,
    Layout,
    WordScores,
    columns,
    context,
    known_words,
    word_scores,
)
from newsbeam.transforms.boilerplate.scan import Ints, Scan, ends_sentence
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.package_data import load_arrays

_GROUPED = (
    ("words", ("score", "stop", "stops", "address", "known", "common")),
    (
        "words of the lines around it",
        ("common~", "score~", "score+", "score-", "run_score", "list_score", "heading_score", "stops+", "stops-"),
    ),
    ("kind from rules", ("rule",)),
    ("kinds of the lines around it", ("rule~", "rule+", "rule-", "ruled_", "run_rule", "heading_rule")),
    ("similar lines", ("shape", "head", "again", "repeated")),
    ("length", ("size", "words", "mean", "telling")),
    ("length of the lines around it", ("size~", "size+", "size-", "capital~", "capital+", "capital-")),
    ("capital letters", ("upper", "capital")),
    ("numbers and dates", ("number", "digits", "dated", "number~", "date~")),
    ("comments and cookies", ("comments", "cookies", "all_comment", "all_cookies")),
    ("decisions on the lines around it", ("guess", "gone", "kept_", "body_", "segment", "previous", "next", "rank", "prose_guess")),
    ("beginning and end", ("end", "first", "inner", "ends~", "end+", "end-")),
    ("symbols", ("commas", "colons", "quotes", "bars", "brackets", "odd", "code", "code~")),
    ("position relative to paragraphs", ("prose", "mass", "since", "until", "place", "left", "share", "run", "run_place")),
    ("bullets", ("list", "bullet")),
    ("layout", ("indent", "mark", "gap", "parts", "form", "deeper", "gap_below")),
    ("links", ("linked", "linked~", "all_linked")),
    ("words shared with paragraphs", ("body", "rare")),
    ("the text in total", ("all_", "count")),
)


# Additional log odds that removing a line requires: for its length, as its words are lost with it,
# and for being a sentence; and in a text in which the rules removed hardly anything, as most such
# texts are clean.
_LONG, _LONG_FROM, _LONG_TO = SCALE // 2, 40, 140
_SENTENCE, _SENTENCE_WORDS = SCALE // 2, 8
_CLEAN, _CLEAN_SHARE = SCALE + SCALE // 2, 50
# And in a text with this few lines, which offers hardly any context.
_FEW, _FEW_LINES = 4 * SCALE, 8
# And for a subheading, a short line between two paragraphs, or for a sentence right below a
# paragraph.
_BETWEEN, _BELOW = SCALE // 2, 2 * SCALE


def removal_penalty(page: Scan, groups: Ints) -> Ints:
    """Return a penalty in log odds (1/1024) for removing each line.

    Longer lines require more evidence.
    """
    lengths = np.clip(page.lengths, _LONG_FROM, _LONG_TO) - _LONG_FROM
    out: Ints = lengths * _LONG // (_LONG_TO - _LONG_FROM)
    sentence = ends_sentence(page) & (page.many >= _SENTENCE_WORDS)
    long = page.lengths >= _LONG_TO - _LONG_FROM
    out += np.where(sentence, _SENTENCE, 0)
    out[1:] += np.where(sentence[1:] & long[:-1] & (groups[:-1] == 0), _BELOW, 0)
    # Less between two lines that rules remove, as the box of an author is.
    out[1:-1] //= 1 + ((groups[:-2] > 0) & (groups[2:] > 0))
    if int((groups > 0).sum()) * _CLEAN_SHARE < len(groups):
        out += _CLEAN
    if len(groups) < _FEW_LINES:
        out += _FEW
    out[1:-1] += np.where(~long[1:-1] & long[:-2] & long[2:] & (groups[1:-1] == 0), _BETWEEN, 0)
    return out


@dataclass(frozen=True, eq=False)
class LineModel:
    """The word scores, the trees, and their threshold.

    `usual` has the value of each column for a typical line of an article.
    """

    words: WordScores
    first: Forest
    trees: Forest
    threshold: int
    usual: NDArray[np.float32]

    def groups(self, kinds: Sequence[LineKind]) -> Ints:
        """Return the kinds from rules ("" for none) as the trees see them."""
        return np.array([GROUPS[kind] for kind in kinds], np.int64)

    def scores(self, page: Scan, groups: Ints, layout: Layout) -> Ints:
        """Return the log odds of boilerplate of each line, in 1/1024.

        Lines above 0 should be removed.
        """
        known = known_words(page, self.words)
        doubt = _doubt(page, known) + (_BLURRED if layout.form in _BLURRED_FORMS else 0)
        return self._judge(self._read(page, known, groups, layout)) - removal_penalty(page, groups) - doubt

    def _read(self, page: Scan, known: Ints, groups: Ints, layout: Layout) -> NDArray[np.float32]:
        rows = columns(page, word_scores(page, self.words), known, groups, layout)
        return np.concatenate((rows, context(page, self.first.scores(rows).astype(np.int64))), axis=1)

    def _judge(self, rows: NDArray[np.float32]) -> Ints:
        return self.trees.scores(rows).astype(np.int64) - self.threshold

    def signs(self, page: Scan, groups: Ints, layout: Layout) -> list[tuple[str, ...]]:
        """Return up to three reasons for the decision on each line.

        A reason is a group of features whose typical values would change the score most.
        """
        rows = self._read(page, known_words(page, self.words), groups, layout)
        found = contributions(self._judge, rows, group_columns(_GROUPED, NAMES + CONTEXT), self.usual)
        return [tuple(f"{_GROUPED[number][0]} ({shift / SCALE:+.1f})" for number, shift in groups) for groups in found]


def _doubt(page: Scan, known: Ints) -> int:
    """Return a penalty in log odds (1/1024) for removing any line of a text.

    For words without a score, as in languages of which few pages were learned, and for a short text, in
    which little repeats. Set on the article texts of tests/boilerplate/scraped.yaml, in 30 languages.
    """
    share = int((known * page.many).sum()) * 16 // max(int(page.many.sum()), 1)
    unknown = max(0, _KNOWN_SHARE - share)
    return unknown * _UNKNOWN // 16 + max(0, _SMALL_LINES - len(page.many)) * unknown * _SMALL // 256


# Share of known words of English pages, in 1/256; log odds for each 1/16 less; lines of a small page,
# and log odds for each line less.
_KNOWN_SHARE, _UNKNOWN = 13 * 16, 120
_SMALL_LINES, _SMALL = 60, 24


# Log odds more for forms in which units are less certain: paragraphs are joined again, or links are marked.
_BLURRED = 300
_BLURRED_FORMS = frozenset(FORMS.index(form) for form in ("wrapped", "markdown", "wrapped markdown"))


@cache
def line_model() -> LineModel:
    """Load the model that ships with the package."""
    arrays = load_arrays("newsbeam.transforms.boilerplate", "lines.npz")
    return LineModel(
        WordScores(arrays["words_weights"], arrays["words_checks"], int(arrays["words_bias"])),
        load_forest(arrays, "first_"),
        load_forest(arrays),
        int(arrays["threshold"]),
        arrays["usual"],
    )
