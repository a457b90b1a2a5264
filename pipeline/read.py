"""From the inputs on the command line to raw items: finding files, sharing them out, streaming what is inside.

Nothing here is read whole but single documents, and those only up to a limit. What goes wrong with an input becomes a
`Raw` with its `error` set, so that it ends as a dead letter and is counted like any other.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, BinaryIO, cast

import orjson
import zstandard

from pipeline.progress import NOW
from transforms.decode import HEAD_BYTES, Container, container
from transforms.document import Raw

DOCUMENT_SUFFIXES = frozenset("html htm xhtml shtml php asp aspx jsp cgi txt text md markdown jsonl ndjson parquet warc wet".split())
"""What a walk through a folder takes (also compressed, and names without a suffix); a file named outright is always taken."""

COMPRESSION_SUFFIXES = frozenset("gz gzip zst zstd bz2".split())

SHARE_BYTES = 8 << 20
"""Small files are handed out together until they reach this size; a large file of JSON lines is cut into stretches of
`SPLIT_BYTES`, and what comes out of any file is closed as one part of the output after as many bytes of input."""
SHARE_FILES = 500
SPLIT_BYTES = 32 << 20

BUNDLE_BYTES = 64 << 10
BUNDLE_ITEMS = 16
"""Raw items travel together until there are so many of them."""

_COPY_BYTES = 1 << 20


class InputError(ValueError):
    """An input on the command line cannot be used; the message names it and the cure."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input file: its path or URI, its size in bytes, and the collection it belongs to (the input's top folder)."""

    path: str
    size: int
    source: str


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker reads in one go: small files together, or a stretch of one large file.

    `start` and `end` are byte offsets (`end` -1: to the end of the file), `first` the number of the stretch's first
    record. `only` names, per path, the records to take (a replay; 0: all of them, -n: from the n-th on); empty: all. `number` orders the output; `digest` is the whole file's, on its last stretch.
    """

    number: int
    sources: tuple[Source, ...]
    start: int = 0
    end: int = -1
    first: int = 1
    digest: str = ""
    only: tuple[tuple[str, frozenset[int]], ...] = ()

    @property
    def size(self) -> int:
        """Bytes to read."""
        return (self.end if self.end >= 0 else sum(source.size for source in self.sources)) - self.start


@dataclass(frozen=True, slots=True)
class EndOfPart:
    """Says that a part of the output has all its documents, how many inputs were read for it, and which files it finished.

    A file is (path, bytes, SHA-256, "" where it could not be read to its end).
    """

    read: int
    inputs: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Raw items on their way to the workers, a few at a time: one element of a PCollection costs as much as cleaning a
    small document. `part` is the part of the output they belong to ("": whatever the bundle makes), `end` its end.
    """

    part: str
    raws: tuple[Raw, ...]
    end: EndOfPart | None = None


