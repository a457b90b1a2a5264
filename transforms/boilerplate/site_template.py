"""Texts that repeat over the pages of a site.

Menus, slogans, appeals and author boxes that no word list contains. This takes two steps, because a
page does not know its neighbours. First, each page yields the keys to count (`page_keys`); the
caller adds up the counts, in any order and on any number of machines. Then a `SiteTemplate` with
the counts says which texts of a page are template (`recurring`).

Only *other* pages count: the page itself and its exact copies are subtracted both from the count of
a text and from the number of pages. So a page saved six times is not its own template, and a site
with one page has none. With the counts of an earlier run, the page itself may not be among those
counted, and nothing is subtracted for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol
from urllib.parse import urlsplit

from newsbeam.transforms.document import Document
from newsbeam.transforms.text import UNSPACED

COUNTS_VERSION = 1
"""The version of what is counted. Counts of another version are refused.

Raise it when a text of the same page gets another key: when fingerprints change, or the texts that
`site_texts` of the processor `boilerplate` returns.
"""


Recurring = Callable[[Sequence[str], Sequence[bool]], Sequence[bool]]
"""Texts of a page, and whether each would be kept → whether each is the site's template."""


class Counts(Protocol):
    """Counts of keys over all pages of a run.

    The counts may be approximate, but each method errs to one side only.
    """

    def at_least(self, key: int) -> int:
        """Return a count that is hardly ever too high."""
        ...

    def at_most(self, key: int) -> int:
        """Return a count that is never too low."""
        ...


_NUMBER = re.compile(r"\d+")
# At least this many numbers, and one per this many words: a table row, or measurements. With digits
# replaced, all of them would be equal.
_FIGURES, _WORDS_A_FIGURE = 3, 4
# With fewer than two letters, a text is neither a name nor a word: numbers in a table, "a)", "€",
# "»".
_WORDY = re.compile(r"[^\W\d_][\W\d_]*[^\W\d_]")


def fingerprints(texts: Iterable[str]) -> list[int]:
    """Return a signed 64-bit hash of each text.

    It is the same on every machine, and 0 for texts without information: no words, or mostly
    numbers. Case and white space are ignored; so are, in a sentence, the values of numbers:
    "Already 812 readers  sit at our table" and "already 97 readers sit at our table" are equal. In
    "Save 25%", the number matters.
    """
    return [_fingerprint(text) for text in texts]


def _fingerprint(text: str) -> int:
    words = text.split()
    folded = " ".join(words).casefold()
    if not _WORDY.search(folded[:_ENOUGH]):
        return 0
    if _long(text):
        folded, numbers = _NUMBER.subn("0", folded)
        if numbers >= _FIGURES and numbers * _WORDS_A_FIGURE >= len(words) and not UNSPACED.search(folded):
            return 0
    return _hash(folded) or 1


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True)


_LINK = re.compile(r"<(?:link|meta)\s[^<>]{1,2000}>", re.I)
_CANONICAL = re.compile(r"\b(?:rel\s*=\s*[\"']?canonical|(?:property|name)\s*=\s*[\"']?og:url)\b", re.I)
_ADDRESS = re.compile(r"\b(?:href|content)\s*=\s*(?:[\"']\s*)?(https?://[^\s\"'<>]+)", re.I)
_HEAD = 1 << 18


def site_of(document: Document) -> str:
    """Return the site that a document belongs to.

    It is the host of its url, without `www.`. If a page has none, it is the host of its canonical
    url; if there is none either, the folder of the input file.
    """
    if host := _host(document.url):
        return host
    if document.markup:
        for tag in _LINK.findall(document.text[:_HEAD]):
            if _CANONICAL.search(tag) and (address := _ADDRESS.search(tag)) and (host := _host(address.group(1))):
                return host
    path, mark, number = document.metadata.origin.rpartition("#")
    path = path if mark and number.isdigit() else document.metadata.origin
    return path.rpartition("/")[0] + "/"


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".").removeprefix("www.")


_PAGES = "pages of the site"


def page_keys(site: str, texts: Iterable[str]) -> list[int]:
    """Return the keys to count for one page, each once.

    They stand for the page, its complete content, and its distinct texts.
    """
    salt = _hash(site)
    found = {mark for mark in fingerprints(texts) if mark}
    return [salt ^ _hash(_PAGES), salt ^ _content(found), *sorted(salt ^ mark for mark in found)]


