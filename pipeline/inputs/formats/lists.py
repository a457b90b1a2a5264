"""Lists that accompany archives and have no documents: refused with advice."""

from __future__ import annotations

import io
from collections.abc import Iterator

from newsbeam.inputs.formats.base import InputFormat, ReadContext, Unreadable
from newsbeam.transforms.document import Raw


class PathList(InputFormat):
    """Path lists such as Common Crawl's `warc.paths.gz`: one archive per line."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        first = stream.readline(2000).decode("utf-8", "replace").strip()
        cure = "download the files that it lists (Common Crawl: https://data.commoncrawl.org/) and read those"
        raise Unreadable(f"{context.path} is a list of the paths of archives ({first} …), without documents; {cure}")
        yield


class Index(InputFormat):
    """CDX and CDXJ indexes: the archive and position of each page."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        what = "an index of archives (CDX), without pages"
        raise Unreadable(f"{context.path} is {what}; read the .warc.gz files that it lists")
        yield