@dataclass(frozen=True)
class Found:
    """What a look at the inputs found: the files to read, and what the user should be told."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()


# --- finding --------------------------------------------------------------------------------------------------------


def find(inputs: Sequence[str], leave_out: str = "") -> Found:
    """The files that `inputs` (files, folders, globs, URIs) name, each once, in the order of the inputs, folders sorted.

    `leave_out` is the output folder: what lies in it is never read. Raises InputError for an input that names nothing.
    """
    sources: dict[str, Source] = {}
    notes: list[str] = []
    skipped: dict[str, int] = {}
    out = os.path.realpath(leave_out) if leave_out and "://" not in leave_out else leave_out
    for given in inputs:
        before = len(sources)
        if "://" in given:
            found: Iterable[Source] = _remote(given, skipped)
        elif os.path.isdir(given):
            found = _walk(given, out, notes, skipped)
        elif os.path.exists(given) or os.path.islink(given):
            found = [_local(given, _folder_name(given))]
        else:
            found = _glob(given, out, notes, skipped)
        for source in found:
            sources.setdefault(source.path, source)
        if len(sources) == before and os.path.isdir(given):
            notes.append(f"{given}: no documents in this folder")
    if skipped:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(skipped.items(), key=lambda item: (-item[1], item[0])))
        notes.append(f"left alone, no documents by their names: {kinds} (name a file outright to have it read)")
    return Found(tuple(sources.values()), tuple(notes))


def _walk(top: str, out: str, notes: list[str], skipped: dict[str, int]) -> Iterator[Source]:
    name = _folder_name(os.path.join(top, "x"))
    seen: set[tuple[int, int]] = set()
    unreadable: list[str] = []
    for folder, folders, files in os.walk(top, followlinks=True, onerror=lambda error: unreadable.append(str(error.filename))):
        here = os.stat(folder)
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()  # a link back to a folder we have walked: without this, a loop never ends
            continue
        seen.add((here.st_dev, here.st_ino))
        if out and os.path.realpath(folder) == out:
            notes.append(f"{folder} is the output folder: what is in it is not read")
            folders.clear()
            continue
        folders[:] = sorted(entry for entry in folders if not entry.startswith("."))
        for entry in sorted(files):
            path = os.path.join(folder, entry)
            if entry.startswith("."):
                continue
            if not os.path.islink(path) and not os.path.isfile(path):
                notes.append(f"{path} is no regular file: not read")
            elif (suffix := _kind_suffix(entry)) and suffix not in DOCUMENT_SUFFIXES:
                skipped["." + suffix] = skipped.get("." + suffix, 0) + 1
            else:
                yield _local(path, name)
    # A folder that cannot be listed is an input that cannot be read: opening it gives the dead letter that says so.
    yield from (Source(path, 0, name) for path in sorted(unreadable))


def _local(path: str, name: str) -> Source:
    try:
        return Source(path, os.stat(path).st_size, name)
    except OSError:
        return Source(path, 0, name)  # a dangling link, or gone already: reading it gives the dead letter


def _glob(pattern: str, out: str, notes: list[str], skipped: dict[str, int]) -> list[Source]:
    import glob  # noqa: PLC0415 - few runs need it

    if not glob.has_magic(pattern):
        near = _similar(pattern)
        raise InputError(f"no such file or folder: {pattern}" + (f"; did you mean {near}?" if near else ""))
    paths = sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise InputError(f"nothing matches {pattern} (quote a pattern so that the shell leaves it to newsbeam; ** goes into subfolders)")
    name = _folder_name(re.split(r"[*?\[]", pattern)[0] + "x")
    found: list[Source] = []
    for path in paths:
        if os.path.isdir(path):
            # `folder/*` means what stands in it; its subfolders only where the pattern says ** and lists their files itself.
            if "**" not in pattern:
                found += _walk(path, out, notes, skipped)
        elif not out or os.path.commonpath([os.path.realpath(path), out]) != out:
            found.append(_local(path, name))
    return found


def _remote(given: str, skipped: dict[str, int]) -> list[Source]:
    files = filesystems()
    scheme = given.partition("://")[0]
    try:
        if re.search(r"[*?\[]", given):
            listed = files.match([given])[0].metadata_list
            walked = False
        else:
            listed = [] if given.endswith("/") else files.match([given])[0].metadata_list
            walked = not listed
            listed = listed or files.match([given.rstrip("/") + "/**"])[0].metadata_list
    except ValueError as error:
        raise InputError(f"{given}: {missing_filesystem(scheme)}") from error
    except Exception as error:  # noqa: BLE001 - each remote filesystem has errors of its own; all mean the same to a user
        raise InputError(f"{given} cannot be listed: {error}") from error
    if not listed:
        raise InputError(f"nothing found at {given}")
    name = re.split(r"[*?\[]", given)[0].rstrip("/").rpartition("/")[2] or scheme
    found = []
    for entry in sorted(listed, key=lambda entry: str(entry.path)):
        suffix = _kind_suffix(entry.path.rpartition("/")[2])
        if walked and suffix and suffix not in DOCUMENT_SUFFIXES:
            skipped["." + suffix] = skipped.get("." + suffix, 0) + 1
        elif not entry.path.endswith("/"):
            found.append(Source(entry.path, int(entry.size_in_bytes or 0), name))
    return found


def missing_filesystem(scheme: str) -> str:
    """What to install for a URI scheme that no installed filesystem knows."""
    extra = {"gs": "gcp", "s3": "aws", "azfs": "azure", "hdfs": "gcp"}.get(scheme)
    if extra is None:
        return f"no filesystem is installed for {scheme}://"
    return f"{scheme}:// needs an extra: pip install 'newsbeam[{extra}]'"


def filesystems() -> Any:
    """Beam's FileSystems, imported only where it is needed: it costs two seconds."""
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    return FileSystems


