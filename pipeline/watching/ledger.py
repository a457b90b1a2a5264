"""What `newsbeam watch` has done, kept so that each version of each file is done once, whenever the process is killed.

Two steps decide, and each happens whole or not at all:

- `commit` puts the lines that came of some inputs and the inputs' names into the ledger, an SQLite database, in one
  transaction. Before it, the inputs were never taken: they are taken again after a restart. After it, they never are.
- `publish` puts all lines that are held into files of the output folder. They are written aside first; then `manifest-N.json`
  is renamed into place, and from that moment the N-th files count: a restart only gives them their names, if they have not
  got them yet. Before that moment they are nothing, and the lines are still in the ledger.

So a file of the output folder is there whole or not at all, and what was once to be seen in it is never taken back. The
manifests name all inputs, and hence are enough to build the ledger anew: what it alone knew had not been published, and is
taken again. Nothing depends on a clock.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import Any

import orjson

from newsbeam.config.job import Job
from newsbeam.errors import AccountError, LedgerError
from newsbeam.outputs.shards import compressed
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import FILE_PREFIX, OUTPUTS, WATCH_STATE_DIR
from newsbeam.watching.file_state import FileStat, Input, Part

LAYOUT = 1
"""The number of the database's layout. A database of another is set aside, and built anew from the manifests."""

_TABLES = """
CREATE TABLE inputs (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    version INTEGER NOT NULL, records INTEGER NOT NULL, complete INTEGER NOT NULL, sha256 TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE held (
    part INTEGER PRIMARY KEY, documents BLOB NOT NULL, dropped BLOB NOT NULL, dead_letters BLOB NOT NULL, counts BLOB NOT NULL,
    inputs BLOB NOT NULL
);
CREATE TABLE totals (what TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state (what TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO state VALUES ('part', 0), ('published', 0);
"""

# A later version of a file counts, or more of the same: what is learned from an old manifest takes nothing back.
_LEARN = """
INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
    ctime_ns = excluded.ctime_ns, inode = excluded.inode, version = excluded.version, records = excluded.records,
    complete = excluded.complete, sha256 = excluded.sha256
WHERE (excluded.version, excluded.complete, excluded.records) > (version, complete, records)
"""


