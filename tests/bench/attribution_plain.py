"""Plain newspaper sentences: how many speakers, pairs of speakers, chains and labels come out exactly as they were made.

    python tests/bench/attribution_plain.py                      # 4,000 examples with names, endings, verbs, orders never trained on
    python tests/bench/attribution_plain.py --part train --misses 20
    python tests/bench/attribution_plain.py --only pair chain

A statement is right if an attribution has its content (three quarters of the characters of both), exactly its speaker (the span, with or
without an apposition, and the name), and exactly the links of its chain. An example is right if all its statements are, each as an
attribution of its own, and if there is no other with a score of .5 or more.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from itertools import islice
from typing import Any

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.outlets import identify_name
from newsbeam.transforms.attribution.train.plain import Example, Said, examples, kinds
from newsbeam.transforms.document import Attribution, Document

_ARTICLE = re.compile(r"^(?:the|a|an) ", re.I)


def _key(name: str) -> str:
    """Return a name as it is compared: a known outlet by its normal name."""
    outlet = identify_name(name)
    return _ARTICLE.sub("", outlet.name if outlet is not None else name).casefold()


def overlap(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> float:
    """Dice's coefficient of two lists of ranges, in characters."""
    mine = {k for start, end in one for k in range(start, end)}
    theirs = {k for start, end in other for k in range(start, end)}
    return 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))


def faults(example: Example, found: tuple[Attribution, ...]) -> list[str]:
    """What is wrong with the attributions of an example; nothing if all is right."""
    wrong = []
    used = set()
    for said in example.said:
        best = max(enumerate(found), key=lambda pair: overlap(said.content, [(s.start, s.end) for s in pair[1].content]), default=None)
        if best is None or overlap(said.content, [(s.start, s.end) for s in best[1].content]) < 0.75:
            wrong.append("content")
            continue
        if best[0] in used:
            wrong.append("merged")
            continue
        used.add(best[0])
        wrong += _of_speaker(example.text, said, best[1])
    wrong += ["made up" for index, item in enumerate(found) if index not in used and item.score >= 0.5]
    return wrong


def _of_speaker(text: str, said: Said, found: Attribution) -> list[str]:
    if not said.source:
        return ["speaker"] if found.speaker.text else []
    start, end = said.source[0]
    whole = text[start:end]
    head = whole.partition(",")[0]
    wrong = []
    if found.speaker.start != start or found.speaker.text not in (whole, head):
        wrong.append("speaker")
    elif _key(found.speaker.name) not in (_key(said.name), _key(whole)):
        wrong.append("name")
    if [link.text for link in found.via] != [text[a:b] for a, b in said.via] and [_key(link.name) for link in found.via] != [
        _key(text[a:b]) for a, b in said.via
    ]:
        wrong.append("chain")
    return wrong


def measure(
    part: Any, count: int, seed: int, engine: Any, only: tuple[str, ...], misses: int = 0
) -> dict[str, tuple[int, int, Counter[str]]]:
    """By kind: how many examples are right, how many there are, and the faults."""
    attribute = Attribute(engine=engine)
    result = {kind: (0, 0, Counter[str]()) for kind in only or kinds()}
    for example in islice(examples(part, seed, only), count):
        found = attribute(Document(text=example.text, language="en")).attributions
        wrong = faults(example, found)
        right, total, why = result[example.kind]
        why.update(set(wrong))
        result[example.kind] = right + (not wrong), total + 1, why
        if wrong and misses:
            misses -= 1
            shown = [
                (item.speaker.text, item.speaker.name, [s.text for s in item.content], [v.text for v in item.via], item.score)
                for item in found
            ]
            print(f"{example.kind}: {', '.join(wrong)} | {example.text!r}\n    {shown}")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("train", "held"), default="held")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", choices=("model", "rules"), default="model")
    parser.add_argument("--only", nargs="+", choices=kinds(), default=[])
    parser.add_argument("--misses", type=int, default=0, help="print this many examples that are wrong")
    given = parser.parse_args()
    result = measure(given.part, given.count, given.seed, given.engine, tuple(given.only), given.misses)
    print("| kind | right | of | faults |\n| --- | --- | --- | --- |")
    for kind, (right, total, why) in result.items():
        if total:
            print(f"| {kind} | {right / total:.3f} | {total} | {', '.join(f'{name} {number}' for name, number in why.most_common())} |")


if __name__ == "__main__":
    main()