def _folder_name(path: str) -> str:
    return os.path.basename(os.path.dirname(os.path.abspath(path))) or "root"


def _kind_suffix(name: str) -> str:
    parts = name.lower().split(".")
    while len(parts) > 1 and parts[-1] in COMPRESSION_SUFFIXES:
        parts.pop()
    # "page.2024-05-01" or "article.v2 final" have no suffix that says a kind.
    return parts[-1] if len(parts) > 1 and re.fullmatch(r"[a-z][a-z0-9]{0,8}", parts[-1]) else ""


def _similar(path: str) -> str:
    import difflib  # noqa: PLC0415

    folder = os.path.dirname(path) or "."
    try:
        names = os.listdir(folder)
    except OSError:
        return ""
    near = difflib.get_close_matches(os.path.basename(path.rstrip("/")), names, 1)
    return os.path.join(os.path.dirname(path), near[0]) if near else ""


# --- sharing out ----------------------------------------------------------------------------------------------------


def share_out(sources: Sequence[Source]) -> list[Share]:
    """The sources as shares, in their order: small files together, a large file alone. Looks at sizes only."""
    shares: list[Share] = []
    batch: list[Source] = []
    size = 0
    for source in sources:
        if batch and (size + source.size > SHARE_BYTES or len(batch) >= SHARE_FILES):
            shares.append(Share(len(shares), tuple(batch)))
            batch, size = [], 0
        batch.append(source)
        size += source.size
    if batch:
        shares.append(Share(len(shares), tuple(batch)))
    return shares


def split(share: Share) -> Iterator[Share]:
    """A share of one large plain file of JSON lines as shares of `SPLIT_BYTES` each; any other share as it is.

    Counts the records before each stretch, so that record numbers are those of the whole file.
    """
    if len(share.sources) != 1 or share.size < 2 * SPLIT_BYTES or share.only:
        yield share
        return
    source = share.sources[0]
    try:
        with _open(source.path) as stream:
            if container(stream.peek(HEAD_BYTES), source.path) != "jsonl":
                yield share
                return
            start, first, records, position = 0, 1, 0, 0
            for lines in _whole_lines(stream):
                records += _records_in(lines)
                position += len(lines)
                if position - start >= SPLIT_BYTES and lines.endswith(b"\n"):
                    yield replace(share, start=start, end=position, first=first)
                    start, first = position, records + 1
            yield replace(share, start=start, end=position, first=first, digest=cast("_Plain", stream.raw).hexdigest())
    except OSError:
        yield share  # reading it will say what is wrong


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(_COPY_BYTES * 4):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        elif len(rest) > SPLIT_BYTES:
            yield rest + block  # one endless line: passed on in pieces, none of which ends it
            rest = b""
        else:
            rest += block
    if rest:
        yield rest


def _records_in(lines: bytes) -> int:
    """How many lines are not blank."""
    count = lines.count(b"\n")
    if b"\n\n" in lines or b"\n\r" in lines or b"\n " in lines or b"\n\t" in lines or lines[:1] in b"\n\r \t":
        return sum(1 for line in lines.split(b"\n") if line.strip())
    return count + (not lines.endswith(b"\n"))


