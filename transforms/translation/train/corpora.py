"""Read the training corpora of the style models into passages.

The passages are like those of the benchmark. `data` is a folder of checkouts, each under its
published name; missing ones are skipped with a message on stderr: OPUS-MT-testsets
(newstest2019/2020, source-original), NTREX, wmt24-news-systems, mlqe-pe, BSD,
mt-parity-assessment-data, UD_English-EWT, UD_English-GUM. Their contents and terms are described in
weights/style.md. None of them is kept in this repository.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

TARGETS = ("en", "de", "ru", "zh", "ja", "cs", "uk", "he")
_CJK = ("zh", "ja")
_CODES = {"de": "deu", "ja": "jpn", "ru": "rus", "cs": "ces", "uk": "ukr", "he": "heb", "zh": "zho-CN"}

# Language pairs of the news tests that are source-original. Without iu: Inuktitut news and Hansard
# are often translated from English.
_NEWSTEST = {
    "2019": "de-en en-de en-cs en-ru en-zh fi-en gu-en kk-en lt-en ru-en zh-en fr-de de-fr",
    "2020": "de-en en-de de-fr fr-de en-ja ja-en en-ru ru-en en-zh zh-en km-en pl-en ps-en ta-en",
}
_SECOND_REFERENCE = ("de-en", "en-de", "en-zh", "ru-en", "zh-en")
# Baselines with broken or empty output.
_BROKEN = frozenset(("CycleL", "CycleL2", "MSLC", "TSU-HITs"))
_GENRES_LEFT_OUT = frozenset(("reddit", "conversation", "court", "podcast", "vlog", "dictionary"))
_CAP = 900  # maximum passages per corpus, label and source language


@dataclass(frozen=True)
class Passage:
    """One passage.

    `label` is original, human or machine. `group` names its document and, after the last dot, the
    piece of it.
    """

    text: str
    language: str
    label: str
    source: str
    corpus: str
    group: str
    system: str = ""
    domain: str = "news"

    @property
    def document(self) -> str:
        """The document, whose passages must be in the same fold."""
        return self.group.rpartition(".")[0]


def normalised(text: str, language: str) -> str:
    """Normalise the typography to that of the benchmark."""
    text = re.sub("[\u200b-\u200f\ufeff\u2060\u00ad]", "", text)
    text = re.sub("[\u00a0\u2000-\u200a\u202f\u3000\t]", " ", text)
    text = re.sub(r"\s*[–—−‐‑―]+\s*", " - ", text).replace("…", "...")
    text = re.sub("[‘’‚‛`´]", "'", re.sub("[“”„‟]", '"', text))
    if language != "en":
        text = re.sub("[«»‹›「」『』]", '"', text)
    if language in _CJK:
        text = "".join(chr(ord(letter) - 0xFEE0) if "！" <= letter <= "～" else letter for letter in text)
        text = re.sub(r"(?<=[\u3040-\u9fff、。,]) +| +(?=[\u3040-\u9fff、。,])", "", text)
    return re.sub(r"\s+", " ", text).strip()


def passages(lines: Iterable[str], language: str, label: str, source: str, corpus: str, key: str, **more: str) -> Iterator[Passage]:
    """Join consecutive lines to passages.

    Of 500, 900 and 1,500 characters (Chinese, Japanese: 180, 330, 540).
    """
    sizes = (180, 330, 540) if language in _CJK else (500, 900, 1500)
    glue = "" if language in _CJK else " "
    text, made, number = "", 0, 0
    for number, line in enumerate(lines):
        text = (text + glue + normalised(line, language)).strip()
        if len(text) >= sizes[made % 3]:
            if len(text) < 3000:
                yield Passage(text, language, label, source, corpus, f"{key}.{number}", **more)
            text, made = "", made + 1
    if len(text) >= sizes[0] * 0.7:
        yield Passage(text, language, label, source, corpus, f"{key}.{number + 1}", **more)


def bench(folder: Path) -> list[Passage]:
    """Load the labelled passages of the benchmark."""
    with (folder / "translation" / "dev.jsonl").open(encoding="utf-8") as lines:
        return [
            Passage(
                row["text"],
                row["target_lang"],
                row["label"],
                row["source_lang"] or "",
                "dev",
                row["group"],
                row["system"] or "",
                row["domain"],
            )
            for row in map(json.loads, lines)
        ]


def web(folder: Path) -> Iterator[Passage]:
    """Yield ordinary English web text, which counts as original.

    Two passages of each page that was reviewed for bench/extract.
    """
    with (folder / "extract" / "dev" / "truth.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["page_type"] in ("article", "documentation", "service", "forum", "product") and len(row["main_content"]) > 600:
                found = list(passages(row["main_content"].split("\n"), "en", "original", "", "web", f"web.{row['domain']}", domain="web"))
                yield from found if len(found) < 3 else (found[0], found[len(found) // 2])


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        print(f"missing: {path}", file=sys.stderr)
        return []
    return path.read_text(encoding="utf-8").split("\n")


def _newstest(data: Path) -> Iterator[Passage]:
    folder = data / "OPUS-MT-testsets" / "datasets" / "statmt" / "wmt_newstest"
    for year, pairs in _NEWSTEST.items():
        for pair in pairs.split():
            source, target = pair.split("-")
            for name in (f"newstest{year}", f"newstestB{year}"):
                if name.startswith("newstestB") and (year == "2019" or pair not in _SECOND_REFERENCE):
                    continue
                key = f"{name}.{pair}"
                if target in TARGETS:
                    yield from passages(_lines(folder / year / pair / f"{name}.{target}"), target, "human", source, name, key)
                # All pairs of a year have the same English sources.
                if source in TARGETS and name == f"newstest{year}" and (source != "en" or pair in ("en-de", "en-ja")):
                    yield from passages(_lines(folder / year / pair / f"{name}.{source}"), source, "original", "", name, f"{key}.source")


def _ntrex(data: Path) -> Iterator[Passage]:
    for language, code in _CODES.items():
        lines = _lines(data / "NTREX" / "NTREX-128" / f"newstest2019-ref.{code}.txt")
        yield from passages(lines, language, "human", "en", "ntrex", f"ntrex.{language}")


def _wmt24(data: Path) -> Iterator[Passage]:
    folder = data / "wmt24-news-systems" / "txt"
    for pair in ("en-cs", "en-de", "en-ja", "en-ru", "en-uk", "en-zh", "ja-zh", "cs-uk"):
        source, target = pair.split("-")
        documents = [tuple(line.split("\t")[:2]) for line in _lines(folder / "documents" / f"{pair}.docs") if line]
        references = sorted((folder / "references").glob(f"{pair}.*"))
        outputs = sorted((folder / "system-outputs" / pair).glob("*.txt"))
        sets = [(path, target, "human", source, path.name.split(".")[-2]) for path in references]
        sets += [(path, target, "machine", source, path.stem) for path in outputs if path.stem not in _BROKEN]
        if pair in ("en-de", "ja-zh", "cs-uk"):
            sets.append((folder / "sources" / f"{pair}.txt", source, "original", "", ""))
        for path, language, label, origin, system in sets:
            by_domain: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
            for (domain, document), line in zip(documents, _lines(path), strict=False):
                by_domain[domain][document].append(line)
            for domain, parts in by_domain.items():
                # Speech was transcribed automatically, which leaves other traces than translation.
                if domain not in ("canary", "speech"):
                    least = 700 if language in _CJK else 1800
                    for name, lines in _joined(parts, least):
                        key = f"wmt24.{pair}.{domain}.{name}"
                        yield from passages(lines, language, label, origin, "wmt24", key, system=system, domain=domain)


def _joined(parts: dict[str, list[str]], least: int) -> Iterator[tuple[str, list[str]]]:
    """Merge short documents up to a minimum number of characters.

    The result has the name of the first.
    """
    name, lines = "", list[str]()
    for document, more in parts.items():
        name = name or document
        lines += more
        if sum(map(len, lines)) > least:
            yield name, lines
            name, lines = "", []
    if lines:
        yield name, lines


def _mlqe(data: Path) -> Iterator[Passage]:
    for path in sorted((data / "mlqe-pe" / "data" / "direct-assessments").glob("t*/??-??-*.tar.gz")):
        source, target, _ = path.name.split("-", 2)
        if source not in ("en", "et", "ro", "ru"):
            continue
        part = path.parent.name
        with tarfile.open(path) as archive:
            name = next(entry for entry in archive.getnames() if ".df.short" in entry and entry.endswith(".tsv") and "/._" not in entry)
            opened = archive.extractfile(name)
            assert opened is not None
            rows = list(csv.reader(io.StringIO(opened.read().decode()), delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        rows = [row for row in rows if len(row) > 3]
        if target == "en":
            domain = "social" if source == "ru" else "wiki"
            yield from passages((row[2] for row in rows), "en", "machine", source, "mlqe", f"mlqe.{source}.{part}", domain=domain)
        elif source == "en":
            yield from passages([row[1] for row in rows][:4000], "en", "original", "", "mlqe", f"mlqe.en-{target}.{part}", domain="wiki")


def _bsd(data: Path) -> Iterator[Passage]:
    for part in ("dev", "test"):
        path = data / "BSD" / f"{part}.json"
        if not path.is_file():
            print(f"missing: {path}", file=sys.stderr)
            continue
        dialogues = json.loads(path.read_text(encoding="utf-8"))
        for origin in ("en", "ja"):
            turns = [turn for dialogue in dialogues if dialogue["original_language"] == origin for turn in dialogue["conversation"]]
            for language in ("en", "ja"):
                label, source = ("original", "") if language == origin else ("human", origin)
                lines = [turn[f"{language}_sentence"] for turn in turns]
                yield from passages(lines, language, label, source, "bsd", f"bsd.{part}.{origin}", domain="social")


def _parity(data: Path) -> Iterator[Passage]:
    folder = data / "mt-parity-assessment-data" / "reference-translations" / "quality" / "ranking" / "input"
    markup = "\n".join(_lines(folder / "newstest2017-zhen-src.zh.sgm"))
    for name, label in (("microsoft-ht", "human"), ("microsoft-mt-combo6", "machine")):
        lines, begin = _lines(folder / f"{name}.txt"), 0
        for document in re.finditer(r"<doc ([^>]*)>(.*?)</doc>", markup, re.S):
            end = begin + document[2].count("<seg ")
            if 'origlang="zh"' in document[1]:
                yield from passages(lines[begin:end], "en", label, "zh", "parity", f"parity.{begin}", system=name)
            begin = end


def _treebanks(data: Path) -> Iterator[Passage]:
    for folder, corpus in (("UD_English-EWT", "ewt"), ("UD_English-GUM", "gum")):
        root = data / folder / "not-to-release" / "sources"
        genres: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for path in sorted(root.rglob("*.conllu")):
            genre = path.parent.name if corpus == "ewt" else path.name.split("_")[1]
            if genre not in _GENRES_LEFT_OUT:
                genres[genre][path.name] = re.findall(r"^# text = (.*)$", path.read_text(encoding="utf-8"), re.M)
        for genre, parts in genres.items():
            domain = "social" if corpus == "ewt" else "web"
            for name, lines in _joined(parts, 1200):
                yield from passages(lines, "en", "original", "", corpus, f"{corpus}.{genre}.{name}", domain=domain)


def _runs(text: str, language: str) -> set[str]:
    if language in _CJK:
        letters = re.sub(r"\s+", "", text)
        return {letters[at : at + 16] for at in range(len(letters) - 15)}
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + 8]) for at in range(len(words) - 7)}


def outside(data: Path, held: Sequence[Passage]) -> list[Passage]:
    """Load all corpora, at most _CAP passages of a kind.

    Leaves out passages that share eight consecutive words (sixteen characters) with `held`.
    """
    known: dict[str, set[str]] = defaultdict(set)
    for passage in held:
        known[passage.language] |= _runs(passage.text, passage.language)
    kinds: dict[tuple[str, ...], list[Passage]] = defaultdict(list)
    for read in (_newstest, _ntrex, _wmt24, _mlqe, _bsd, _parity, _treebanks):
        for passage in read(data):
            kinds[passage.language, passage.corpus, passage.label, passage.source].append(passage)
    out = []
    for found in kinds.values():
        kept = 0
        # A fixed choice that is independent of the order.
        for passage in sorted(found, key=lambda one: sha256(f"{one.group} {one.system}".encode()).digest()):
            if kept < _CAP and not _runs(passage.text, passage.language) & known[passage.language]:
                out.append(passage)
                kept += 1
    return out
