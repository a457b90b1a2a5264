"""A statement as found in the text: who says what, and where."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Statement:
    """A statement while it is being read.

    Ranges are code points with exclusive end.
    """

    content: list[tuple[int, int]]
    cue: tuple[int, int]
    speaker: tuple[int, int] | None
    score: float
    via: list[tuple[int, int]] = field(default_factory=list)
    direct: bool = False  # content is the speaker's exact words, with or without quotation marks
    said: bool = True  # reported speech, rather than described, wanted or hedged
    plain: bool = False  # words in quotation marks with a cue and a speaker of their own beside them
    inverted: bool = False  # the speaker follows the cue: said Doe
    antecedent: tuple[int, int] | None = None  # what a relative "who" refers to
    # Features for the tagger's score: margins of cue, content and source; then 0 or 1 for: has a
    # source, has quotation marks, is a quotation, is short.
    features: tuple[int, ...] = ()
