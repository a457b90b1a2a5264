"""The statements of a sentence, and the speakers that later verbs can inherit."""

from __future__ import annotations

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.noun_phrases import names_document
from newsbeam.transforms.attribution.statement import Statement


class Reading:
    """A sentence that begins at `offset` of a text, and the statements read of it.

    `last` is the last speaker of the text before it, for verbs without a subject.
    """

    def __init__(self, sentence: Sentence, offset: int, last: Range | None) -> None:
        self.sentence, self.offset, self.last = sentence, offset, last
        self.made: list[Statement] = []

    def add(self, content: list[Range], cue: Range, speaker: Range | None, score: float, direct: bool = False, upto: int = 0) -> None:
        if self.sentence.words_of(cue) in self.sentence.lex.showing and not names_document(self.sentence, speaker):
            return
        move = self.offset
        who = None if speaker is None else (-speaker[0] - 2, -speaker[1] - 2) if speaker[0] < 0 else (speaker[0] + move, speaker[1] + move)
        self.made.append(
            Statement(
                [(a + move, b + move) for a, b in content],
                (self.sentence.tokens[cue[0]].start + move, self.sentence.tokens[cue[1] - 1].end + move),
                who,
                score if speaker is not None else score - 0.3,
                direct=direct,
            )
        )
        self.sentence.taken = max(self.sentence.taken, upto)

    def heir(self) -> Range | None:
        """Return the previous speaker, in this sentence or before it.

        Ranges of the text are encoded as negative.
        """
        for item in reversed(self.made):
            if item.speaker is not None:
                return -item.speaker[0] - 2, -item.speaker[1] - 2
        return None if self.last is None else (-self.last[0] - 2, -self.last[1] - 2)
