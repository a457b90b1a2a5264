"""What counting over the pages of a site gains: figures for `site_template`.

    python tests/bench/site_template.py make FOLDER     # the site of our own: 200 pages as HTML and as text, and what is to be left
    python tests/bench/site_template.py own             # the same site, cleaned with and without what was counted
    python tests/bench/site_template.py domains BENCH   # the domains with three pages and more of BENCH/extract and BENCH/lines

The site is made of our own sentences and of words that are in no list: slogans, pitches, author boxes and promised gifts that
recur, around and within articles that do not. Subheadings, a recipe's "Ingredients" and a short refrain recur too, and are
to stay. Everything is counted exactly here; what the pipeline's sketch adds to that is told in `tests/pipeline`.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.boilerplate.site_template import SiteTemplate, page_keys, site_of
from newsbeam.transforms.document import Document, Metadata

# --- a site of our own ----------------------------------------------------------------------------------------------

WHO = (
    "the ferryman;the eel warden;a baker from Low Street;the new schoolmistress;the dyke engineer;an old rope maker;the tide clerk;"
    "two sisters from the mill;the harbour choir;a retired pilot;the salt merchant;the island nurse;the bell founder;a boy with a kite"
).split(";")
DID = ("measured;carried;mended;painted;counted;borrowed;sold;described;dug up;refused;weighed;drew;praised;returned;hid;traded").split(";")
WHAT = (
    "a crate of lamp oil;the cracked weather vane;seven bundles of reed;the parish map;a barrel of herring;the long ladder;an iron wheel;"
    "the lost ledger;a box of buttons;the schoolhouse clock;a sack of seed barley;the pump handle;the red signal flag;a model of the lock"
).split(";")
WHERE = (
    "behind the customs house;at the upper sluice;beside the gravel pit;under the railway arch;on the north quay;in the chapel yard;"
    "near the flooded meadow;by the tannery gate;outside the grain store;along the towpath;at the foot of the light;in the market hall"
).split(";")
WHY = (
    "because the wind had turned;although nobody had asked;so that the road could open;before the council met;after a night of rain;"
    "while the tide was out;to settle an old argument;as the almanac advises;in spite of the cold;for the sake of the children"
).split(";")
HEADINGS = ("What happens next", "The view from the quay", "Background", "A question of money")
REFRAIN = "And the bell rang again."

SLOGANS = ("Brackling: told slowly, printed damp", "Grown on tide and patience since the great flood")
PROMOS = (
    "Every Thursday the Lanternfold brings the week's slow reading to your door, printed on straw and carried by bicycle.",
    "Our almanac for the coming year is bound and waiting: forty moons, nine recipes for eel, and one good map of the marsh.",
)
KEEPERS = (
    "Become a Keeper of the Brackling: four shells a month, and the fog horn is yours.",
    "Already {} Keepers sit at the long table.",
)
AUTHORS = (
    "Odile Marrow has kept the harbour diary since the year the old bridge fell, and keeps eels.",
    "Piet Vannock writes about water and what it takes away; he lives on a boat that no longer floats.",
    "Sunniva Hale came to the marsh for a week to draw herons and is drawing them still.",
)
ENDS = (
    "The Brackling answers to nobody but its readers, and to them on Tuesdays only.",
    "A house of the Marshwater Trust",
    "Told with mud on our boots",
)


@dataclass(frozen=True)
class Page:
    """One page: its name, its lines of text with whether each is the page's own, and the same as HTML."""

    name: str
    lines: tuple[tuple[str, bool], ...]
    html: str

    @property
    def text(self) -> str:
        """The page as a scraper leaves it."""
        return "\n".join(line for line, _ in self.lines) + "\n"

    @property
    def truth(self) -> str:
        """What is to be left of it."""
        return "\n".join(line for line, keep in self.lines if keep)


def own_site(count: int = 200, seed: int = 11) -> list[Page]:
    """The pages of a site, the same ones each time."""
    chance = random.Random(seed)
    return [_page(number, chance) for number in range(count)]