def _content(marks: set[int]) -> int:
    """Return one hash for all texts of a page, independent of their order."""
    return _hash(str(sum(marks)))


# Minimum characters (without spaces) and words of a text that is more or less a sentence: it does
# not repeat by chance, nor as a label such as "Ingredients". In scripts with one character per
# syllable or word, characters count three times.
_LONG, _LONG_WORDS = 24, 4
_ENOUGH = 256  # characters of a text to read for this
# Minimum consecutive short texts that all repeat to be a menu, a bar of buttons or a list of
# sections.
_ROW = 4
# A short text that occurs this often on one page is a label of its records ("REI Outlet"), rather
# than of the site.
_LABEL = 3
# A page that would keep fewer characters (counted as above), or less than this fraction, is a form,
# a record or a law, whose shared text may be its content.
_LEAST_LEFT, _LEAST_PART = 60, 2


@dataclass(frozen=True)
class SiteTemplate:
    """The counts of all sites, and the thresholds.

    A text is template if it occurs on at least `share` (0..1) of the other pages of its site, and
    on at least two, if the site has at least `min_pages`. `counted` says that every page to decide
    about was counted; counts of an earlier run have only some of them.
    """

    counts: Counts
    min_pages: int = 5
    share: float = 0.3
    counted: bool = True

    def shares(self, site: str, texts: Sequence[str]) -> list[float]:
        """Return the fraction of the site's other pages with each text.

        0.0 if there are too few pages. `texts` are all texts of the page, as passed to `page_keys`.
        """
        salt = _hash(site)
        pages_key = salt ^ _hash(_PAGES)
        marks = fingerprints(texts)
        copies = max(int(self.counted), self.counts.at_least(salt ^ _content({mark for mark in marks if mark})))
        # On a site with identical pages, only copies are left, and nothing can be decided.
        if self.counts.at_least(pages_key) - copies + 1 < self.min_pages:
            return [0.0] * len(marks)
        others = max(1, self.counts.at_most(pages_key) - copies)
        known: dict[int, float] = {0: 0.0}
        for mark in marks:
            if mark not in known:
                elsewhere = self.counts.at_least(salt ^ mark) - copies
                known[mark] = min(1.0, elsewhere / others) if elsewhere >= 2 else 0.0
        return [known[mark] for mark in marks]

    def recurring(self, site: str, texts: Sequence[str], kept: Sequence[bool] = ()) -> list[bool]:
        """Decide for each text of a page whether it is template.

        A repeated sentence is. A repeated short text is template only next to one, at the top or
        end of the page, or in a row; alone between the page's own texts, a repeated word is a
        heading ("Ingredients"). `kept` says which texts would otherwise stay (default: all). If
        hardly any of those would remain, nothing is template.
        """
        labels = {text for text, count in Counter(texts).items() if count >= _LABEL and not _long(text)}
        often = [share >= self.share and text not in labels for share, text in zip(self.shares(site, texts), texts, strict=True)]
        found = [False] * len(texts)
        there = [at for at, text in enumerate(texts) if text.strip()]
        run: list[int] = []
        for place, at in enumerate(there):
            if often[at]:
                run.append(at)
            if run and (not often[at] or place == len(there) - 1):
                edge = run[0] == there[0] or run[-1] == there[-1]
                if edge or len(run) >= _ROW or any(_long(texts[one]) for one in run):
                    for one in run:
                        found[one] = True
                run = []
        weights = [_weight(text) if stays else 0 for text, stays in zip(texts, kept or [True] * len(texts), strict=True)]
        left = sum(weight for weight, gone in zip(weights, found, strict=True) if not gone)
        return found if left >= _LEAST_LEFT and left * _LEAST_PART >= sum(weights) else [False] * len(texts)


def _weight(text: str) -> int:
    """Count the characters without spaces.

    In scripts with one character per syllable or word, they count three times.
    """
    return len(text) - text.count(" ") + (0 if text.isascii() else 2 * len(UNSPACED.findall(text)))


def _long(text: str) -> bool:
    head = text[:_ENOUGH]
    return _weight(head) >= _LONG and (len(head.split()) >= _LONG_WORDS or bool(UNSPACED.search(head)))
