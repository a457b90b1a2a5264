"""Statements, names, roles and chains of the five real documents, against what was marked by hand.

    python tests/bench/attribution_seeds.py [--misses]

The documents are `../shared/seeds`, the golds `tests/attribution/seeds.json`: a statement has the offsets of source, cue and
content, and the speaker's resolved `name`, `role` and the links of its chain (`via`). A gold that is `optional` is neither missed
nor wrong. A statement is right if contents and sources agree by half of their characters. Names and roles are counted for the
statements that are right, links of chains by their outlets for all.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.outlets import identify
from newsbeam.transforms.document import Attribution, Document

HERE = Path(__file__).resolve().parent
GOLDS = HERE.parent / "attribution" / "seeds.json"
SEEDS = HERE.parents[2] / "shared" / "seeds"
GOALS = {"who-what, quoted": 0.95, "who-what": 0.85, "names": 0.95, "roles": 0.9, "chains": 0.9}


def overlap(one: list[list[int]], other: list[list[int]]) -> float:
    """Dice's coefficient of two lists of ranges, in characters."""
    mine = {k for start, end in one for k in range(start, end)}
    theirs = {k for start, end in other for k in range(start, end)}
    return 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))


def outlet(words: str) -> str:
    """The id of an outlet, or its name in lower case."""
    known = identify(words)
    return known.id if known else words.lower()


def spans(item: Attribution) -> tuple[list[list[int]], list[list[int]]]:
    """The ranges of speaker and content."""
    return ([[item.speaker.start, item.speaker.end]] if item.speaker.start >= 0 else []), [[part.start, part.end] for part in item.content]


def counted(text: str, golds: list[dict[str, Any]], misses: list[str]) -> Counter[tuple[str, str]]:
    """Counts of right, gold and made things of a document."""
    made = Attribute()(Document(text=text, language="en")).attributions
    count: Counter[tuple[str, str]] = Counter()
    wanted = [gold for gold in golds if not gold.get("optional")]
    for gold in wanted:
        quoted = any(mark in text[start:end] for start, end in gold["content"] for mark in "\"'“‘")
        kinds = ("who-what", "who-what, quoted") if quoted else ("who-what",)
        match = next(
            (
                item
                for item in made
                if overlap(spans(item)[1], gold["content"]) >= 0.5
                and (overlap(spans(item)[0], gold["source"]) >= 0.5 or spans(item)[0] == gold["source"])
            ),
            None,
        )
        count.update((kind, side) for kind in kinds for side in ("gold", *(("right",) if match else ())))
        links = Counter(map(outlet, gold["via"]))
        count["chains", "gold"] += links.total()
        words = " … ".join(text[start:end] for start, end in gold["content"])[:60]
        if match is None:
            misses.append(f"statement: {gold['name']}: {words!r}")
            continue
        count["chains", "right"] += (links & Counter(outlet(link.name) for link in match.via)).total()
        for kind, expected, given in (("names", gold["name"], match.speaker.name), ("roles", gold["role"], match.speaker.role)):
            if expected or given:
                count.update([(kind, "gold"), (kind, "made"), *([(kind, "right")] if expected == given else [])])
            if expected != given:
                misses.append(f"{kind[:-1]}: {expected!r}, not {given!r}: {words!r}")
    for item in made:
        content = spans(item)[1]
        mine = any(overlap(content, gold["content"]) > 0 for gold in wanted)
        if mine or not any(overlap(content, gold["content"]) > 0 for gold in golds):
            quoted = any(mark in text[start:end] for start, end in content for mark in "\"'“‘")
            count.update((kind, "made") for kind in (("who-what", "who-what, quoted") if quoted else ("who-what",)))
            count["chains", "made"] += len(item.via)
    return count


def total(misses: list[str]) -> Counter[tuple[str, str]]:
    """The counts of all documents; what is missed is added to `misses`."""
    count: Counter[tuple[str, str]] = Counter()
    for number, golds in json.loads(GOLDS.read_text("utf-8")).items():
        count.update(counted(next(SEEDS.glob(f"{number}_*")).read_text("utf-8"), golds, misses))
    return count


def f1(count: Counter[tuple[str, str]], kind: str) -> float:
    """The F1 of a kind."""
    return 2 * count[kind, "right"] / max(count[kind, "gold"] + count[kind, "made"], 1)


def main() -> None:
    """Print the figures beside their goals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="print what is missed or wrong")
    arguments = parser.parse_args()
    misses: list[str] = []
    count = total(misses)
    for kind, goal in GOALS.items():
        print(f"{kind:17} {f1(count, kind):.3f} (goal {goal}; gold {count[kind, 'gold']}, made {count[kind, 'made']})")
    if arguments.misses:
        print("\n".join(misses))


if __name__ == "__main__":
    main()
