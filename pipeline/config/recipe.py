"""Recipes: which processors run, in which order, with which options. YAML in, a checked `Recipe` out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from newsbeam.transforms import processor as registry
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions
from newsbeam.transforms.processor import Chain, Processor, installed

if TYPE_CHECKING:
    from newsbeam.transforms.boilerplate.site_template import Counts

DEFAULT = """\
processors:
  - boilerplate
  - length
  - language
  - translation
  - attribution
"""
"""The recipe of a run without `--recipe`: clean, drop what is empty, annotate."""


UNBOUNDED_WITH_SITE_TEMPLATE = (
    "site_template counts over all pages before the first is cleaned, so it needs an input that ends and can be read twice; "
    "take it out of the recipe, or run over files"
)
"""Why a recipe with `site_template` is refused where the input has no end."""


@dataclass(frozen=True)
class SiteOptions:
    """From how many pages of a site on, and on what share (0..1) of the others, a text that recurs is template."""

    min_pages: int = 5
    share: float = 0.3

    def __post_init__(self) -> None:
        if self.min_pages < 3:
            raise ValueError("min_pages is at least 3: fewer pages tell nothing")
        if not 0 < self.share <= 1:
            raise ValueError("share lies between 0 and 1")


@dataclass(frozen=True)
class Recipe:
    """A checked recipe, as plain data: it pickles, and any worker builds the same chain from it.

    `edit_again`: records of newsbeam's own are edited by the processors that have edited them before.
    """

    source: str = ""
    steps: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    text: str = ""
    site_template: SiteOptions | None = None
    edit_again: bool = False

    def chain(self, version: str = "", added: str = "", counts: Counts | None = None, rows: RowOptions = USUAL_NAMES) -> Chain:
        """The processors, built; `counts` is what was counted for `site_template` over all pages of the run, `rows` how rows are read.

        Raises ProcessorNotFound where a worker lacks what the launcher has.
        """
        processors = [find(name)(**dict(options)) for name, options in self.steps]
        if counts is not None and self.site_template is not None:
            from newsbeam.transforms.boilerplate.site_template import SiteTemplate  # with all of its package

            at = next(template_processors(processors))
            template = SiteTemplate(counts, self.site_template.min_pages, self.site_template.share)
            taker: Any = processors[at]
            processors[at] = replace(taker, template=template)
        processed_by = " ".join([f"newsbeam v{version}", *(name for name, _ in self.steps)])
        return Chain(tuple(processors), added, processed_by, rows, self.edit_again)


def template_processors(processors: Sequence[Processor]) -> Iterator[int]:
    """The places of the processors that take a site's template, of which the first is given it.

    Such a one has a method `site_texts` (the texts of a document that may recur) and a field `template` (a SiteTemplate or None).
    """
    return (at for at, processor in enumerate(processors) if hasattr(processor, "site_texts"))


def find(name: str) -> type[Processor]:
    """The class of the processor `name`; a `package.module:Class` may lie in the current folder. Raises ProcessorNotFound.

    The current folder is put on the module search path only for such a recipe, and last: a file there hides nothing that is installed.
    """
    if ":" in name and name not in installed():
        with suppress(OSError):  # the folder may be gone
            if (here := os.getcwd()) not in sys.path:
                sys.path.append(here)
    return registry.find(name)
