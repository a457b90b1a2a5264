"""How good and how fast the cleaning of web pages and of scraped text is, with its peers beside it. Prints tables; asserts nothing.

    python tests/bench/boilerplate.py --bench ../shared/bench            # everything, about 15 minutes
    python tests/bench/boilerplate.py --bench DIR --html --limit 300                 # every fifth page
    python tests/bench/boilerplate.py --bench DIR --news | --lines | --clean | --worst   # parts

- news: word F1 of pages of news sites (bench/news), by declared language; a character of a script without spaces counts as a word.
- HTML: word F1 by page type (bench/extract, score.py), and process time from bytes to text: decoding and `main_text`. A peer that
  takes text is given what our decoder made of the bytes, and its time counts the decoding.
- lines: bench/lines, score.py; whole pages and residuals.
- clean: the gold texts of bench/extract's articles have nothing to strip: words lost when they go through `strip_lines`, in percent.
- worst: pages and texts made to be hard, each in a process of its own; seconds and peak memory of that process, everything included.

The shipped weights were trained on these very pages: their figures here are in-sample, for the code, the time and the ratios.
Figures for sites never met come from
    python -m newsbeam.transforms.boilerplate.train html --cross-validate --bench ../shared/bench
    python -m newsbeam.transforms.boilerplate.train lines --cross-validate --bench ../shared/bench
Peers are optional (`pip install resiliparse trafilatura justext datatrove readability-lxml newspaper4k`): one that is
not installed is left out.
The systems take turns, 50 documents each, so that a machine whose speed drifts is as slow for one as for the other.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import importlib.util
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from newsbeam.transforms.boilerplate.lines.strip import strip_lines
from newsbeam.transforms.boilerplate.main_text import main_text
from newsbeam.transforms.boilerplate.pages.blocks import read_page
from newsbeam.transforms.decode import decode_bytes
from newsbeam.transforms.text import UNSPACED

Extractor = Callable[[bytes], str]
Stripper = Callable[[str], Any]
"""Text → the cleaned text, or one keep flag a line."""

OURS = "newsbeam"
WARM_UP = 5
TURN = 50  # documents that a system reads before it is the next one's turn
IN_SAMPLE = "in-sample: the shipped weights were trained on these; for other sites see --cross-validate in weights/*.md"


def _score(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"score_{folder.name}", folder / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows(path: Path, limit: int) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return rows[:: max(1, len(rows) // limit)][:limit] if limit else rows


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, the first column to the left, the others to the right."""
    widths = [max(len(row[number]) for row in (head, *rows)) for number in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells))
    print()


