"""Records as HTML, with their annotations highlighted.

It is for notebooks and reports. The result is one element with its own styles. Nothing of a record is ever markup: every string is
escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from newsbeam.transforms.record_types import Attribution, Record

STYLES = """\
.newsbeam{font:15px/1.5 system-ui,sans-serif;max-width:50em}
.newsbeam .nb-text{white-space:pre-wrap;unicode-bidi:plaintext}
.newsbeam .content{background:#2e7d3222}.newsbeam .speaker{background:#0277bd33;font-weight:600}
.newsbeam .cue{background:#f9a82533}.newsbeam .via{background:#00838f33;border-bottom:1px solid}
.newsbeam .artifact{border-bottom:2px dotted #c2185b}.newsbeam .language{outline:1px dashed #888}
.newsbeam .nb-note{opacity:.7;font-size:.87em}.newsbeam table{border-collapse:collapse;font-size:.87em}
.newsbeam td,.newsbeam th{text-align:left;vertical-align:top;padding:.1em .7em .1em 0}"""


def record_html(record: Record) -> str:
    """Return an element with title, text, statements and removed pieces."""
    about = [record["site"] or record["source"], record["created"][:10], record["author"], _verdict(record)]
    parts = [
        f'<div class="newsbeam"><style>{STYLES}</style>',
        f"<h3 dir=auto>{escape(record['title'])}</h3>" if record["title"] else "",
        f'<p class="nb-note" dir=auto>{escape(" · ".join(filter(None, about)))}</p>',
        f'<div class="nb-text" dir=auto>{highlighted(record)}</div>',
        _statements(record["attributions"]),
        _removed(record),
        "</div>",
    ]
    return "".join(parts)


def highlighted(record: Record) -> str:
    """Return the text as HTML, with a `span` around each annotated range.

    The classes of a span name its annotations: content, speaker, cue, via, artifact, language.
    """
    text = record["text"]
    opened: dict[int, list[tuple[str, str]]] = {}
    closed: dict[int, list[tuple[str, str]]] = {}
    for start, end, name, title in _ranges(record):
        if 0 <= start < end:
            opened.setdefault(start, []).append((name, title))
            closed.setdefault(end, []).append((name, title))
    out: list[str] = []
    active: list[tuple[str, str]] = []
    before = 0
    for at in sorted({*opened, *closed, len(text)}):
        piece = escape(text[before:at])
        if active and piece:
            names = " ".join(dict.fromkeys(name for name, _ in active))
            titles = "\n".join(dict.fromkeys(title for _, title in active if title))
            out.append(f'<span class="{names}" title="{escape(titles)}">{piece}</span>')
        else:
            out.append(piece)
        for one in closed.get(at, []):
            active.remove(one)
        active += opened.get(at, [])
        before = at
    return "".join(out)


def _ranges(record: Record) -> Iterator[tuple[int, int, str, str]]:
    """Yield all annotated ranges: (start, end, class, tooltip)."""
    for attribution in record["attributions"]:
        who = attribution["speaker"]["name"] or attribution["speaker"]["text"] or "(no name)"
        title = f"{who}: {attribution['form']} {attribution['type']}, {attribution['score']:.2f}"
        for piece in attribution["content"]:
            yield piece["start"], piece["end"], "content", title
        yield attribution["cue"]["start"], attribution["cue"]["end"], "cue", title
        yield attribution["speaker"]["start"], attribution["speaker"]["end"], "speaker", title
        for link in attribution["via"]:
            yield link["start"], link["end"], "via", f"via {link['name']}"
    for artifact in record["translation"]["artifacts"]:
        yield artifact["start"], artifact["end"], "artifact", f"{artifact['kind']}: {artifact['why']}"
    for run in record["languages"]:
        yield run["start"], run["end"], "language", f"{run['language']} {run['score']:.2f}"


def _verdict(record: Record) -> str:
    verdict = record["translation"]
    source = f" from {verdict['source_language']}" if verdict["verdict"] == "translated" and verdict["source_language"] else ""
    language = f"{record['language']} {record['language_score']:.2f}" if record["language"] else ""
    return " · ".join(filter(None, [language, f"{verdict['verdict']}{source} {verdict['score']:.2f}" if language else ""]))


def _statements(attributions: list[Attribution]) -> str:
    if not attributions:
        return ""
    rows = "".join(
        f"<tr><td>{escape(one['speaker']['name'] or one['speaker']['text'])}</td><td>{escape(one['cue']['text'])}</td>"
        f"<td dir=auto>{escape(' … '.join(piece['text'] for piece in one['content']))}</td>"
        f"<td>{escape(', '.join(link['name'] for link in one['via']))}</td><td>{one['score']:.2f}</td></tr>"
        for one in attributions
    )
    head = "<tr><th>speaker<th>cue<th>said<th>via<th>score</tr>"
    return f"<details><summary>{len(attributions)} attributions</summary><table>{head}{rows}</table></details>"


def _removed(record: Record) -> str:
    if not record["removed"]:
        return ""
    rows = "".join(f"<tr><td>{escape(one['kind'])}</td><td dir=auto>{escape(one['text'][:300])}</td></tr>" for one in record["removed"])
    return f"<details><summary>{len(record['removed'])} pieces removed</summary><table>{rows}</table></details>"
