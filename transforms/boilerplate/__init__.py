"""Boilerplate removal for web pages and for scraped plain text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from newsbeam.transforms.boilerplate.forms.read import read_form
from newsbeam.transforms.boilerplate.forms.reader import reader_header, without_header
from newsbeam.transforms.boilerplate.lines.line import Explained
from newsbeam.transforms.boilerplate.lines.strip import explain_lines, strip_lines
from newsbeam.transforms.boilerplate.main_text import explain_page, main_text
from newsbeam.transforms.boilerplate.pages.blocks import read_page
from newsbeam.transforms.boilerplate.site_template import Recurring, SiteTemplate, site_of
from newsbeam.transforms.document import ALL_SIGNS, Document, Removal
from newsbeam.transforms.processor import Effect


@dataclass(frozen=True)
class Boilerplate:
    """Reduce `text` to the main text; list what was removed in `removed`.

    `markdown` keeps the markup of scraped markdown. `template` has the texts that repeat over the pages
    of a site, if the run has counted them.
    """

    name: ClassVar[str] = "boilerplate"
    effect: ClassVar[Effect] = "edits"
    markdown: bool = False
    template: SiteTemplate | None = field(default=None, metadata={"option": False})

    def __call__(self, document: Document) -> Document:
        """Return the document without boilerplate; never raises.

        `markup` is false afterwards.
        """
        if document.markup:
            return self._page(document)
        return self._lines(document)

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
        return [unit.text.strip() for unit in read_form(document.text).units]

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
        if header := reader_header(document.text):
            gone = tuple(Removal("other", number, line) for number, line in header.lines)
            document = replace(
                document,
                text=without_header(document.text, header),
                title=document.title or header.title,
                url=document.url or header.url,
                created=document.created or header.created,
                removed=document.removed + gone,
            )
        stripped = strip_lines(document.text, document.title, self._recurring(document), markdown=self.markdown)
        return replace(
            document,
            text=stripped.text,
            title=document.title or stripped.headline,
            removed=document.removed + stripped.removed,
            metadata=replace(document.metadata, boilerplate=ALL_SIGNS, form=stripped.form),
        )