def _sentence(chance: random.Random) -> str:
    who, where = chance.choice(WHO), chance.choice(WHERE)
    start = f"{who} {chance.choice(DID)} {chance.choice(WHAT)} {where}"
    more = f", and {chance.choice(WHO)} {chance.choice(DID)} {chance.choice(WHAT)} {chance.choice(WHY)}" if chance.random() < 0.6 else ""
    return f"{start[0].upper()}{start[1:]}{more}."


def _page(number: int, chance: random.Random) -> Page:
    title = f"{_sentence(chance)[:-1].split(',')[0]}"
    body: list[tuple[str, str, bool]] = []  # tag, text, keep
    paragraphs = chance.randint(4, 9)
    for at in range(paragraphs):
        body.append(("p", " ".join(_sentence(chance) for _ in range(chance.randint(2, 5))), True))
        if at == 1:
            body.append(("p", PROMOS[number % 5 > 2], False))
        if at and at % 3 == 0:
            body.append(("h2", chance.choice(HEADINGS), True))
            body.append(("p", " ".join(_sentence(chance) for _ in range(3)), True))
    if number % 4 == 0:
        body.append(("h2", "Ingredients", True))
        body += [("li", f"{chance.randint(2, 90)} g of {chance.choice(WHAT).split()[-1]} {chance.choice(WHY)}", True) for _ in range(4)]
        body.append(("h2", "Method", True))
        body.append(("p", " ".join(_sentence(chance) for _ in range(3)), True))
    if number % 3 == 1:
        body.append(("p", REFRAIN, True))
        body.append(("p", _sentence(chance), True))
    body.append(("p", KEEPERS[0], False))
    body.append(("p", KEEPERS[1].format(f"{1200 + 7 * number:,}"), False))
    body.append(("p", AUTHORS[number % 3], False))
    lines = [
        *((text, False) for text in SLOGANS),
        (title, True),
        *((text, keep) for _, text, keep in body),
        *((text, False) for text in ENDS),
    ]
    inner = "".join(_tags(body))
    html = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body><div class="q1">'
        f'<div class="q2">{"".join(f"<p>{text}</p>" for text in SLOGANS)}</div><div class="q3"><h1>{title}</h1>{inner}</div>'
        f'<div class="q4">{"".join(f"<p>{text}</p>" for text in ENDS)}</div></div></body></html>'
    )
    return Page(f"{number:03d}", tuple(lines), html)


def _tags(body: Iterable[tuple[str, str, bool]]) -> Iterator[str]:
    listed = False
    for tag, text, _ in body:
        if (tag == "li") != listed:
            yield "</ul>" if listed else "<ul>"
            listed = tag == "li"
        yield f"<{tag}>{text}</{tag}>"


