"""Who said what: newsbeam on PolNeAR's development part, with textacy and sayswho beside it. Prints a table; asserts nothing.

    python tests/bench/attribution.py --data DIR                    # both engines, and the peers that are installed
    python tests/bench/attribution.py --data DIR --set direct       # all, quoted (the two of the issue), direct, mixed or indirect
    python tests/bench/attribution.py --data DIR --misses 20        # what the model missed and what it made up, 20 of each

The scorer is `../shared/bench/attribution/score.py`, whose docstring defines the numbers: soft F1, precision and recall in small
print. Speed is CPU time of the attributions alone, start-up left out;
newsbeam's workers run with OPENBLAS_NUM_THREADS=1. The peers are optional and see the same texts:
`pip install textacy sayswho` and spaCy's en_core_web_sm; their speed includes spaCy. textacy raises on unclosed quotation marks,
which counts as nothing found.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from newsbeam.transforms.attribution.english import rules
from newsbeam.transforms.attribution.english.combine import statements
from newsbeam.transforms.attribution.statement import Statement

System = Callable[[str], list[dict[str, Any]]]
METRICS = ("content", "who-what", "relation")


def shown(found: list[Statement]) -> list[dict[str, Any]]:
    """Statements as the scorer reads them."""
    return [
        {
            "source": [list(item.speaker)] if item.speaker else [],
            "cue": [list(item.cue)] if item.cue[0] >= 0 else [],
            "content": [list(piece) for piece in item.content],
        }
        for item in found
    ]


def peers() -> dict[str, System]:
    """The peers that are installed."""
    systems: dict[str, System] = {}
    if not importlib.util.find_spec("spacy") or not importlib.util.find_spec("en_core_web_sm"):
        return systems
    import spacy

    nlp = spacy.load("en_core_web_sm")

    def token_spans(parts: Any) -> list[list[int]]:
        tokens = list(parts)
        return [[tokens[0].idx, tokens[-1].idx + len(tokens[-1])]] if tokens else []

    if importlib.util.find_spec("textacy"):
        from textacy.extract import direct_quotations

        def textacy(text: str) -> list[dict[str, Any]]:
            try:
                return [
                    {
                        "source": token_spans(item.speaker),
                        "cue": token_spans(item.cue),
                        "content": [[item.content.start_char, item.content.end_char]],
                    }
                    for item in direct_quotations(nlp(text))
                ]
            except ValueError:
                return []

        systems["textacy"] = textacy
    if importlib.util.find_spec("sayswho"):
        from sayswho import Attributor

        def sayswho(text: str) -> list[dict[str, Any]]:
            found = Attributor()
            found.attribute(text)
            return [
                {
                    "source": token_spans(item.speaker),
                    "cue": token_spans(item.cue),
                    "content": [[item.content.start_char, item.content.end_char]],
                }
                for item in found.quotes
            ]

        systems["sayswho"] = sayswho
    return systems


def scorer(folder: Path) -> ModuleType:
    """The scorer that lies beside the data."""
    spec = importlib.util.spec_from_file_location("attribution_score", folder / "score.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(system: System, gold: list[dict[str, Any]], score: ModuleType) -> tuple[dict[str, Any], list[list[dict[str, Any]]]]:
    """The scorer's report, with `seconds`, and what was found in each document."""
    system("“Warm up,” she said.")
    began = time.process_time()
    found = [system(row["text"]) for row in gold]
    seconds = time.process_time() - began
    total: Counter[Any] = Counter()
    for row, items in zip(gold, found, strict=True):
        total.update(score.score_doc(row["text"], items, row["attributions"]))
    return {**score.report(total), "seconds": seconds}, found


def misses(gold: list[dict[str, Any]], found: list[list[dict[str, Any]]], score: ModuleType, count: int) -> None:
    """Prints golds without a prediction that agrees in content and source, and predictions without a gold; `count` of each."""
    lost: list[str] = []
    false: list[str] = []
    for row, items in zip(gold, found, strict=True):
        text, doc = row["text"], score.Doc(row["text"])
        for side, mine, others in ((lost, row["attributions"], items), (false, items, row["attributions"])):
            answers = [score.Attr(doc, item) for item in others]
            for item in mine:
                one = score.Attr(doc, item)
                if not any(score.agree(one, other, "content", "soft") and score.agree(one, other, "source", "soft") for other in answers):
                    parts = (" … ".join(text[s:e] for s, e in item[role]) for role in ("source", "cue", "content"))
                    side.append(f"{row['doc']} | " + " · ".join(parts).replace("\n", " "))
    for title, lines in (("MISSED", lost), ("MADE UP", false)):
        print(f"\n{title}: {len(lines)}")
        step = max(1, len(lines) // max(count, 1))
        print("\n".join(lines[::step][:count]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with polnear_dev.jsonl and score.py")
    parser.add_argument("--set", action="append", choices=("all", "quoted", "direct", "mixed", "indirect"))
    parser.add_argument("--misses", type=int, default=0, help="print this many misses and false alarms of the model")
    parser.add_argument("--without-peers", action="store_true")
    options = parser.parse_args()
    if not (options.data / "polnear_dev.jsonl").is_file():
        sys.exit(f"{options.data} has no polnear_dev.jsonl: say with --data where the benchmark lies")
    score = scorer(options.data)
    gold = [json.loads(line) for line in (options.data / "polnear_dev.jsonl").read_text("utf-8").splitlines() if line]
    systems: dict[str, System] = {
        "model": lambda text: shown(statements(text)),
        "rules": lambda text: shown(rules.statements(text)),
    }
    if not options.without_peers:
        systems |= peers()
    sets = options.set or ["all", "quoted", "direct"]
    print("| | " + " | ".join(f"{name}: {metric}" for name in sets for metric in METRICS) + " | words/s/core |")
    print("| --- " * (2 + len(sets) * len(METRICS)) + "|")
    for name, system in systems.items():
        report, found = measure(system, gold, score)
        cells = []
        for part in sets:
            for metric in METRICS:
                precision, recall, both = (100 * number for number in report["sets"][part][f"soft {metric}"])
                cells.append(f"{both:.1f} ({precision:.0f}/{recall:.0f})")
        print(f"| {name} | {' | '.join(cells)} | {report['words'] / report['seconds']:,.0f} |", flush=True)
        if name == "model" and options.misses:
            misses(gold, found, score, options.misses)


if __name__ == "__main__":
    main()
