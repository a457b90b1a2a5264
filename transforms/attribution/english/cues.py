"""English reporting verbs: which of them report something, and who speaks."""

from __future__ import annotations

from dataclasses import dataclass

from newsbeam.transforms.attribution.english.noun_phrases import Tokens
from newsbeam.transforms.attribution.lexicon import (
    ADV,
    AUX,
    BE,
    CAP,
    COMMA,
    CONJ,
    CUE,
    DET,
    DIGIT,
    ING,
    NEG,
    NOUN,
    PAST,
    PLAIN,
    PREP,
    PRON,
    QUOTE,
    SAY,
    STOP,
    SUB,
    TIME,
    VENUE,
    english,
    evidence_verbs,
    framing_verbs,
)


@dataclass
class Cue:
    """A reporting verb; token ranges are pairs with exclusive end."""

    at: int  # token of the verb
    group: int  # first token of the verb group
    after: int  # first token after the verb and its particles
    bits: int
    form: int
    speaker: tuple[int, int] | None = None  # token range
    inherited: bool = False
    inverted: bool = False
    relay: tuple[int, int] | None = None  # who quotes the speaker: Yonhap quoted an official as saying
    clause: int = 0  # first token of the clause: of its speaker or, if inverted, of its verb


class Verbs:
    """Find the reporting verbs among a paragraph's tokens."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.phrasal = english()[1]

    def cue(self, i: int, a: int, b: int, inherit: tuple[int, int] | None) -> Cue | None:
        """Return the cue at token `i` of the sentence [a, b), or None."""
        W, B = self.tokens.W, self.tokens.B
        bits, n = B[i], i + 1
        for particles, way in self.phrasal.get(W[i], ()):
            if tuple(W[i + 1 : i + 1 + len(particles)]) == particles and not self._object_follows(i + len(particles), b):
                bits, n = (bits & ~(ING | PAST | PLAIN)) | way, i + 1 + len(particles)
                break
        if not bits & CUE or (bits & CAP and i > a):
            return None
        if W[i] in framing_verbs() and not self._frames(i, n, a, b):
            return None
        if self._no_report(i, n, a, b):
            return None
        form = bits & (ING | PAST | PLAIN)
        g = i
        be = negated = aux = False
        if W[i] in ("saying", "telling") and i - a >= 4 and W[i - 1] == "as" and (quoted := self._quoted_as_saying(i, a)):
            return quoted
        if W[i] == "saying" and i - a >= 2 and W[i - 1] == "as" and W[i - 2] in ("quoted", "cited"):
            g, form, aux = i - 2, PAST, True
            while g > a and B[g - 1] & (AUX | ADV) and not B[g - 1] & PRON:
                g -= 1
            quoted_as = True
        else:
            quoted_as = False
            if i - a >= 2 and W[i - 1] == "to" and W[i - 2] in ("on", "continued", "continues"):
                g = i - 2 if W[i - 2] != "on" else max(i - 3, a)
                form = PAST
            steps = 0
            while g > a and steps < 8:
                left = B[g - 1]
                if left & (AUX | NEG) and not left & PRON:
                    aux, be, negated = True, be or bool(left & BE), negated or bool(left & NEG)
                elif not left & ADV or left & (COMMA | STOP | DET | SUB):
                    break
                g -= 1
                steps += 1
            if B[g - 1] & AUX and B[g - 1] & PRON and g > a:  # he's said, they've argued
                aux = True
        # "However, also said": leading adverbs may be absorbed only if a speaker follows them.
        if negated or (be and form & PAST and not form & ING and not quoted_as) or (be and W[i] not in ("said", "says") and form & PLAIN):
            return None
        participle = bool(form & ING) and not be
        left = B[g - 1] if g > a else STOP
        left_word = W[g - 1] if g > a else ""
        if left_word == "to":
            return None
        if left & DET and not left & PRON and not participle:
            return None
        if left & PREP and not left & SUB:
            if not (participle and left_word in ("by", "in", "after", "before")):
                return None
        elif left & PREP and participle and left_word not in ("before", "after", "while", "when"):
            return None
        if bits & NOUN and not aux and g > a and self.tokens.is_noun(i, n, b, left, left_word, form):
            return None
        cue = Cue(i, g, n, bits, form, clause=g)
        if participle:
            if (
                left & COMMA
                or left & (QUOTE | CONJ | STOP | SUB)
                or g == a
                or left & PREP
                or (form & ING and bits & SAY and W[i] in ("saying", "telling", "adding", "calling"))
            ):
                if left_word in ("of", "for") or left & DET:
                    return None
                cue.inherited = True
                cue.speaker = inherit or self.tokens.main_subject(a, g)
                if cue.speaker is not None and cue.speaker[1] > g:
                    return None
                return cue
            return None
        if form & PLAIN and not aux and g == a:
            return None
        return self._with_speaker(cue, a, b, left, left_word, inherit)

    def _quoted_as_saying(self, i: int, a: int) -> Cue | None:
        """Read "Yonhap quoted an official as saying", whose "saying" is the token `i`."""
        W, B = self.tokens.W, self.tokens.B
        at = next((k for k in range(i - 3, max(a, i - _MAX_QUOTED), -1) if W[k] in _QUOTING), -1)
        if at <= a or B[at - 1] & BE or W[at + 1] == "as":
            return None
        speaker = self.tokens.phrase_at(at + 1, i - 1)
        if speaker is None and W[at + 1] in ("him", "her", "them"):
            speaker = at + 1, at + 2
        if speaker is None or speaker[1] < i - (2 if B[i - 2] & COMMA else 1):
            return None
        outlet = self.tokens.phrase_before(at, a)
        return Cue(at, at, i + 1, SAY, PAST, speaker=speaker, relay=outlet, clause=outlet[0] if outlet else at)

    def _object_follows(self, k: int, b: int) -> bool:
        """Return whether the "in" at `k` governs what follows, rather than is a particle.

        For example: wrote in Tokyo.
        """
        return self.tokens.W[k] == "in" and k + 1 < b and bool(self.tokens.B[k + 1] & (CAP | DET | DIGIT | TIME))

    def _frames(self, i: int, n: int, a: int, b: int) -> bool:
        """Return whether a verb like "continue" is next to a quotation."""
        W, B = self.tokens.W, self.tokens.B
        before = B[i - 1] if i > a else 0
        if before & QUOTE or (before & COMMA and i - 2 >= a and B[i - 2] & QUOTE) or (i == a and a > 0 and B[a - 1] & QUOTE):
            return True
        if n < b and (W[n] == ":" or B[n] & QUOTE or W[n] in ("by", "that")):
            return True
        quoted = any(B[k] & QUOTE for k in range(max(a - 1, 0), b))
        return quoted and (n >= b or bool(B[n] & (COMMA | STOP | TIME)) or self.tokens.adjunct_at(n, b, n))

    def _with_speaker(self, cue: Cue, a: int, b: int, left: int, left_word: str, inherit: tuple[int, int] | None) -> Cue | None:
        W, B, i, g = self.tokens.W, self.tokens.B, cue.at, cue.group
        invertible = cue.bits & SAY and g == i and not cue.form & ING
        # “…,” said X · …, said X
        behind_quote = g > a and (left & QUOTE or (left & COMMA and g - 1 > a and B[g - 2] & QUOTE))
        starts_after_quote = g == a and a > 0 and B[a - 1] & QUOTE
        if invertible and g == a and W[i] in _OPENING and not starts_after_quote:
            return self._opening(cue, b)
        if invertible and (behind_quote or starts_after_quote or left & COMMA):
            speaker = self.tokens.phrase_at(cue.after, b)
            if speaker is not None:
                rest = speaker[1]
                done = (
                    rest >= b
                    or B[rest] & (COMMA | STOP | QUOTE | TIME | PREP | SUB)
                    or W[rest] == "and"
                    or self.tokens.adjunct_at(rest, b, speaker[0])
                )
                # After a clause in the writer's own words, only a phrase that can speak may follow
                # the verb. "X, which won, wrote a drama" has none.
                clause = behind_quote or starts_after_quote or W[i] in _CORE or self.tokens.can_speak(*speaker)
                if (
                    done
                    and clause
                    and (behind_quote or starts_after_quote or rest >= b or (left & COMMA and not self._apposition_before(a, g)))
                ):
                    cue.speaker, cue.inverted, cue.after = speaker, True, speaker[1]
                    return cue
        if left & CONJ:
            cue.inherited = True
            cue.speaker = inherit or self.tokens.main_subject(a, g)
            return cue if cue.speaker else None
        if g == a or left & QUOTE:
            return None
        speaker = self.tokens.phrase_before(g, a)
        if speaker is None:
            if cue.bits & SAY and left & COMMA and inherit:
                cue.inherited, cue.speaker = True, inherit
                return cue
            return None
        if cue.form & PLAIN and cue.group == cue.at and not W[i].endswith("s") and not self.tokens.is_plural(*speaker):
            return None
        if W[i] in evidence_verbs() and not self.tokens.can_speak(*speaker):
            return None
        if speaker[1] - speaker[0] == 1 and W[speaker[0]] in _NOBODY:
            return None
        cue.speaker = speaker
        cue.clause = speaker[0]
        return cue

    def _opening(self, cue: Cue, b: int) -> Cue | None:
        """Read a verb that opens the sentence: Said the mayor on Monday: “…”."""
        W, B = self.tokens.W, self.tokens.B
        speaker = self.tokens.phrase_at(cue.after, b)
        if speaker is None:
            return None
        colon = next((k for k in range(speaker[1], min(b, speaker[1] + _MAX_BEFORE_COLON)) if B[k] & STOP), b)
        if colon + 1 >= b or W[colon] != ":" or not B[colon + 1] & QUOTE:
            return None
        cue.speaker, cue.inverted, cue.after = speaker, True, colon
        return cue

    def _no_report(self, i: int, n: int, a: int, b: int) -> bool:
        """Return whether the verb at `i` does not report anything.

        Examples: related to, tell the story, a meeting held, could prove.
        """
        W, B = self.tokens.W, self.tokens.B
        word, after = W[i], W[n] if n < b else ""
        if word in ("related", "agreed", "agrees", "agree") and after == "to":
            return True
        if word in _TELLING and any(W[k] in _TOLD for k in range(n, min(n + 3, b))):
            return True
        if word == "held" and i > a and B[i - 1] & VENUE:
            return True
        return word in ("prove", "show", "see", "tell") and i - a >= 2 and W[i - 1] in _MODALS and W[i - 2] in ("who", "which", "that")

    def _apposition_before(self, a: int, g: int) -> bool:
        """Return whether a comma closes an apposition: X, a Y, said."""
        found = self.tokens.phrase_before(g, a)
        return found is not None and found[1] - found[0] >= 3 and any(self.tokens.B[k] & COMMA for k in range(*found))


_QUOTING = ("quoted", "quotes", "quoting", "cited", "cites", "citing")
_MAX_QUOTED = 24  # tokens of "quoted somebody as saying"
_NOBODY = ("nobody", "nothing", "none")
_MAX_BEFORE_COLON = 20  # tokens between the speaker and the colon
_OPENING = ("said", "says", "wrote", "writes", "added", "adds", "replied", "asked", "tweeted", "explained")
_CORE = ("said", "says", "say", "saying", "told", "tells", "telling")
_TELLING = ("tell", "tells", "telling", "told")
_MODALS = ("can", "could", "may", "might", "must", "should", "would", "will")
# what one can tell without addressing anyone
_TOLD = ("story", "stories", "tale", "tales", "truth", "lie", "lies", "time")
