"""Features of the blocks of a page for the classifier.

All values are counts, comparisons or ratios of integers, and so the same on every machine. Only the
word scores (`Tokens`) depend on the language; they are neutral for unknown words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import SCALE
from newsbeam.transforms.boilerplate.pages.blocks import HEADINGS, Head, Page, read_page
from newsbeam.transforms.boilerplate.pages.declared import declarations, pieces_of, share_within, squeezed
from newsbeam.transforms.text import DENSE_RANGES, SOLID_RANGES

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

# --- text, as counts of kinds of characters

KINDS = ("upper", "lower", "digit", "space", "stop", "comma", "bar", "bracket", "dense", "letter", "money", "sign", "solid")
_UPPER, _LOWER, _DIGIT, _SPACE, _STOP, _COMMA, _BAR, _BRACKET, _DENSE, _LETTER, _MONEY, _SIGN, _SOLID = range(len(KINDS))
_SIGNS = (
    (".!?。！？…؟।۔", _STOP),
    (",;:、，；：،؛", _COMMA),
    ("|/•·»«›‹→←>©®™@#*_=+\\^~{}<▶▼▲●■★☆✓", _BAR),
    ("()[]\"'“”‘’„「」『』《》", _BRACKET),
    ("$€£¥₩₹", _MONEY),
)


@cache
def _kinds() -> NDArray[np.uint8]:
    """Return the character class of each of the first 65,536 code points."""
    table = np.full(0x10000, _SIGN, np.uint8)
    of = {"Lu": _UPPER, "Lt": _UPPER, "Ll": _LOWER, "Lo": _LETTER, "Lm": _LETTER, "Mn": _LETTER, "Mc": _LETTER, "Nd": _DIGIT, "Zs": _SPACE}
    for code in range(0x10000):
        table[code] = of.get(unicodedata.category(chr(code)), _SIGN)
    for code in (9, 10, 13):
        table[code] = _SPACE
    for ranges, kind in ((DENSE_RANGES, _DENSE), (SOLID_RANGES, _SOLID)):
        for first, last in ranges:
            table[first : last + 1] = kind
    for signs, kind in _SIGNS:
        for sign in signs:
            table[ord(sign)] = kind
    return table


@dataclass(frozen=True, slots=True)
class Counted:
    """Character counts of texts.

    Per text: `counts` has the number of characters of each class (one row per class), `length` that
    of all, `size` the number of letters that an alphabet would need for it, then the numbers of
    words and capitalised words, and its first and last characters.
    """

    counts: Ints
    length: Ints
    size: Ints
    words: Ints
    capitals: Ints
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    final: NDArray[np.uint32]


def count_characters(texts: list[str]) -> Counted:
    """Count the characters of each text; texts must not be empty."""
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds()[np.minimum(codes, 0xFFFF)]
    length = np.array([len(text) for text in texts], np.int64)
    ends = np.cumsum(length)
    starts = ends - length
    in_word = (kinds <= _DIGIT) | (kinds == _LETTER)
    before = np.empty_like(in_word)
    before[1:] = in_word[:-1]
    before[starts] = False
    begins = in_word & ~before
    # One pass for all texts: each character adds one to the column of its text and the row of its
    # class.
    text_of = np.repeat(np.arange(len(texts), dtype=np.int64), length)
    counts = np.bincount(text_of * len(KINDS) + kinds, minlength=len(texts) * len(KINDS)).reshape(-1, len(KINDS)).T
    words = np.add.reduceat(begins, starts, dtype=np.int64)
    capitals = np.add.reduceat(begins & (kinds == _UPPER), starts, dtype=np.int64)
    # If a quotation mark or bracket closes the text, use the character before it.
    last_at = ends - 1
    closed = (kinds[last_at] == _BRACKET) & (length > 1)
    last = kinds[np.where(closed, last_at - 1, last_at)]
    dense = counts[_DENSE]
    words += (dense * 2) // 5 + counts[_SOLID] // 5
    return Counted(counts, length, length + (dense * 3) // 2, words, capitals, kinds[starts], last, codes[last_at])


# --- scores of class names, tags and words

LEVELS = 4
"""Levels around a text: the block itself (and its contents), its parent, the next, all others."""


PARTS = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")
"""The parts of a name in class, id or role: "postShare-bar" → post, Share, bar."""

_DIGITS = re.compile(r"\d+")
_LONGEST_NAME, _MOST_NAMES = 60, 24


def names_of(name: str) -> tuple[str, ...]:
    """Return a name in class, id or role without digits, and its parts."""
    if name.isascii() and name.isalpha() and name.islower():
        return ("." + name, name)
    whole = "." + (_DIGITS.sub("0", name) if not name.isalpha() else name).lower()
    if ":" in name or "[" in name:  # a utility class describes appearance
        return (whole,)
    return (whole, *dict.fromkeys([part.lower() for part in PARTS.findall(name)[:8]]))


def marks_of(head: Head) -> list[str]:
    """Return the microdata of an element as names: "@articlebody", "@comment"."""
    kinds = [kind.rpartition("/")[2].lower() for kind in head.itemtype.split()]
    return [f"@{name}" for name in (*head.itemprop.split(), *kinds)[:4] if len(name) <= _LONGEST_NAME]


# Letters, and informative symbols; numbers are counted elsewhere.
_WORD = re.compile(r"[^\W\d_]+|[©|]")
_READ, WORDS_READ = 90, 8


def words_of(text: str) -> tuple[list[str], bool]:
    """Return the first words of a text, in lower case.

    The second value says whether these are all its words.
    """
    found = _WORD.findall(text[:_READ].lower())
    return found[:WORDS_READ], len(text) <= _READ and len(found) <= WORDS_READ


_NONE = (0,) * LEVELS
_MANY = 50_000


@dataclass(frozen=True, eq=False)
class Tokens:
    """Learned scores, in log odds by 1/1024.

    `names` are for names in class, id and role and for tags ("<p"), by level. `short` and `long`
    are for words of short texts and for the first words of longer ones; `begin` for their first two
    words, `end` for the last word of a short text, `whole` for complete short texts.
    """

    names: dict[str, tuple[int, ...]]
    short: dict[str, int]
    long: dict[str, int]
    begin: dict[str, int]
    end: dict[str, int]
    whole: dict[str, int]
    heads: dict[Head, tuple[int, ...]] = field(default_factory=dict)
    parts: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def score(self, head: Head) -> tuple[int, ...]:
        """Return an element's score for the text in it, by level."""
        found = self.heads.get(head)
        if found is None:
            found = self.names.get("<" + head.tag, _NONE)
            if head.itemprop or head.itemtype:
                for name in marks_of(head):
                    found = tuple(map(add, found, self.names.get(name, _NONE)))
            if head.words:
                known = [self._part(name) for name in head.words.split()[:_MOST_NAMES] if len(name) <= _LONGEST_NAME]
                for scores in known:
                    if scores is not _NONE:
                        found = tuple(map(add, found, scores))
            if len(self.heads) >= _MANY:
                self.heads.clear()
            self.heads[head] = found
        return found

    def _part(self, name: str) -> tuple[int, ...]:
        found = self.parts.get(name)
        if found is None:
            known = [scores for part in names_of(name) if (scores := self.names.get(part))]
            found = tuple([sum(level) for level in zip(*known, strict=True)]) if known else _NONE
            if len(self.parts) >= _MANY:
                self.parts.clear()
            self.parts[name] = found
        return found

    def text_score(self, text: str) -> int:
        """Return the score of the first words of a text."""
        words, short = words_of(text)
        if not words:
            return 0
        get = (self.short if short else self.long).get
        score = sum([get(word, 0) for word in words]) + self.begin.get(" ".join(words[:2]), 0)
        if short:
            score += self.end.get(words[-1], 0)
            if len(words) <= 4:
                score += self.whole.get(" ".join(words), 0)
        return score


