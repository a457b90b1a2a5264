"""From files to raw items: sharing them out, and streaming what is inside.

Nothing here is read whole but single documents, and those only up to a limit. What goes wrong with an input becomes a
`Raw` with its `error` set, so that it ends as a dead letter and is counted like any other.
"""

from __future__ import annotations

import gzip
import io
import os
import pickle
import platform
import stat
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import BinaryIO, cast

import orjson
import zstandard

from pipeline.files import read, remote, shown, whole
from pipeline.find import Source
from pipeline.progress import NOW
from pipeline.streams import Plain, Tail, decompress, open_plain, without_compression
from transforms.decode import HEAD_BYTES, container, decode_bytes
from transforms.document import Raw

SHARE_BYTES = 8 << 20
"""Small files are handed out together until they reach this size; a large file of JSON lines is cut into stretches of
`SPLIT_BYTES`, and what comes out of any file is closed as one part of the output after as many bytes of input."""
SHARE_FILES = 500
SPLIT_BYTES = 32 << 20

BUNDLE_BYTES = 128 << 10
BUNDLE_ITEMS = 32
"""Raw items travel together until there are so many of them."""

_COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Share:
    """What one worker reads in one go: small files together, or a stretch of one large file.

    `start` and `end` are byte offsets (`end` -1: to the end of the file), `first` the number of the stretch's first
    record. `number` orders the output; `digest` is the whole file's, on its last stretch. `only` names, per path, the
    records to take in a replay (0: all of them, -n: from the n-th on); empty: all.
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


@dataclass(frozen=True)
class EndOfPart:
    """Says that a part of the output has all its documents, how many inputs were read for it, and which files it finished.

    A file is (path, bytes, SHA-256, "" where it could not be read to its end).
    """

    read: int
    inputs: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class Bundle:
    """Raw items on their way to the workers, a few at a time: one element of a PCollection costs as much as cleaning a
    small document. `part` is the part of the output they belong to ("": whatever the bundle makes), `end` its end.
    """

    part: str
    raws: tuple[Raw, ...]
    end: EndOfPart | None = None


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


def write_shares(shares: Sequence[Share], path: str) -> list[int]:
    """Put shares into a file; the place of each in it. The graph holds only the places: it has to stay small, and a list of
    100,000 names is not.
    """
    places = []
    with whole(path) as stream:
        for share in shares:
            places.append(stream.tell())
            pickle.dump(share, stream, protocol=pickle.HIGHEST_PROTOCOL)
    return places


def read_share(place: int, path: str) -> Share:
    """The share that `write_shares` put at a place of the file. Raises FileNotFoundError on a machine that does not see it."""
    try:
        stream = read(path)
    except FileNotFoundError as error:
        hint = "the output has to lie where every worker sees it under the same name: a shared disk, or a bucket"
        raise FileNotFoundError(f"{path} is not there on {platform.node()}; {hint}") from error
    with stream:
        stream.seek(place)
        share: Share = pickle.load(stream)
        return share


def split(share: Share) -> Iterator[Share]:
    """A share of one large plain file of JSON lines as shares of `SPLIT_BYTES` each; any other share as it is.

    Counts the records before each stretch, so that record numbers are those of the whole file.
    """
    if len(share.sources) != 1 or share.size < 2 * SPLIT_BYTES or share.only:
        yield share
        return
    source = share.sources[0]
    try:
        with open_plain(source.path) as stream:
            if container(stream.peek(HEAD_BYTES), source.path) != "jsonl":
                yield share
                return
            start, first, records, position = 0, 1, 0, 0
            whole = True
            for lines in _whole_lines(stream):
                # Cut only once there is more: the last stretch carries the file's hash, so it must not be empty.
                if position - start >= SPLIT_BYTES and whole:
                    yield replace(share, start=start, end=position, first=first)
                    start, first = position, records + 1
                records += _records_in(lines if whole else lines.partition(b"\n")[2])
                position += len(lines)
                whole = lines.endswith(b"\n")
            yield replace(share, start=start, end=position, first=first, digest=cast("Plain", stream.raw).hexdigest())
            NOW.bytes_read -= position  # that was a look ahead: the bar counts what is read to be worked on
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
    # By the first characters: searching for two line ends in a row takes ten times as long.
    return sum(1 for line in lines.split(b"\n") if line and (not line[:1].isspace() or line.strip()))


def replace_only(share: Share, only: tuple[tuple[str, frozenset[int]], ...]) -> Share:
    """The share, to be read for some records only."""
    mine = {source.path for source in share.sources}
    return replace(share, only=tuple(entry for entry in only if entry[0] in mine))


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
            items = self._items(source, share, files)
            for raw in items if shown(source.path) == source.path else map(_shown, items):
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

    def records(self, source: Source, inputs: list[tuple[str, int, str]]) -> Iterator[Raw]:
        """Everything in one file, in its order; at its end (path, bytes, SHA-256) is added to `inputs`."""
        items = self._items(source, Share(0, (source,)), inputs)
        return items if shown(source.path) == source.path else map(_shown, items)

    def _items(self, source: Source, share: Share, files: list[tuple[str, int, str]]) -> Iterator[Raw]:
        wanted = dict(share.only).get(source.path) if share.only else None
        if share.only and wanted is None:
            return
        number = share.first - 1
        digest = ""
        if 0 < source.size <= HEAD_BYTES and share.end < 0 and (small := _small(source)) is not None:
            # Most inputs are small files: the general way costs three times as much as reading them.
            digest = sha256(small).hexdigest()
            yield Raw(source.path, small, name=source.path, source=source.source, sha256=digest)
            files.append((shown(source.path), len(small), digest))
            return
        try:
            with open_plain(source.path, hashed=share.end < 0) as plain:
                for raw in self._inside(source, plain, share):
                    number += 1
                    if _is_wanted(number, wanted):
                        yield raw
                if share.end < 0:
                    while plain.read(_COPY_BYTES):  # to the end, for the hash: what a decompressor or a limit left over
                        pass
                    digest = cast("Plain", plain.raw).hexdigest()
        except _Unreadable as error:
            if _is_wanted(number + 1, wanted):
                yield Raw(self._place(source.path, number), b"", error=f"ReadError: {error}", source=source.source)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError, ValueError) as error:
            if _is_wanted(number + 1, wanted):
                why = f"{type(error).__name__}: {_why(source.path, number, error)}"
                yield Raw(self._place(source.path, number), b"", error=why, source=source.source)
        if share.end < 0 or share.digest:
            files.append((shown(source.path), source.size, share.digest or digest))

    @staticmethod
    def _place(path: str, number: int) -> str:
        return f"{path}#{number + 1}" if number else path

    def _inside(self, source: Source, plain: io.BufferedReader, share: Share) -> Iterator[Raw]:
        """Everything in one file, or in one stretch of it."""
        path = source.path
        stream, inner = plain, path
        for _ in range(4):
            kind = container(stream.peek(HEAD_BYTES), inner)
            if kind not in ("gzip", "zstd", "bzip2"):
                break
            stream, inner = decompress(stream, kind), without_compression(inner)
        else:
            raise _Unreadable(f"{path} is compressed more than three times over: unpack it first")
        if kind == "jsonl":
            records = self._json_lines(source, stream, share)
        elif kind == "warc":
            records = _without_panic(path, self._warc(source, stream))
        elif kind == "parquet":
            records = self._parquet(source, stream)
        else:
            yield self._document(source, inner, stream)
            return
        empty = True
        for raw in records:
            empty = False
            yield raw
        if empty and not share.start:
            yield Raw(path, b"", source=source.source, drop="no documents in it")

    def _document(self, source: Source, inner: str, stream: io.BufferedReader) -> Raw:
        path = source.path
        blocks: list[bytes] = []
        size = 0
        while block := stream.read(HEAD_BYTES):
            blocks.append(block)
            size += len(block)
            if size > self.max_bytes:
                raise _Unreadable(f"{path} has more than {_megabytes(self.max_bytes)} in one document; raise --max-document-mb or split it")
        return Raw(path, b"".join(blocks), name=inner, source=source.source)

    def _json_lines(self, source: Source, stream: io.BufferedReader, share: Share) -> Iterator[Raw]:
        path, new = source.path, partial(Raw, source=source.source)
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
                yield new(origin, b"", form="json", error=f"ReadError: {message}")
            else:
                yield new(origin, line.strip(), form="json")

    def _parquet(self, source: Source, stream: io.BufferedReader) -> Iterator[Raw]:
        import pyarrow as pa  # it weighs 0.3 s, and few inputs are parquet
        import pyarrow.parquet as pq

        path, new = source.path, partial(Raw, source=source.source)
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
                        yield new(f"{path}#{number}", orjson.dumps(row, default=_as_text), form="json")
            except pa.ArrowException as error:
                raise _Unreadable(f"{path} is no whole parquet file: {error}") from error

    def _warc(self, source: Source, stream: io.BufferedReader) -> Iterator[Raw]:
        from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType  # few inputs are WARC

        path, new = source.path, partial(Raw, source=source.source)
        tail = Tail(stream)
        number = 0
        # FastWARC's own decompression ends a cut file in silence; ours raises.
        for record in ArchiveIterator(
            tail, parse_http=False, stream_detect=False, record_types=WarcRecordType.response | WarcRecordType.conversion
        ):
            if not record.headers.get("Content-Length"):
                continue  # the file ends within this record's header, as is told below
            number += 1
            origin = f"{path}#{number}"
            url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
            date = record.headers.get("WARC-Date") or ""
            length = record.content_length
            if length > self.max_bytes:
                message = f"{origin} has {_megabytes(length)} in one document; raise --max-document-mb"
                yield new(origin, b"", "http", url=url, error=f"ReadError: {message}")
                continue
            record.freeze()
            block = record.reader.read()
            if len(block) < length:
                raise _Unreadable(f"{origin}: the WARC is cut short in this record; get the file again")
            if record.record_type == WarcRecordType.conversion:
                language = record.headers.get("WARC-Identified-Content-Language") or ""
                yield new(origin, block, "text", "text/plain", language, url, date)
                continue
            try:
                # Parsed apart from the archive: a response that cannot be would take the iterator with it.
                response = WarcRecord.from_bytes(_RESPONSE % len(block) + block + b"\r\n\r\n")
                response.parse_http(auto_decode="all")
                payload = response.reader.read(self.max_bytes + 1)
            except OSError as error:
                yield new(origin, b"", "http", url=url, error=f"ReadError: {origin}: the HTTP response cannot be read: {error}")
                continue
            if len(payload) > self.max_bytes:
                yield new(origin, b"", "http", url=url, error=f"ReadError: {origin} unpacks to more than {_megabytes(self.max_bytes)}")
                continue
            headers = response.http_headers
            content_type = (headers.get("Content-Type") if headers is not None else "") or ""
            language = (headers.get("Content-Language") if headers is not None else "") or ""
            yield new(origin, payload, "http", content_type, language, url, date)
        if not tail.ends_whole():
            raise _Unreadable(f"{path}: the WARC is cut short after its record {number}; get the file again")


def _shown(raw: Raw) -> Raw:
    return replace(raw, origin=shown(raw.origin), name=shown(raw.name), error=shown(raw.error))


def _as_text(value: object) -> str:
    # A column of bytes is a page as it was fetched.
    return decode_bytes(value)[0] if isinstance(value, bytes) else str(value)


def _without_panic(path: str, records: Iterator[Raw]) -> Iterator[Raw]:
    # FastWARC is written in Rust: what it did not foresee comes up as a panic, which is no Exception and would end the run.
    try:
        yield from records
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise _Unreadable(f"{path}: the WARC cannot be read from here on: {error}") from error


def _is_wanted(number: int, wanted: frozenset[int] | None) -> bool:
    return not wanted or 0 in wanted or number in wanted or any(one < 0 and number >= -one for one in wanted)


_RESPONSE = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"


class _Unreadable(Exception):
    """An input cannot be read, for a reason whose message is complete in itself."""


def _small(source: Source) -> bytes | None:
    """The whole of a small file of this machine, if it is a document by itself and reading it goes well."""
    if remote(source.path):
        return None
    try:
        # By the system's own calls: a file object costs as much again. Not blocking, since it may be a pipe that nobody fills.
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None  # a pipe gives what it has so far, and gives it once
            payload = os.read(descriptor, HEAD_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(payload) < source.size:
        return None  # it grew, or this filesystem gives less than was asked for
    if len(payload) > HEAD_BYTES or container(payload, source.path):
        return None
    NOW.bytes_read += len(payload)
    return payload


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


def place_of(origin: str) -> tuple[str, int]:
    """The path and the record's number (0: the whole file) of an origin."""
    path, mark, number = origin.rpartition("#")
    return (path, int(number)) if mark and number.isdigit() else (origin, 0)
