"""Learn weights from the rates of evidence in originals and translations.

  python -m newsbeam.transforms.translation.train.rates --bench ../shared/bench [--more PASSAGES.jsonl] [--write]

`--bench` is the folder of benchmarks: `translation/dev.jsonl` and, for ordinary web text,
`extract/dev/truth.jsonl`. `--more` adds text, one passage of about 900 characters per line: `text`,
`src` ("en" for originals, else the source language), `corpus`. `--write` writes the weights to
`learned.yaml`.

The weight of a rule is its log odds, in hundredths: ln P(rule | translated) / P(rule | original) on
passages, with half a passage added to both, and shrunk towards the manual weight as if that had
been observed three times. Its sources are ln P(rule | source) / P(rule | translated), for languages
with five matches. A document with several translations in the data counts once. The rates printed
for strong kinds are cross-validated by document, five-fold.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from newsbeam.transforms.translation.detectors import find_all, formula_points, formulas
from newsbeam.transforms.translation.evidence_rules import EvidenceRule, TargetRules, manual_english_rules, scale

# Characters of a passage. Web texts are cut to this for the weights, and complete for the rates.
_PASSAGE = 900
# Weight of manual weights relative to observations, and minimum matches to estimate a source.
_PRIOR = 3.0
_LEAST = 5
_FOLDS = 5
# Sources are learned for languages with this many passages; others keep their manual weights.
_KNOWN = ("cs", "de", "fr", "ja", "ru", "uk", "zh")


# The data has no translations from these languages. Their rules keep the manual weight, unless
# originals match so often that a rule with this rate in translations could not weigh as much.
_UNSEEN = ("ko", "es", "ar")
_GUESS = 0.02


@dataclass(frozen=True)
class Passage:
    """The evidence in one passage.

    Rules, strong kinds and formulas; `weight` is the passage's share of its document.
    """

    label: str
    source: str
    fold: int
    weight: float
    rules: frozenset[str]
    strong: frozenset[str]
    formulas: list[list[EvidenceRule]]
    length: int
    corpus: str


def main() -> None:
    """Print the rates; write the weights if requested."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    passages = list(_read(options.bench, options.more))
    by_name = {rule.name: rule for rule in _english().rules}
    learned = _learn([passage for passage in passages if passage.corpus != "web"], by_name)
    _print_rules(passages, by_name, learned)
    _print_strong(passages, by_name)
    if options.write:
        path = Path(__file__).parents[1] / "learned.yaml"
        path.write_text(_yaml(learned), "utf-8")
        print(f"{len(learned)} rules written to {path.name}")


