"""An index of records: SQLite with full-text search.

It is built while the page is already open.
"""

from __future__ import annotations

import random
import re
import sqlite3
import tempfile
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from newsbeam.errors import InputError
from newsbeam.library.records import read, record_files, rows_of, statements_of
from newsbeam.transforms.record_types import Record
from newsbeam.transforms.select import host_of

_BATCH = 500
_EXAMPLES = 3
_MAX_ERRORS = 200
_MAX_VALUES = 60

_TABLES = """
create table documents (
    n integer primary key, id text, title text, site text, host text, url text, created text, month text, language text, verdict text,
    source_language text, statements integer, removed integer, characters integer, record blob
);
create virtual table words using fts5 (text, content='', tokenize="unicode61 remove_diacritics 2");
create table statements (
    document integer, speaker text, speaker_id text, role text, cue text, content text, via text, form text, type text, score real,
    start integer
);
create table links (document integer, statement integer, teller text, source text);
"""
_INDEXES = """
create index by_language on documents (language, verdict);
create index by_host on documents (host);
create index by_id on documents (id);
create index by_speaker on statements (speaker);
create index by_document on statements (document);
create index by_teller on links (teller);
create index by_source on links (source);
"""

# Scripts without spaces: each character becomes a word, and a query a phrase.
_SOLID = re.compile("([\u0e00-\u0eff\u1000-\u109f\u1780-\u17df\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")

_STATEMENT_KEYS: tuple[Literal["speaker", "speaker_id", "role", "cue", "content"], ...] = (
    "speaker",
    "speaker_id",
    "role",
    "cue",
    "content",
)

FILTERS = ("language", "verdict", "source_language", "site", "host", "month")
"""The columns by which documents can be filtered."""


