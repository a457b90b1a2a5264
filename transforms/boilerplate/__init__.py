"""Boilerplate removal for web pages and for scraped plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from newsbeam.transforms.boilerplate.lines.line import Explained
from newsbeam.transforms.boilerplate.lines.strip import explain_lines, strip_lines
from newsbeam.transforms.boilerplate.main_text import Recurring, explain_page, main_text
from newsbeam.transforms.boilerplate.pages.blocks import read_page
from newsbeam.transforms.boilerplate.site_template import SiteTemplate, site_of
from newsbeam.transforms.document import ALL_SIGNS, Document, Removal
from newsbeam.transforms.processor import Effect


@dataclass(frozen=True)
class Boilerplate:
    """Reduce `text` to the main text; list what was removed in `removed`.

    `template` has the texts that repeat over the pages of a site, if the run has counted them.
    """

    name: ClassVar[str] = "boilerplate"
    effect: ClassVar[Effect] = "edits"
    template: SiteTemplate | None = field(default=None, metadata={"option": False})

    def __call__(self, document: Document) -> Document:
        """Return the document without boilerplate; never raises.

        `markup` is false afterwards.
        """
        if document.markup:
            return self._page(document)
        clean = self._lines(document)
        if self.template is None:
            return clean
        texts = [text.strip() for text in self.site_texts(document)]
        left = set(clean.text.split("\n"))
        found = self.template.recurring(site_of(document), texts, [text in left for text in texts])
        if not any(found):
            return clean
        if clean.title in (text for text, gone in zip(texts, found, strict=True) if gone) and not document.title:
            # The headline was wrong if every page of the site begins with it.
            own = "\n".join(text for text, gone in zip(_BREAK.split(document.text), found, strict=True) if not gone)
            clean = replace(clean, title=self._lines(replace(document, text=own)).title)
        return _without_lines(clean, texts, found)

    def explain(self, document: Document) -> list[Explained]:
        """Return each block or line in order, with reasons for its decision.

        Slow: for interactive use.
        """
        if document.markup:
            return explain_page(document.text, self._recurring(document))
        return explain_lines(document.text, document.title)

    def site_texts(self, document: Document) -> list[str]:
        """Return the texts of a document that may repeat on other pages.

        They are the blocks of a page, or the lines of scraped text.
        """
        if document.markup:
            return [block.text for block in read_page(document.text).blocks]
        return _BREAK.split(document.text)

    def _recurring(self, document: Document) -> Recurring | None:
        template = self.template
        return None if template is None else lambda texts, kept: template.recurring(site_of(document), texts, kept)

    def _page(self, document: Document) -> Document:
        main = main_text(document.text, document.added, self._recurring(document))
        said = main.metadata
        about = replace(
            document.metadata,
            boilerplate=ALL_SIGNS,
            modified=said.modified,
            section=said.section,
            image_caption=said.image_caption,
            image_credit=said.image_credit,
        )
        return replace(
            document,
            text=main.text,
            markup=False,
            title=document.title or said.title,
            author=document.author or said.author,
            site=document.site or said.site,
            created=document.created or said.created,
            url=document.url or said.url,
            declared_language=document.declared_language or said.language,
            removed=document.removed + main.removed,
            metadata=about,
            visible=main.visible,
        )

    def _lines(self, document: Document) -> Document:
        text, removed, headline = strip_lines(document.text, document.title)
        return replace(
            document,
            text=text,
            title=document.title or headline,
            removed=document.removed + removed,
            metadata=replace(document.metadata, boilerplate=ALL_SIGNS),
        )


_BREAK = re.compile(r"\r\n|\n|\r")


def _without_lines(document: Document, lines: Sequence[str], recurring: Sequence[bool]) -> Document:
    """Remove repeated lines from a cleaned text.

    `lines` are those of the original text, some of which the cleaned text has kept, in part or
    completely.
    """
    before = {removal.line for removal in document.removed if removal.line > 0 and removal.text == lines[removal.line - 1]}
    kept: list[str] = []
    gone: list[Removal] = []
    at = 0
    for text in document.text.split("\n"):
        if bare := text.strip():
            while at < len(lines) and (at + 1 in before or not lines[at].startswith(bare)):
                at += 1
            at += 1
            if at <= len(lines) and recurring[at - 1]:
                gone.append(Removal("template", at, bare))
                continue
        kept.append(text)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")
    removed = sorted((*document.removed, *gone), key=lambda removal: removal.line)
    return replace(document, text=text, removed=tuple(removed))
