"""How well scraped text is cleaned in the six forms that scrapers leave, with peers beside it. Prints tables; asserts nothing.

    python ../shared/bench/scraped/build.py DIR                      # once: the pages in six forms
    python tests/bench/scraped.py DIR [--forms wet markdown] [--peers] [--limit 100] [--worst 30]
    python -m newsbeam.transforms.boilerplate.train lines --cross-validate --bench ../shared/bench --scraped DIR --out MODELS
    python tests/bench/scraped.py DIR --models MODELS --bench ../shared/bench [--trained DIR …]       # sites never met

F1, kept, gone and titles are those of ../shared/bench/scraped/score.py. The shipped weights were trained on these pages: without
`--models` the figures are in-sample. With them, each page is cleaned by a model that was trained without its site (`--trained` are
the folders of renderings that the models were trained on, in their order). Peers work by line: C4's rules, those of FineWeb, jusText.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from boilerplate import OURS, _c4, _justext_lines, _peers, _rows, _score, table

from newsbeam.transforms.boilerplate.lines import strip
from newsbeam.transforms.boilerplate.train.lines import load, sites_of
from newsbeam.transforms.boilerplate.train.scraped import FOLDS, FORMS, domains, texts, truths

SCORER = Path(__file__).resolve().parents[3] / "shared/bench/scraped"
Cleaner = Callable[[str], tuple[str, str]]
"""Text → the cleaned text and its headline."""


def newsbeam(text: str) -> tuple[str, str]:
    """Clean a text with newsbeam."""
    stripped = strip.strip_lines(text)
    return stripped.text, stripped.headline


def by_line(judge: Callable[[str], Any]) -> Cleaner:
    """Make a cleaner of a peer that gives the cleaned text, or a flag for each line."""

    def clean(text: str) -> tuple[str, str]:
        out = judge(text)
        if not isinstance(out, str):
            out = "\n".join(line for line, stays in zip(text.split("\n"), out, strict=True) if stays)
        return out, ""

    return clean


def language_of(row: dict[str, Any]) -> str:
    """The language of a page, by its truth or by the country of its publisher."""
    name = str(row["file_id"]).split("_")[0]
    return row.get("lang") or ("en" if name.isdigit() else name)


def judge(score: ModuleType, row: dict[str, Any], given: str, out: tuple[str, str]) -> dict[str, int]:
    """Count what was kept and what went, as the scorer does, and whether the title is right."""
    squeeze = score.squeeze
    held, text, truth, title = squeeze(given), squeeze(out[0]), squeeze(row["main_content"]), squeeze(row["title"])
    yes = [piece for piece in score.pieces(row["main_content"]) if piece in held]
    no = [piece for piece in dict.fromkeys(score.pieces(given)) if piece not in truth and not (title and title in piece)]
    no = [piece for piece in no if not any(one in piece or piece in one for one in yes)]
    kept, stays = sum(piece in text for piece in yes), sum(piece in text for piece in no)
    there = bool(title) and title in held
    right = there and squeeze(out[1]) == title
    return {"tp": kept, "fn": len(yes) - kept, "fp": stays, "tn": len(no) - stays, "titles": there, "right": right}


def rates(count: Counter[str]) -> list[str]:
    """F1, kept, gone and the share of right titles."""
    return [
        f"{2 * count['tp'] / max(2 * count['tp'] + count['fn'] + count['fp'], 1):.3f}",
        f"{count['tp'] / max(count['tp'] + count['fn'], 1):.3f}",
        f"{count['tn'] / max(count['tn'] + count['fp'], 1):.3f}",
        f"{count['right'] / max(count['titles'], 1):.3f}",
    ]


def lines(bench: Path, models: dict[int, Any], number: dict[str, int], fold_of: Any) -> None:
    """Score bench/lines by the models of the folds, rules included."""
    score = _score(bench / "lines")
    for name in ("dev.full", "dev.residual"):
        rows = []
        for document in _rows(bench / "lines" / f"{name}.jsonl", 0):
            fold = int(fold_of[number[document["domain"].removeprefix("www.")]])
            if fold in models:
                with patch.object(strip, "line_model", lambda fold=fold: models[fold]):
                    rows.append(score.score_doc(document, strip.strip_lines(document["text"]).text))
        found = score.summary(rows)
        keys = ("strip_p", "strip_r", "strip_f1", "word_p", "word_r", "word_f1")
        print(name, len(rows), " ".join(f"{key} {found[key]:.4f}" for key in keys))


def main() -> None:
    """Score the forms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--forms", nargs="*", default=FORMS, choices=FORMS)
    parser.add_argument("--limit", type=int, default=0, help="pages at most")
    parser.add_argument("--peers", action="store_true", help="also run the peers that are installed")
    parser.add_argument("--worst", type=int, default=0, help="pages to name whose text is worst")
    parser.add_argument("--models", type=Path, help="folder of models by fold")
    parser.add_argument("--trained", type=Path, nargs="*", help="folders that the models were trained on (default: the folder)")
    parser.add_argument("--bench", type=Path, help="folder with lines/ and extract/; for --models and --lines")
    parser.add_argument("--lines", action="store_true", help="score bench/lines instead")
    arguments = parser.parse_args()
    score = _score(SCORER)
    rows = list(truths([arguments.folder]))
    models: dict[int, Any] = {}
    fold: dict[str, int] = {}
    number: dict[str, int] = {}
    fold_of: Any = None
    if arguments.models:
        trained = arguments.trained or [arguments.folder]
        number, fold_of = sites_of(arguments.bench, trained)
        fold = {name: int(fold_of[number[site]]) for name, site in domains(arguments.bench, trained).items()}
        models = {n: load(path) for n in range(FOLDS) if (path := arguments.models / f"fold-{n}" / "lines.npz").exists()}
        rows = [row for row in rows if fold[row["file_id"]] in models]
    if arguments.lines:
        lines(arguments.bench, models, number, fold_of)
        return
    if arguments.limit:
        rows = rows[:: max(1, len(rows) // arguments.limit)]
    systems: dict[str, Cleaner] = {OURS: newsbeam}
    if arguments.peers:
        peers = {"C4's line rules": _c4, "FineWeb's": lambda: _c4(filter_no_terminal_punct=False), "jusText": _justext_lines}
        systems |= {name: by_line(peer) for name, peer in _peers(peers).items()}
        systems["everything"] = lambda text: (text, "")
    print("sites never met" if models else "in-sample: the shipped weights were trained on these pages")
    for form in arguments.forms:
        given = dict(texts([arguments.folder], form))
        shown = []
        for name, clean in systems.items():
            total: Counter[str] = Counter()
            languages: dict[str, Counter[str]] = defaultdict(Counter)
            bad = []
            seconds, characters = 0.0, 0
            for row in rows:
                text = given.get(row["file_id"])
                if text is None:
                    continue
                with patch.object(strip, "line_model", lambda row=row: models[fold[row["file_id"]]]) if models else patch.dict({}, {}):
                    start = time.process_time()
                    out = clean(text)
                    seconds += time.process_time() - start
                characters += len(text)
                found = judge(score, row, text, out)
                total.update(found)
                languages[language_of(row)].update({**found, "pages": 1})
                bad.append((found["fn"] + found["fp"], row["file_id"], found["fn"], found["fp"]))
            shown.append([name, *rates(total), f"{seconds / max(characters, 1) * 1e7:.2f}"])
            if name == OURS:
                ours, worst = languages, sorted(bad, reverse=True)
        table([form, "F1", "kept", "gone", "title", "ms/10 kB"], shown)
        for language, count in sorted(ours.items(), key=lambda item: -item[1]["pages"]):
            if count["pages"] >= 8:
                print(f"    {language:4} {count['pages']:4} pages  F1 {' '.join(rates(count))}")
        for _, name, lost, noise in worst[: arguments.worst]:
            print(f"    {name}: {lost} sentences lost, {noise} of noise")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
