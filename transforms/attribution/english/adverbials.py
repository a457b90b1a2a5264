"""Words between a reporting verb and its content: to whom, when, where and in what manner."""

from __future__ import annotations

from newsbeam.transforms.attribution.english.noun_phrases import Tokens
from newsbeam.transforms.attribution.lexicon import (
    ADV,
    AUX,
    CAP,
    COMMA,
    CUE,
    DET,
    DIGIT,
    LOWER,
    PREP,
    PRON,
    QUOTE,
    STOP,
    SUB,
    TIME,
    VENUE,
    VERB,
)

# Participles of irregular verbs, which the word list counts as finite verbs.
_PARTICIPLES = frozenset("sent held made given kept sold shown brought written".split())
_MAX_ADVERBIAL_TOKENS = 12


def modifiers(tokens: Tokens, k: int, b: int, tell: bool) -> tuple[int, int, tuple[int, int] | None]:
    """Skip hearer, time and manner between verb and content.

    Returns the next token, the end of the cue and the hearer's tokens.
    """
    W, B = tokens.W, tokens.B
    hearer = None
    if tell and k < b and not B[k] & (QUOTE | STOP | COMMA) and W[k] != "that":
        hearer = hearer_at(tokens, k, b)
        if hearer:
            k = hearer[1]
    end = k
    limit = min(b, k + 30)
    while k < limit:
        bits, word = B[k], W[k]
        if bits & (QUOTE | STOP | COMMA) or (word == "that" and not _that_time(tokens, k, b)):
            break
        if bits & TIME and (bits & CAP or word in ("earlier", "later", "last", "recently", "today", "yesterday", "tonight")):
            k += 1
            while k < limit and (B[k] & TIME or (W[k] in ("this", "that", "late", "early") and k + 1 < limit and B[k + 1] & TIME)):
                k += 1
        elif (
            bits & ADV
            and not bits & CAP
            and (word.endswith("ly") or k + 1 >= b or B[k + 1] & (QUOTE | STOP | COMMA | PREP) or W[k + 1] == "that")
        ):
            k += 1
        elif word == "to" and k + 1 < b and not B[k + 1] & (DET | CAP | PRON):
            k = _until_end(tokens, k, min(limit, k + 4), b)
            if not k:
                k = end
                break
        elif bits & PREP and not bits & CAP:
            after = _phrase(tokens, k, limit, b) or _until_end(tokens, k, limit, b)
            if not after:
                break
            k = after
        elif word in ("this", "late", "that", "held") and k + 1 < b and (B[k + 1] & TIME or word == "held"):
            k += 2 if word != "held" else 1
        else:
            after = _adverbial(tokens, k, limit, b)
            if not after:
                break
            k = after
        end = k
    return k, end, hearer


def _adverbial(tokens: Tokens, k: int, limit: int, b: int) -> int:
    """Return where an adverbial ends that closes the clause.

    Or that leads to a quotation. 0 if there is none at `k`.
    """
    bits = tokens.B[k]
    if bits & (DET | DIGIT | TIME | ADV | SUB) and (colon := _until_colon(tokens, k, limit)):
        return colon
    return _until_end(tokens, k, limit, b) if bits & LOWER and tokens.adjunct_at(k, b, k) else 0


def _until_colon(tokens: Tokens, k: int, limit: int) -> int:
    """Return the colon or comma that ends an adverbial before a quotation.

    0 if there is none. For example: said when asked about it: “…”.
    """
    W, B = tokens.W, tokens.B
    for q in range(k, min(limit - 1, k + _MAX_ADVERBIAL_TOKENS)):
        if (W[q] == ":" or B[q] & COMMA) and B[q + 1] & QUOTE:
            return q
        if B[q] & (STOP | COMMA | QUOTE | CUE) and not (W[q] == "asked" and q == k + 1):
            return 0
    return 0


def _until_end(tokens: Tokens, k: int, limit: int, b: int) -> int:
    """Return where an adverbial ends that ends the clause.

    0 if there is none. For example: said two days later.
    """
    W, B = tokens.W, tokens.B
    for q in range(k, min(limit, k + _MAX_ADVERBIAL_TOKENS)):
        if B[q] & (STOP | COMMA) or (W[q] == "that" and not _that_time(tokens, q, b)):
            return q
        if B[q] & (CUE | AUX | VERB | QUOTE) and not B[q] & CAP:
            return 0
    return b if min(limit, k + _MAX_ADVERBIAL_TOKENS) >= b else 0


def _that_time(tokens: Tokens, k: int, b: int) -> bool:
    """Return whether the "that" at `k` belongs to a time ("that morning")."""
    B = tokens.B
    return k + 1 < b and bool(B[k + 1] & TIME) and (k + 2 >= b or bool(B[k + 2] & (COMMA | STOP | QUOTE)))


def _phrase(tokens: Tokens, k: int, limit: int, b: int) -> int | None:
    """Return the end of the prepositional phrase at `k`.

    None unless it says when, where or about whom something was said.
    """
    W, B = tokens.W, tokens.B
    last = -1  # after the last word of time or place
    q = k + 1
    while q < limit:
        bits = B[q]
        if bits & (QUOTE | STOP | COMMA) or (W[q] == "that" and not _that_time(tokens, q, b)) or q >= b:
            return q if q > k + 1 else None
        if bits & VERB and W[q] in _PARTICIPLES and B[q - 1] & LOWER and not B[q - 1] & (PREP | DET):
            q += 1  # in a notice sent to all
            continue
        if (
            (bits & PRON and not bits & DET and W[q] != "him")
            or (bits & (AUX | VERB) and not bits & CAP)
            or (bits & SUB and not bits & PREP)
        ):
            return last if last > 0 else None
        if last > 0 and bits & DET and not B[q - 1] & PREP:
            return last
        if bits & (TIME | VENUE):
            last = q + 1
        q += 1
    return q if q >= b else (last if last > 0 else None)


def hearer_at(tokens: Tokens, k: int, b: int) -> tuple[int, int] | None:
    """Return the tokens of the phrase at `k` that says to whom."""
    W, B = tokens.W, tokens.B
    if W[k] in (
        "him",
        "her",
        "them",
        "me",
        "us",
        "you",
        "reporters",
        "journalists",
        "supporters",
        "voters",
        "people",
        "lawmakers",
        "viewers",
        "readers",
    ):
        if W[k] == "her" and k + 1 < b and B[k + 1] & LOWER and not B[k + 1] & (PRON | SUB | DET | PREP | AUX):
            pass
        else:
            return k, k + 1
    q = k
    while q < min(b, k + 14):
        bits = B[q]
        if W[q] == "(":
            close = next((p for p in range(q, min(q + 8, b)) if W[p] == ")"), -1)
            if close < 0:
                break
            q = close + 1
            continue
        if (
            bits & (QUOTE | STOP | COMMA)
            or (bits & SUB and not bits & PREP)
            or (bits & PRON and not bits & DET)
            or (bits & AUX and not bits & CAP)
            or (bits & TIME and (bits & CAP or q > k) and not (bits & CAP and tokens.in_name(q, b)))
        ):
            break
        if q > k and bits & PREP and W[q] not in ("of",):
            break
        if q > k and bits & DET and not B[q - 1] & PREP:
            break
        q += 1
    return (k, q) if q > k else None