# --- reading --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """Streams raw items out of shares; `max_bytes` is the most that one document may have, once decompressed."""

    max_bytes: int
    done: frozenset[str] = field(default_factory=frozenset)

    def read(self, share: Share) -> Iterator[Bundle]:
        """Everything in the share, and the end of each part that is complete.

        A part's name sorts in the order of the input. Parts in `done` are passed over: they were finished earlier.
        """
        number, read, size = 0, 0, 0
        held: list[Raw] = []
        held_bytes = 0
        files: list[tuple[str, int, str]] = []
        stretch = f"{share.number:06d}-{share.start:014d}"
        if len(share.sources) > 1 and f"{stretch}-00000" in self.done:
            return
        part = f"{stretch}-{number:05d}"
        for source in share.sources:
            for raw in self._items(source, share, files):
                # Only what one file holds is closed in between: small files together are one part, to be passed over unread.
                if len(share.sources) == 1 and size >= SPLIT_BYTES:
                    if part not in self.done:
                        yield Bundle(part, tuple(held), EndOfPart(read))
                    number, read, size, held, held_bytes = number + 1, 0, 0, [], 0
                    part = f"{stretch}-{number:05d}"
                read += 1
                size += len(raw.payload)
                if part in self.done:
                    continue
                held.append(raw)
                held_bytes += len(raw.payload)
                if held_bytes >= BUNDLE_BYTES or len(held) >= BUNDLE_ITEMS:
                    yield Bundle(part, tuple(held))
                    held, held_bytes = [], 0
        if read and part not in self.done:
            yield Bundle(part, tuple(held), EndOfPart(read, tuple(files)))

    def _items(self, source: Source, share: Share, files: list[tuple[str, int, str]]) -> Iterator[Raw]:
        wanted = dict(share.only).get(source.path) if share.only else None
        if share.only and wanted is None:
            return
        number = share.first - 1
        digest = ""
        if source.size <= HEAD_BYTES and share.end < 0 and (small := _small(source)) is not None:
            # Most inputs are small files: the general way costs three times as much as reading them.
            yield Raw(source.path, small, name=source.path, source=source.source)
            files.append((source.path, len(small), sha256(small).hexdigest()))
            return
        try:
            with _open(source.path) as plain:
                for raw in self._inside(source.path, plain, share):
                    number += 1
                    if _is_wanted(number, wanted):
                        yield replace(raw, source=source.source)
                if share.end < 0:
                    while plain.read(_COPY_BYTES):  # to the end, for the hash: what a decompressor or a limit left over
                        pass
                    digest = cast("_Plain", plain.raw).hexdigest()
        except _Unreadable as error:
            if _is_wanted(number + 1, wanted):
                yield Raw(self._place(source.path, number), b"", error=f"ReadError: {error}", source=source.source)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError, ValueError) as error:
            if _is_wanted(number + 1, wanted):
                why = f"{type(error).__name__}: {_why(source.path, number, error)}"
                yield Raw(self._place(source.path, number), b"", error=why, source=source.source)
        if share.end < 0 or share.digest:
            files.append((source.path, source.size, share.digest or digest))

    @staticmethod
    def _place(path: str, number: int) -> str:
        return f"{path}#{number + 1}" if number else path

    def _inside(self, path: str, plain: io.BufferedReader, share: Share) -> Iterator[Raw]:
        """Everything in one file, or in one stretch of it."""
        stream, inner = plain, path
        for _ in range(4):
            kind = container(stream.peek(HEAD_BYTES), inner)
            if kind not in ("gzip", "zstd", "bzip2"):
                break
            stream, inner = _decompress(stream, kind), _without_compression(inner)
        else:
            raise _Unreadable(f"{path} is compressed more than three times over: unpack it first")
        if kind == "jsonl":
            records = self._json_lines(path, stream, share)
        elif kind == "warc":
            records = self._warc(path, stream)
        elif kind == "parquet":
            records = self._parquet(path, stream)
        else:
            yield self._document(path, inner, stream)
            return
        empty = True
        for raw in records:
            empty = False
            yield raw
        if empty and not share.start:
            yield Raw(path, b"", drop="no documents in it")

    def _document(self, path: str, inner: str, stream: io.BufferedReader) -> Raw:
        blocks: list[bytes] = []
        size = 0
        while block := stream.read(HEAD_BYTES):
            blocks.append(block)
            size += len(block)
            if size > self.max_bytes:
                raise _Unreadable(f"{path} has more than {_megabytes(self.max_bytes)} in one document; raise --max-document-mb or split it")
        return Raw(path, b"".join(blocks), name=inner)

    def _json_lines(self, path: str, stream: io.BufferedReader, share: Share) -> Iterator[Raw]:
        if share.start:
            stream.seek(share.start)
        position, number = share.start, share.first - 1
        while share.end < 0 or position < share.end:
            line = stream.readline(self.max_bytes + 1)
            if not line:
                return
            position += len(line)
            if not line.strip():
                continue
            number += 1
            origin = f"{path}#{number}"
            if len(line) > self.max_bytes and not line.endswith(b"\n"):
                while rest := stream.readline(_COPY_BYTES):
                    position += len(rest)
                    if rest.endswith(b"\n"):
                        break
                message = f"{origin} is a line of more than {_megabytes(self.max_bytes)}; raise --max-document-mb or split it"
                yield Raw(origin, b"", form="json", error=f"ReadError: {message}")
            else:
                yield Raw(origin, line.strip(), form="json")

    def _parquet(self, path: str, stream: io.BufferedReader) -> Iterator[Raw]:
        import pyarrow as pa  # noqa: PLC0415 - it weighs 0.3 s, and few inputs are parquet
        import pyarrow.parquet as pq  # noqa: PLC0415

        with tempfile.TemporaryFile() as spooled:
            # Parquet is read from its end: what is compressed or far away has to be here first.
            while block := stream.read(_COPY_BYTES):
                spooled.write(block)
            spooled.seek(0)
            try:
                table = pq.ParquetFile(spooled)
                columns = [name for name in ("text", "html", "id", "url", "title", "date") if name in table.schema_arrow.names]
                if "text" not in columns and "html" not in columns:
                    names = ", ".join(table.schema_arrow.names[:12])
                    raise _Unreadable(f"{path} has neither a `text` nor an `html` column; its columns: {names}")
                number = 0
                for batch in table.iter_batches(batch_size=64, columns=columns):
                    for row in batch.to_pylist():
                        number += 1
                        yield Raw(f"{path}#{number}", orjson.dumps(row, default=str), form="json")
            except pa.ArrowException as error:
                raise _Unreadable(f"{path} is no whole parquet file: {error}") from error

    def _warc(self, path: str, stream: io.BufferedReader) -> Iterator[Raw]:
        from fastwarc.warc import ArchiveIterator, WarcRecordType  # noqa: PLC0415 - few inputs are WARC

        tail = _Tail(stream)
        number, whole = 0, True
        # FastWARC's own decompression ends a cut file in silence; ours raises.
        for record in ArchiveIterator(
            tail, parse_http=False, stream_detect=False, record_types=WarcRecordType.response | WarcRecordType.conversion
        ):
            number += 1
            origin = f"{path}#{number}"
            url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
            date = record.headers.get("WARC-Date") or ""
            length = record.content_length
            if length > self.max_bytes:
                message = f"{origin} has {_megabytes(length)} in one document; raise --max-document-mb"
                yield Raw(origin, b"", "http", url=url, error=f"ReadError: {message}")
                continue
            record.freeze()
            whole = record.content_length == length
            if not whole:
                raise _Unreadable(f"{origin}: the WARC is cut short in this record; get the file again")
            if record.record_type == WarcRecordType.conversion:
                yield Raw(origin, record.reader.read(), "text", "text/plain", record.headers.get("WARC-Identified-Content-Language") or "", url, date)
                continue
            try:
                record.parse_http(auto_decode="all")
                payload = record.reader.read(self.max_bytes + 1)
            except OSError as error:
                yield Raw(origin, b"", "http", url=url, error=f"ReadError: {origin}: the HTTP response cannot be read: {error}")
                continue
            if len(payload) > self.max_bytes:
                yield Raw(origin, b"", "http", url=url, error=f"ReadError: {origin} unpacks to more than {_megabytes(self.max_bytes)}")
                continue
            headers = record.http_headers
            content_type = (headers.get("Content-Type") if headers is not None else "") or ""
            language = (headers.get("Content-Language") if headers is not None else "") or ""
            yield Raw(origin, payload, "http", content_type, language, url, date)
        if not tail.ends_whole():
            raise _Unreadable(f"{path}: the WARC is cut short after its record {number}; get the file again")


