"""One page, or many: `newsbeam.process` and `newsbeam.Pipeline`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from importlib.metadata import version
from itertools import islice
from typing import Any, Literal

import orjson
import yaml

from newsbeam.config import recipe_parser
from newsbeam.config.job import WorkerConfig, utc_timestamp
from newsbeam.config.recipe import Recipe
from newsbeam.errors import Dropped, Failed, RecipeError
from newsbeam.library.pages import Content, Page, raw_of, row_options
from newsbeam.storage.output_layout import OutputKind
from newsbeam.transforms.document import Document, Raw
from newsbeam.transforms.processor import Processor, installed, is_option
from newsbeam.transforms.record_types import Record
from newsbeam.transforms.records import document_of
from newsbeam.workers.pool import Pool
from newsbeam.workers.results import render_outcome

RecipeLike = str | os.PathLike[str] | Mapping[str, Any] | Sequence[str | Mapping[str, Any] | Processor] | None
"""The path of a recipe, a recipe as a mapping, its list of processors, or None for the default recipe."""

OnError = Literal["raise", "return"]

_BATCH = 8
"""Pages per request to a worker process."""


def process(
    page: Content | Page, *, url: str = "", date: str = "", content_type: str = "", recipe: RecipeLike = None, added: str = ""
) -> Record:
    """Process one page and return its record, as `newsbeam run` writes it.

    Args:
        page: HTML or text as str, bytes, a pathlib.Path, a row (dict with `text` or `html`), or a BeautifulSoup.
        url: the address of the page.
        date: when it was published or fetched, in any format.
        content_type: the HTTP header, for the charset of bytes.
        recipe: see `Pipeline`.
        added: the record's `added`; the current time by default.

    Raises:
        Dropped: the recipe leaves the page out, for example because it is empty.
        Failed: a processor failed.
        InputError: a file does not exist or holds several documents.
        RecipeError: the recipe is wrong.
    """
    pipeline = _default() if recipe is None and not added else Pipeline(recipe, added=added)
    return pipeline(Page(page, url, date, content_type) if not isinstance(page, Page) else page).record()


@cache
def _default() -> Pipeline:
    return Pipeline()


class Pipeline:
    """The processors of a recipe, ready to run on pages.

    Calling it runs in this process, without a time limit; `map` with `workers` isolates pages in processes that are
    restarted when a page hangs or crashes one.

    Args:
        recipe: the path of a recipe; a mapping like one; a list of processors, by name, as `{name: {option: value}}` or as
            objects; None for the default recipe.
        fields: (field, key) pairs for rows with unusual keys, as `--field`.
        keep_fields: keys of rows to keep in `metadata.input`, as `--keep-fields`.
        added: the records' `added`; the current time by default.
        time_limit: seconds of processor time per page for `map` with `workers`.

    Raises:
        RecipeError: the recipe is wrong.
    """

    def __init__(
        self,
        recipe: RecipeLike = None,
        *,
        fields: Mapping[str, str] | None = None,
        keep_fields: Sequence[str] = (),
        added: str = "",
        time_limit: float = 10.0,
    ) -> None:
        self.recipe = load_recipe(recipe)
        if self.recipe.site_template is not None:
            raise RecipeError("`site_template` reads all pages twice: use newsbeam.run, or remove it from the recipe")
        rows = row_options(fields, keep_fields)
        self._setup = WorkerConfig(self.recipe, added, time_limit, version("newsbeam"), singly=True, rows=rows)
        self._chain = self.recipe.chain(self._setup.version, added, rows=rows)

    def __call__(self, page: Content | Page, *, url: str = "", date: str = "", content_type: str = "") -> Document:
        """Process one page.

        Raises:
            Dropped: the recipe leaves the page out.
            Failed: a processor failed.
        """
        outcome = self._outcome(raw_of(page if isinstance(page, Page) else Page(page, url, date, content_type), rows=self._setup.rows))
        if isinstance(outcome, Document):
            return outcome
        raise outcome

    def map(
        self, pages: Iterable[Content | Page], *, workers: int | None = None, on_error: OnError = "raise"
    ) -> Iterator[Document | Dropped | Failed]:
        """Process pages in their order; lazily, so that any number fits.

        Args:
            pages: pages as for `newsbeam.process`, or `newsbeam.Page` objects with url, date and content type.
            workers: processes; None runs in this process, without time limit.
            on_error: "raise" raises Dropped and Failed; "return" yields them in place of the document.

        Raises:
            ValueError: an argument is wrong.
            WorkerError: worker processes cannot start.
        """
        if on_error not in ("raise", "return"):
            raise ValueError(f'on_error is "raise" or "return", not {on_error!r}')
        if workers is not None and workers < 1:
            raise ValueError(f"workers is at least 1, or None for this process, not {workers}")
        return self._map(pages, workers, on_error)

    def _map(self, pages: Iterable[Content | Page], workers: int | None, on_error: OnError) -> Iterator[Document | Dropped | Failed]:
        raws = (raw_of(page, number, self._setup.rows) for number, page in enumerate(pages, 1))
        for outcome in map(self._outcome, raws) if workers is None else self._in_processes(raws, workers):
            if on_error == "raise" and not isinstance(outcome, Document):
                raise outcome
            yield outcome

    def _outcome(self, raw: Raw) -> Document | Dropped | Failed:
        chain = self._chain if self._setup.added else replace(self._chain, added=utc_timestamp())
        outcome = chain.run(raw)
        kind, line = render_outcome(raw, outcome, self._setup)
        return outcome_of(kind, line)

    def _in_processes(self, raws: Iterator[Raw], workers: int) -> Iterator[Document | Dropped | Failed]:
        setup = self._setup if self._setup.added else replace(self._setup, added=utc_timestamp())
        waiting = 0
        pool: Pool[None] = Pool(setup, workers)
        try:
            while batch := list(islice(raws, _BATCH)):
                pool.submit(None, batch)
                waiting += 1
                for _, result in pool.results(everything=waiting > 4 * workers):
                    waiting -= 1
                    yield from (outcome_of(ending.kind, ending.line) for ending in result.endings)
            for _, result in pool.results(everything=True):
                yield from (outcome_of(ending.kind, ending.line) for ending in result.endings)
        finally:
            pool.close()

    def __repr__(self) -> str:
        return f"Pipeline({[name for name, _ in self.recipe.steps]})"


def outcome_of(kind: OutputKind, line: bytes) -> Document | Dropped | Failed:
    """Return the document in a line of the output, or the error in its place."""
    row = orjson.loads(line)
    if kind == "documents":
        return document_of(row)
    if kind == "dropped":
        return Dropped(row["origin"], row["stage"], row["reason"])
    return Failed(row["origin"], row["stage"], row["error"], row["message"], row["trace"])


def load_recipe(recipe: RecipeLike) -> Recipe:
    """Return a checked recipe. Raises RecipeError."""
    if recipe is None or isinstance(recipe, str | os.PathLike):
        return recipe_parser.load(None if recipe is None else os.fspath(recipe))
    whole = dict(recipe) if isinstance(recipe, Mapping) else {"processors": [_step(one) for one in recipe]}
    try:
        text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    except yaml.YAMLError as error:
        raise RecipeError(f"the recipe: {error}; a recipe has strings, numbers, lists and mappings") from error
    return recipe_parser.parse(text, "the recipe")


def _step(one: str | Mapping[str, Any] | Processor) -> Any:
    """Return an entry of a recipe's list of processors."""
    if isinstance(one, str | Mapping):
        return one if isinstance(one, str) else dict(one)
    cls = type(one)
    place = f"{cls.__module__}:{cls.__qualname__}"
    name = next((name for name, point in installed().items() if point.value == place), place)
    options = {field.name: getattr(one, field.name) for field in fields(one) if field.init and is_option(field)}  # type: ignore[arg-type]
    return {name: {key: list(value) if isinstance(value, tuple) else value for key, value in options.items()}}
