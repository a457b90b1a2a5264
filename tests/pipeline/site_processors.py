"""A processor that takes a site's template and does nothing clever with it. Imported by worker processes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from newsbeam.transforms.boilerplate.site_template import SiteTemplate, site_of
from newsbeam.transforms.document import Document, Removal
from newsbeam.transforms.processor import Effect


@dataclass(frozen=True)
class Recurring:
    """Takes out the lines that recur."""

    name: ClassVar[str] = "recurring"
    effect: ClassVar[Effect] = "edits"
    mark: str = ""
    template: SiteTemplate | None = field(default=None, metadata={"option": False})

    def site_texts(self, document: Document) -> list[str]:
        return document.text.split("\n")

    def __call__(self, document: Document) -> Document:
        lines = self.site_texts(document)
        gone = self.template.recurring(site_of(document), lines) if self.template else [False] * len(lines)
        return replace(
            document,
            text=self.mark + "\n".join(line for line, out in zip(lines, gone, strict=True) if not out),
            removed=tuple(Removal("template", at, line) for at, (line, out) in enumerate(zip(lines, gone, strict=True), 1) if out),
        )
