"""Extract a page's metadata.

Title, author, site, dates, address, language, section and image, from meta tags (Open Graph,
article:*, Dublin Core, Parsely and others), JSON-LD, microdata, `<time>`, and visible text near the
headline. Nothing is fetched or resolved, and nothing raises: unreadable values are "".
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from newsbeam.transforms.authors import (
    PLAIN_WORD,
    account_name,
    byline_names,
    clean,
    declared_name,
    is_site,
    letters,
    says_by,
    several,
    turned,
)
from newsbeam.transforms.boilerplate.metadata.class_names import ASIDE, AUTHOR, DATE, DECLARED_AUTHOR, ELSEWHERE, class_hints, class_signs
from newsbeam.transforms.boilerplate.metadata.json_ld import (
    ARTICLES,
    MAIN,
    article_body,
    is_type,
    json_ld_nodes,
    live_body,
    text_of,
    types_of,
)
from newsbeam.transforms.boilerplate.metadata.titles import LONG_TITLE, Titles, main_heading
from newsbeam.transforms.boilerplate.pages.blocks import Block, Head, Page
from newsbeam.transforms.dates import is_month, machine_date, url_date, written_dates
from newsbeam.transforms.package_data import load_yaml
from newsbeam.transforms.text import fold, is_dense, resolved


@dataclass(frozen=True)
class PageMetadata:
    """Metadata that the page states about itself; "" if missing.

    `author` has one or more names, joined by ", ". `created` (published) and `modified` are ISO
    8601. `description` is the page's own summary. `body` is text that only JSON-LD contains: of an
    article, a post, or a product's description.
    """

    title: str = ""
    author: str = ""
    site: str = ""
    created: str = ""
    modified: str = ""
    url: str = ""
    language: str = ""
    section: str = ""
    image_caption: str = ""
    image_credit: str = ""
    description: str = ""
    body: str = ""


def page_metadata(page: Page, headline: str, bylines: list[str], latest: str) -> PageMetadata:
    """Extract the metadata of a page.

    `headline` is its main heading ("" if it has none), `bylines` are texts known to be bylines, and
    `latest` is the ISO time after which dates are rejected ("" for none).
    """
    about = _About(page, headline, bylines, latest)
    site = about.site()
    title = about.title(site)
    caption, credit = about.image()
    created, modified = about.dates()
    return PageMetadata(
        title=title,
        author=about.author(site),
        site=site,
        created=created,
        modified=modified,
        url=_url(page.canonical) or _url(about.first("og:url")),
        language=about.language,
        section=about.section(title),
        image_caption=caption,
        image_credit=credit,
        description=clean(about.first("og:description", "description", "twitter:description", "dc.description")),
        body=about.body(),
    )


def _url(text: str) -> str:
    text = resolved(text).strip()
    return text if len(text) < 2000 and re.match(r"https?://[^\s/]+\S*$", text, re.I) else ""


_NEAR_BEFORE, _NEAR_AFTER, _VERY_NEAR, _FAR_AFTER = 12, 25, 10, 40  # blocks from the headline
_DECLARED = -1  # the rank of machine-readable metadata


@dataclass
class _About:
    page: Page
    headline: str
    bylines: list[str]
    latest: str
    metas: dict[str, str] = field(default_factory=dict)
    things: list[dict[str, Any]] = field(default_factory=list)
    main: list[dict[str, Any]] = field(default_factory=list)
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    near: list[tuple[int, int]] | None = None
    beside: dict[int, bool] = field(default_factory=dict)
    language: str = ""
    top: int = 0
    headed: bool = False

    def __post_init__(self) -> None:
        for name, content in self.page.metas:
            self.metas.setdefault(name, content)
        scripts = [content for name, content in self.page.metas if name == "script:ld+json"]
        self.things = list(json_ld_nodes([*self.page.json_ld, *scripts]))
        for thing in self.things:
            if isinstance(number := thing.get("@id"), str) and "name" in thing:
                self.known.setdefault(number, thing)
        # Articles are more specific than the page that contains them.
        kinds = [types_of(thing) for thing in self.things]
        articles = [any(kind.endswith(ARTICLES) for kind in named) for named in kinds]
        self.main = [thing for thing, article in zip(self.things, articles, strict=True) if article]
        self.main += [
            thing
            for thing, article, named in zip(self.things, articles, kinds, strict=True)
            if not article and any(kind.endswith(MAIN) for kind in named)
        ]
        language = self.page.language or self.first("content-language", "og:locale", "language", "dc.language")
        self.language = language.strip().replace("_", "-")[:35]
        self.top = self._top()

    def marks(self) -> list[tuple[int, int]]:
        """Return elements near the headline with informative class names.

        In document order, as (index, flags).
        """
        if self.near is None:
            page = self.page
            low = bisect_left(page.first, self.top - _NEAR_BEFORE)
            high = bisect_right(page.first, self.top + _FAR_AFTER)
            known: dict[Head, int] = {}
            self.near = []
            for number, head in enumerate(page.heads[low:high], low):
                signs = known.get(head)
                if signs is None:
                    signs = known[head] = class_signs(head)
                if signs & (AUTHOR | DATE):
                    self.near.append((number, signs))
        return self.near

    def far_marks(self, wanted: int) -> Iterator[tuple[int, int]]:
        """Yield elements further down that may have one of the `wanted` flags.

        In document order.
        """
        page = self.page
        low = bisect_right(page.first, self.top + _FAR_AFTER)
        heads = page.heads[low:]
        # There are few different tags, and most pages have none of these.
        known = {head for head in set(heads) if (head.words and class_hints(head.words) & wanted) or (head.tag == "time" and wanted & DATE)}
        for number, head in enumerate(heads, low) if known else ():
            if head in known and (signs := class_signs(head)):
                yield number, signs

    def _top(self) -> int:
        """Return the index of the block that is the headline."""
        first = -1
        for number, block in enumerate(self.page.blocks):
            if block.tag == "h1":
                if block.text == self.headline:
                    first = number
                    break
                if first < 0 and block.seen:
                    first = number
        self.headed = first >= 0
        return max(first, 0)

    def first(self, *names: str) -> str:
        """Return the first of these meta tags that is not empty."""
        return next((value for name in names if (value := self.metas.get(name, "").strip())), "")

    def name(self, value: Any) -> list[str]:
        """Return the names of persons or organisations.

        They may be in lists of lists, in a person that is another's name, or in two parts.
        """
        names: list[str] = []
        waiting = [value]
        for one in waiting:
            if len(waiting) > 100:
                break
            if isinstance(one, list):
                waiting += one[:30]
            elif isinstance(one, str):
                names.append(clean(one))
            elif isinstance(one, dict):
                person = one
                if "name" not in one and isinstance(number := one.get("@id"), str):
                    person = self.known.get(number, one)
                name = person.get("name") or person.get("@value") or person.get("legalName")
                if name:
                    waiting.append(name if not isinstance(name, dict) or "name" not in name else name["name"])
                else:
                    parts = [text_of(person.get(part)) for part in ("givenName", "additionalName", "familyName")]
                    names.append(" ".join(part for part in parts if part))
        return list(dict.fromkeys(name for name in names if name))

    # --- site

    def site(self) -> str:
        """Return the site's name."""
        found = clean(self.first("og:site_name", "application-name", "apple-mobile-web-app-title", "cre", "dc.publisher"))
        if found and not _url(found):
            return found[:200]
        for thing in self.main:
            if names := self.name(thing.get("publisher")):
                return names[0][:200]
        for thing in self.things:
            if is_type(thing, "website") and (names := self.name(thing)):
                return names[0][:200]
        return ""

    # --- title

    def title(self, site: str) -> str:
        """Return the headline, or the title, without the site's name."""
        page = self.page
        names = self._site_names(site)
        declared = (
            clean(page.title),
            clean(self.first("og:title", "parsely-title", "dc.title", "dcterms.title", "sailthru.title", "twitter:title")),
            next((text_of(thing.get("headline")) for thing in self.main if thing.get("headline")), ""),
        )
        title, shared, headline = (text[:LONG_TITLE] for text in declared)
        heading = self._heading([text for text in (title, shared, headline) if text], names)
        headings = [text for block in page.blocks if block.tag in ("h1", "h2") and (text := main_heading(block.text))][:12]
        sections = [fold(text) for text in (self.first("article:section", "section", "parsely-section"), *_section_names()) if text]
        # The site's name is also in its logo, and before the rights that it reserves.
        around = [block.text for block in (*page.blocks[:40], *page.blocks[-20:]) if len(block.text) <= _SHORT_NAME and block.tag != "h1"]
        others = {letters(_RIGHTS.sub("", text)) for text in around} - {letters(text) for text in headings}
        is_news = any(is_type(thing, "newsarticle", "liveblogposting") for thing in self.things)
        return Titles(
            title,
            shared,
            headline,
            heading,
            tuple(headings),
            frozenset(names),
            frozenset(sections),
            frozenset(text for text in others if len(text) > 2),
            is_news,
        ).best()

    def _site_names(self, site: str) -> set[str]:
        names = {letters(site)}
        host = re.match(r"https?://(?:www\.)?([^/:]+)", self.page.canonical or self.first("og:url"))
        if host:
            parts = host[1].split(".")
            names.add(letters(host[1]))
            names.add(letters(parts[-2] if len(parts) > 1 and len(parts[-2]) > 3 else parts[0]))
        return {name for name in names if len(name) > 1}

    def _heading(self, declared: list[str], names: set[str]) -> str:
        """Return the heading that is the page's headline.

        The one that its title repeats, else the one passed in, else the first.
        """
        headings = [main_heading(block.text) for block in self.page.blocks if block.tag == "h1"][:20]
        headings = [text for text in dict.fromkeys([main_heading(self.headline), *headings]) if text and letters(text) not in names]
        folded = [fold(text) for text in declared]
        for text in headings:
            if len(text) >= 3 and any(one.startswith(fold(text)) for one in folded):
                return text
        return headings[0] if headings and headings[0] == main_heading(self.headline) else ""

    # --- author

    def author(self, site: str) -> str:
        """Return the author: people before accounts, accounts before the site."""
        names = self._site_names(site)
        account = publisher = ""
        for rank, candidates in self._authors():
            if (rank > 1 and publisher) or (rank > 2 and account):
                break
            kept = []
            for candidate in chain.from_iterable(several(candidate) for candidate in candidates):
                name = declared_name(candidate)
                if (
                    site
                    and len(name) > len(site)
                    and name.casefold().endswith(site.casefold())
                    and " " in (person := name[: -len(site)].strip(" ,|·"))
                ):
                    name = person  # "Jane Doe The Harbour Courier"
                if not name:
                    continue
                if is_site(name, names):
                    publisher = publisher or name
                elif rank < 0 and " " not in name and not PLAIN_WORD.fullmatch(name):
                    account = account or name
                elif name not in kept:
                    kept.append(name)
            if kept:
                return ", ".join(kept[:20])
        return account or publisher

    def _authors(self) -> Iterator[tuple[int, list[str]]]:
        """Yield possible authors, most reliable first.

        A rank above 1 is a guess from the appearance of a text.
        """
        people = [names for thing in self.main if (names := self.name(_people(thing.get("author"))))]
        if people and len(people[0]) > 1:
            yield _DECLARED, people[0]
        for name in _AUTHOR_METAS:
            if name in self.metas:
                yield _DECLARED, list(dict.fromkeys(content for given, content in self.page.metas if given == name))[:20]
        for name in _CITED_METAS:
            if name in self.metas:
                yield _DECLARED, list(dict.fromkeys(turned(content) for given, content in self.page.metas if given == name))[:20]
        for names in people:
            yield _DECLARED, names
        for label, content in (("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")):
            if says_by(self.metas.get(label, "")):
                yield _DECLARED, [self.metas.get(content, "")]
        marked = [content for mark, content, _ in self.page.marked if mark == "author"]
        if named := self._microdata_names() or marked:
            yield _DECLARED, named
        yield from self._bylines()
        for thing in self.main:
            if names := self.name(thing.get("author")):
                yield _DECLARED, names
        for thing in self.main:
            if names := self.name(thing.get("creator")):
                yield _DECLARED, names

    def _microdata_names(self) -> list[str]:
        """Return the names inside elements that are marked as authors."""
        page = self.page
        persons = [
            number for number, head in enumerate(page.heads) if "author" in head.itemprop.split() and not self._is_elsewhere(number)
        ][:20]
        names: list[str] = []
        for person in persons:
            names += [content for mark, content, at in page.marked if mark == "name" and self._is_inside(at, person)]
            for number in range(person + 1, min(person + 12, len(page.heads))):
                if page.heads[number].itemprop == "name" and self._is_inside(number, person):
                    names.append(self._text_of(number))
        return [name for name in dict.fromkeys(names) if name]

    def _bylines(self) -> Iterator[tuple[int, list[str]]]:
        page, top = self.page, self.top
        # Without a headline, nothing is far from it.
        end = top + _NEAR_AFTER if self.headed else len(page.blocks)
        found = []
        for number, signs in self.marks():
            if signs & AUTHOR and (byline := self._byline(number, signs, page.first[number] > end)):
                found.append(byline)
                if len(found) > 30:
                    break
        found += [
            (1, names) for text in self.bylines if (names := [name for name in byline_names(text, said=False) if self._is_full(name)])
        ]
        found.sort(key=itemgetter(0))
        yield from (byline for byline in found if byline[0] < 2)
        for number in range(max(top - 5, 0), min(top + _NEAR_AFTER, len(page.blocks))):
            block = page.blocks[number]
            if len(block.text) <= 200 and not block.concealed:
                # A single word behind "by" may be anything: "By Christmas", "written by Deloitte".
                if names := [name for name in byline_names(self._glued(block), said=True) if self._is_full(name)]:
                    yield 2, names
                elif _POSTED_BY.match(block.text) and (account := account_name(block.text, said=True)):
                    yield 2, [account]
        yield from (byline for byline in found if byline[0] >= 2)
        for count, (number, signs) in enumerate(self.far_marks(AUTHOR)):
            if count > 30:
                break
            if signs & AUTHOR and (byline := self._byline(number, signs, self.headed)):
                yield byline

    def _byline(self, number: int, signs: int, far: bool) -> tuple[int, list[str]] | None:
        page = self.page
        if page.last[number] - page.first[number] > 8 or self._is_elsewhere(number):
            return None
        text = self._text_of(number)
        weak = not signs & DECLARED_AUTHOR
        if page.concealed[number] >= 0:
            return None
        if names := byline_names(text, said=False):
            single = weak and not self._is_full(names[0])
            if single and not (byline_names(text, said=True) or self._is_account(number)):
                return None
            return None if single and far else (4 * far + (3 if single else weak), names)
        if (account := account_name(text)) and not (weak and (far or not self._is_account(number))):
            return 4 * far + (3 if weak else 1), [account]
        return None

    def _is_elsewhere(self, element: int) -> bool:
        """Return whether an element is outside the article.

        An element that contains the headline is not.
        """
        page = self.page
        around = page.parents[element]
        passed = []
        beside = False
        while around >= 0:
            known = self.beside.get(around)
            if known is not None:
                beside = known
                break
            passed.append(around)
            if page.first[around] <= self.top < page.last[around]:
                break
            signs = class_signs(page.heads[around])
            # A byline may be in a separate <aside> or <footer> next to the headline.
            if signs & ELSEWHERE or (signs & ASIDE and not 0 <= page.first[around] - self.top <= _VERY_NEAR):
                beside = True
                break
            around = page.parents[around]
        self.beside.update(dict.fromkeys(passed, beside))
        return beside

    def _is_full(self, name: str) -> bool:
        """Return whether a name has two words or a script without spaces."""
        return (" " in name and not name.startswith(("the ", "The "))) or (is_dense(name) and 2 <= len(name) <= 8)

    def _is_account(self, element: int) -> bool:
        """Return whether an element names the user of a forum."""
        return _ACCOUNT_CLASS.search(self.page.heads[element].words) is not None

    def _text_of(self, element: int) -> str:
        page = self.page
        first, last = page.first[element], page.last[element]
        if last > first:
            return "\n".join(self._glued(block) for block in page.blocks[first : min(last, first + 3)])[:400]
        if first >= len(page.blocks):
            return ""
        # An inline element has some of the texts of its block.
        block = page.blocks[first]
        if inside := [text for owner, text in block.parts if self._is_inside(owner, element)]:
            return self._glued(block, inside)[:400]
        if self._is_inside(block.inner, element) or self._is_inside(element, block.element):
            return "" if block.parts and not self._is_inside(block.inner, element) else block.text[:400]
        return ""

    def _is_inside(self, inner: int, element: int) -> bool:
        for _ in range(12):
            if inner <= element:
                break
            inner = self.page.parents[inner]
        return inner == element

    def _glued(self, block: Block, texts: list[str] | None = None) -> str:
        """Return texts of a block with line breaks where they have no space."""
        texts = [text for _, text in block.parts] if texts is None else texts
        if len(texts) < 2:
            return texts[0] if texts else block.text
        out = texts[0]
        at = max(block.text.find(out), 0) + len(out)
        for text in texts[1:]:
            begin = block.text.find(text, at)
            glued = begin == at and text[0].isalnum() and out[-1:].isalnum()
            out += ("\n" if glued else " " if begin > at else "") + text
            at = max(begin, at) + len(text)
        return out

    # --- dates

    def dates(self) -> tuple[str, str]:
        """Return the dates of publication and of the last change.

        The second equals the first if the page states no other.
        """
        modified = ""
        for candidate in self._machine(_MODIFIED_METAS, ("dateModified",)):
            modified = candidate
            break
        created = next(iter(self._machine(_PUBLISHED_METAS, ())), "")
        if not created:
            created = next(iter(self._machine((), ("datePublished",))), "")
        if not created:
            created = next(
                (found for mark, content, _ in self.page.marked if mark == "datepublished" and (found := self._machine_date(content))), ""
            )
        shown, changed = self._shown(bool(created)) if not created or not modified else ("", "")
        modified = modified or changed
        created = created or shown or next(iter(self._machine((), ("uploadDate", "dateCreated"))), "")
        if not created:
            created = url_date(self.page.canonical or self.first("og:url"), self.latest)
        return created or modified, modified

    def _machine_date(self, text: str) -> str:
        return machine_date(text, self.language, self.latest)

    def _machine(self, metas: Iterable[str], keys: Iterable[str]) -> Iterator[str]:
        for name in metas:
            if (content := self.metas.get(name)) and (found := self._machine_date(content)):
                yield found
        for key in keys:
            for thing in self.main:
                if (content := text_of(thing.get(key))) and (found := self._machine_date(content)):
                    yield found

    def _shown(self, known: bool) -> tuple[str, str]:
        """Return the visible dates of publication and change.

        Nearest to the headline first. With `known`, only the second is needed, and not searched far
        from the headline.
        """
        page, top = self.page, self.top
        times: dict[int, str] = {}
        for value, number in page.times:
            times.setdefault(number, value)
        # Blocks at or after the headline, then those before it, then those far below; each once.
        places: list[tuple[int, int, str, str]] = []
        seen: set[int] = set()
        for number, _ in chain(self.marks(), () if known else self.far_marks(DATE)):
            first = page.first[number]
            value = times.get(number, "")
            if (first in seen and not value) or page.last[number] - first > 8 or self._is_elsewhere(number):
                continue
            text = self._text_of(number)
            if not value and (len(text) > 250 or not _DIGIT.search(text) or not self._is_dateline(text)):
                continue
            if first > top + _VERY_NEAR and self._is_teaser(number):
                continue  # the dates of other stories
            seen.add(first)
            far = 2 if first > top + _FAR_AFTER else 0 if first >= top - 3 else 1 if first >= top - _NEAR_BEFORE else 4
            places.append((far, first, value, text))
            if len(places) > 60:
                break
        paragraphs = 0
        for at in range(max(top - 5, 0), min(top + _NEAR_AFTER, len(page.blocks))):
            block = page.blocks[at]
            text = block.text
            paragraphs += at > top and is_prose_like(text)
            if paragraphs > _STANDFIRST:
                break
            if at in seen or len(text) > 120 or not _DIGIT.search(text) or block.concealed or block.tag in ("figcaption", "blockquote"):
                continue
            if self._is_dateline(text) and not self._is_elsewhere(block.element):
                places.append((0 if at >= top else 1, at, "", text))
        created = changed = ""
        for _, _, value, text in sorted(places, key=lambda place: place[:2]):
            if value and (found := self._machine_date(value)):
                published, updated = ("", found) if _says_updated(text) else (found, "")
            else:
                published, updated = self._written(text)
            created, changed = created or published, changed or updated
            if created and (changed or not known):
                return created, changed
        if known:
            return created, changed
        # A line that says that it is the date, in any position.
        said = _date_words()[1]
        for block in page.blocks:
            text = block.text
            is_short = len(text) <= 120 and ("20" in text or "19" in text) and not block.concealed
            if is_short and said.match(text) and self._is_dateline(text) and not self._is_elsewhere(block.element):
                published, updated = self._written(text)
                created, changed = created or published, changed or updated
                if created:
                    break
        return created, changed

    def _is_dateline(self, text: str) -> bool:
        """Return whether a text states a date and little else, not in a sentence.

        It may have other pieces, such as a byline.
        """
        for line in text.split("\n"):
            for _, start, end in written_dates(line, self.language, self.latest):
                piece_start = max((cut.end() for cut in _PIECES.finditer(line, 0, start)), default=0)
                cut = _PIECES.search(line, end)
                before, after = line[piece_start:start], line[end : cut.start() if cut else len(line)]
                if any(_is_word_of_date(word) is False for word in _LETTERS.findall(before)[-8:] + _LETTERS.findall(after)[:8]):
                    words = [word for word in _LETTERS.findall(f"{before} {after}") if not _is_word_of_date(word)]
                    named = byline_names(line[piece_start:], said=True) or byline_names(line[end:].strip(" ,|·–-"), said=True)
                    if len(words) > (_BYLINE if named else _PLACE) or _SENTENCE_END.search(line):
                        continue
                    if not named and any(is_dense(word) and len(word) > _PLACE_DENSE for word in words):
                        continue
                    if not named and any(word.islower() for word in words):
                        continue
                return True
        return False

    def _is_teaser(self, element: int) -> bool:
        """Return whether an element is beside a link with more words than a label."""
        page = self.page
        around = page.parents[element]
        if around >= 0 and page.parents[around] >= 0 and page.last[page.parents[around]] - page.first[page.parents[around]] <= 4:
            around = page.parents[around]
        if around < 0 or page.last[around] - page.first[around] > 6:
            return False
        return any(
            5 * block.link > 3 * len(block.text) and len(block.text) > 25 for block in page.blocks[page.first[around] : page.last[around]]
        )

    def _written(self, text: str) -> tuple[str, str]:
        created = changed = ""
        for line in text.split("\n"):
            at = 0
            for found, start, end in written_dates(line, self.language, self.latest):
                before = line[at:start]
                if _says_updated(before):
                    changed = changed or found
                elif not _date_words()[2].search(before[-40:]):
                    created = created or found
                at = end
        return created, changed

    # --- section, image, body

    def section(self, title: str) -> str:
        """Return the section of the site that the page is in."""
        found = self.first("article:section", "parsely-section", "og:article:section", "section", "cxenseparse:category", "dc.subject")
        if not found:
            found = next((text for thing in self.main if (text := text_of(thing.get("articleSection")))), "")
        if found:
            return clean(found)[:100]
        for thing in self.things:
            if is_type(thing, "breadcrumblist") and (trail := self._trail(thing.get("itemListElement"))):
                return _last_step(trail, title)
        for number, head in enumerate(self.page.heads[: bisect_right(self.page.first, self.top + _VERY_NEAR)]):
            if head.words and "crumb" in head.words.lower():
                first, last = self.page.first[number], self.page.last[number]
                trail = [block.text.removeprefix("- ") for block in self.page.blocks[first : min(last, first + 12)]]
                if len(trail) == 1:
                    trail = re.split(r"(?:(?<!\s)\s+)?[/>»›→|]\s*", trail[0])
                if trail := [step for step in (part.strip(" />»›→|") for part in trail) if step]:
                    return _last_step(trail, title)
        return ""

    def _trail(self, value: Any) -> list[str]:
        ones = value[:12] if isinstance(value, list) else []
        steps = [text_of(one.get("name")) or text_of(one.get("item")) for one in ones if isinstance(one, dict)]
        return [step for step in steps if step and not _url(step)]

    def image(self) -> tuple[str, str]:
        """Return the caption and the credit of the page's first image."""
        caption = credit = ""
        images: list[Any] = []
        for thing in self.main:
            image = thing.get("image")
            images += image[:3] if isinstance(image, list) else [image]
        images += [thing for thing in self.things if is_type(thing, "imageobject")]
        for given in images:
            image = given
            if isinstance(image, dict):
                if "caption" not in image and isinstance(number := image.get("@id"), str):
                    image = self.known.get(number, image)
                caption = caption or text_of(image.get("caption"))
                credit = credit or next(
                    (
                        text
                        for key in ("creditText", "copyrightHolder", "creator", "author", "copyrightNotice")
                        if (text := ", ".join(self.name(image.get(key))))
                    ),
                    "",
                )
        page = self.page
        low = bisect_left(page.first, self.top - _NEAR_BEFORE)
        high = bisect_right(page.first, self.top + _FAR_AFTER)
        for number, head in enumerate(page.heads[low:high] if not (caption and credit) else (), low):
            words = head.words
            if not (words and ("caption" in words or "credit" in words)) and head.tag != "figcaption":
                continue
            text = clean(self._text_of(number))
            if not text or len(text) > 300 or self._is_elsewhere(number):
                continue
            said, by = _credit(text)
            credit = credit or by
            if "credit" in head.words and not by and len(text) <= 80:
                credit = credit or text
            else:
                caption = caption or said
            if caption and credit:
                break
        caption = caption or clean(self.first("og:image:alt", "twitter:image:alt"))
        return caption[:500], credit[:200]

    def body(self) -> str:
        """Return the text that only machine-readable metadata contain."""
        for thing in self.main:
            if text := article_body(thing.get("articleBody")) or article_body(thing.get("text")):
                return text
        for thing in self.main:
            if text := live_body(thing.get("liveBlogUpdate")):
                return text
        return next((text for thing in self.things if is_type(thing, "product") and (text := article_body(thing.get("description")))), "")


