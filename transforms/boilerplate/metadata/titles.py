"""The headline of a page, from its title, its headings and what it declares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from newsbeam.transforms.authors import clean, letters
from newsbeam.transforms.text import fold, is_dense

LONG_TITLE = 1000  # characters; longer titles are truncated

TELLING_TITLE = 10

# A bar needs no spaces around it, a dash does, except in scripts without spaces.
_SEPARATOR = re.compile(r"(?<!\s)\s+(?:[|·•*»«:–—›‹~@/\\-]+|::)\s+|(?:(?<!\s)\s+)?[|｜]\s*")
_DENSE_SEPARATOR = re.compile(r"(?<!\s)\s+(?:[|·•*»«:–—›‹~@/\\-]+|::)\s+|(?:(?<!\s)\s+)?[|｜_ㅣᅵ]\s*|—{1,2}|[-–：](?!\d)")
# Names of papers, portals and their sections, at the end of a segment.
_OUTLET = re.compile(
    r"(?:网|網|报|報|社|台|新闻|新聞|频道|頻道|中心|资讯|資訊|在线|線上|客户端|栏目|专栏|首页|时报|時報|門戶|门户|デジタル|ニュース|オンライン|テレビ|通信"
    r"|Web|WEB|net|news|News|NEWS|online|Online|일보|신문|뉴스|방송|경제|닷컴)$"
)
_DOMAIN = re.compile(r"(?:www\.)?[\w-]+(?:\.[\w-]+)?\.[a-z]{2,4}", re.I)
_COUNT = re.compile(r"[(\[]\d{1,3}\+?[)\]]\s+(?=\S)")
_LONG_TAIL = 30  # characters


def main_heading(text: str) -> str:
    """Return a heading without the symbol that links to it."""
    return clean(text).removesuffix("¶").removesuffix(" #").strip()


@dataclass(frozen=True)
class Titles:
    """Texts that may be the headline, and what is known not to be part of it.

    `title` is the page's title, `shared` the title for other sites (og:title), `headline` that of
    JSON-LD, `heading` the main heading. `sites` are names of the site, `others` other short texts
    of the page, both letters only; `sections` are names of sections. `is_news` is whether the page
    declares itself a news article.
    """

    title: str
    shared: str
    headline: str
    heading: str
    headings: tuple[str, ...]
    sites: frozenset[str]
    sections: frozenset[str]
    others: frozenset[str]
    is_news: bool

    def best(self) -> str:
        """Return the headline, "" if the page has none."""
        declared = [self.title, self.shared, self.headline]
        known = {letters(text) for text in (*self.headings, self.heading, *declared) if text}
        alone = not self.shared and not self.headline
        title, shared, headline = (self.without_site(text, known, alone) for text in declared)
        cores = [core for core in (title, shared, headline) if core]
        heading = self.heading
        if self.is_news and len(headline) >= TELLING_TITLE and not self._is_site(headline):
            if heading and title and letters(heading) == letters(title) == letters(shared):
                # A heading of several elements may lack the space between their words.
                headline = heading if len(heading.split()) >= len(shared.split()) else shared
            return _without_kicker(headline, [shared])
        if not cores or not heading:
            return heading or next((core for core in cores if not self._is_site(core)), next(iter(cores), ""))
        # "Home" is less specific than any heading.
        if len(cores[0]) >= TELLING_TITLE and not agrees(heading, cores, [text for text in declared if text]):
            return cores[0]
        return _without_kicker(_same_words(heading, [shared, headline, title]), cores)

    def without_site(self, title: str, known: set[str], alone: bool) -> str:
        """Return a title without the names of the site and its sections.

        They are at its ends, behind a bar or dash. `known` are other titles, letters only. If the
        title is `alone`, a short end that is not known goes as well.
        """
        title = _COUNT.sub("", title, count=1) if title.startswith(("(", "[")) else title
        dense = is_dense(title)
        separator = _DENSE_SEPARATOR if dense else _SEPARATOR
        cuts = list(separator.finditer(title))
        starts = [0, *(cut.end() for cut in cuts)]
        ends = [*(cut.start() for cut in cuts), len(title)]
        first, last = 0, len(starts) - 1
        while last > first and not title[starts[last] : ends[last]].strip():
            last -= 1
        while last > first:
            tail, rest = title[starts[last] : ends[last]].strip(), title[starts[first] : ends[last - 1]].strip()
            is_end = self._is_site(tail) or fold(tail) in self.sections or (letters(rest) in known and len(rest) > len(tail))
            sign = cuts[last - 1][0].strip()
            if not is_end and dense:
                is_end = sign == "_" or (len(tail) <= _LONG_TAIL and _OUTLET.search(tail) is not None)
            if not is_end and alone and not self.sites:
                is_end = sign in "|｜" or (len(tail) < len(rest) and len(tail) <= _LONG_TAIL)
            if not is_end and letters(tail) in self.others and sign:
                is_end = len(tail) <= _LONG_TAIL and not any(letters(tail) in letters(text) for text in self.headings)
            if not is_end:
                break
            last -= 1
        while first < last and self._is_site(part := title[starts[first] : ends[first]].strip()) | (fold(part) in self.sections):
            first += 1
        found = title[starts[first] : ends[last]].strip()
        # "The Courier: Harbour plan passes"
        before, colon, after = found.partition(": ")
        return after.strip() if colon and after.strip() and letters(before) in self.sites else found

    def _is_site(self, text: str) -> bool:
        own = letters(text)
        if not own or own in self.sites or _DOMAIN.fullmatch(text):
            return True
        return any(
            (len(site) > 4 and (own.startswith(site) or own.endswith(site)) and len(own) <= len(site) + 12)
            or (len(own) > 4 and (site.startswith(own) or site.endswith(own)))
            for site in self.sites
        )


def _same_words(heading: str, others: Iterable[str]) -> str:
    """Return the first text with the same letters; a heading may lack a colon."""
    own = letters(heading)
    return next((text for text in others if text and letters(text) == own), heading)


def _without_kicker(heading: str, cores: Iterable[str]) -> str:
    """Return a heading without the words before it that the other titles do not have."""
    folded = fold(heading)
    for core in cores:
        if len(core) >= TELLING_TITLE and len(core) < len(heading) and folded.endswith(fold(core)):
            before = heading[: len(heading) - len(core)].rstrip()
            if before.endswith((":", "|", "–", "-", "+++", ".", "\n")) or len(before.split()) <= _KICKER:
                return heading[len(heading) - len(core) :].strip()
    return heading


_KICKER = 3  # words


def agrees(heading: str, cores: list[str], declared: list[str]) -> bool:
    """Return whether a heading agrees with the titles.

    The wording may differ. A heading that does not agree is part of the page's furniture.
    """
    said = fold(heading)
    if any(fold(text).startswith(said) for text in declared) or said in map(fold, cores):
        return True
    words = set(_WORDS.findall(said))
    return any(5 * len(words & other) > len(words | other) for other in (set(_WORDS.findall(fold(core))) for core in cores))


_WORDS = re.compile(r"\w+")