def tokens_of_head(head: Head) -> list[str]:
    """Return the names whose scores `Tokens.score` adds up, for training.

    They include repetitions.
    """
    names = [name for name in head.words.split()[:_MOST_NAMES] if len(name) <= _LONGEST_NAME]
    return ["<" + head.tag, *marks_of(head), *(part for name in names for part in names_of(name))]


def tokens_of_text(text: str) -> list[tuple[str, str]]:
    """Return table and key of the scores in `Tokens.text_score`, for training."""
    words, short = words_of(text)
    if not words:
        return []
    out = [("short" if short else "long", word) for word in words] + [("begin", " ".join(words[:2]))]
    if short:
        out.append(("end", words[-1]))
        if len(words) <= 4:
            out.append(("whole", " ".join(words)))
    return out


@dataclass(frozen=True, slots=True)
class FirstScores:
    """Scores of each block, in log odds by 1/1024.

    `names` is from the names of the elements around it, `words` from its first words.
    """

    names: Ints
    words: Ints


def first_scores(page: Page, tokens: Tokens) -> FirstScores:
    """Compute the first scores of a page's blocks."""
    known = tokens.heads.get
    by_level = [known(head) or tokens.score(head) for head in page.heads]
    parents = page.parents
    far: list[int] = []
    for scores, parent in zip(by_level, parents, strict=True):
        far.append(far[parent] + scores[3] if parent >= 0 else scores[3])
    names = []
    for block in page.blocks:
        element = block.element
        score = by_level[block.inner][0] if block.inner > element else 0
        for level in range(3):
            if element < 0:
                break
            score += by_level[element][level]
            element = parents[element]
        if element >= 0:
            score += far[element]
        names.append(score)
    words = [tokens.text_score(block.text) for block in page.blocks]
    return FirstScores(np.array(names, np.int64), np.array(words, np.int64))


