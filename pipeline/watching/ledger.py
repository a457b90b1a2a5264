"""The ledger of `newsbeam watch`.

By it, each version of each file is processed once, even if the process is killed.

There are two atomic steps:

- `commit` writes the output lines and the names of some inputs to the ledger, an SQLite database, in one transaction. Before
  it, the inputs do not count as processed, and a restart processes them again. After it, they are never processed again.
- `publish` writes all held lines to files of the output folder. The files are written aside first. Then `manifest-N.json` is
  renamed into place, and from that moment the N-th files count: a restart only gives them their names if they do not have
  them yet. Before that moment the files do not count, and the lines are still in the ledger.

So a file of the output folder exists completely or not at all, and published lines are never withdrawn. The manifests name all
inputs and are sufficient to rebuild the ledger: whatever only the ledger knew was not published, and is processed again. Nothing
depends on a clock.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256

import orjson

from newsbeam.config.job import Job
from newsbeam.errors import AccountError, LedgerError
from newsbeam.outputs.formats import load_line_format
from newsbeam.storage import filesystem, json_files, output_layout
from newsbeam.storage.manifest import Account, OutputFile, WatchedInput, WatchManifest
from newsbeam.storage.output_layout import OUTPUTS, OutputKind, WatchFileName, WatchManifestName
from newsbeam.watching.file_state import FileStat, Input, Part

LAYOUT = 1
"""The version of the database schema. A database of another version is set aside, and rebuilt from the manifests."""

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

# A later version of a file counts, or more records of the same version: an old manifest never sets progress back.
_LEARN = """
INSERT INTO inputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
    ctime_ns = excluded.ctime_ns, inode = excluded.inode, version = excluded.version, records = excluded.records,
    complete = excluded.complete, sha256 = excluded.sha256
