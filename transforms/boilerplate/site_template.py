"""What recurs over the pages of a site: menus, slogans, pitches and author boxes that no word list knows.

In two steps, since a page by itself does not know its neighbours. First every page says what is to be counted for it
(`page_keys`); whoever runs the chain adds the counts up, in whatever order and on however many machines. Then a
`SiteTemplate` with the counts tells, page by page, which of its texts are template (`recurring`).

A text counts as often as it stands on *other* pages: the page itself, and its copies word for word, are taken off both the
text's count and the number of pages. So a page saved six times is no template of its own, and a site of one page has none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol
from urllib.parse import urlsplit

from newsbeam.transforms.document import Document


class Counts(Protocol):
    """How often each key was given, of all pages of the run. It may err, but to one side only each time."""

    def at_least(self, key: int) -> int:
        """A number that is hardly ever too high."""
        ...

    def at_most(self, key: int) -> int:
        """A number that is never too low."""
        ...


_NUMBER = re.compile(r"\d+")
# So many numbers, and one to so few words: a row of a table, a product's measures. Folded, all of them would be alike.
_FIGURES, _WORDS_A_FIGURE = 3, 4
# Without two letters it is neither a name nor a word: the figures of a table, "a)", "€", "»".
_WORDY = re.compile(r"[^\W\d_][\W\d_]*[^\W\d_]")
_DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def fingerprints(texts: Iterable[str]) -> list[int]:
    """For each text a signed number of 64 bits, the same on every machine; 0 for what tells nothing: no words, or mostly numbers.

    Case and white space do not matter, nor, in a sentence, what the numbers are: "Already 812 readers  sit at our table" and
    "already 97 readers sit at our table" are one text. In "Save 25%" they are what it has to say.
    """
    return [_fingerprint(text) for text in texts]


def _fingerprint(text: str) -> int:
    words = text.split()
    folded = " ".join(words).casefold()
    if not _WORDY.search(folded[:_ENOUGH]):
        return 0
    if _long(text):
        folded, numbers = _NUMBER.subn("0", folded)
        if numbers >= _FIGURES and numbers * _WORDS_A_FIGURE >= len(words) and not _DENSE.search(folded):
            return 0
    return _hash(folded) or 1


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True)


_LINK = re.compile(r"<(?:link|meta)\s[^<>]{1,2000}>", re.I)
_CANONICAL = re.compile(r"\b(?:rel\s*=\s*[\"']?canonical|(?:property|name)\s*=\s*[\"']?og:url)\b", re.I)
_ADDRESS = re.compile(r"\b(?:href|content)\s*=\s*(?:[\"']\s*)?(https?://[^\s\"'<>]+)", re.I)
_HEAD = 1 << 18


def site_of(document: Document) -> str:
    """The site that a document belongs to: the host of its url or, where it is a page that has none, of the url that it
    says is its own, without `www.`; else the folder of the input that it came from.
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
    """What is to be counted for one page, each key once: the page, its content as a whole, its distinct texts."""
    salt = _hash(site)
    found = {mark for mark in fingerprints(texts) if mark}
    return [salt ^ _hash(_PAGES), salt ^ _content(found), *sorted(salt ^ mark for mark in found)]


def _content(marks: set[int]) -> int:
    """One number for all texts of a page, whatever their order."""
    return _hash(str(sum(marks)))


# A text of so many characters (without spaces) in so many words is a sentence or near it: it does not recur by chance, nor as a
# recipe's "Ingredients". Those of scripts that write a syllable or a word with one sign count three times.
_LONG, _LONG_WORDS = 24, 4
_ENOUGH = 256  # code points of a text that are looked at for it
# So many short texts in a row that all recur are a bar of buttons, a menu, a list of sections.
_ROW = 4
# A short text that stands so often on one page is the label of its records ("REI Outlet"), not the site's.
_LABEL = 3
# A page that would keep fewer characters (counted as above), or less than one in so many, is a form, a record or a law: it may mean
# what it shares with others.
_LEAST_LEFT, _LEAST_PART = 60, 2


@dataclass(frozen=True)
class SiteTemplate:
    """What was counted over the pages of all sites, and from when on it means something.

    A text is template where it stands on `share` (0..1) of the other pages of its site, and at least two, if the site has
    at least `min_pages`.
    """

    counts: Counts
    min_pages: int = 5
    share: float = 0.3

    def shares(self, site: str, texts: Sequence[str]) -> list[float]:
        """For each text of a page the share (0..1) of the site's other pages on which it stands; 0.0 where too little is known.

        `texts` are all texts of the page, as they were given to `page_keys`.
        """
        salt = _hash(site)
        pages_key = salt ^ _hash(_PAGES)
        marks = fingerprints(texts)
        copies = max(1, self.counts.at_least(salt ^ _content({mark for mark in marks if mark})))
        # On a site of pages all alike nothing but copies is left, and nothing can be told.
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
        """For each text of a page, in its order, whether it is template.

        A sentence that recurs is. Short texts are only beside one, at the top or the end of the page, or in a row: alone
        between the page's own texts a word that recurs is a heading ("Ingredients"). `kept` says which of them would stay
        by all other signs (none given: all); where next to nothing of those would be left, nothing is template.
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
    """Its characters without spaces; those of scripts that need few count three times."""
    return len(text) - text.count(" ") + (0 if text.isascii() else 2 * len(_DENSE.findall(text)))


def _long(text: str) -> bool:
    head = text[:_ENOUGH]
    return _weight(head) >= _LONG and (len(head.split()) >= _LONG_WORDS or bool(_DENSE.search(head)))
