"""A statement that was found: who says what, and where."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Found:
    """A statement while it is being read; ranges are code points, end exclusive."""

    content: list[tuple[int, int]]
    cue: tuple[int, int]
    speaker: tuple[int, int] | None
    score: float
    via: list[tuple[int, int]] = field(default_factory=list)
    direct: bool = False  # content is words as they were said, whether or not in quotation marks
    said: bool = True  # rather than described, wanted, hedged on
    antecedent: tuple[int, int] | None = None  # what a relative "who" stands for
    signs: tuple[
        int, ...
    ] = ()  # of the tagger: margins of cue, content and source, then whether it has a source, marks, only marks, few words
