"""Zip and tar archives, read like folders: `a.zip!/pages/x.html#1`.

Members are never extracted to disk.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from newsbeam.inputs.compression import member_reader
from newsbeam.inputs.discovery import format_suffix
from newsbeam.inputs.failures import failure_of
from newsbeam.inputs.format_entries import document_suffixes
from newsbeam.inputs.formats.base import InputFormat, ReadContext, Unreadable, seekable
from newsbeam.inputs.work_units import MEMBER
from newsbeam.transforms.document import Raw

MAX_DEPTH = 3
"""The number of archives that a document may be nested in."""

# Zip files that are not folders: a member's name, and what the file is. They have to be exported as
# HTML or text.
_OTHER_ZIPS = {
    "word/document.xml": "a Word document (docx)",
    "xl/workbook.xml": "an Excel workbook (xlsx)",
    "ppt/presentation.xml": "a PowerPoint presentation (pptx)",
    "AndroidManifest.xml": "a program (apk)",
    "META-INF/MANIFEST.MF": "a program (jar)",
    "META-INF/container.xml": "an e-book (epub)",
    "META-INF/manifest.xml": "an OpenDocument file (odt, ods, odp)",
    "[Content_Types].xml": "an office document",
}


class Zip(InputFormat):
    """Zip archives of documents, including WACZ (web archives in a zip).

    A zip that is a single document, such as docx, is refused.
    """

    random_access = True

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        _check_depth(context)
        with seekable(context, stream) as there:
            try:
                archive = zipfile.ZipFile(there)
            except zipfile.BadZipFile as error:
                raise Unreadable(f"{context.path} is not a complete zip file: {error}; download the file again") from error
            names = {member.filename for member in archive.infolist()}
            for name, what in _OTHER_ZIPS.items():
                if name in names:
                    raise Unreadable(f"{context.path} is {what}, not a folder; save it as HTML or text first")
            # A WACZ has its pages in WARCs, next to lists of them.
            only = "archive/" if "datapackage.json" in names and any(name.startswith("archive/") for name in names) else ""
            for member in archive.infolist():
                if member.is_dir() or not member.filename.startswith(only) or not _is_document(member.filename):
                    continue
                if member.flag_bits & 1:
                    what = "is encrypted; decrypt it first"
                    path = f"{context.path}{MEMBER}{member.filename}"
                    yield Raw(f"{path}#1", b"", source=context.collection, error=f"ReadError: {path} {what}")
                    continue
                yield from _member(context, member.filename, partial(archive.open, member))


class Tar(InputFormat):
    """Tar archives of documents, compressed or not."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        _check_depth(context)
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    if member.isreg() and _is_document(member.name):
                        yield from _member(context, member.name, partial(archive.extractfile, member))
        except tarfile.TarError as error:
            raise Unreadable(f"{context.path} is not a complete tar file: {error}; download the file again") from error


def _check_depth(context: ReadContext) -> None:
    if context.depth >= MAX_DEPTH:
        raise Unreadable(f"{context.path} is nested in more than {MAX_DEPTH - 1} archives; unpack the outer ones first")


def _is_document(name: str) -> bool:
    """Return whether a walk of a folder would include it."""
    parts = name.split("/")
    hidden = any(part.startswith(".") and part != "." for part in parts) or "__MACOSX" in parts
    suffix = format_suffix(parts[-1])
    return not hidden and (not suffix or suffix in document_suffixes())


def _member(context: ReadContext, name: str, opening: Callable[[], Any]) -> Iterator[Raw]:
    """Yield the items of one member; an error affects only this member."""
    path = f"{context.path}{MEMBER}{name.removeprefix('./')}"
    inner = replace(context, path=path, start=0, end=-1, first=1, is_split=False, is_last=True, depth=context.depth + 1)
    number = 0
    try:
        with opening() as opened:
            for item in context.open_member(inner, member_reader(opened, context.budget), name):
                number += 1
                yield item if "#" in item.origin.removeprefix(path) else replace(item, origin=f"{path}#1")
    except tarfile.TarError:
        raise
    except Exception as error:
        if context.budget.is_spent:
            raise
        yield failure_of(path, number, error, context.collection, numbered=True)
