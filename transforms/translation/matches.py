"""Evidence matches and the normalised text they are searched in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from newsbeam.transforms.document import NOWHERE
from newsbeam.transforms.translation.evidence_rules import EvidenceRule

# Maximum matches of a rule to search and report; more add no information.
MAX_MATCHES = 12


@dataclass(frozen=True)
class Match:
    """A match of a rule.

    `start` is -1 in removed text. `sources` may be more specific than those of the rule.
    """

    rule: EvidenceRule
    start: int
    end: int
    text: str
    sources: Mapping[str, float]
    why: str

    @classmethod
    def at(cls, rule: EvidenceRule, text: str, start: int, end: int) -> Match:
        """Create the match at `text[start:end]`."""
        return cls(rule, start, end, text[start:end], rule.sources, rule.why)

    def as_removed(self) -> Match:
        """Return the same match, marked as being in removed text."""
        return replace(self, start=NOWHERE, end=NOWHERE)

    def as_quoted(self) -> Match:
        """Return the same match, marked as being inside quotation marks.

        It says nothing about the text around it, and only supports other evidence.
        """
        listed = self.rule.strong or self.rule.listed
        return replace(self, rule=replace(self.rule, name=f"{self.rule.name} (quoted)", strong=False, support=True, listed=listed))


class SearchText:
    """A text prepared for matching.

    `straight` has straight quotation marks, `small` is in lower case with the same length; `words`
    and `characters` are those in the text. `pairs` are: a bracket or quotation mark and the next
    character ("(*" if that is not Western), a space and the next punctuation mark, and a digit,
    full stop and space.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = text.isascii()
        straight = text
        if not self.plain:
            for curly, mark in _STRAIGHT:
                straight = straight.replace(curly, mark)
        self.straight = straight
        small = straight.lower()
        self.small = small if len(small) == len(text) else "".join(char.lower() if len(char.lower()) == 1 else char for char in straight)
        self.words = frozenset(_WORD.findall(self.small))
        self.characters = frozenset(text)
        self.pairs = frozenset(pair if pair[1] < "\u2fff" else "(*" for pair in _PAIR.findall(straight))

    @cached_property
    def quotations(self) -> list[tuple[int, int]]:
        """Spans of quotations, in order; none extends over a line break."""
        return [match.span() for match in _QUOTED.finditer(self.text)]

    def quoted(self, place: int) -> bool:
        """Return whether `place` is inside quotation marks."""
        spans = self.quotations
        at = bisect_right(spans, (place, len(spans) and spans[-1][1] + 1)) - 1
        return at >= 0 and spans[at][0] < place < spans[at][1]


_STRAIGHT = (("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2018", "'"), ("\u00a0", " "))
_WORD = re.compile(r"[^\W_]+")
_PAIR = re.compile(r"[(\")].| [!?;]|\d\. ")
_QUOTED = re.compile(
    r"“[^“”\n]{1,1500}”|\"[^\"\n]{1,1500}\"|«[^«»\n]{1,1500}»"
    r"|[‘'](?<![\w'’].)(?=\S)[^'’‘\n]{1,600}(?:(?:(?<=\w)['’](?=\w)|(?<= )['‘](?=\w))[^'’‘\n]{1,600}){0,8}['’](?!\w)"
)