# --- where a block stands on its page

_TAGS = (
    "p",
    "div",
    "li",
    "tr",
    "td",
    "th",
    "pre",
    "blockquote",
    "dd",
    "dt",
    "button",
    "label",
    "figcaption",
    "section",
    "summary",
    "noscript",
)
_TAG_NUMBER = {tag: number for number, tag in enumerate((*_TAGS, *sorted(HEADINGS)), 1)}
_FIRST_HEADING = len(_TAGS) + 1
_AROUND = (
    "article",
    "main",
    "aside",
    "nav",
    "header",
    "footer",
    "form",
    "ul",
    "ol",
    "table",
    "figure",
    "blockquote",
    "section",
    "button",
    "dl",
    "details",
)
_RARE = [_TAG_NUMBER[tag] for tag in ("tr", "td", "th", "pre", "dt", "dd")]
_BITS = {tag: 1 << number for number, tag in enumerate(_AROUND)}
_SENTENCE = 60  # letters of a block that may be a sentence
_COMPARED = 12  # characters of a block that are compared with the metadata
_COMPARED_OF_LONG = 120  # the first of them that are compared with a summary
_NEAR = 5  # ancestors of a block to use separately, including the nearest
_FAR_AWAY = 200

Columns = dict[str, Any]
SECOND = "second "
"""Before the names of the columns that come from the second stage's scores."""


