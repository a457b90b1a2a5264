"""`newsbeam.read` and `newsbeam.statements`: the records of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from typing import Any, Generic, Literal, TypedDict, TypeVar, cast, overload

import orjson

from newsbeam.config.results import DeadLetter, DroppedRow
from newsbeam.errors import InputError, MissingExtra
from newsbeam.inputs.compression import decompressed
from newsbeam.inputs.files import open_raw
from newsbeam.outputs import schema
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import OUTPUTS, RECORDS_FOLDER, OutputKind, parse_line_file
from newsbeam.transforms.record_types import Record

Row = TypeVar("Row")

_ARROW_ROWS = 1000


class Statement(TypedDict):
    """A row of `newsbeam.statements`: one attribution with the document it is from.

    `content` is the pieces of what was said, joined by " … "; `via` are the links of the chain in order; `start` and `end` are the
    range of the content in the text.
    """

    document: str
    url: str
    site: str
    created: str
    title: str
    language: str
    speaker: str
    speaker_id: str
    role: str
    speaker_kind: str
    cue: str
    content: str
    form: str
    type: str
    via: list[str]
    via_ids: list[str]
    score: float
    start: int
    end: int


class Table(Generic[Row], Iterable[Row]):
    """Rows of an output folder, read again at each iteration.

    Iterating needs no memory for more than one row; the other methods hold all rows.
    """

    def __init__(self, rows: Callable[[], Iterator[Row]], columns: dict[str, Any]) -> None:
        self._rows, self._columns = rows, columns

    def __iter__(self) -> Iterator[Row]:
        return self._rows()

    def to_arrow(self) -> Any:
        """Return a pyarrow.Table with the columns of the record's schema."""
        import pyarrow as pa

        columns = schema.arrow_schema(self._columns)
        rows = iter(self)
        tables = []
        while part := list(islice(rows, _ARROW_ROWS)):
            tables.append(pa.Table.from_pylist(part, schema=columns))
        return pa.concat_tables(tables) if tables else columns.empty_table()

    def to_pandas(self) -> Any:
        """Return a pandas.DataFrame. Raises MissingExtra."""
        _require("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return a polars.DataFrame. Raises MissingExtra."""
        _require("polars")
        import polars

        return polars.from_arrow(self.to_arrow())

    def to_datasets(self) -> Any:
        """Return a datasets.Dataset. Raises MissingExtra."""
        _require("datasets")
        from datasets import Dataset

        return Dataset(self.to_arrow())


@overload
def read(path: str | os.PathLike[str], kind: Literal["documents"] = "documents") -> Table[Record]: ...
@overload
def read(path: str | os.PathLike[str], kind: Literal["dropped", "dead_letters"]) -> Table[dict[str, Any]]: ...
def read(path: str | os.PathLike[str], kind: OutputKind = "documents") -> Table[Any]:
    """Return the records of an output folder or file.

    Args:
        path: the output folder of `run`, `watch` or a run over messages, or one of its files; a path or a URI. Any format.
        kind: "dropped" and "dead_letters" return those rows instead.

    Raises:
        InputError: there are no such rows.
    """
    if kind not in OUTPUTS:
        raise ValueError(f"kind is one of {', '.join(OUTPUTS)}, not {kind!r}")
    files = record_files(os.fspath(path), kind)
    columns = schema.columns() if kind == "documents" else schema.columns_of(DroppedRow if kind == "dropped" else DeadLetter)
    return Table(lambda: (row for file in files for row in rows_of(file)), columns)


def statements(path: str | os.PathLike[str], min_score: float = 0.0) -> Table[Statement]:
    """Return the attributions of an output folder or file, one row each.

    Args:
        path: as for `read`.
        min_score: leave out attributions with a lower score.

    Raises:
        InputError: there are no records.
    """
    records = read(path)
    return Table(lambda: (row for record in records for row in statements_of(record, min_score)), schema.columns_of(Statement))


def statements_of(record: Record, min_score: float = 0.0) -> Iterator[Statement]:
    """Yield the attributions of one record as rows."""
    for one in record["attributions"]:
        if one["score"] >= min_score:
            speaker = one["speaker"]
            yield Statement(
                document=record["id"],
                url=record["url"],
                site=record["site"],
                created=record["created"],
                title=record["title"],
                language=record["language"],
                speaker=speaker["name"] or speaker["text"],
                speaker_id=speaker["id"],
                role=speaker["role"],
                speaker_kind=speaker["kind"],
                cue=one["cue"]["text"],
                content=" … ".join(piece["text"] for piece in one["content"]),
                form=one["form"],
                type=one["type"],
                via=[link["name"] for link in one["via"]],
                via_ids=[link["id"] for link in one["via"]],
                score=one["score"],
                start=min((piece["start"] for piece in one["content"]), default=-1),
                end=max((piece["end"] for piece in one["content"]), default=-1),
            )


def record_files(path: str, kind: OutputKind = "documents") -> list[str]:
    """Return the files with rows of a kind below `path`, in order. Raises InputError."""
    name = path.rstrip("/").rpartition("/")[2]
    if filesystem.is_remote(path):
        is_file = parse_line_file(name) is not None
    else:
        path = path.removeprefix("file://")
        if not os.path.exists(path):
            raise InputError(f"{path} does not exist")
        is_file = not os.path.isdir(path)
    if is_file:
        return [path]
    folders = [path, filesystem.join(path, RECORDS_FOLDER)]
    found = [
        filesystem.join(folder, name)
        for folder in folders
        for name in sorted(filesystem.list_names(folder))
        if (parsed := parse_line_file(name)) is not None and parsed.kind == kind
    ]
    if not found:
        raise InputError(f"{path} has no {kind.replace('_', ' ')}: name the output folder of a run, or one of its files")
    return found


def rows_of(path: str) -> Iterator[Any]:
    """Yield the rows of one file. Raises InputError if it is damaged."""
    if path.endswith(".parquet"):
        import pyarrow.parquet as pq

        with filesystem.read(path) as stream, pq.ParquetFile(stream) as file:
            for batch in file.iter_batches(batch_size=_ARROW_ROWS):
                yield from batch.to_pylist()
        return
    with open_raw(path) as raw, decompressed(raw) as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield cast("Any", orjson.loads(line))
            except orjson.JSONDecodeError as error:
                raise InputError(f"{path}, line {number} is not JSON: {error}") from error


def _require(module: str) -> None:
    if find_spec(module) is None:
        raise MissingExtra(f"to_{module}() needs {module}: pip install {module}")
