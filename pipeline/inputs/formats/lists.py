"""Lists that come with archives and hold no documents: refused with what to do."""

from __future__ import annotations

import io
from collections.abc import Iterator

from newsbeam.inputs.formats.base import InputFormat, ReadContext, Unreadable
from newsbeam.transforms.document import Raw


class PathList(InputFormat):
    """Common Crawl's `warc.paths.gz` and its like: the paths of archives, one a line."""

    kind = "paths"

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        first = stream.readline(2000).decode("utf-8", "replace").strip()
        cure = "fetch the files that it names (Common Crawl has them at https://data.commoncrawl.org/) and run over those"
        raise Unreadable(f"{context.path} is a list of the paths of archives ({first} …), and holds no documents; {cure}")
        yield


class Index(InputFormat):
    """CDX and CDXJ: where in which archive each page is."""

    kind = "cdx"

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        what = "an index of archives (CDX): it says where pages are, and holds none"
        raise Unreadable(f"{context.path} is {what}; run over the .warc.gz files that it names")
        yield
