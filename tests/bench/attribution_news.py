"""Statements, chains and credits in news texts that were made and marked by hand, in many languages.

    python tests/bench/attribution_news.py FILE.yaml … [--misses]

A file is a list of texts. Each says its `language`, its `text`, its `statements` and its `credits`:

    - language: de
      text: |
        …
      statements:
      - who: die Ministerin          # "" where nobody is named
        what: [„Wir warten nicht“]   # pieces of the text, in order
        via: [dem Spiegel, dpa]      # left out where there is none
      credits:
      - [author, Max Muster]

All words are the text's own: `what` stands where it first occurs behind the statement before, `who` and `via` where they are
nearest to it. Who-what is the soft F1 of attribution_ud.py, a chain's F1 counts links of matched statements by their outlets
or letters, a credit is right where kind and name are.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from attribution_ud import judge, predicted, scorer

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.outlets import identify
from newsbeam.transforms.document import Document

KINDS = ("who-what", "links", "credits")


def marked(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the golds of a text as spans; ValueError names words that the text lacks."""
    text, made, at = row["text"], [], 0
    for item in row.get("statements") or ():
        content, here = [], at
        for piece in item["what"]:
            start = text.find(piece, here)
            if start < 0:
                start = text.find(piece)
            if start < 0:
                raise ValueError(f"{row['language']}: {piece!r} is not in the text")
            content.append([start, start + len(piece)])
            here = start + len(piece)
        at = content[0][0]
        made.append(
            {
                "content": content,
                "source": [_nearest(text, item["who"], content)] if item["who"] else [],
                "cue": [],
                "via": [_link(words) for words in item.get("via") or ()],
                "optional": bool(item.get("optional")),
            }
        )
    return made


def _nearest(text: str, words: str, content: list[list[int]]) -> list[int]:
    places = [n for n in range(len(text)) if text.startswith(words, n)]
    if not places:
        raise ValueError(f"{words!r} is not in the text")
    outside = [n for n in places if not any(a <= n < b for a, b in content)] or places
    best = min(outside, key=lambda n: min(min(abs(n - b), abs(n + len(words) - a)) for a, b in content))
    return [best, best + len(words)]


def _link(words: str) -> str:
    outlet = identify(words)
    return outlet.id if outlet else words.lower()


def counted(row: dict[str, Any], show_all: bool = False) -> Counter[str]:
    """Count what is right in the statements, links and credits of a text, what is in its gold, and what is in the record."""
    text, language = row["text"], row["language"]
    golds = marked(row)
    document = Attribute()(Document(text=text, language=language))
    made: list[dict[str, Any]] = [
        {
            "source": [[item.speaker.start, item.speaker.end]] if item.speaker.text else [],
            "cue": [[item.cue.start, item.cue.end]] if item.cue.text else [],
            "content": [[piece.start, piece.end] for piece in item.content],
            "via": [_link(link.text) for link in item.via],
        }
        for item in document.attributions
    ]
    result = judge(scorer(), {"text": text, "language": language, "attributions": golds}, made)
    links: list[Counter[str]] = [
        Counter(link for item in items if not item.get("optional") for link in item["via"]) for items in (golds, made)
    ]
    wanted = Counter((kind, name) for kind, name in row.get("credits") or ())
    credited = Counter((item.kind, item.name) for item in document.credits)
    if show_all:
        show(text, language, golds, made)
        print(f"  credits gold {sorted(wanted)}\n  credits made {sorted(credited)}")
    return Counter(
        {
            "who-what right": result["who-what"],
            "who-what gold": result["gold"],
            "who-what made": result["predicted"],
            "content": result["content"],
            "links right": (links[0] & links[1]).total(),
            "links gold": links[0].total(),
            "links made": links[1].total(),
            "credits right": (wanted & credited).total(),
            "credits gold": wanted.total(),
            "credits made": credited.total(),
        }
    )


def pairs(row: dict[str, Any]) -> None:
    """Print the score of the rules, and whether they are right, for each statement with a speaker."""
    made = predicted(row["text"], row["language"])
    result = judge(scorer(), {"text": row["text"], "language": row["language"], "attributions": marked(row)}, made)
    for index, item in enumerate(made):
        if item["source"] and index not in result["left_out"]:
            print(row["language"], item["score"], int(index in result["right"]), sep="\t")


def f1(count: Counter[str], kind: str) -> float:
    """The F1 of "who-what", "links" or "credits"."""
    return 2 * count[f"{kind} right"] / max(count[f"{kind} gold"] + count[f"{kind} made"], 1)


def main() -> None:
    """Score the files by language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--misses", action="store_true", help="print the golds and predictions of texts that are not all right")
    parser.add_argument("--pairs", action="store_true", help="print nothing but language, score and rightness, for train/scores.py")
    arguments = parser.parse_args()
    if arguments.pairs:
        for row in (row for path in arguments.files for row in yaml.safe_load(path.read_text("utf-8"))):
            pairs(row)
        return
    counts: dict[str, Counter[str]] = {}
    for row in (row for path in arguments.files for row in yaml.safe_load(path.read_text("utf-8"))):
        counts.setdefault(row["language"], Counter()).update(counted(row, arguments.misses))
    print("lang  who-what (gold)  content  links (gold)  credits (gold)")
    total: Counter[str] = Counter()
    for language, count in sorted(counts.items()):
        total.update(count)
        line(language, count)
    line("all", total)


def show(text: str, language: str, golds: list[dict[str, Any]], made: list[dict[str, Any]]) -> None:
    """Print the golds and the predictions of a text."""
    print(f"\n{language}: {text[:60]!r}")
    for mark, items in (("gold", golds), ("made", made)):
        for item in sorted(items, key=lambda item: item["content"]):
            who, what = (" … ".join(text[a:b] for a, b in item[key]) for key in ("source", "content"))
            print(f"  {mark} [{who}] {what} ^{', '.join(item['via'])}^")


def line(language: str, count: Counter[str]) -> None:
    """Print the figures of a language."""
    scores = {kind: f1(count, kind) for kind in KINDS}
    content = 2 * count["content"] / max(count["who-what gold"] + count["who-what made"], 1)
    print(
        f"{language:4}  {scores['who-what']:.3f} ({count['who-what gold']:3})  {content:.3f}"
        f"  {scores['links']:.3f} ({count['links gold']:3})  {scores['credits']:.3f} ({count['credits gold']:3})"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
