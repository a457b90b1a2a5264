"""Recipes: the processors of a run, their order and options."""

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
"""The default recipe: clean, drop empty documents, annotate."""


UNBOUNDED_WITH_SITE_TEMPLATE = (
    "`site_template` reads all input twice, so it needs bounded input, or the counts of an earlier run: name its output folder "
    "with --template. Remove it from the recipe, or run over files"
)
"""The error for a recipe with `site_template` and unbounded input, without counts."""


@dataclass(frozen=True)
class SiteOptions:
    """The pages of a site, and the fraction of the others, that make a text template."""

    min_pages: int = 5
    share: float = 0.3

    def __post_init__(self) -> None:
        if self.min_pages < 3:
            raise ValueError("min_pages must be at least 3: fewer pages are not sufficient evidence")
        if not 0 < self.share <= 1:
            raise ValueError("share must be above 0 and at most 1")


@dataclass(frozen=True)
class Recipe:
    """A checked recipe as plain data.

    It pickles, and every worker builds the same chain.

    With `edit_again`, processors also edit records of newsbeam that they edited before.
    """

    source: str = ""
    steps: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    text: str = ""
    site_template: SiteOptions | None = None
    edit_again: bool = False

    def chain(
        self,
        version: str = "",
        added: str = "",
        counts: Counts | None = None,
        rows: RowOptions = USUAL_NAMES,
        counted: bool = True,
    ) -> Chain:
        """Build the chain of processors.

        Args:
            version: newsbeam's version.
            added: the records' `added`.
            counts: the counts of `site_template` over all pages of a run.
            rows: how to read the fields of rows.
            counted: whether it is this run, so that each document was counted.

        Raises:
            ProcessorNotFound: a processor is not installed on this machine.
        """
        processors = [find(name)(**dict(options)) for name, options in self.steps]
        if counts is not None and self.site_template is not None:
            from newsbeam.transforms.boilerplate.site_template import SiteTemplate  # importing it loads its whole package

            at = next(template_processors(processors))
            template = SiteTemplate(counts, self.site_template.min_pages, self.site_template.share, counted)
            taker: Any = processors[at]
            processors[at] = replace(taker, template=template)
        processed_by = " ".join([f"newsbeam v{version}", *(name for name, _ in self.steps)])
        return Chain(tuple(processors), added, processed_by, rows, self.edit_again)


def template_processors(processors: Sequence[Processor]) -> Iterator[int]:
    """Yield the positions of processors that use a site template.

    The first one gets it.

    They have a method `site_texts` (the texts of a document that may recur) and a field `template`
    (a SiteTemplate or None).
    """
    return (at for at, processor in enumerate(processors) if hasattr(processor, "site_texts"))


def find(name: str) -> type[Processor]:
    """Find the class of a processor, by name or as `package.module:Class`.

    Only for `package.module:Class` the current folder is added to the module search path. It comes
    last, so its files hide no installed module. Raises ProcessorNotFound.
    """
    if ":" in name and name not in installed():
        with suppress(OSError):  # the folder may have been deleted
            if (here := os.getcwd()) not in sys.path:
                sys.path.append(here)
    return registry.find(name)