def write_site(folder: Path, pages: Iterable[Page]) -> None:
    """The pages as `folder/html/*.html` and `folder/text/*.txt`, and what is to be left of each in `folder/truth.jsonl`."""
    for kind in ("html", "text"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as stream:
        for page in pages:
            (folder / "html" / f"{page.name}.html").write_text(page.html, encoding="utf-8")
            (folder / "text" / f"{page.name}.txt").write_text(page.text, encoding="utf-8")
            stream.write(json.dumps({"name": page.name, "text": page.truth}) + "\n")


# --- with and without -----------------------------------------------------------------------------------------------


class Exact(Counter[int]):
    """Counts without error."""

    def at_least(self, key: int) -> int:
        """The count."""
        return self[key]

    at_most = at_least


def both_ways(documents: Iterable[Document], min_pages: int = 5, share: float = 0.3) -> Iterator[tuple[Document, Document]]:
    """Each document cleaned without and with what was counted over all of them."""
    plain = Boilerplate()
    listed = list(documents)
    counts = Exact()
    for document in listed:
        counts.update(page_keys(site_of(document), plain.site_texts(document)))
    knowing = replace(plain, template=SiteTemplate(counts, min_pages, share))
    return ((plain(document), knowing(document)) for document in listed)


def strip_figures(pages: Iterable[tuple[Page, Document]]) -> dict[str, float]:
    """Over the lines of all pages: precision, recall and F1 of what was stripped, and the share of the own lines that were lost."""
    right = wrong = missed = own = 0
    for page, document in pages:
        left = Counter(line.removeprefix("- ").strip("# ") for line in document.text.split("\n"))
        for line, keep in page.lines:
            there = left[line] > 0
            left[line] -= there
            own += keep
            right += not keep and not there
            wrong += keep and not there
            missed += not keep and there
    precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
    f1 = 2 * right / max(2 * right + wrong + missed, 1)
    return {"precision": precision, "recall": recall, "f1": f1, "own lines lost": wrong / own}


def _own() -> None:
    pages = own_site()
    for count in (200, 50, 10, 5, 4):
        for kind in ("html", "text"):
            documents = [
                Document(
                    text=page.html if kind == "html" else page.text,
                    markup=kind == "html",
                    metadata=Metadata(origin=f"site/{kind}/{page.name}"),
                )
                for page in pages[:count]
            ]
            done = list(both_ways(documents))
            for name, at in (("without", 0), ("with", 1)):
                figures = strip_figures((page, result[at]) for page, result in zip(pages, done, strict=False))
                shown = "  ".join(f"{what} {value:.3f}" for what, value in figures.items())
                print(f"{count:4} pages  {kind}  {name:8} {shown}")


def _domains(bench: Path) -> None:
    score = _module(bench / "extract" / "score.py")
    truth = _rows(bench / "extract" / "dev" / "truth.jsonl")
    for least in (3, 5):
        pages = _of_many(truth, least)
        documents = [
            Document(text=gzip.decompress(path.read_bytes()).decode("utf-8", "replace"), markup=True, url=page["url"])
            for page in pages
            for path in [bench / "extract" / "dev" / "html" / f"{page['file_id']}.html.gz"]
        ]
        done = list(both_ways(documents, min_pages=least))
        rows = [score.score(pages, {page["file_id"]: result[at].text for page, result in zip(pages, done, strict=True)}) for at in range(2)]
        _tell(f"extract, {len(pages)} pages of domains with {least}+", rows, "f1")
        changed = [(after["f1"] - before["f1"], page["url"]) for page, before, after in zip(pages, *rows, strict=True)]
        for change, url in sorted(changed)[:5] + sorted(changed)[-5:]:
            print(f"    {change:+.3f} {url}")
    score = _module(bench / "lines" / "score.py")
    for name in ("dev.full", "dev.residual"):
        listed = _rows(bench / "lines" / f"{name}.jsonl")
        for least in (3, 5):
            chosen = _of_many(listed, least)
            if not chosen:
                continue
            documents = [Document(text=row["text"], url=f"https://{row['domain']}/") for row in chosen]
            done = list(both_ways(documents, min_pages=least))
            figures = []
            for at in range(2):
                rows = [score.score_doc(row, result[at].text) for row, result in zip(chosen, done, strict=True)]
                figures.append(score.summary(rows))
            print(f"lines {name}, {len(chosen)} documents of domains with {least}+")
            for what, shown in zip(("without", "with"), figures, strict=True):
                print(
                    f"    {what:8}"
                    + "  ".join(f"{key} {shown[key]:.4f}" for key in ("strip_p", "strip_r", "strip_f1", "word_p", "word_r", "word_f1"))
                )


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def _of_many(rows: list[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    by_domain: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_domain[row["domain"]].append(row)
    return [row for domain, found in by_domain.items() if domain and len(found) >= least for row in found]


def _tell(what: str, rows: list[list[dict[str, Any]]], key: str) -> None:
    before, after = (sum(row[key] for row in of) / len(of) for of in rows)
    better = sum(b[key] > a[key] + 1e-9 for a, b in zip(*rows, strict=True))
    worse = sum(b[key] < a[key] - 1e-9 for a, b in zip(*rows, strict=True))
    print(f"{what}: word F1 {before:.4f} without, {after:.4f} with ({better} pages better, {worse} worse)")


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"bench_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("make").add_argument("folder", type=Path)
    commands.add_parser("own")
    commands.add_parser("domains").add_argument("bench", type=Path)
    known = parser.parse_args()
    if known.command == "make":
        write_site(known.folder, own_site())
    elif known.command == "own":
        _own()
    else:
        _domains(known.bench)


if __name__ == "__main__":
    sys.exit(main())