def _read(bench: Path, more: Path | None) -> Iterator[Passage]:
    rows = [json.loads(line) for line in (bench / "translation/dev.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["target_lang"] == "en"]
    sizes = Counter((row["group"], row["label"] == "original") for row in rows)
    for row in rows:
        fold = zlib.crc32(row["group"].rsplit(".", 1)[0].encode()) % _FOLDS
        share = 1 / sizes[row["group"], row["label"] == "original"]
        yield _passage(row["text"], row["label"], row["source_lang"] or "en", fold, share, "dev")
    for line in (bench / "extract/dev/truth.jsonl").open(encoding="utf-8"):
        text = json.loads(line)["main_content"]
        if text.strip():
            yield _passage(text, "web", "en", -1, 0.0, "web")
            for start in range(0, len(text) - _PASSAGE // 2, _PASSAGE):
                yield _passage(text[start : start + _PASSAGE], "original", "en", -1, 1.0, "web passages")
    if more:
        for line in more.open(encoding="utf-8"):
            row = json.loads(line)
            yield _passage(row["text"], "original" if row["src"] == "en" else "human", row["src"], -1, 1.0, row["corpus"])


@cache
def _english() -> TargetRules:
    return manual_english_rules()


def _passage(text: str, label: str, source: str, fold: int, weight: float, corpus: str) -> Passage:
    english = _english()
    alone = {rule.name for rule in english.rules if rule.strong}
    finds = list(find_all(text, "en", english))
    # Whether a formula is strong can depend on the number of formulas, and so on the weights to be
    # learned.
    strong = {find.rule.kind for find in finds if find.rule.strong and (find.rule.kind != "formula" or find.rule.name in alone)}
    names = frozenset(find.rule.name for find in finds)
    return Passage(label, source, fold, weight, names, frozenset(strong), formulas(finds), len(text), corpus)


def _learn(passages: list[Passage], by_name: dict[str, EvidenceRule]) -> dict[str, dict[str, object]]:
    total = {True: 0.0, False: 0.0}
    per_source: dict[str, float] = defaultdict(float)
    finds: dict[bool, dict[str, float]] = {True: defaultdict(float), False: defaultdict(float)}
    found_in: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for passage in passages:
        translated = passage.label != "original"
        total[translated] += passage.weight
        if translated:
            per_source[passage.source] += passage.weight
        for name in passage.rules:
            finds[translated][name] += passage.weight
            if translated:
                found_in[name][passage.source] += passage.weight
    learned: dict[str, dict[str, object]] = {}
    for name, rule in by_name.items():
        there, here = finds[True][name], finds[False][name]
        if there + here < 2:
            continue
        odds = math.log((there + 0.5) / (total[True] + 1)) - math.log((here + 0.5) / (total[False] + 1))
        seen = there + here
        points = round(100 * (odds * seen + rule.points / 100 * _PRIOR) / (seen + _PRIOR))
        if max(rule.sources, key=lambda code: rule.sources[code], default="") in _UNSEEN:
            points = min(rule.points, round(100 * math.log(_GUESS * (total[False] + 1) / (here + 0.5))))
        entry: dict[str, object] = {"points": max(0, min(450, points))}
        sources = dict(rule.sources)
        if there >= _LEAST:
            mean = there / total[True]
            for code in _KNOWN:
                if per_source[code] < 10:
                    continue
                rate = (found_in[name][code] + 2 * mean) / (per_source[code] + 2)
                sources[code] = max(-1.0, min(2.5, math.log(rate / mean)))
            # Manual sources of languages that are not in the data are scaled with the others.
            most = max(rule.sources.values(), default=0.0)
            measured = max((value for code, value in sources.items() if code not in _UNSEEN), default=0.0)
            for code in _UNSEEN:
                if rule.sources.get(code, 0.0) > 0 and measured > 0:
                    sources[code] = rule.sources[code] / most * measured
            entry["sources"] = {code: round(100 * value) for code, value in sorted(sources.items()) if value >= 0.2}
        entry["seen"] = f"{here:.1f} in {total[False]:.0f} originals, {there:.1f} in {total[True]:.0f} translations"
        learned[name] = entry
    return learned


def _yaml(learned: dict[str, dict[str, object]]) -> str:
    lines = [
        "# Learned weights (points: hundredths of log odds) and source languages of the rules for English text.",
        "# They override the manual ones in en.yaml and formulas.yaml.",
        "# source: counted by train/rates.py on the development passages of the translation benchmark (WMT21",
        "# and WMT23 test sets), the news test sets of WMT 2014 to 2020 (both research use), and English originals:",
        "# the web texts of the extraction benchmark (WCXB, CC BY 4.0), BBC articles of MasakhaNEWS, PolNeAR's",
        "# training part, the Dragnet gold texts, the ABC corpus of NLTK. This file has counts only, no text.",
        "# There was no corpus of English from Korean, Spanish or Arabic: evidence for these keeps its",
        "# manual weight.",
    ]
    for name, entry in learned.items():
        lines.append(f"{json.dumps(name, ensure_ascii=False)}: # {entry['seen']}")
        lines.append(f"  points: {entry['points']}")
        if "sources" in entry:
            lines.append(f"  sources: {json.dumps(entry['sources'])}")
    return "\n".join(lines) + "\n"


def _print_rules(passages: list[Passage], by_name: dict[str, EvidenceRule], learned: dict[str, dict[str, object]]) -> None:
    columns = ("original", "human", "machine", "web", "more o", "more t")
    count: dict[str, Counter[str]] = defaultdict(Counter)
    size: Counter[str] = Counter()
    sources: dict[str, Counter[str]] = defaultdict(Counter)
    for passage in passages:
        if passage.corpus == "web passages":
            continue
        column = passage.label if passage.corpus in ("dev", "web") else "more o" if passage.label == "original" else "more t"
        size[column] += 1
        for name in passage.rules:
            count[name][column] += 1
            if passage.label in ("human", "machine"):
                sources[name][passage.source] += 1
    print(f"{'per cent of texts':46s}", *(f"{column:>8s}" for column in columns), " points")
    print(f"{'':46s}", *(f"{size[column]:8d}" for column in columns))
    for name in sorted(count, key=lambda name: (by_name[name].kind if name in by_name else name, name)):
        rule = by_name.get(name)
        rates = [f"{100 * count[name][column] / max(size[column], 1):8.2f}" for column in columns]
        points = learned.get(name, {}).get("points", rule.points if rule else "")
        mark = "*" if rule and rule.strong else " "
        top = " ".join(f"{code} {number}" for code, number in sources[name].most_common(4))
        print(f"{(rule.kind if rule else '-') + ': ' + name:45.45s}{mark}", *rates, f"{points!s:>7s}", top)


def _print_strong(passages: list[Passage], by_name: dict[str, EvidenceRule]) -> None:
    outside = [passage for passage in passages if passage.fold < 0 and passage.corpus != "web"]
    rows: list[tuple[Passage, frozenset[str], float]] = []
    for fold in range(_FOLDS):
        rest = [passage for passage in passages if passage.fold >= 0 and passage.fold != fold]
        learned = _learn([*outside, *rest], by_name)
        points = {name: int(str(entry["points"])) for name, entry in learned.items()}
        for passage in passages:
            if passage.fold == fold or (passage.corpus != "dev" and fold == 0):
                weighed = formula_points(passage.formulas, points) * _PASSAGE / max(_PASSAGE, passage.length)
                rows.append((passage, passage.strong, weighed))
    groups = ("original", "human", "machine", "web")
    for together in (scale().together, 300, 350, 400, 450, 500):
        count: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for passage, strong, points_ in rows:
            if passage.corpus == "web passages":
                continue
            made = "original" if passage.label == "original" else "translated"
            group = passage.label if passage.corpus in ("dev", "web") else f"{passage.corpus}, {made}"
            size[group] += 1
            count[group] += bool(strong) or points_ >= together
        order = [*groups, *sorted(set(size) - set(groups))]
        shares = ", ".join(f"{group} {100 * count[group] / size[group]:.1f}" for group in order if size[group])
        print(f"one strong kind, formulas from {together}: {shares}")
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for passage, strong, points_ in rows:
        if passage.corpus in ("dev", "web"):
            for kind in strong | ({"formula"} if points_ >= scale().together else set()):
                kinds[kind][passage.label] += 1
    totals = Counter(passage.label for passage, _, _ in rows if passage.corpus in ("dev", "web"))
    for kind in sorted(kinds):
        print(f"  {kind:14s}", ", ".join(f"{group} {100 * kinds[kind][group] / max(totals[group], 1):.2f}" for group in groups))


if __name__ == "__main__":
    main()