# --- title

_SHORT_NAME = 60  # characters
_RIGHTS = re.compile(r"[©®]|\(c\)|copyright|all rights reserved|\b(?:19|20)\d\d\b|[-–]", re.I)


@cache
def _section_names() -> frozenset[str]:
    return frozenset(load_yaml("newsbeam.transforms", "metadata.yaml")["sections"])


# --- author


def _people(value: Any) -> list[Any]:
    """Return the authors that are not organisations."""
    given = value if isinstance(value, list) else [value]
    return [one for one in given if not (isinstance(one, dict) and is_type(one, "organization"))]


_AUTHOR_METAS = (
    *("author", "parsely-author", "sailthru.author", "byl", "article:author_name", "article:author", "og:author", "cxenseparse:author"),
    *("dc.creator", "dcterms.creator", "dc.contributor", "creator", "bt:author", "content_author", "rbauthors", "ms.author"),
)
_ACCOUNT_CLASS = re.compile(r"user|poster|nick|member|handle", re.I)
_POSTED_BY = re.compile(
    r"(?:- )?(?:posted|started|submitted|asked|created|thread starter|topic|post|discussion)\b.{0,30}?\bby\b|by \S+ (?:»|on |\d)", re.I
)
_CITED_METAS = ("citation_author", "citation_authors", "bepress_citation_author")


