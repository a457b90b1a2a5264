"""The content of an English statement, to the right or to the left of its cue."""

from __future__ import annotations

from collections.abc import Callable

from newsbeam.transforms.attribution.english.cues import Cue
from newsbeam.transforms.attribution.english.noun_phrases import Tokens
from newsbeam.transforms.attribution.lexicon import (
    ADV,
    AUX,
    CALL,
    CAP,
    COMMA,
    CONJ,
    CUE,
    DET,
    ED,
    ING,
    PAST,
    PREP,
    PRON,
    QUOTE,
    REL,
    SAY,
    START,
    STOP,
    SUB,
    TELL,
    THINK,
    TIME,
    VERB,
    naming_verbs,
)

_CLAUSE_SUBORDINATORS = frozenset("if what as when while that after before because although though since asked speaking".split())
# Small words that may end a clause: the lights came on, nobody knew why.
_ENDING = frozenset("on in up out off down over through away back around why how before since then so with for about of to".split())
_OBJECTS = frozenset("that this it these those".split())  # which may end a clause, too
_MAX_CONTENT_TOKENS = 120  # tokens of a clause


def content_right(tokens: Tokens, cue: Cue, k: int, b: int, following: list[Cue]) -> tuple[int, int, str] | None:
    """Return the content to the right of the cue.

    It has tokens and a type: quote, that, clause, call or comma.
    """
    W, B = tokens.W, tokens.B
    if k >= b:
        return None
    if cue.inverted:
        # “…,” said X, “…” – only a quotation continues.
        if B[k] & COMMA and k + 1 < b and B[k + 1] & QUOTE:
            return k + 1, k + 2, "comma"
        if W[k] == ":" and k + 1 < b and B[k + 1] & QUOTE:
            return k + 1, k + 2, "quote"
        return None
    say = cue.bits & (SAY | TELL)
    if W[k] == ":" and say:
        if k + 1 >= b:
            return None
        if B[k + 1] & QUOTE:
            return k + 1, _quote_end(tokens, k + 1, b, following), "quote"
        return k + 1, _right_end(tokens, k + 1, b, following), "clause"
    if B[k] & COMMA and say:
        if k + 1 < b and B[k + 1] & QUOTE:
            return k + 1, _quote_end(tokens, k + 1, b, following), "quote" if _is_utterance(tokens, k + 1) else "comma"
        if k + 1 < b:
            if k + 2 < b and W[k + 1] == "that":
                return k + 1, _right_end(tokens, k + 1, b, following), "that"
            return k + 1, _right_end(tokens, k + 1, b, following), "comma"
        return None
    if B[k] & (STOP | COMMA):
        return None
    if B[k] & QUOTE and say:
        return k, _quote_end(tokens, k, b, following), "quote"
    end = _right_end(tokens, k, b, following)
    if end - k < 1:
        return None
    if W[k] == "that" and cue.bits & (SAY | TELL | THINK) and (end - k > 2 or (end - k > 1 and B[k + 1] & QUOTE)):
        return k, end, "that"
    if cue.bits & CALL and any(B[q] & QUOTE and (W[cue.at] in naming_verbs() or not _is_scare(tokens, q)) for q in range(k, end)):
        return k, end, "call"
    if cue.bits & CALL and not cue.bits & TELL:
        return None
    core = W[cue.at] in ("said", "says", "say", "saying", "told", "tells", "telling")
    if B[k] & (PREP | CONJ) and not B[k] & (DET | CAP | SUB) and not core:
        return None
    asks = W[k] in ("whether", "if", "how", "why", "what", "where", "when", "who")
    if core or (asks and end - k > 2):
        return (k, end, "clause") if end - k > 1 else None
    if has_clause(tokens, k, end):
        return k, end, "clause"
    return None


def _is_scare(tokens: Tokens, q: int) -> bool:
    """Return whether a quotation is a few words in single marks.

    In English news translated from Korean, these mark emphasis as often as speech.
    """
    text = tokens.text[tokens.S[q] : tokens.E[q]]
    return text[0] in "'‘" and len(text.split()) <= 3


def has_clause(tokens: Tokens, k: int, end: int) -> bool:
    """Return whether [k, end) begins with a clause without "that".

    A clause has a noun phrase and a finite verb.
    """
    B = tokens.B
    if k >= end or (B[k] & (ING | VERB | AUX | ADV) and not B[k] & CAP):
        return False
    for q in range(k + 1, min(end, k + 14)):
        bits = B[q]
        if bits & (QUOTE | COMMA | STOP | REL) or (bits & SUB and not bits & PREP):
            return False
        if (bits & (AUX | VERB) and not bits & CAP) or (bits & CUE and bits & PAST and not bits & CAP and tokens.is_finite(q, k)):
            return True
    return False


def _is_utterance(tokens: Tokens, q: int) -> bool:
    inner = tokens.text[tokens.S[q] : tokens.E[q]].strip("\"'“”‘’«»„ ")
    return (bool(inner) and (inner[0].isupper() or inner[-1] in ".!?…,")) or len(inner.split()) > 4