def _is_wanted(number: int, wanted: frozenset[int] | None) -> bool:
    return not wanted or 0 in wanted or number in wanted or any(one < 0 and number >= -one for one in wanted)


class _Unreadable(Exception):
    """An input cannot be read, for a reason whose message is complete in itself."""


class _Tail(io.RawIOBase):
    """A stream that remembers its last bytes: a whole WARC ends in two line ends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        if block:
            self._last = (self._last + block[-8:])[-8:]
        return block

    def ends_whole(self) -> bool:
        return not self._last or self._last.endswith((b"\n\r\n", b"\n\n"))


class _Plain(io.RawIOBase):
    """A file as it lies there, hashed and counted on its way through."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = sha256()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        self._hash.update(block)
        NOW.bytes_read += len(block)
        return len(block)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        self._stream.close()
        super().close()


def _small(source: Source) -> bytes | None:
    """The whole of a small file of this machine, if it is a document by itself and reading it goes well."""
    if "://" in source.path:
        return None
    try:
        with open(source.path, "rb", buffering=0) as stream:  # noqa: PTH123
            payload = stream.read(HEAD_BYTES + 1)
    except OSError:
        return None
    if len(payload) > HEAD_BYTES or container(payload, source.path):
        return None
    NOW.bytes_read += len(payload)
    return payload