# --- dates

_PUBLISHED_METAS = (
    *("article:published_time", "article:published", "og:published_time", "og:article:published_time", "datepublished", "parsely-pub-date"),
    *(
        "sailthru.date",
        "dc.date.issued",
        "dcterms.created",
        "dc.date.created",
        "dc.date",
        "dcterms.date",
        "dcterms.issued",
        "pubdate",
        "publishdate",
    ),
    *(
        "publish-date",
        "publish_date",
        "publication_date",
        "date_published",
        "article.published",
        "article:published_date",
        "published",
        "og:publish_date",
    ),
    *(
        "cxenseparse:recs:publishtime",
        "cxenseparse:publishtime",
        "citation_publication_date",
        "citation_date",
        "citation_online_date",
        "date-pub",
    ),
    *(
        "publish_time",
        "rnews:datepublished",
        "bt:pubdate",
        "article.created",
        "article_date_original",
        "originalpublicationdate",
        "datecreated",
        "date",
    ),
    *(
        "gsa_date",
        "created",
        "displaydate",
        "published-date",
        "w-published-date",
        "cdc:first_published",
        "first_published",
        "publishedtime",
        "publication-date",
        "dateposted",
        "ms.date",
        "dcsext.articlefirstpublished",
        "shareaholic:article_published_time",
        "ptime",
        "pdate",
        "pub_date",
        "release_date",
    ),
)
_MODIFIED_METAS = (
    *(
        "article:modified_time",
        "og:updated_time",
        "article:modified",
        "og:modified_time",
        "og:article:modified_time",
        "datemodified",
        "dcterms.modified",
    ),
    *("dc.date.modified", "last-modified", "lastmod", "updated_at", "date_modified", "modified", "updated", "revised", "utime"),
)


