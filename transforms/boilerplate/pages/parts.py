"""Parts of an article that go elsewhere: its headline and its captions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsbeam.transforms.boilerplate.pages.blocks import HEADINGS, Page
from newsbeam.transforms.boilerplate.pages.declared import squeezed
from newsbeam.transforms.document import LineKind, RemovalKind

_LONG_CAPTION = 90  # words
_NEAR = 4  # elements around a caption
_MOST_OF_TITLE = 0.4


def article_parts(
    page: Page, kinds: list[LineKind], words: list[int], kind_of: Callable[[int], LineKind]
) -> Iterator[tuple[int, RemovalKind, str]]:
    """Yield kept blocks that are not an article's text, with kind and reason.

    `kinds` is "" for kept blocks, `words` their numbers, `kind_of` the kind that the names of an
    element suggest.
    """
    kept = [number for number, kind in enumerate(kinds) if not kind]
    yield from _headline(page, kept, words)
    for number in kept:
        block = page.blocks[number]
        if block.tag in HEADINGS or words[number] > _LONG_CAPTION:
            continue
        for level, element in enumerate(page.ancestors(block.inner if block.inner >= 0 else block.element)):
            if level > _NEAR or page.heads[element].tag in ("article", "main", "body"):
                break
            if kind_of(element) == "caption":
                yield number, "caption", "in an element of captions"
                break


def _headline(page: Page, kept: list[int], words: list[int]) -> Iterator[tuple[int, RemovalKind, str]]:
    title = squeezed(page.title)
    for number in kept:
        block = page.blocks[number]
        text = squeezed(block.text) if block.tag in ("h1", "h2") else ""
        if (len(text) > _MOST_OF_TITLE * len(title) and text in title) or (block.tag == "h1" and title and title in text):
            yield number, "other", "the headline, which is the title"
            break
        if words[number] > _LONG_CAPTION:
            break