@dataclass
class Counts:
    """Counts of the corpus tab, beside those of columns of documents."""

    removed: Counter[str] = field(default_factory=Counter)
    removed_examples: dict[str, list[str]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    dropped_examples: dict[str, list[str]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    failed_examples: dict[str, list[str]] = field(default_factory=dict)
    loaded: int = 0
    finished: bool = False
    error: str = ""


class _Matching(NamedTuple):
    """The rows that match a search, and their order, as SQL."""

    rows: str
    order: str


class Index:
    """Records in a database.

    Any thread may ask while another one runs `load`.

    Args:
        path: the file of the database, which must not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self.counts = Counts()
        with self._connection() as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_TABLES)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=60)
            connection.row_factory = sqlite3.Row
            connection.execute("pragma synchronous = off")
            self._local.connection = connection
        return connection

    def release(self) -> None:
        """Close the connection of this thread."""
        if (connection := getattr(self._local, "connection", None)) is not None:
            connection.close()
            self._local.connection = None

    def load(self, paths: Sequence[str]) -> None:
        """Load the records, and count dropped and failed documents.

        An error is kept in `counts`.
        """
        try:
            for path in paths:
                self._load(read(path))
                self._count_others(path)
            with self._connection() as connection:
                connection.executescript(_INDEXES)
        except (InputError, OSError, KeyError, TypeError) as error:
            self.counts.error = f"{type(error).__name__}: {error}"
        self.counts.finished = True

    def _load(self, records: Iterable[Record]) -> None:
        connection = self._connection()
        for record in records:
            self._add(connection, record)
            self.counts.loaded += 1
            if self.counts.loaded % _BATCH == 0:
                connection.commit()
        connection.commit()

    def _add(self, connection: sqlite3.Connection, record: Record) -> None:
        n = self.counts.loaded + 1
        verdict = record["translation"]
        created = record["created"]
        connection.execute(
            "insert into documents values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                n, record["id"], record["title"], record["site"], host_of(record["url"]), record["url"], created, created[:7],
                record["language"], verdict["verdict"], verdict["source_language"] if verdict["verdict"] == "translated" else "",
                len(record["attributions"]), len(record["removed"]), len(record["text"]), zlib.compress(orjson.dumps(record), 1),
            ),
        )  # fmt: skip
        names = {one["speaker"]["name"] for one in record["attributions"]} | {one["name"] for one in record["credits"]}
        words = "\n".join([record["title"], record["author"], record["site"], *sorted(names), record["text"]])
        connection.execute("insert into words (rowid, text) values (?,?)", (n, _spaced(words)))
        for number, one in enumerate(statements_of(record)):
            via = one["via"]
            connection.execute(
                "insert into statements values (?,?,?,?,?,?,?,?,?,?,?)",
                (n, *(one[key] for key in _STATEMENT_KEYS), " ← ".join(via), one["form"], one["type"], one["score"], one["start"]),
            )
            chain = [one["speaker"], *via]
            for source, teller in pairwise(chain):
                connection.execute("insert into links values (?,?,?,?)", (n, number, teller, source))
        for removal in record["removed"]:
            _example(self.counts.removed, self.counts.removed_examples, removal["kind"], removal["text"][:200])

    def _count_others(self, path: str) -> None:
        if not (Path(path).is_dir() or "://" in path):
            return
        counts = self.counts
        with suppress(InputError):  # a folder without such rows
            for file in record_files(path, "dropped"):
                for row in rows_of(file):
                    _example(counts.dropped, counts.dropped_examples, f"{row['stage']}: {row['reason']}", row["origin"])
        with suppress(InputError):
            for file in record_files(path, "dead_letters"):
                for row in rows_of(file):
                    text = f"{row['origin']}: {row['message'][:300]}"
                    _example(counts.failed, counts.failed_examples, f"{row['stage']}: {row['error']}", text)

    # --- questions --------------------------------------------------------------------------------------------------

    def search(self, words: str, filters: dict[str, str], offset: int = 0, limit: int = 50, name: str = "") -> dict[str, Any]:
        """Return documents with these words, columns and name.

        Best matches are first; without words, the order is that of the run.
        """
        matching, values = self._matching(words, filters, name)
        total = self._one(f"select count(*) {matching.rows}", values)
        rows = self._rows(
            "select documents.n, id, title, site, host, url, created, language, verdict, source_language, statements, removed, characters "
            f"{matching.rows} {matching.order} limit ? offset ?",
            [*values, limit, offset],
        )
        return {"total": total, "rows": rows}

    def _matching(self, words: str, filters: dict[str, str], name: str = "") -> tuple[_Matching, list[str]]:
        """Return the rows of a search as SQL, with its values. Raises ValueError."""
        where, values = ["1"], []
        source = "documents"
        if query := _query(words):
            source = "words join documents on documents.n = words.rowid"
            where.append("words match ?")
            values.append(query)
        for key, value in filters.items():
            if key not in FILTERS:
                raise ValueError(f"no filter {key}")
            where.append(f"documents.{key} = ?")
            values.append(value)
        if name:
            of_name = "select document from statements where speaker = ? union select document from links where teller = ?"
            where.append(f"documents.n in ({of_name})")
            values += [name, name]
        rows = f"from {source} where {' and '.join(where)}"
        return _Matching(rows, f"order by {'rank' if query else 'documents.n'}"), values

    def record(self, n: int) -> Record | None:
        """Return the n-th record."""
        found = self._connection().execute("select record from documents where n = ?", (n,)).fetchone()
        record: Record | None = orjson.loads(zlib.decompress(found[0])) if found else None
        return record

    def find(self, identifier: str) -> int:
        """Return the number of the record with an id, or 0."""
        return int(self._one("select coalesce(min(n), 0) from documents where id = ?", [identifier]))

    def find_prefix(self, identifier: str) -> int:
        """Return the number of the first record whose id begins so, or 0.

        `sha256:` may be missing.
        """
        words = identifier.replace("\\", "").replace("%", "").replace("_", "")
        return int(self._one("select coalesce(min(n), 0) from documents where id like ? or id like ?", [f"{words}%", f"sha256:{words}%"]))

    def statements(
        self, words: str = "", speaker: str = "", via: str = "", min_score: float = 0.0, offset: int = 0, limit: int = 200
    ) -> dict[str, Any]:
        """Return statements whose words, speaker and chain contain these."""
        where, values = ["score >= ?"], [min_score]
        for column, value in (("content", words), ("speaker", speaker), ("via", via)):
            if value:
                where.append(f"instr(lower({column}), lower(?)) > 0")
                values.append(value)  # type: ignore[arg-type]
        condition = " and ".join(where)
        rows = self._rows(
            "select document, speaker, speaker_id, role, cue, content, via, form, type, score, start, site, url, created, title "  # noqa: S608
            f"from statements join documents on documents.n = document where {condition} order by document, start limit ? offset ?",
            [*values, limit, offset],
        )
        return {"total": self._one(f"select count(*) from statements where {condition}", values), "rows": rows}  # noqa: S608

    def chains(self, limit: int = 300) -> list[dict[str, Any]]:
        """Return who passes on whom, most frequent first.

        The keys are teller, source, statements and documents.
        """
        return self._rows(
            "select teller, source, count(*) as statements, count(distinct document) as documents from links "
            "group by teller, source order by statements desc, teller, source limit ?",
            [limit],
        )

    def corpus(self) -> dict[str, Any]:
        """Return counts: columns, removed pieces, dropped and failed documents."""
        columns = {
            key: self._rows(
                f"select {key} as value, count(*) as documents from documents group by {key} order by documents desc, value limit ?",  # noqa: S608
                [_MAX_VALUES],
            )
            for key in FILTERS
        }
        counts = self.counts
        return {
            "columns": columns,
            "removed": _with_examples(counts.removed, counts.removed_examples),
            "dropped": _with_examples(counts.dropped, counts.dropped_examples),
            "failed": _with_examples(counts.failed, counts.failed_examples),
            "written": counts.loaded,
        }

    def sample(self, count: int, seed: int, filters: dict[str, str], words: str = "") -> list[int]:
        """Return numbers of documents, drawn at random from those that a search returns."""
        matching, values = self._matching(words, filters)
        total = int(self._one(f"select count(*) {matching.rows}", values))
        places = sorted(random.Random(seed).sample(range(total), min(count, total)))  # noqa: S311 - a sample to read, no secret
        nth = f"select documents.n {matching.rows} {matching.order} limit 1 offset ?"
        return [self._one(nth, [*values, place]) for place in places]

    def status(self) -> dict[str, Any]:
        """Return how far loading has come."""
        return {"loaded": self.counts.loaded, "finished": self.counts.finished, "error": self.counts.error}

    def ids(self) -> list[str]:
        """Return the ids of all records in order."""
        return [identifier for (identifier,) in self._connection().execute("select id from documents order by n")]

    def records(self) -> Iterator[Record]:
        """Yield all records in order."""
        for (packed,) in self._connection().execute("select record from documents order by n"):
            yield orjson.loads(zlib.decompress(packed))

    def _rows(self, statement: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection().execute(statement, values)]

    def _one(self, statement: str, values: Sequence[Any]) -> Any:
        return self._connection().execute(statement, values).fetchone()[0]


@contextmanager
def temporary_index() -> Iterator[Index]:
    """An empty index, whose database is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="newsbeam-view-", ignore_cleanup_errors=True) as folder:
        index = Index(Path(folder) / "index.sqlite")
        try:
            yield index
        finally:
            index.release()


def _example(counts: Counter[str], examples: dict[str, list[str]], key: str, text: str) -> None:
    if key not in counts and len(counts) >= _MAX_ERRORS:
        key = "others"
    counts[key] += 1
    of_key = examples.setdefault(key, [])
    if len(of_key) < _EXAMPLES and text not in of_key:
        of_key.append(text)


def _with_examples(counts: Counter[str], examples: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [{"value": key, "documents": number, "examples": examples[key]} for key, number in counts.most_common()]


def _spaced(text: str) -> str:
    return _SOLID.sub(r" \1 ", text)


def _query(words: str) -> str:
    """Return a query of FTS5.

    Every word has to occur, as the beginning of a word; quoted words as a phrase.
    """
    parts = re.findall(r'"([^"]+)"|(\S+)', words)
    out = []
    for phrase, word in parts:
        text = re.sub(r'["\x00]', " ", _spaced(phrase or word)).strip()
        if re.search(r"\w", text):
            out.append(f'"{text}"' + ("" if phrase or _SOLID.search(text) else "*"))
    return " ".join(out)