_PIECES = re.compile(r"[|·•●/»]|\s[–—-]\s|\s{3,}|; ")
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[a-zà-ÿа-я]{3}[.!?]\W{0,2}$|[。！？]$")
_STANDFIRST = 1  # paragraphs that may be above the dateline
_BYLINE, _PLACE, _PLACE_DENSE = 8, 2, 6  # words beside a date: of a byline, or of a place; characters


def is_prose_like(text: str) -> bool:
    """Return whether a text is a paragraph of the article.

    No dateline is expected below one.
    """
    return len(text) > (60 if is_dense(text) else 160) and _SENTENCE_END.search(text) is not None


@cache
def _words_of_dates() -> frozenset[str]:
    data = load_yaml("newsbeam.transforms", "metadata.yaml")
    phrases = [*data["published"], *data["updated"], *data["dated"], *data["before_by"], *data["weekdays"], *data["particles"]]
    return frozenset(word for phrase in phrases for word in _LETTERS.findall(phrase.casefold()))


def _is_word_of_date(word: str) -> bool:
    folded = word.casefold()
    return folded in _words_of_dates() or is_month(word) or len(word) == 1


@cache
def _date_words() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Compile words of dates.

    They are words before the date of a change, words that begin a line with a date, and words
    before other dates.
    """

    def either(*names: str) -> str:
        words = {word for name in names for word in load_yaml("newsbeam.transforms", "metadata.yaml")[name]}
        return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))

    return (
        re.compile(either("updated"), re.I),
        re.compile(rf"(?:- )?(?:{either('published', 'updated', 'dated')})[\s:：]", re.I),
        re.compile(either("other_dates"), re.I),
    )


def _says_updated(text: str) -> bool:
    return bool(text) and _date_words()[0].search(text[-60:]) is not None


_DIGIT = re.compile(r"\d")

# --- section and image


@cache
def _homes() -> frozenset[str]:
    return frozenset(load_yaml("newsbeam.transforms", "metadata.yaml")["home"])


def _last_step(trail: list[str], title: str) -> str:
    """Return the last breadcrumb that is neither home nor the page itself."""
    homes, end = _homes(), letters(title)
    steps = [step for step in trail if step.casefold() not in homes and len(step) <= 60 and not (end and letters(step)[:40] == end[:40])]
    return steps[-1] if steps else ""


@cache
def _credits() -> re.Pattern[str]:
    words = sorted(
        (re.escape(word) for word in load_yaml("newsbeam.transforms", "metadata.yaml")["credit"]), key=lambda word: (-len(word), word)
    )
    return re.compile(rf"(?:^|[\s(\[|/–—-])(?:(?:{'|'.join(words)})\s*(?::|：|=|\bby\b|/|©)|photo(?:graph)?s? by|courtesy of|©)\s*", re.I)


def _credit(text: str) -> tuple[str, str]:
    """Split a caption and its credit."""
    match = _credits().search(text)
    if match is None:
        return text, ""
    credit = text[match.end() :].strip(" )]|.")
    return text[: match.start()].strip(" |-–—"), credit if len(credit) <= 120 else ""