def _quote_end(tokens: Tokens, q: int, b: int, following: list[Cue]) -> int:
    """Return the end of content that begins with the quotation at `q`.

    The content is the quotation alone or the clause that it is part of.
    """
    W, B = tokens.W, tokens.B
    if q + 1 >= b:
        return q + 1
    after = B[q + 1]
    inner = tokens.text[tokens.S[q] : tokens.E[q]].rstrip("\"'”’»“ ")
    if (
        after & (COMMA | STOP)
        or inner[-1:] in ".!?,"
        or W[q + 1] in ("and", "but", "while", "as", "when", "after", "before", "during", "in")
    ):
        return q + 1
    return _right_end(tokens, q, b, following)


def _right_end(tokens: Tokens, k: int, b: int, following: list[Cue]) -> int:
    """Return the end of the clause that begins at `k`.

    It ends before the next clause with its own cue, or with the sentence.
    """
    W, B = tokens.W, tokens.B
    end = min(b, k + _MAX_CONTENT_TOKENS)
    for cue in following:
        if cue.inverted:
            continue
        begin = cue.clause
        if begin <= k or begin > end:
            continue
        q = begin - 1
        if B[q] & CONJ and q - 1 > k and B[q - 1] & COMMA:
            q -= 1
        if B[q] & QUOTE and tokens.text[tokens.S[q] : tokens.E[q]].rstrip("\"'”’»“ ").endswith(","):
            end = min(end, begin)
            break
        if B[q] & COMMA or B[q] & CONJ or W[q] in ("while", "as", "though", "although", "whereas"):
            if q > k and B[q - 1] & COMMA:
                q -= 1
            end = min(end, q)
            break
    for q in range(k + 1, end):
        bits = B[q]
        if bits & STOP and W[q] in (";", "|"):
            end = q
            break
        if bits & COMMA and q + 1 < end:
            nxt = W[q + 1]
            if nxt in ("according", "but", "although", "though", "whereas", "per") or (
                nxt == "as" and q + 2 < end and W[q + 2] in ("reported", "quoted", "per", "stated", "cited", "noted", "told")
            ):
                end = q
                break
            if nxt == "while" and q + 2 < end and has_clause(tokens, q + 2, min(end, q + 16)):
                end = q
                break
        elif W[q] == "according" and q + 1 < end and W[q + 1] == "to":
            end = q
            break
    while end > k and (B[end - 1] & COMMA or W[end - 1] in (":", "–", "—", "-", "--", "(")):
        end -= 1
    return end


def content_left(tokens: Tokens, begin: int, a: int, floor: int, taken: Callable[[int], bool]) -> tuple[int, int, bool] | None:
    """Return the content to the left of the speaker at `begin`.

    It is a quotation or the clause before the comma.
    """
    W, B = tokens.W, tokens.B
    if begin == a:
        # “…?” X said: the quotation is a sentence of its own.
        if a > 0 and B[a - 1] & QUOTE and not taken(a - 1):
            return a - 1, a, True
        return None
    end = begin
    if B[end - 1] & COMMA:
        end -= 1
    elif not B[end - 1] & QUOTE and W[end - 1] not in ("—", "–", "-", "--"):
        return None
    elif not B[end - 1] & QUOTE:
        end -= 1
    start = max(floor, a, end - _MAX_CONTENT_TOKENS)
    while start < end and (B[start] & (COMMA | STOP) or W[start] in ("and", "but")):
        start += 1
    ended = B[end - 1] & (REL | SUB | CONJ | PREP) and not B[end - 1] & CAP
    if start >= end or (ended and W[end - 1] not in _ENDING and W[end - 1] not in _OBJECTS):
        return None
    if B[end - 1] & QUOTE:
        # The quotation alone, unless it is part of the clause before it.
        if end - 1 == start or B[end - 2] & (COMMA | STOP):
            return end - 1, end, True
        return start, end, False
    if end - start < 2 or all(B[q] & (PREP | SUB | CONJ | ADV | TIME | REL | DET) for q in range(start, end)):
        return None
    opens, word = B[start], W[start]
    if opens & ING or (opens & SUB and not opens & (DET | PRON) and word not in _CLAUSE_SUBORDINATORS):
        return None
    # A clause needs a verb. The lists do not contain every verb, so one is assumed after a
    # subject that is followed by more words.
    trusted = end - start >= 4 and (opens & (DET | PRON) or (opens & CAP and not opens & (PREP | SUB | START | ADV | TIME)))
    if not trusted and not _has_verb(tokens, start, end):
        return None
    if (
        (opens & SUB or word in ("asked", "speaking"))
        and word in _CLAUSE_SUBORDINATORS
        and not any(B[q] & COMMA for q in range(start, end))
    ):
        return None
    return start, end, False


def _has_verb(tokens: Tokens, start: int, end: int) -> bool:
    return any(tokens.B[q] & (AUX | VERB | ED | CUE) and not tokens.B[q] & CAP for q in range(start, end))
