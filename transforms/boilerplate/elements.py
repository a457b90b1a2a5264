"""Rules that remove whole elements from the main text.

They concern consent dialogs, readers' comments, lists of related stories and text that no reader
sees. A structure has to identify each: the model decides about single blocks, and long sentences
of a dialog or a comment are like those of an article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from newsbeam.transforms.boilerplate.pages.blocks import AUXILIARY, HEADINGS, Page
from newsbeam.transforms.boilerplate.word_lists.load import load
from newsbeam.transforms.document import LineKind, RemovalKind
from newsbeam.transforms.text import is_dense

_NEVER = frozenset(("html", "body", "main", "article"))
_SHORT, _ROW, _LONG = 60, 120, 12  # characters of a label and of a row of them, words of a sentence
_MANY_DIALOGS = 30


@dataclass(frozen=True, eq=False)
class Elements:
    """A page with the decisions on its blocks.

    `kinds` is "" for kept blocks, `said` the kind that the words of a block state, `words` their
    numbers. `named` returns the kind that a class and id suggest.
    """

    page: Page
    kinds: list[LineKind]
    said: dict[int, LineKind]
    words: list[int]
    named: Callable[[str], LineKind]
    kept_before: list[int] = field(default_factory=list)
    heading: int = -1

    def __post_init__(self) -> None:
        total = 0
        self.kept_before.append(0)
        for kind, count in zip(self.kinds, self.words, strict=True):
            total += 0 if kind else count
            self.kept_before.append(total)
        first = next((at for at, block in enumerate(self.page.blocks) if block.tag == "h1"), -1)
        object.__setattr__(self, "heading", first)

    def removals(self) -> Iterator[tuple[int, RemovalKind, str]]:
        """Yield blocks to remove, with their kind and the reason."""
        for rule, kind, reason in (
            (self._concealed, "other", "no reader sees it"),
            (self._consent, "cookie", "in a consent dialog"),
            (self._comments, "comment", "among readers' comments"),
            (self._related, "related", "in a list of related stories"),
        ):
            for at in rule():
                yield at, kind, reason  # type: ignore[misc]

    def _kept(self, first: int, last: int) -> int:
        """Return the number of kept words in blocks."""
        return self.kept_before[max(last, first)] - self.kept_before[first]

    def _range(self, element: int) -> tuple[int, int]:
        first, last = self.page.first[element], self.page.last[element]
        return first, last if last >= 0 else len(self.page.blocks)

    def _is_article(self, element: int) -> bool:
        """Return whether an element may hold the article.

        It has the headline, or most of the text and the headline is not elsewhere.
        """
        first, last = self._range(element)
        if first <= self.heading < last:
            return True
        inside, total = self._kept(first, last), self.kept_before[-1]
        return 2 * inside > total and (self.heading < 0 or total - inside < _ARTICLE // 3)

    # --- text that no reader sees

    def _concealed(self) -> Iterator[int]:
        page = self.page
        total = self.kept_before[-1]
        groups: dict[int, list[int]] = {}
        for at, block in enumerate(page.blocks):
            if block.concealed and not self.kinds[at] and block.tag != "pre":
                root = page.concealed[block.element]
                groups.setdefault(root if root >= 0 else -2 - at, []).append(at)
        heads = {root: page.heads[root] for root in groups if root >= 0}
        alike = Counter(head.key for head in heads.values() if head.attributes.get("class"))
        many = 3 * sum(self.words[at] for group in groups.values() for at in group) > total  # scripts reveal the article
        for root, group in groups.items():
            head = heads.get(root)
            auxiliary = head is None or head.concealed == AUXILIARY
            unfolds = head is not None and (many or alike[head.key] > 1 or _UNFOLDS.search(head.words) is not None)
            if auxiliary or not (unfolds or self._is_remainder(group)):
                yield from group

    def _is_remainder(self, group: list[int]) -> bool:
        """Return whether a concealed element is the rest of an article.

        It has many sentences, and no visible ones follow it.
        """
        blocks = self.page.blocks
        if sum(self.words[at] >= _LONG for at in group) < _REMAINDER:
            return False
        after = range(group[-1] + 1, len(blocks))
        return not any(self.words[at] >= _LONG and not self.kinds[at] and not blocks[at].concealed for at in after)

    # --- consent dialogs

    def _consent(self) -> Iterator[int]:
        page, blocks = self.page, self.page.blocks
        words = _privacy_words()
        for element, head in enumerate(page.heads):
            if head.words and head.tag not in _NEVER and _is_manager(head.words):
                first, last = self._range(element)
                if first < last and not self._is_article(element):
                    yield from range(first, last)
        tried: set[int] = set()
        for at, kind in self.said.items():
            block = blocks[at]
            if (
                kind != "cookie"
                or len(block.text) > (_ROW if block.links > 1 else _SHORT)
                or block.tag in HEADINGS
                or len(tried) > _MANY_DIALOGS
            ):
                continue
            around = next((one for one in page.ancestors(block.element) if self._speaks_of(one, at, words)), -1)
            if around < 0 or around in tried:
                continue
            tried.add(around)
            # The dialog may have its text and its buttons in elements of their own.
            for higher in page.ancestors(around):
                head = page.heads[higher]
                first, last = self._range(higher)
                if head.tag in _NEVER or self._is_article(higher) or last - first > _SMALL_DIALOG:
                    break
                if not all(self._begins_dialog(one, words) for one in range(first, last) if blocks[one].tag in HEADINGS):
                    break
                around = higher
            first, last = self._range(around)
            if page.heads[around].tag not in _NEVER and not self._is_article(around) and last - first <= _SMALL_DIALOG:
                yield from range(first, last)
            else:
                # Without an element of its own, it extends from its heading to its last button.
                begin = next((one for one in range(at - 1, max(at - _SMALL_DIALOG, -1), -1) if self._begins_dialog(one, words)), at)
                yield from range(begin, at + 1)

    def _speaks_of(self, element: int, button: int, words: re.Pattern[str]) -> bool:
        first, last = self._range(element)
        return any(
            at != button
            and (len(self.page.blocks[at].text) > _SHORT or self.page.blocks[at].tag in HEADINGS)
            and (self.said.get(at) == "cookie" or words.search(self.page.blocks[at].text))
            for at in range(max(first, button - _SMALL_DIALOG), min(last, button + _SMALL_DIALOG))
        )

    def _begins_dialog(self, at: int, words: re.Pattern[str]) -> bool:
        block = self.page.blocks[at]
        return block.tag in HEADINGS and (self.said.get(at) == "cookie" or words.search(block.text) is not None)

    # --- readers' comments

    def _comments(self) -> Iterator[int]:
        page = self.page
        sure = self._declares_article()
        if any(_FORUM.search(script) for script in page.json_ld) or not (sure or self._has_article()):
            return
        end = -1
        named: list[tuple[int, int]] = []
        for element, head in enumerate(page.heads):
            first, last = self._range(element)
            if first < end or first >= last or head.tag in _NEVER:
                continue
            is_comment = (head.words and self.named(head.words) == "comment") or head.itemprop == "comment"
            if is_comment and self.kept_before[first] >= _ARTICLE and not first <= self.heading < last:
                named.append((first, last))
                end = last
        if named and not self._holds_article(named[0][0], named[-1][1], sure):
            for first, last in named:
                yield from range(first, last)
        end = named[-1][1] if named else -1
        for at, kind in self.said.items():
            block = page.blocks[at]
            if kind != "comment" or at < end or block.tag not in HEADINGS or self.kept_before[at] < _ARTICLE:
                continue
            parent = page.parents[block.element]
            if parent < 0:
                continue
            last = self._range(parent)[1]
            answers = sum(self.said.get(one) == "comment" or _TIME.search(page.blocks[one].text) is not None for one in range(at + 1, last))
            if answers and not self._holds_article(at, last, sure):
                yield from range(at, last)
                end = last

    def _holds_article(self, first: int, last: int, sure: bool) -> bool:
        """Return whether blocks that may be comments hold the article."""
        before, inside = self._kept(0, first), self._kept(first, last)
        return first <= self.heading < last or inside > _DISCUSSION * before or (not sure and before < min(inside, 5 * _ARTICLE))

    def _declares_article(self) -> bool:
        """Return whether the page says that it is an article.

        Comments can belong to one.
        """
        page = self.page
        if any(name == "og:type" and content.lower() == "article" for name, content in page.metas):
            return True
        if any(_ARTICLE_TYPE.search(script) for script in page.json_ld):
            return True
        articles = [at for at, head in enumerate(page.heads) if head.tag == "article" and self._kept(*self._range(at)) >= _ARTICLE]
        return any(self._range(at)[0] <= self.heading < self._range(at)[1] for at in articles)

    def _has_article(self) -> bool:
        return any(head.tag == "article" and 2 * self._kept(*self._range(at)) > _ARTICLE for at, head in enumerate(self.page.heads))

    # --- lists of related stories

    def _related(self) -> Iterator[int]:
        page, blocks = self.page, self.page.blocks
        if not self._declares_article():
            return  # on a page of lists, they are its content
        for at, kind in self.said.items():
            if kind != "related" or len(blocks[at].text) > _SHORT:
                continue
            items: list[int] = []
            parent = page.parents[blocks[at].element]
            for one in range(at + 1, min(at + 1 + _MANY_ITEMS, len(blocks))):
                block = blocks[one]
                if not self._is_link(one) and (self.words[one] >= _LONG or block.tag in HEADINGS or is_dense(block.text)):
                    break
                items.append(one)
            while items and not self._is_link(items[-1]) and not (parent >= 0 and items[-1] < self._range(parent)[1]):
                items.pop()
            if any(self._is_link(one) for one in items):
                yield from items
        for element, head in enumerate(page.heads):
            if head.words and head.tag not in _NEVER and self.named(head.words) == "related":
                first, last = self._range(element)
                if last - first > 1 and self._kept(first, last) and not self._is_article(element):
                    linked = sum(block.link for block in blocks[first:last])
                    if 10 * linked > 7 * sum(len(block.text) for block in blocks[first:last]):
                        yield from range(first, last)

    def _is_link(self, at: int) -> bool:
        block = self.page.blocks[at]
        return 10 * block.link >= 6 * len(block.text)


_REMAINDER = 4  # sentences
_SMALL_DIALOG = 25  # blocks
_ARTICLE = 60  # words
_DISCUSSION = 6  # the most words of comments for each word of an article
_UNFOLDS = re.compile(
    r"accord|collaps|toggle|tab-?(?:pane|panel|content)|panel|drawer|faq|paywall|expand|more|disclos|slide|carousel|answer|fold", re.I
)
_MANY_ITEMS = 20
_TIME = re.compile(r"\d\d?[:.h]\d\d|\b(?:19|20)\d\d\b")
_FORUM = re.compile(r'"(?:DiscussionForumPosting|QAPage|Question)"')
_ARTICLE_TYPE = re.compile(r'"@type"\s{0,20}:\s{0,20}\[?\s{0,20}"[A-Za-z]{0,30}(?:Article|BlogPosting|Report)"')


@cache
def _privacy_words() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, load("signs.yaml")["privacy"])), re.I)


@cache
def _managers() -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z\d])(?:{'|'.join(map(re.escape, load('signs.yaml')['consent_managers']))})", re.I)


@lru_cache(maxsize=20_000)
def _is_manager(words: str) -> bool:
    return _managers().search(words) is not None
