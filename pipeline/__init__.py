"""newsbeam: raw web documents to clean, annotated JSONL.

    record = newsbeam.process(page)                      one page: str, bytes, Path, row or BeautifulSoup
    pipeline = newsbeam.Pipeline("recipe.yaml")          the same with a recipe; `pipeline.map(pages, workers=4)` for many
    manifest = newsbeam.run(["crawl/"], "out")           files, folders, WARC, parquet: as the command `newsbeam run`
    for record in newsbeam.read("out"): ...              the records of a run; also `.to_arrow()`, `.to_polars()` …
    newsbeam.statements("out")                           who said what, one row each

Public are the names in `__all__`, `newsbeam.transforms.document` and `newsbeam.transforms.processor`,
which plug-ins import. All other modules may change in any version. Nothing is loaded before it is
used, and Beam only by `run`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing `typing` would cost more than all of this module
if TYPE_CHECKING:
    from newsbeam.errors import Dropped, Failed, NewsbeamError
    from newsbeam.library.pages import Page
    from newsbeam.library.pipeline import Pipeline, process
    from newsbeam.library.records import Statement, Table, read, statements
    from newsbeam.library.run import run
    from newsbeam.transforms.document import Document
    from newsbeam.transforms.record_types import Record

__version__: str

_PLACES = {
    "Document": "newsbeam.transforms.document",
    "Dropped": "newsbeam.errors",
    "Failed": "newsbeam.errors",
    "NewsbeamError": "newsbeam.errors",
    "Page": "newsbeam.library.pages",
    "Pipeline": "newsbeam.library.pipeline",
    "Record": "newsbeam.transforms.record_types",
    "Statement": "newsbeam.library.records",
    "Table": "newsbeam.library.records",
    "process": "newsbeam.library.pipeline",
    "read": "newsbeam.library.records",
    "run": "newsbeam.library.run",
    "statements": "newsbeam.library.records",
}

__all__ = [
    "Document",
    "Dropped",
    "Failed",
    "NewsbeamError",
    "Page",
    "Pipeline",
    "Record",
    "Statement",
    "Table",
    "__version__",
    "process",
    "read",
    "run",
    "statements",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is used first."""
    if name == "__version__":
        from importlib.metadata import version

        return version("newsbeam")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
