"""How well translations are told from originals, their source languages named, and what each kind of evidence finds. Asserts nothing.

    python tests/bench/translation.py --bench DIR            # what ships, on ../shared/bench/translation: it has seen these passages
    python tests/bench/translation.py --bench DIR --cross-validate       # each passage’s style from a model that has not seen its document
    python tests/bench/translation.py --bench DIR --target en --kinds    # also the table of kinds of evidence, and of ordinary web pages

`--cross-validate` needs `newsbeam[train]`, and `--data` the other corpora (see transforms/translation/weights/style.md) to have the model
that ships. The evidence's weights are few and counted on more than this;
`python -m newsbeam.transforms.translation.train.rates` cross-validates them.
Topic-only probes and years left out: `python -m newsbeam.transforms.translation.train style --cross-validate`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from newsbeam.transforms.document import Document, Translation
from newsbeam.transforms.translation import Translate, combine_evidence, style
from newsbeam.transforms.translation.train.measures import auroc, recall

EAST = ("ja", "ko", "zh")


@dataclass(frozen=True)
class Judged:
    """One passage: `label` is original, human, machine or web; what was found, and the seconds it took for each 1,000 characters."""

    target: str
    label: str
    source: str
    group: str
    found: Translation
    time: float

    @property
    def translated(self) -> bool:
        """Whether it is a translation in truth."""
        return self.label in ("human", "machine")

    @property
    def strong(self) -> frozenset[str]:
        """The kinds of evidence that were shown, but for the style."""
        return frozenset(artifact.kind for artifact in self.found.artifacts) - {"style"}


def shipped(rows: Iterable[dict[str, str]]) -> list[Judged]:
    """What the processor says."""
    translate = Translate()
    out = []
    for row in rows:
        document = Document(text=row["text"], language=row["target_lang"])
        began = time.process_time()
        found = translate(document).translation
        spent = (time.process_time() - began) * 1000 / max(len(row["text"]), 1)
        out.append(Judged(row["target_lang"], row["label"], row["source_lang"], row["group"], found, spent))
    return out


def cross_validated(bench: Path, data: Path | None, targets: Sequence[str]) -> list[Judged]:
    """The same with the style of each passage judged by a model that has not seen its document."""
    from newsbeam.transforms.translation.train import style as training

    out = []
    for language, passages in training.load(bench, data).items():
        if language not in targets:
            continue
        for passage, result in training.classify_out_of_fold(language, passages):
            document = Document(text=passage.text, language=language)
            label = "web" if passage.corpus == "web" else passage.label
            out.append(Judged(language, label, passage.source, passage.group, combine_evidence(document, language, result)[0], 0.0))
    return out


def share(rows: Sequence[Judged], what: Callable[[Judged], bool]) -> str:
    """The share of rows of which that holds, in per cent."""
    return f"{100 * sum(map(what, rows)) / len(rows):.1f}" if rows else "-"


def scores(rows: Sequence[Judged]) -> None:
    """The table of targets."""
    print(f"{'':4}{'AUROC':>7}{'human':>7}{'machine':>8}{'recall':>8}   called translated, %               sources")
    print(
        f"{'':4}{'':7}{'':7}{'':8}{'at 5 %':>8}   {'original':>9}{'human':>7}{'machine':>8}{'web':>6}   right   named  EA/rest   ms/1,000"
    )
    for target in sorted({row.target for row in rows}):
        mine = [row for row in rows if row.target == target]
        of = {label: [row for row in mine if row.label == label] for label in ("original", "human", "machine", "web")}
        score = {label: np.array([row.found.score for row in group]) for label, group in of.items()}
        translated = [row for row in mine if row.translated]
        both = np.concatenate([score["human"], score["machine"]])
        called = [share(of[label], lambda row: row.found.verdict == "translated") for label in of]
        named = [row for row in translated if row.found.source_language]
        right = share(named, lambda row: row.found.source_language == row.source)
        any_named = share(translated, lambda row: bool(row.found.source_language))
        east = share(named, lambda row: (row.found.source_language in EAST) == (row.source in EAST))
        spent = statistics.median(row.time for row in mine) * 1000
        print(
            f"{target:4}{auroc(both, score['original']):7.3f}{auroc(score['human'], score['original']):7.3f}"
            f"{auroc(score['machine'], score['original']):8.3f}{recall(both, score['original'])[0]:8.3f}"
            f"   {called[0]:>9}{called[1]:>7}{called[2]:>8}{called[3]:>6}   {right:>5}{any_named:>8}"
            f"{east:>9}   {spent:8.2f}",
            flush=True,
        )


def kinds(rows: Sequence[Judged]) -> None:
    """How often each kind of evidence is found, in per cent of the passages, by label and by source language."""
    for target in sorted({row.target for row in rows}):
        mine = [row for row in rows if row.target == target]
        count: dict[str, Counter[str]] = defaultdict(Counter)
        sources: dict[str, Counter[str]] = defaultdict(Counter)
        size = Counter(row.label for row in mine)
        for row in mine:
            for kind in row.strong:
                count[kind][row.label] += 1
                if row.translated:
                    sources[kind][row.source] += 1
        print(f"\n{target}: {'kind':16}" + "".join(f"{label:>10}" for label in size))
        for kind in sorted(count, key=lambda kind: -sum(count[kind].values())):
            rates = "".join(f"{100 * count[kind][label] / size[label]:10.2f}" for label in size)
            print(f"    {kind:16}{rates}   {' '.join(f'{code} {number}' for code, number in sources[kind].most_common(5))}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder with translation/dev.jsonl")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--target", action="append", help="only this language; may be given again")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--kinds", action="store_true")
    given = parser.parse_args()
    with (given.bench / "translation/dev.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    targets = given.target or sorted({row["target_lang"] for row in rows})
    if given.cross_validate:
        judged = cross_validated(given.bench, given.data, targets)
    else:
        rows = [row for row in rows if row["target_lang"] in targets]
        if "en" in targets:
            with (given.bench / "extract/dev/truth.jsonl").open(encoding="utf-8") as lines:
                texts = [json.loads(line)["main_content"] for line in lines]
            rows += [{"text": text, "target_lang": "en", "label": "web", "source_lang": "", "group": ""} for text in texts if text.strip()]
        judged = shipped(rows)
    print(f"languages with a model of style: {' '.join(sorted(style.languages()))}")
    scores(judged)
    if given.kinds:
        kinds(judged)


if __name__ == "__main__":
    main()