class Layout:
    """The blocks of a page and their elements as arrays.

    The page must have blocks.
    """

    def __init__(self, page: Page) -> None:
        blocks = page.blocks
        self.page = page
        self.size = len(blocks)
        self.texts = [block.text for block in blocks]
        self.declared = declarations(page)
        self.counted = count_characters(self.texts)
        self.words = self.counted.words + 1
        self.words_to = np.concatenate(([0], np.cumsum(self.words)))
        self.first, self.last = np.array(page.first, np.int64), np.array(page.last, np.int64)
        self.parents = np.maximum(np.array(page.parents, np.int64), 0)
        self.element = np.array([block.element for block in blocks], np.int64)
        self.tags = np.array([_TAG_NUMBER.get(block.tag, 0) for block in blocks], np.int64)
        self.is_rare = np.isin(self.tags, _RARE)
        # Elements are alike if they and all their ancestors have the same tags and classes.
        paths: dict[tuple[int, str], int] = {}
        path_of: list[int] = []
        depths: list[int] = []
        around: list[int] = []
        for head, parent in zip(page.heads, page.parents, strict=True):
            if parent >= 0:
                path_of.append(paths.setdefault((path_of[parent], head.key), len(paths)))
                depths.append(depths[parent] + 1)
                around.append(around[parent] | _BITS.get(head.tag, 0))
            else:
                path_of.append(paths.setdefault((-1, head.key), len(paths)))
                depths.append(0)
                around.append(_BITS.get(head.tag, 0))
        self.paths = np.array(path_of, np.int64)
        self.depth = np.array(depths, np.int64)[self.element]
        self.around = np.array(around, np.int64)[self.element]
        self.groups = len(paths)
        self.group = self.paths[self.element]
        self.ancestors = [self.element]
        for _ in range(_NEAR - 1):
            self.ancestors.append(self.parents[self.ancestors[-1]])

    def table(self, first: FirstScores, bias: int) -> Floats:
        """Return one row per block.

        It has the columns of `column_names` but those of the second stage."""
        return self.as_rows({**self.known(), **self.scored(first, bias)})

    def as_rows(self, columns: Columns) -> Floats:
        """Return columns as one row per block."""
        table = np.empty((len(columns), self.size), np.float32)
        for number, column in enumerate(columns.values()):
            table[number] = column
        rows: Floats = table.T
        return rows

    def with_second(self, rows: Floats, scores: Ints) -> Floats:
        """Return the rows with the features from the second stage's scores behind them."""
        both: Floats = np.concatenate([rows.T, self.as_rows(self.context(scores)).T]).T
        return both

    def known(self) -> Columns:
        """Return the features that are independent of scores."""
        blocks, size, words, counted, tags = self.page.blocks, self.size, self.words, self.counted, self.tags
        length, counts = counted.length, counted.counts
        chars = length.astype(np.float64)
        link = np.array([block.link for block in blocks], np.int64)
        images = np.array([block.images for block in blocks], np.int64)
        hidden = np.array([not block.seen for block in blocks])
        density = link / chars
        stops = counted.last == _STOP
        headings = tags >= _FIRST_HEADING
        out: Columns = {
            "length": counted.size,
            "words": counted.words,
            "link density": density,
            "links": np.array([block.links for block in blocks]),
            "word length": (counted.size - counts[_SPACE]) / words,
            "capitals": counted.capitals / words,
            "upper case": counts[_UPPER] / chars,
            "digits": counts[_DIGIT] / chars,
            "digit count": counts[_DIGIT],
            "stops": counts[_STOP],
            "stops a word": counts[_STOP] / words,
            "commas": counts[_COMMA],
            "commas a word": counts[_COMMA] / words,
            "bars": counts[_BAR] / chars,
            "brackets": counts[_BRACKET] / chars,
            "money": counts[_MONEY],
            "signs": counts[_SIGN] / chars,
            "dense": (counts[_DENSE] + counts[_SOLID]) / chars,
            "first kind": counted.first,
            "last kind": counted.last,
            "ends in stop": stops,
            "ends in colon": counted.final == ord(":"),
            "ends in question": counted.final == ord("?"),
            "images before": images,
            "controls before": np.array([block.controls for block in blocks]),
            "hidden": hidden,
            "line breaks": np.array([text.count("\n") for text in self.texts]),
            "tag": tags,
        }
        for number in range(1, 9):
            out[f"tag {_TAGS[number - 1]}"] = tags == number
        out["heading level"] = np.where(headings, tags - _FIRST_HEADING + 1, 0)
        for number, tag in enumerate(_AROUND):
            out[f"in {tag}"] = (self.around >> number) & 1
        out["depth"] = self.depth
        order = np.arange(size)
        passed, total = self.words_to[:-1], int(self.words_to[-1])
        out |= {
            "place": order,
            "place from end": size - order,
            "place share": order / size,
            "words before share": passed / total,
            "words before": passed,
            "words after": total - passed,
        }
        paragraphs = tags == 1
        long = words > 20
        wide = {
            "blocks": size,
            "words": total,
            "link density": int(link.sum()) / int(length.sum()),
            "paragraphs": paragraphs.sum(),
            "words in paragraphs": words[paragraphs].sum() / total,
            "words in long blocks": words[long].sum() / total,
            "long blocks": long.sum(),
            "articles": sum([head.tag == "article" for head in self.page.heads]),
            "elements a block": len(self.page.heads) / size,
            "images a block": images.sum() / size,
            "words in items": words[tags == 3].sum() / total,
            "words in rows": words[tags == 4].sum() / total,
            "words in code": words[tags == 7].sum() / total,
            "words hidden": words[hidden].sum() / total,
        }
        out |= {f"page's {name}": value for name, value in wide.items()}
        out |= self._declared()
        # Sentences outside links, whoever wrote them: what an article's element is full of.
        plain = counted.size - 3 * link
        self.prose = np.where((plain >= _SENTENCE) & ((counts[_STOP] > 0) | stops) & ~hidden & ~headings, plain, 0)
        out |= self._chains("prose", self.prose, (60, 85), 85)
        prose_to = np.concatenate(([0], np.cumsum(self.prose)))
        all_prose = max(int(prose_to[-1]), 1)
        for level, at in enumerate(self.ancestors[1:], 1):
            out[f"prose share in {level}"] = (prose_to[self.last[at]] - prose_to[self.first[at]]) / all_prose
        out["prose before"], out["prose after"] = prose_to[:-1] / all_prose, 1 - prose_to[1:] / all_prose
        out["page's prose"] = all_prose / max(int(counted.size.sum()), 1)
        number_of = np.bincount(self.group, minlength=self.groups)
        held = np.bincount(self.group, words, minlength=self.groups)
        linked = np.bincount(self.group, link, minlength=self.groups)
        lengths = np.bincount(self.group, length, minlength=self.groups)
        group = self.group
        out |= {
            "alike": number_of[group],
            "words alike": held[group],
            "words alike share": (held / total)[group],
            "mean words alike": (held / np.maximum(number_of, 1))[group],
            "link density alike": (linked / np.maximum(lengths, 1))[group],
        }
        chars_to = np.concatenate(([0], np.cumsum(length)))
        link_to = np.concatenate(([0], np.cumsum(link)))
        images_to = np.concatenate(([0], np.cumsum(images)))
        _, like, many = np.unique(self.parents * (self.groups + 1) + self.paths, return_inverse=True, return_counts=True)
        beside = many[like]
        most = beside[self.element]
        for level, at in enumerate(self.ancestors):
            begin, end = self.first[at], self.last[at]
            here = self.words_to[end] - self.words_to[begin]
            out[f"blocks in {level}"] = end - begin
            out[f"words in {level}"] = here
            out[f"words share in {level}"] = here / total
            out[f"link density in {level}"] = (link_to[end] - link_to[begin]) / np.maximum(chars_to[end] - chars_to[begin], 1)
            out[f"siblings of {level}"] = beside[at]
            out[f"place in {level}"] = order - begin
            most = np.maximum(most, beside[at])
            if level in (1, 3):
                out[f"images in {level}"] = images_to[end] - images_to[begin]
                out[f"mean words in {level}"] = here / np.maximum(end - begin, 1)
        out["most siblings"] = most
        for step in (-2, -1, 1, 2):
            out[f"words at {step:+}"] = shifted(words, step)
            out[f"link density at {step:+}"] = shifted(density, step)
            out[f"ends in stop at {step:+}"] = shifted(stops, step)
        for step in (-1, 1):
            out[f"heading at {step:+}"] = shifted(headings, step)
            out[f"alike at {step:+}"] = shifted(group, step) == group
            out[f"deeper at {step:+}"] = shifted(self.depth, step) - self.depth
        main = np.flatnonzero((tags == _FIRST_HEADING) & ~hidden)
        out["after h1"] = order - main[0] if len(main) else -1000
        out["h1s"] = len(main)
        title = " ".join(self.page.title.lower().split())
        out["in title"] = np.array([3 < len(text) <= len(title) and text.lower() in title for text in self.texts])
        last = np.maximum.accumulate(np.where(headings, order, -1000))
        out["since heading"] = order - last
        out["heading's level"] = np.where(last >= 0, tags[np.maximum(last, 0)] - _FIRST_HEADING + 1, 0)
        times: dict[str, int] = {}
        nth = []
        for text in self.texts:
            nth.append(times.get(text, 0))
            times[text] = nth[-1] + 1
        out["times"] = np.array([times[text] for text in self.texts])
        out["times before"] = np.array(nth)
        return out

    def scored(self, first: FirstScores, bias: int) -> Columns:
        """Return the features from the first scores of a block and of its neighbours."""
        by_words = _tame(first.words)
        last = np.maximum.accumulate(np.where(self.tags >= _FIRST_HEADING, np.arange(self.size), -1))
        return {
            "names' score": _tame(first.names),
            "words' score": by_words,
            "heading's words' score": np.where(last >= 0, by_words[last], 0.0),
            **self.context(first.names + first.words + bias),
        }

    def context(self, scores: Ints) -> Columns:
        """Return the features from the scores of a block and of those around it."""
        size, words, group, words_to = self.size, self.words, self.group, self.words_to
        tame = _tame(scores)
        out: Columns = {"score": tame}
        # Sums of integers are the same in any order.
        fine = np.rint(tame * 4096).astype(np.int64)
        weighed = fine * words
        total = int(words_to[-1])
        for step in (-3, -2, -1, 1, 2, 3):
            out[f"score at {step:+}"] = shifted(tame, step)
        score_to = np.concatenate(([0], np.cumsum(weighed)))
        plain_to = np.concatenate(([0], np.cumsum(fine)))
        order = np.arange(size)
        for reach in (3, 8):
            begin, end = np.maximum(order - reach, 0), np.minimum(order + reach + 1, size)
            out[f"score within {reach}"] = (score_to[end] - score_to[begin]) / (words_to[end] - words_to[begin])
            out[f"plain score within {reach}"] = (plain_to[end] - plain_to[begin]) / (end - begin)
        number_of = np.bincount(group, minlength=self.groups)
        held = np.bincount(group, words, minlength=self.groups)
        out["score alike"] = (np.bincount(group, fine, minlength=self.groups) / np.maximum(number_of, 1))[group]
        out["weighed score alike"] = (np.bincount(group, weighed, minlength=self.groups) / np.maximum(held, 1))[group]
        content = np.maximum(fine, 0) * words
        content_to = np.concatenate(([0], np.cumsum(content)))
        all_content = max(int(content_to[-1]), 1)
        for level, at in enumerate(self.ancestors[1:], 1):
            begin, end = self.first[at], self.last[at]
            out[f"score in {level}"] = (score_to[end] - score_to[begin]) / np.maximum(words_to[end] - words_to[begin], 1)
            out[f"content share in {level}"] = (content_to[end] - content_to[begin]) / all_content
        out |= self._chains("", content, (50, 80, 95), 80, score_to)
        out["content before"] = content_to[:-1] / all_content
        out["content after"] = 1 - content_to[1:] / all_content
        good = np.flatnonzero(tame > 0.3)
        if len(good):
            after = np.searchsorted(good, order)
            out["since content"] = np.minimum(order - good[np.maximum(after - 1, 0)], _FAR_AWAY)
            out["until content"] = np.minimum(good[np.minimum(after, len(good) - 1)] - order, _FAR_AWAY)
        else:
            out["since content"] = out["until content"] = _FAR_AWAY
        out |= {
            "page's best score": int(fine.max()),
            "page's score": int(score_to[-1]) / total,
            "page's good words": int(words[tame > 0].sum()) / total,
            "page's content": int(content_to[-1]) / total,
            "page's good blocks": int((tame > 0).sum()),
        }
        rank = np.empty(size, np.int64)
        rank[np.argsort(fine, kind="stable")] = order
        out["rank"] = rank / size
        last = np.maximum.accumulate(np.where(self.tags >= _FIRST_HEADING, order, -1))
        out["heading's score"] = np.where(last >= 0, tame[last], 0.0)
        return out

    def _chains(self, of: str, held: Any, parts: tuple[int, ...], branching: int, score_to: Any = None) -> Columns:
        """Return how far a block is off the elements that hold most of something.

        `parts` are percentages of it. For one of them, also the branch at which the block leaves
        these elements: the contents of the outermost element that does not hold this share.
        """
        out: Columns = {}
        size, begins, ends = self.size, self.first, self.last
        held_to = np.concatenate(([0], np.cumsum(held)))
        total = max(int(held_to[-1]), 1)
        holds = held_to[ends] - held_to[begins]
        of = f"{of} " if of else ""
        for part in parts:
            on = holds * 100 > total * part
            marks = np.bincount(begins[on], minlength=size + 1) - np.bincount(ends[on], minlength=size + 1)
            out[f"off the {of}chain of {part}"] = np.cumsum(marks[:-1]) - int(on.sum())
            if part != branching:
                continue
            leaves = np.flatnonzero(~on & on[self.parents] & (ends > begins))
            sizes = ends[leaves] - begins[leaves]
            into = np.repeat(begins[leaves] - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))
            words = self.words_to[ends[leaves]] - self.words_to[begins[leaves]]
            values = {"words": words, "share": holds[leaves] / total, "blocks": sizes}
            if score_to is not None:
                values["score"] = (score_to[ends[leaves]] - score_to[begins[leaves]]) / np.maximum(words, 1)
            else:
                linked = np.concatenate(([0], np.cumsum([block.link for block in self.page.blocks])))
                length_to = np.concatenate(([0], np.cumsum(self.counted.length)))
                lengths = length_to[ends[leaves]] - length_to[begins[leaves]]
                values["link density"] = (linked[ends[leaves]] - linked[begins[leaves]]) / np.maximum(lengths, 1)
            for name, value in values.items():
                branch = np.zeros(size)
                branch[into] = np.repeat(value, sizes)
                out[f"{of}branch's {name}"] = branch
        return out

    def _declared(self) -> Columns:
        """Return the declared kind of the page, and the blocks its metadata repeat."""
        declared = self.declared
        out: Columns = {f"page's {name}": value for name, value in declared.marks.items()}
        within, summary = np.zeros(self.size), np.zeros(self.size)
        if declared.body or declared.summaries:
            sizes, pieces = self.counted.length, pieces_of(declared.body)
            begins = {one[0] for one in declared.summaries}
            for number, text in enumerate(self.texts):
                if sizes[number] < _COMPARED or (not declared.body and text[0].isalnum() and text[0].lower() not in begins):
                    continue
                plain = squeezed(text if declared.body else text[:_COMPARED_OF_LONG])
                if declared.body:
                    within[number] = share_within(plain, pieces)
                for one in declared.summaries:
                    if plain.startswith(one) or (len(plain) >= _COMPARED and one.startswith(plain)):
                        summary[number] = 1
        out["in articleBody"], out["is description"] = within, summary
        out["page's articleBody"] = len(declared.body) / max(int(self.counted.length.sum()), 1)
        out["page's part in articleBody"] = float((within * self.counted.length).sum()) / max(len(declared.body), 1)
        return out


def _tame(scores: Ints) -> Any:
    """Map log odds in 1/1024 to -1..1.

    By a ratio, as an exponential could differ between machines.
    """
    return scores / (np.abs(scores) + float(SCALE))


def shifted(values: Any, step: int) -> Any:
    """Return the value of the block `step` positions later, 0 if none."""
    out = np.zeros(len(values), values.dtype)
    if step > 0:
        out[:-step] = values[step:]
    else:
        out[-step:] = values[:step]
    return out


@cache
def column_names() -> tuple[str, ...]:
    """Return the names of the columns of `Layout.table`."""
    layout = Layout(read_page("<p>one</p>"))
    none = np.zeros(1, np.int64)
    return (*layout.known(), *layout.scored(FirstScores(none, none), 0), *(f"{SECOND}{name}" for name in layout.context(none)))


@cache
def page_columns() -> tuple[int, ...]:
    """Return the numbers of the columns that are equal for all blocks of a page."""
    return tuple(number for number, name in enumerate(column_names()) if name.startswith("page's"))
