"""Files as documents of a Beam pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam

from newsbeam.inputs import discovery
from newsbeam.inputs.limits import MIN_READ_SECONDS
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.splitting import split
from newsbeam.inputs.statuses import parse_statuses
from newsbeam.inputs.work_units import WorkUnit, plan_work_units
from newsbeam.library.pages import row_options
from newsbeam.transforms.document import Raw


class ReadDocuments(beam.PTransform):  # type: ignore[misc]
    """A pipeline → the documents in files, for `Process`.

    Whatever `newsbeam run` reads is read. Files are listed when the pipeline is built. A file or record that cannot be
    read becomes an element that `Process` turns into a dead letter.

    Args:
        inputs: files, folders, globs and URIs.
        max_document_mb: the largest document.
        http_status: statuses of archived responses to read.
        fields: (field, key) pairs for rows with unusual keys.

    Raises:
        InputError: an input does not exist or cannot be used.
    """

    def __init__(
        self,
        *inputs: str | os.PathLike[str],
        max_document_mb: int = 32,
        http_status: str = "2xx",
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        rows = row_options(fields)
        self._inputs = tuple(os.fspath(path) for path in inputs)
        self._reader = Reader(max_document_mb << 20, rows=rows, statuses=parse_statuses(http_status))

    def expand(self, begin: Any) -> Any:
        """Split large files, and spread the ranges among the workers."""
        units = plan_work_units(discovery.discover(self._inputs).sources)
        created = begin | "files" >> beam.Create(units, reshuffle=False) | "spread files" >> beam.Reshuffle()
        ranges = created | "split" >> beam.FlatMap(split, MIN_READ_SECONDS) | "spread" >> beam.Reshuffle()
        return ranges | "read" >> beam.FlatMap(_documents, self._reader).with_output_types(Raw)


def _documents(unit: WorkUnit, reader: Reader) -> Iterator[Raw]:
    return (raw for batch in reader.read(unit) for raw in batch.raws)
