"""Fit `weights/scores.yaml`: from scores of the rules to the share of statements that are right.

    python tests/bench/attribution_ud.py score BENCH --pairs > pairs.tsv
    python tests/bench/attribution_news.py tests/attribution/news/*.yaml --pairs >> pairs.tsv
    python -m newsbeam.transforms.attribution.train.scores < pairs.tsv > transforms/attribution/weights/scores.yaml

A line is language, score and 0 or 1. For each language, the shares of equal scores are drawn towards those of all languages and
made monotone (pool adjacent violators). `--cross-validate` prints errors instead: expected calibration error of five folds, by
language, of the rules' scores and of the fitted ones.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict

from newsbeam.transforms.attribution.scores import interpolated

_FOLDS, _SEED = 5, 15
_PRIOR = 30.0  # statements that the share of all languages counts for
_FEWEST = 4  # statements of a point of its own
_LEAST, _MOST = 0.5, 0.97
Pairs = list[tuple[float, bool]]
Points = tuple[tuple[float, float], ...]


def fitted(pairs: Pairs, everywhere: Points) -> Points:
    """Fit the points of one language; `everywhere` are those of all, or nothing."""
    groups: dict[float, list[bool]] = defaultdict(list)
    for score, right in pairs:
        groups[round(score, 2)].append(right)
    blocks: list[list[float]] = []  # first score, last score, statements, right ones
    for score in sorted(groups):
        if blocks and blocks[-1][2] < _FEWEST:
            blocks[-1][1] = score
            blocks[-1][2] += len(groups[score])
            blocks[-1][3] += sum(groups[score])
        else:
            blocks.append([score, score, len(groups[score]), sum(groups[score])])
        while len(blocks) > 1 and _share(blocks[-2], everywhere) >= _share(blocks[-1], everywhere):
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0], last[1], blocks[-1][2] + last[2], blocks[-1][3] + last[3]]
    points: dict[float, float] = {}
    for block in blocks:
        share = round(min(max(_share(block, everywhere), _LEAST), _MOST), 2)
        points |= {block[0]: share, block[1]: share}
    return tuple(sorted(points.items()))


def _share(block: list[float], everywhere: Points) -> float:
    prior = interpolated(everywhere, (block[0] + block[1]) / 2) if everywhere else 0.0
    weight = _PRIOR if everywhere else 0.0
    return (block[3] + weight * prior) / (block[2] + weight)


def error(pairs: Pairs) -> float:
    """Return the expected calibration error: bins of a tenth, weighted by their statements."""
    bins: dict[int, Pairs] = defaultdict(list)
    for pair in pairs:
        bins[int(pair[0] * 10)].append(pair)
    return sum(abs(sum(score for score, _ in rows) - sum(right for _, right in rows)) for rows in bins.values()) / max(len(pairs), 1)


def main() -> None:
    """Fit all languages, or print the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cross-validate", action="store_true")
    arguments = parser.parse_args()
    languages: dict[str, Pairs] = defaultdict(list)
    for line in sys.stdin:
        language, score, right = line.split("\t")
        if language != "en":
            languages[language].append((float(score), right.strip() == "1"))
    if not arguments.cross_validate:
        everywhere = fitted([pair for pairs in languages.values() for pair in pairs], ())
        print("# Scores of the rules, and the share of statements that are right, in hundredths.")
        print("# source: made by train/scores.py from Universal Dependencies and made news texts.")
        for language, pairs in sorted(languages.items()):
            points = ", ".join(f"[{round(100 * raw)}, {round(100 * share)}]" for raw, share in fitted(pairs, everywhere))
            print(f"{language}: [{points}]")
        return
    print("language  statements  right  mean before  mean after  error before  error after")
    shuffling = random.Random(_SEED)  # noqa: S311 - folds, no secrets
    for _, pairs in sorted(languages.items()):
        shuffling.shuffle(pairs)
    for language, pairs in sorted(languages.items()):
        after: Pairs = []
        for fold in range(_FOLDS):
            kept = {name: [pair for n, pair in enumerate(rows) if n % _FOLDS != fold] for name, rows in languages.items()}
            everywhere = fitted([pair for rows in kept.values() for pair in rows], ())
            curve = fitted(kept[language], everywhere)
            after += [(interpolated(curve, score), right) for score, right in pairs[fold::_FOLDS]]
        right = sum(right for _, right in pairs) / len(pairs)
        means = [sum(score for score, _ in rows) / len(rows) for rows in (pairs, after)]
        print(f"{language:8} {len(pairs):11} {right:6.2f} {means[0]:12.2f} {means[1]:11.2f} {error(pairs):13.3f} {error(after):12.3f}")


if __name__ == "__main__":
    main()
