"""`transforms/NOTICE.md` names every file of weights, every corpus of the data cards, and everything whose terms are restrictive."""

from __future__ import annotations

import re
from pathlib import Path

TRANSFORMS = Path(__file__).parents[2] / "transforms"
NOTICE = (TRANSFORMS / "NOTICE.md").read_text(encoding="utf-8")
_UNDECIDED, _, _CORPORA = NOTICE.partition("## Not decided")[2].partition("\n## ")


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of Markdown tables, without rules between them."""
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in table if set("".join(row)) - set("-: ")]


def test_every_file_of_weights_is_named() -> None:
    for path in TRANSFORMS.rglob("*.npz"):
        pattern = re.sub(r"_[a-z]{2}\.npz$", "_*.npz", path.name)
        assert f"{pattern}`" in _UNDECIDED, path
        assert f"{pattern}`]({path.relative_to(TRANSFORMS).parent}/" in _CORPORA, path


def test_every_corpus_of_the_language_model_is_named_with_its_terms() -> None:
    card = (TRANSFORMS / "language" / "weights" / "model.md").read_text(encoding="utf-8")
    corpora = [row[:3] for row in rows(card[card.index("| source | where from |") :]) if len(row) == 5][1:]
    assert len(corpora) > 60
    named = [row[:3] for row in rows(_CORPORA)]
    assert [corpus for corpus in corpora if corpus not in named] == []


def test_every_corpus_of_the_style_model_is_named() -> None:
    card = (TRANSFORMS / "translation" / "weights" / "style.md").read_text(encoding="utf-8")
    corpora = [re.split(r"[:,(]", row[0])[0].strip() for row in rows(card[: card.index("Passages that share")])][1:]
    assert len(corpora) > 5
    assert [corpus for corpus in corpora if corpus not in _CORPORA and corpus.partition(" ")[2] not in _CORPORA] == []


def test_restrictive_terms_are_listed_as_undecided() -> None:
    restricted = [row[0] for row in rows(_CORPORA) if row[0] and re.search(r"\bNC\b|GPL|research|no licence", row[-1])]
    assert len(restricted) > 25
    undecided = set(re.findall(r"[\w.*-]+", _UNDECIDED))
    assert [names for names in restricted if not set(re.findall(r"[\w.*-]{2,}", names)) & undecided] == []