WHERE (excluded.version, excluded.complete, excluded.records) > (version, complete, records)
"""


class Ledger:
    """The state of one output folder.

    This process must have locked the folder (`newsbeam.outputs.lock`).

    Raises:
        LedgerError: it cannot be opened or rebuilt.
        OSError, sqlite3.OperationalError: the disk is full. The step is rolled back, and can be repeated later.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._aside = output_layout.staging_folder(job.output)
        os.makedirs(self._aside, exist_ok=True)
        self.notes: list[str] = []
        self.held_bytes = 0
        self._database = self._opened(output_layout.ledger_path(job.output))
        self._finish()
        self.totals: Counter[str] = Counter(dict(self._database.execute("SELECT what, number FROM totals")))
        for (counts,) in self._database.execute("SELECT counts FROM held"):
            self.totals.update(orjson.loads(counts))

    def close(self) -> None:
        """Close the database. Nothing is lost without it."""
        self._database.close()

    @property
    def published(self) -> int:
        """The number of the last manifest."""
        return self._state("published")

    # --- what is known ----------------------------------------------------------------------------------------------

    def known(self) -> Iterator[tuple[str, FileStat]]:
        """The path and the state of every file that is finished."""
        with closing(self._database.execute("SELECT path, size, mtime_ns, ctime_ns, inode FROM inputs WHERE complete")) as rows:
            for path, *stamp in rows:
                yield os.fsdecode(path), FileStat(*stamp)

    def find(self, path: str) -> Input | None:
        """The progress of the latest version of a file."""
        row = self._database.execute("SELECT * FROM inputs WHERE path = ?", (os.fsencode(path),)).fetchone()
        if row is None:
            return None
        return Input(path, FileStat(*row[1:5]), row[5], row[6], bool(row[7]), row[8])

    def touch(self, path: str, stamp: FileStat) -> None:
        """Record new times of a file with the same content.

        No manifest has this: if it is lost, the file is hashed again.
        """
        with self._transaction():
            self._database.execute(
                "UPDATE inputs SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE path = ?", (*stamp, os.fsencode(path))
            )

    # --- the two steps ----------------------------------------------------------------------------------------------

    def commit(self, part: Part) -> None:
        """Write the output of some inputs to the ledger permanently.

        Raises AccountError if lines are missing.
        """
        account = replace(Account.of(part.counts), read=part.read)
        if not account.balances:
            raise AccountError(f"{account} does not balance; none of these lines is kept")
        blobs = [b"".join(part.lines[kind]) for kind in OUTPUTS]
        with self._transaction():
            number = self._state("part") + 1
            self._database.execute("UPDATE state SET number = ? WHERE what = 'part'", (number,))
            self._database.execute(
                "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)",
                (number, *blobs, orjson.dumps(part.counts), json_files.encode([one.entry() for one in part.inputs.values()], indent=False)),
            )
            self._database.executemany(_LEARN, [one.row() for one in part.inputs.values()])
        self.totals.update(part.counts)
        self.held_bytes += sum(map(len, blobs))

    def publish(self) -> str:
        """Write all held lines to files of the output folder.

        Returns the name of the manifest, or "" if nothing is held.
        """
        self._finish()
        number = self._state("published") + 1
        parts = self._database.execute("SELECT min(part), max(part) FROM held").fetchone()
        if parts[0] is None:
            return ""
        counts: Counter[str] = Counter()
        inputs: list[WatchedInput] = []
        for of_part, entries in self._database.execute("SELECT counts, inputs FROM held ORDER BY part"):
            counts.update(orjson.loads(of_part))
            inputs += json_files.decode(list[WatchedInput], entries)
        files = [file for kind in OUTPUTS if (file := self._write_aside(kind, number, counts.get(kind, 0))) is not None]
        filesystem.sync_folder(self._aside)
        recipe = sha256(self._job.recipe.text.encode()).hexdigest()
        manifest = WatchManifest(
            number=number,
            parts=parts,
            newsbeam=self._job.setup.version,
            recipe_sha256=recipe,
            counts=dict(sorted(counts.items())),
            files=tuple(files),
            inputs=tuple(inputs),
            site_counts_sha256=self._job.site_counts.sha256 if self._job.site_counts is not None else "",
        )
        manifest.save(self._manifest(number))
        self._finish()
        return os.path.basename(self._manifest(number))

    def _write_aside(self, kind: OutputKind, number: int, records: int) -> OutputFile | None:
        name = str(WatchFileName(kind, number, self._job.format))
        path = os.path.join(self._aside, name)
        size = 0
        with open(path, "wb", buffering=1 << 16) as target:
            with load_line_format(self._job.format).open(target) as stream:
                for (lines,) in self._database.execute(f"SELECT {kind} FROM held WHERE length({kind}) ORDER BY part"):  # noqa: S608
                    stream.write(lines)
                    size += len(lines)
            target.flush()
            os.fsync(target.fileno())
        return OutputFile(name, records, size) if size else None

    def _finish(self) -> None:
        """Finish the publications that have a manifest.

        After that, files aside are not needed any more.
        """
        number = self._state("published") + 1
        while os.path.exists(self._manifest(number)):
            self._learn(_load(self._manifest(number)))
            number += 1
        for name in os.listdir(self._aside):
            os.unlink(os.path.join(self._aside, name))
        sizes = " + ".join(f"length({kind})" for kind in OUTPUTS)
        self.held_bytes = self._database.execute(f"SELECT coalesce(sum({sizes}), 0) FROM held").fetchone()[0]  # noqa: S608

    def _learn(self, manifest: WatchManifest) -> None:
        """Publish the files of a manifest under their names.

        Its contents are entered into the database.
        """
        aside = [(os.path.join(self._aside, file.name), os.path.join(self._job.output, file.name)) for file in manifest.files]
        # They may have their names already. A reader may even have removed them.
        if aside := [(old, new) for old, new in aside if os.path.exists(old)]:
            filesystem.sync_folder(self._job.output)  # the manifest, before anything is done because of it
            for old, new in aside:
                os.replace(old, new)
            filesystem.sync_folder(self._job.output)
        with self._transaction():
            self._database.executemany(_LEARN, (Input.from_entry(entry).row() for entry in manifest.inputs))
            self._database.executemany(
                "INSERT INTO totals VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET number = number + excluded.number",
                manifest.counts.items(),
            )
            last = manifest.parts[1]
            self._database.execute("DELETE FROM held WHERE part <= ?", (last,))
            self._database.execute("UPDATE state SET number = max(number, ?) WHERE what = 'part'", (last,))
            self._database.execute("UPDATE state SET number = ? WHERE what = 'published'", (manifest.number,))

    def _manifest(self, number: int) -> str:
        return os.path.join(self._job.output, str(WatchManifestName(number)))

    # --- the database -----------------------------------------------------------------------------------------------

    def _opened(self, path: str) -> sqlite3.Connection:
        if os.path.exists(path):
            try:
                return _connected(path)
            except sqlite3.DatabaseError as error:
                if any(cause in str(error) for cause in ("full", "I/O", "locked", "unable to open", "readonly")):
                    raise  # the contents may be intact
                self._set_aside(path, error)
        # Built under another name, so that half a database is never used.
        fresh = path + ".new"
        _remove(fresh)
        database = _connected(fresh, new=True)
        self._database = database
        names = filesystem.list_names(self._job.output, output_layout.MANIFEST_PREFIX)
        manifests = sorted(name for name in names if isinstance(output_layout.parse_manifest(name), WatchManifestName))
        for name in manifests:
            self._learn(_load(os.path.join(self._job.output, name)))
        if manifests:
            self.notes.append(f"the ledger was rebuilt from {len(manifests)} manifests")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        _remove(path)
        os.replace(fresh, path)
        return _connected(path)

    def _set_aside(self, path: str, error: sqlite3.Error) -> None:
        damaged = path + ".damaged"
        self.notes.append(f"{path} cannot be used ({error}); it is set aside as {os.path.basename(damaged)}")
        _remove(damaged)
        # The database itself last: files that stay beside it would be taken for the log of the rebuilt one.
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
            if self._database.in_transaction:  # some errors roll back automatically
                self._database.execute("ROLLBACK")
            raise
        try:
            self._database.execute("COMMIT")
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise


def _connected(path: str, new: bool = False) -> sqlite3.Connection:
    """Open the database. Raises sqlite3.DatabaseError if it is damaged."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # A power cut may lose a transaction, which is then repeated; a killed process loses none.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA journal_size_limit = 16777216")
        if new:
            database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;")
        if database.execute("PRAGMA user_version").fetchone()[0] != LAYOUT:
            raise sqlite3.DatabaseError("it has another schema version")
        if (verdict := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(verdict)
        if {what for (what,) in database.execute("SELECT what FROM state")} != {"part", "published"}:
            raise sqlite3.DatabaseError("its progress is missing")
    except BaseException:
        database.close()
        raise
    return database


def _load(path: str) -> WatchManifest:
    try:
        return WatchManifest.read(path)
    except ValueError as error:
        raise LedgerError(
            f"{path} is damaged ({error}), so the contents of the files with its number are unknown. Restore it from a copy; or remove "
            "it and those files, to have their inputs processed again"
        ) from error


def _remove(path: str) -> None:
    for tail in ("", "-wal", "-shm"):
        filesystem.delete(path + tail)