class Ledger:
    """The state of one output folder. It has to be this process's alone (`run.locked`).

    Raises LedgerError where it cannot be opened, and OSError or sqlite3.OperationalError where the disk is full: what was to be
    done is then undone, and may be done again later.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._folder = os.path.join(job.output, WATCH_STATE_DIR)
        self._aside = os.path.join(self._folder, "aside")
        os.makedirs(self._aside, exist_ok=True)
        self.notes: list[str] = []
        self.held_bytes = 0
        self._database = self._opened(os.path.join(self._folder, "ledger.sqlite"))
        self._finish()
        self.totals: Counter[str] = Counter(dict(self._database.execute("SELECT what, number FROM totals")))
        for (counts,) in self._database.execute("SELECT counts FROM held"):
            self.totals.update(orjson.loads(counts))

    def close(self) -> None:
        """Nothing is lost without it."""
        self._database.close()

    @property
    def published(self) -> int:
        """The number of the last manifest."""
        return self._state("published")

    # --- what is known ----------------------------------------------------------------------------------------------

    def known(self) -> Iterator[tuple[str, FileStat]]:
        """The path and the stamp of every file that is done."""
        with closing(self._database.execute("SELECT path, size, mtime_ns, ctime_ns, inode FROM inputs WHERE complete")) as rows:
            for path, *stamp in rows:
                yield os.fsdecode(path), FileStat(*stamp)

    def find(self, path: str) -> Input | None:
        """How far the latest version of a file has come."""
        row = self._database.execute("SELECT * FROM inputs WHERE path = ?", (os.fsencode(path),)).fetchone()
        if row is None:
            return None
        return Input(path, FileStat(*row[1:5]), row[5], row[6], bool(row[7]), row[8])

    def touch(self, path: str, stamp: FileStat) -> None:
        """A file looks different, but is the same. Not in any manifest: forgotten, it is only found out again."""
        with self._transaction():
            self._database.execute(
                "UPDATE inputs SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE path = ?", (*stamp, os.fsencode(path))
            )

    # --- the two steps ----------------------------------------------------------------------------------------------

    def commit(self, part: Part) -> None:
        """Take what came of some inputs into the ledger, for good. Raises AccountError where some of it is missing."""
        out = sum(part.counts.get(kind, 0) for kind in OUTPUTS)
        if out != part.read:
            raise AccountError(f"{part.read} records were read, and {out} came out; none of them is kept")
        blobs = [b"".join(part.lines[kind]) for kind in OUTPUTS]
        with self._transaction():
            number = self._state("part") + 1
            self._database.execute("UPDATE state SET number = ? WHERE what = 'part'", (number,))
            self._database.execute(
                "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)",
                (number, *blobs, orjson.dumps(part.counts), orjson.dumps([one.entry() for one in part.inputs.values()])),
            )
            self._database.executemany(_LEARN, [one.row() for one in part.inputs.values()])
        self.totals.update(part.counts)
        self.held_bytes += sum(map(len, blobs))

    def publish(self) -> str:
        """Put all that is held into files of the output folder; the manifest's name, "" where nothing is held."""
        self._finish()
        number = self._state("published") + 1
        parts = self._database.execute("SELECT min(part), max(part) FROM held").fetchone()
        if parts[0] is None:
            return ""
        counts: Counter[str] = Counter()
        inputs: list[dict[str, Any]] = []
        for of_part, entries in self._database.execute("SELECT counts, inputs FROM held ORDER BY part"):
            counts.update(orjson.loads(of_part))
            inputs += orjson.loads(entries)
        made = [one for kind in OUTPUTS if (one := self._write_aside(kind, number, counts.get(kind, 0))) is not None]
        filesystem.sync_folder(self._aside)
        recipe = sha256(self._job.recipe.text.encode()).hexdigest()
        manifest = {
            "number": number,
            "parts": list(parts),
            "newsbeam": self._job.setup.version,
            "recipe_sha256": recipe,
            "counts": dict(sorted(counts.items())),
            "files": made,
            "inputs": inputs,
        }
        with filesystem.atomic_write(self._manifest(number)) as stream:
            stream.write(orjson.dumps(manifest, option=orjson.OPT_APPEND_NEWLINE))
        self._finish()
        return os.path.basename(self._manifest(number))

    def _write_aside(self, kind: str, number: int, records: int) -> dict[str, Any] | None:
        name = f"{FILE_PREFIX[kind]}-{number:08d}.{self._job.format}"
        path = os.path.join(self._aside, name)
        size = 0
        with open(path, "wb", buffering=1 << 16) as target:
            with compressed(target, self._job.format) as stream:
                for (lines,) in self._database.execute(f"SELECT {kind} FROM held WHERE length({kind}) ORDER BY part"):  # noqa: S608
                    stream.write(lines)
                    size += len(lines)
            target.flush()
            os.fsync(target.fileno())
        return {"name": name, "records": records, "bytes": size} if size else None

    def _finish(self) -> None:
        """Do what is left to do for manifests that are there; then nothing that lies aside is of use any more."""
        number = self._state("published") + 1
        while os.path.exists(self._manifest(number)):
            self._learn(_load(self._manifest(number)))
            number += 1
        for name in os.listdir(self._aside):
            os.unlink(os.path.join(self._aside, name))
        sizes = " + ".join(f"length({kind})" for kind in OUTPUTS)
        self.held_bytes = self._database.execute(f"SELECT coalesce(sum({sizes}), 0) FROM held").fetchone()[0]  # noqa: S608

    def _learn(self, manifest: dict[str, Any]) -> None:
        """Give the files of a manifest their names, and take into the database what it says."""
        aside = [(os.path.join(self._aside, made["name"]), os.path.join(self._job.output, made["name"])) for made in manifest["files"]]
        # They may have their names already; a reader may even have taken them away.
        if aside := [(old, new) for old, new in aside if os.path.exists(old)]:
            filesystem.sync_folder(self._job.output)  # the manifest, before anything is done because of it
            for old, new in aside:
                os.replace(old, new)
            filesystem.sync_folder(self._job.output)
        with self._transaction():
            self._database.executemany(_LEARN, (Input.of_entry(entry).row() for entry in manifest["inputs"]))
            self._database.executemany(
                "INSERT INTO totals VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET number = number + excluded.number",
                manifest["counts"].items(),
            )
            last = manifest["parts"][1]
            self._database.execute("DELETE FROM held WHERE part <= ?", (last,))
            self._database.execute("UPDATE state SET number = max(number, ?) WHERE what = 'part'", (last,))
            self._database.execute("UPDATE state SET number = ? WHERE what = 'published'", (manifest["number"],))

    def _manifest(self, number: int) -> str:
        return os.path.join(self._job.output, f"manifest-{number:08d}.json")

    # --- the database -----------------------------------------------------------------------------------------------

    def _opened(self, path: str) -> sqlite3.Connection:
        if os.path.exists(path):
            try:
                return _connected(path)
            except sqlite3.DatabaseError as error:
                if any(cause in str(error) for cause in ("full", "I/O", "locked", "unable to open", "readonly")):
                    raise  # that says nothing about what is in it
                self._set_aside(path, error)
        # Built under another name: half of one is not to be taken for the whole.
        fresh = path + ".new"
        _remove(fresh)
        database = _connected(fresh, new=True)
        self._database = database
        manifests = sorted(name for name in filesystem.list_names(self._job.output) if _numbered(name))
        for name in manifests:
            self._learn(_load(os.path.join(self._job.output, name)))
        if manifests:
            self.notes.append(f"the ledger was built anew from {len(manifests)} manifests")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        _remove(path)
        os.replace(fresh, path)
        return _connected(path)

    def _set_aside(self, path: str, error: sqlite3.Error) -> None:
        damaged = path + ".damaged"
        self.notes.append(f"{path} cannot be used ({error}); it is set aside as {os.path.basename(damaged)}")
        _remove(damaged)
        # The base last: what stands beside it would else be taken for the log of the one that is built anew.
        for tail in ("-wal", "-shm", ""):
            if os.path.exists(path + tail):
                os.replace(path + tail, damaged + tail)

    def _state(self, what: str) -> int:
        return int(self._database.execute("SELECT number FROM state WHERE what = ?", (what,)).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:  # some errors roll back by themselves
                self._database.execute("ROLLBACK")
            raise
        try:
            self._database.execute("COMMIT")
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise


def _connected(path: str, new: bool = False) -> sqlite3.Connection:
    """The database, which is all right. Raises sqlite3.DatabaseError where it is not."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # A transaction may be lost where the power fails, and is then done again; a killed process loses none.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA journal_size_limit = 16777216")
        if new:
            database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;")
        if database.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
            raise sqlite3.DatabaseError("it has another layout")
        if (found := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
        if {what for (what,) in database.execute("SELECT what FROM state")} != {"part", "published"}:
            raise sqlite3.DatabaseError("it does not say how far it is")
    except BaseException:
        database.close()
        raise
    return database


def _numbered(name: str) -> bool:
    return name.startswith("manifest-") and name.endswith(".json") and name[9:-5].isdigit()


def _load(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            manifest: dict[str, Any] = orjson.loads(stream.read())
            _ = (manifest["number"], manifest["parts"], manifest["files"], manifest["counts"], manifest["inputs"])
            return manifest
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise LedgerError(
            f"{path} is damaged, so that nobody can tell what is in its documents-….jsonl: get it back from a copy, or, to have "
            f"its inputs taken again, remove it and the files of its number ({error!r})"
        ) from error


def _remove(path: str) -> None:
    for tail in ("", "-wal", "-shm"):
        filesystem.delete(path + tail)
