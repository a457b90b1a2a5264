"""Takes boilerplate out: finds a web page's main text, strips what scrapers left in plain text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from transforms.boilerplate.html import main_text
from transforms.boilerplate.lines import strip_lines
from transforms.document import Document
from transforms.processor import Effect


@dataclass(frozen=True)
class Boilerplate:
    """Leaves the main text alone in `text` and puts everything taken out into `removed`."""

    name: ClassVar[str] = "boilerplate"
    effect: ClassVar[Effect] = "edits"

    def __call__(self, document: Document) -> Document:
        """The document without boilerplate; `markup` is false afterwards. Never raises."""
        if document.markup:
            main = main_text(document.text, document.added)
            said = main.metadata
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
            )
        text, removed, headline = strip_lines(document.text, document.title)
        return replace(document, text=text, title=document.title or headline, removed=document.removed + removed)