def _peers(makers: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except ImportError as missing:
            print(f"{name}: left out, not installed ({missing})")
    return found


def _timed(function: Callable[[Any], Any], given: Any) -> tuple[Any, float]:
    """What it gives ("" where it raises), and the milliseconds of process time."""
    began = time.process_time()
    try:
        out = function(given)
    except Exception:  # noqa: BLE001 - a page on which a peer fails is one without text
        out = ""
    return out or "", (time.process_time() - began) * 1000


# --- web pages


def _ours(raw: bytes) -> str:
    return main_text(decode_bytes(raw)[0]).text


def _resiliparse() -> Extractor:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda raw: extract(decode_bytes(raw)[0], main_content=True)


def _trafilatura(**options: bool) -> Extractor:
    extract = importlib.import_module("trafilatura").extract
    return lambda raw: extract(raw, **options)


def _justext() -> Extractor:
    justext = importlib.import_module("justext")
    listed = justext.get_stoplist("English")
    return lambda raw: "\n".join(part.text for part in justext.justext(decode_bytes(raw)[0], listed) if not part.is_boilerplate)


def _readability() -> Extractor:
    document = importlib.import_module("readability").Document
    text_of = importlib.import_module("lxml.html").fromstring
    return lambda raw: "\n".join(text_of(document(decode_bytes(raw)[0]).summary()).itertext())


def _newspaper() -> Extractor:
    article = importlib.import_module("newspaper").article
    return lambda raw: str(article("https://news.example/", input_html=decode_bytes(raw)[0]).text)


def html(bench: Path, limit: int) -> None:
    """Word F1 by page type, and time."""
    folder = bench / "extract"
    score = _score(folder)
    pages = _rows(folder / "dev" / "truth.jsonl", limit)
    print(f"HTML, {len(pages)} pages of WCXB dev. {OURS} is {IN_SAMPLE}")
    _compare(folder, pages, score.score, score.summary)


_FEWEST = 5  # pages of a language with a column of its own


def news(bench: Path, limit: int) -> None:
    """Word F1 of news pages by language, and time."""
    score = _score(bench / "extract")
    folder = bench / "news"
    pages = _rows(folder / "dev" / "truth.jsonl", limit)
    for page in pages:
        source = gzip.decompress((folder / "dev" / "html" / f"{page['file_id']}.html.gz").read_bytes())
        page["page_type"] = read_page(decode_bytes(source)[0]).language.lower()[:2] or "-"
        page["main_content"] = _spaced(page["main_content"])
    counts = Counter(page["page_type"] for page in pages)
    for page in pages:
        if counts[page["page_type"]] < _FEWEST:
            page["page_type"] = "others"
    print(f"news, {len(pages)} pages of bench/news. {OURS} is {IN_SAMPLE}")
    _compare(folder, pages, lambda rows, texts: score.score(rows, {key: _spaced(text) for key, text in texts.items()}), score.summary)


def _spaced(text: str) -> str:
    """Return the text with each character of a script without spaces as a word."""
    return UNSPACED.sub(r" \g<0> ", text)


def _compare(folder: Path, pages: list[dict[str, Any]], score: Callable[..., Any], summary: Callable[..., Any]) -> None:
    systems: dict[str, Extractor] = {OURS: _ours} | _peers(
        {
            "trafilatura": _trafilatura,
            "trafilatura, fast": lambda: _trafilatura(fast=True),
            "resiliparse": _resiliparse,
            "readability-lxml": _readability,
            "newspaper4k": _newspaper,
            "justext": _justext,
        }
    )
    read = {page["file_id"]: folder / "dev" / "html" / f"{page['file_id']}.html.gz" for page in pages}
    texts: dict[str, dict[str, str]] = {name: {} for name in systems}
    times: dict[str, list[float]] = {name: [] for name in systems}
    for page in pages[:WARM_UP]:
        for system in systems.values():
            _timed(system, gzip.decompress(read[page["file_id"]].read_bytes()))
    for start in range(0, len(pages), TURN):
        given = {page["file_id"]: gzip.decompress(read[page["file_id"]].read_bytes()) for page in pages[start : start + TURN]}
        for name, system in systems.items():
            for key, raw in given.items():
                texts[name][key], spent = _timed(system, raw)
                times[name].append(spent)
    types = sorted({page["page_type"] for page in pages})
    quality = []
    for name in systems:
        rows = score(pages, texts[name])
        by_type = [summary([row for row in rows if row["type"] == kind])["f1"] for kind in types]
        everything = summary(rows)
        quality.append([name + (" (in-sample)" if name == OURS else ""), *(f"{everything[key]:.4f}" for key in ("f1", "p", "r")),
                        *(f"{value:.3f}" for value in by_type)])  # fmt: skip
    counts = Counter(page["page_type"] for page in pages)
    table(["word F1", "all", "P", "R", *(f"{kind} {counts[kind]}" for kind in types)], quality)
    _times("ms a page, from bytes", times)


def _times(what: str, times: dict[str, list[float]]) -> None:
    """Print means and medians, and how many times as long as we each takes."""
    mean, median = statistics.mean(times[OURS]), statistics.median(times[OURS])
    rows = []
    for name, spent in times.items():
        here, half = statistics.mean(spent), statistics.median(spent)
        ninety = sorted(spent)[int(0.95 * (len(spent) - 1))]
        rows.append([name, *(f"{value:.2f}" for value in (here, half, ninety, max(spent))), f"{here / mean:.2f}", f"{half / median:.2f}"])
    table([what, "mean", "median", "95 %", "longest", "mean / ours", "median / ours"], rows)


# --- scraped text


def _c4(**options: bool) -> Stripper:
    # Its rules for lines; those that drop a whole document are off.
    make = importlib.import_module("datatrove.pipeline.filters.c4_filters").C4QualityFilter
    document = importlib.import_module("datatrove.data").Document
    rules = make(min_num_sentences=-1, filter_lorem_ipsum=False, filter_curly_bracket=False, remove_citations=False, **options)

    def strip(text: str) -> str:
        one = document(text=text, id="")
        rules.filter(one)
        return str(one.text)

    return strip


def _justext_lines() -> Stripper:
    core = importlib.import_module("justext.core")
    listed = frozenset(word.lower() for word in importlib.import_module("justext.utils").get_stoplist("English"))

    def strip(text: str) -> list[bool]:
        found = []
        for line in text.split("\n"):
            path = core.PathInfo()
            path.append("p")
            paragraph = core.Paragraph(path)
            paragraph.append_text(line)
            found.append(paragraph)
        core.classify_paragraphs(found, listed)
        core.revise_paragraph_classification(found)
        return [not paragraph.is_boilerplate for paragraph in found]

    return strip


def _long_lines(text: str) -> list[bool]:
    return [len(line) >= 40 for line in text.split("\n")]


def lines(bench: Path, limit: int) -> None:
    """F1 of stripping and of the words that are left, for whole pages and residuals, and time."""
    folder = bench / "lines"
    score = _score(folder)
    systems: dict[str, Stripper] = {OURS: lambda text: strip_lines(text).text} | _peers(
        {
            "C4's line rules": _c4,
            "C4 without punctuation (FineWeb)": lambda: _c4(filter_no_terminal_punct=False),
            "justext on lines": _justext_lines,
        }
    )
    systems |= {"40 characters and more": _long_lines, "everything": lambda text: [True] * len(text.split("\n"))}
    for name in ("dev.full", "dev.residual"):
        documents = _rows(folder / f"{name}.jsonl", limit)
        print(f"lines {name}, {len(documents)} documents. {OURS} is {IN_SAMPLE}")
        times: dict[str, list[float]] = {system: [] for system in systems}
        rows: dict[str, list[Any]] = {system: [] for system in systems}
        for document in documents[:WARM_UP]:
            for strip in systems.values():
                _timed(strip, document["text"])
        for start in range(0, len(documents), TURN):
            for system, strip in systems.items():
                for document in documents[start : start + TURN]:
                    out, spent = _timed(strip, document["text"])
                    times[system].append(spent)
                    rows[system].append(score.score_doc(document, out))
        shown = []
        for system, scored in rows.items():
            found = score.summary(scored)
            keys = ("strip_p", "strip_r", "strip_f1", "word_p", "word_r", "word_f1", "doc_f1")
            shown.append([system + (" (in-sample)" if system == OURS else ""), *(f"{found[key]:.4f}" for key in keys)])
        table([name, "strip P", "strip R", "strip F1", "word P", "words kept", "word F1", "doc F1"], shown)
        _times("ms a document", times)


# --- text with nothing to strip

_WORD = re.compile(r"\w+")


def clean(bench: Path, limit: int) -> None:
    """Words that are lost of texts with nothing to strip."""
    pages = [
        page for page in _rows(bench / "extract" / "dev" / "truth.jsonl", 0) if page["page_type"] == "article" and page["main_content"]
    ]
    pages = pages[:: max(1, len(pages) // limit)][:limit] if limit else pages
    print(f"clean text, the gold texts of {len(pages)} articles of WCXB dev, in-sample")
    systems: dict[str, Stripper] = {OURS: lambda text: strip_lines(text).text} | _peers({"C4's line rules": _c4})
    before = 0
    lost: dict[str, int] = dict.fromkeys(systems, 0)
    touched: dict[str, int] = dict.fromkeys(systems, 0)
    kinds: Counter[str] = Counter()
    for page in pages:
        text = page["main_content"]
        words = Counter(_WORD.findall(text.lower()))
        before += sum(words.values())
        for name, strip in systems.items():
            gone = sum((words - Counter(_WORD.findall(strip(text).lower()))).values())
            lost[name] += gone
            touched[name] += gone > 0
        for removal in strip_lines(text).removed:
            kinds[removal.kind] += len(_WORD.findall(removal.text))
    table(
        ["clean text", "% of words lost", "% of texts touched"],
        [[name, f"{100 * lost[name] / before:.3f}", f"{100 * touched[name] / len(pages):.1f}"] for name in systems],
    )
    print("words that we take, by kind:", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()), "\n")


# --- worst cases

_LINE = "The ferry to the outer islands will sail twice a day from Monday, the harbour said, and not in storms. "
_PARAGRAPH = f"<p class='text'>{_LINE}<a href='/x'>More of it</a> was to be read.</p>\n"


def _large_page() -> str:
    return (
        "<html><body><nav><a href='/'>Home</a></nav><article>" + _PARAGRAPH * (10_000_000 // len(_PARAGRAPH)) + "</article></body></html>"
    )


def _page_of_links() -> str:
    item = "<li class='item'><a href='/x'><img src='x.jpg'><span>Ferry sails twice a day</span></a></li>\n"
    return "<html><body><ul>" + item * (10_000_000 // len(item)) + "</ul></body></html>"


WORST: dict[str, tuple[str, Callable[[], str]]] = {
    "page of 10 MB, paragraphs": ("html", _large_page),
    "page of 10 MB, links": ("html", _page_of_links),
    "page of 10 MB, one paragraph": ("html", lambda: "<html><body><p>" + _LINE * (10_000_000 // len(_LINE)) + "</p></body></html>"),
    "100,000 nested div": ("html", lambda: "<html><body>" + "<div>x " * 100_000),
    "100,000 nested div, closed": ("html", lambda: "<html><body>" + "<div>x " * 100_000 + "</div>" * 100_000),
    "100,000 nested b": ("html", lambda: "<html><body>" + "<b>x " * 100_000),
    "100,000 nested lists": ("html", lambda: "<html><body>" + "<ul><li>x " * 50_000),
    "100,000 nested tables": ("html", lambda: "<html><body>" + "<table><tr><td>x " * 33_334),
    "100,000 unclosed p in a": ("html", lambda: "<html><body>" + "<p><a href=x>x " * 50_000),
    "text, one line of 5 MB": ("lines", lambda: _LINE * (5_000_000 // len(_LINE))),
    "text, one word of 5 MB": ("lines", lambda: "x" * 5_000_000),
    "text of 5 MB, lines": ("lines", lambda: (_LINE + "\n") * (5_000_000 // len(_LINE))),
    "text of 5 MB, menu lines": ("lines", lambda: "Home | News | Sport\nShare\n" * 190_000),
}


def _worst_one(name: str) -> None:
    """Run one case in this process; print its seconds of process time and this process's peak memory."""
    kind, make = WORST[name]
    given = make()
    raw = given.encode()
    # The weights are loaded once, whatever comes.
    main_text("<p>one</p>")
    strip_lines("one\ntwo")
    usual = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    if kind == "html":
        main_text(decode_bytes(raw)[0])
    else:
        strip_lines(decode_bytes(raw)[0])
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1e6 if sys.platform == "darwin" else 1e3
    print(json.dumps({"bytes": len(raw), "seconds": spent, "usual": usual / unit, "peak": peak / unit}))


def worst() -> None:
    """Seconds and peak memory of the hardest pages and texts."""
    shown = []
    for name in WORST:
        command = [sys.executable, str(Path(__file__).resolve()), "--worst-one", name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            shown.append([name, "", "over 300", "", ""])
            continue
        if done.returncode:
            reason = done.stderr.strip().split("\n")[-1][:60] if done.stderr.strip() else f"exit {done.returncode}"
            shown.append([name, "", reason, "", ""])
            continue
        found = json.loads(done.stdout.strip().split("\n")[-1])
        shown.append([name, *(f"{value:.1f}" for value in (found["bytes"] / 1e6, found["seconds"], found["peak"], found["usual"]))])
    table(["worst cases (goal 5 s, 1 GB)", "MB", "seconds", "peak MB", "MB before"], shown)


PARTS = ("news", "html", "lines", "clean", "worst")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the benchmarks' folder")
    parser.add_argument("--limit", type=int, default=0, help="only every k-th page or document, so that N remain")
    for part in PARTS:
        parser.add_argument(f"--{part}", action="store_true", help="only this part, and others named")
    parser.add_argument("--worst-one", choices=list(WORST), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worst_one:
        _worst_one(options.worst_one)
        return
    chosen = {part for part in PARTS if getattr(options, part)} or set(PARTS)
    if chosen - {"worst"} and not options.bench.is_dir():
        sys.exit(f"no benchmarks at {options.bench}: name their folder with --bench")
    if "news" in chosen:
        news(options.bench, options.limit)
    if "html" in chosen:
        html(options.bench, options.limit)
    if "lines" in chosen:
        lines(options.bench, options.limit)
    if "clean" in chosen:
        clean(options.bench, options.limit)
    if "worst" in chosen:
        worst()
    print(
        "Figures for sites never met: python -m newsbeam.transforms.boilerplate.train html|lines --cross-validate --bench ../shared/bench"
    )


if __name__ == "__main__":
    main()