def _open(path: str) -> io.BufferedReader:
    if "://" not in path:
        return io.BufferedReader(_Plain(open(path, "rb", buffering=0)), HEAD_BYTES)  # noqa: PTH123, SIM115
    files = filesystems()
    from apache_beam.io.filesystem import CompressionTypes  # noqa: PLC0415

    return io.BufferedReader(_Plain(files.open(path, compression_type=CompressionTypes.UNCOMPRESSED)), HEAD_BYTES)


def _decompress(stream: io.BufferedReader, kind: Container) -> io.BufferedReader:
    if kind == "gzip":
        raw: Any = gzip.GzipFile(fileobj=stream)
    elif kind == "bzip2":
        raw = bz2.BZ2File(stream)
    else:
        raw = _Zstd(stream)
    return io.BufferedReader(raw, HEAD_BYTES * 2)


class _Zstd(io.RawIOBase):
    """A zstd stream that raises EOFError where it is cut short; zstandard's own reader ends there in silence."""

    # A few bytes of zstd can unpack to 128 kB: so little is fed in at a time that a bomb stays small.
    _FEED = 1 << 10

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame: Any = None
        self._rest = b""
        self._out = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._out:
            fed = self._rest or self._stream.read(self._FEED)
            self._rest = b""
            if not fed:
                if self._frame is not None:
                    raise EOFError("the zstd stream ends in the middle of a frame")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._out = memoryview(self._frame.decompress(fed))
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._out))
        buffer[:count] = self._out[:count]
        self._out = self._out[count:]
        return count


def _without_compression(path: str) -> str:
    stem, _, suffix = path.rpartition(".")
    return stem if suffix.lower() in COMPRESSION_SUFFIXES else path


def _why(path: str, number: int, error: Exception) -> str:
    """What a user can do about an error of the system or of a decompressor."""
    after = f" after record {number}" if number else ""
    if isinstance(error, (EOFError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile)):
        return f"{path} is cut short or damaged{after}: {error}; get the file again"
    if isinstance(error, FileNotFoundError):
        return f"{path} was there when the run began and is gone now"
    if isinstance(error, PermissionError):
        return f"{path} may not be read by this user; change its permissions"
    if isinstance(error, IsADirectoryError):
        return f"{path} cannot be listed; change its permissions"
    text = str(error)
    return text if path in text else f"{path}{after}: {text}"


def _megabytes(count: int) -> str:
    return f"{count / (1 << 20):.0f} MB"


def origin_of(path: str, record: int) -> str:
    """How a record's place is written: the path alone, or with `#n` for the n-th record in it."""
    return f"{path}#{record}" if record else path


def replace_only(share: Share, only: tuple[tuple[str, frozenset[int]], ...]) -> Share:
    """The share, to be read for some records only."""
    mine = {source.path for source in share.sources}
    return replace(share, only=tuple(entry for entry in only if entry[0] in mine))


def unpacked(stream: BinaryIO) -> io.BufferedReader:
    """A stream without its compression, if it has one."""
    plain = io.BufferedReader(cast("io.RawIOBase", stream), HEAD_BYTES)
    kind = container(plain.peek(HEAD_BYTES))
    return _decompress(plain, kind) if kind in ("gzip", "zstd", "bzip2") else plain


def place_of(origin: str) -> tuple[str, int]:
    """The path and the record's number (0: the whole file) of an origin."""
    path, mark, number = origin.rpartition("#")
    return (path, int(number)) if mark and number.isdigit() else (origin, 0)
