"""Tokens of an English paragraph, and the noun phrases among them.

There is no part-of-speech tagger: a noun phrase is delimited by punctuation, conjunctions,
auxiliaries and finite verbs from the word lists. Unknown words count as nouns and adjectives. Every
scan is limited to `_MAX_NP_TOKENS` tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from newsbeam.transforms.attribution.lexicon import (
    ADV,
    AUX,
    CAP,
    COMMA,
    CONJ,
    CUE,
    DET,
    DIGIT,
    ED,
    ING,
    LOWER,
    NEG,
    NOUN,
    PAST,
    PLAIN,
    PREP,
    PRON,
    QUOTE,
    REL,
    START,
    STOP,
    SUB,
    TIME,
    VENUE,
    VERB,
    english,
    load,
    sources,
)
from newsbeam.transforms.attribution.quotations import Quotation

_TOKEN = re.compile(
    r"(?:[A-Za-z]\.){2,}|\d+(?:[.,:/]\d+)+|[^\W_]+(?:['’&.\-][^\W_]+)*|\.\.+|--+|\n+|[^\s\w]|_+",
)
_MAX_NP_TOKENS = 40  # tokens of a noun phrase


class Tokens:
    """A paragraph's tokens as four parallel lists.

    `S` and `E` are offsets in the text, `W` the words in lower case, `B` the word-class bits. A
    quotation is one token. `cues` holds the indices of possible reporting verbs. Token ranges are
    pairs with exclusive end.
    """

    def __init__(self, text: str, start: int, end: int, quotes: list[Quotation]) -> None:
        self.text = text
        words = english()[0]
        abbreviations = _abbreviations()
        S: list[int] = []
        E: list[int] = []
        W: list[str] = []
        B: list[int] = []
        cues: list[int] = []
        position = start
        for quotation in [*quotes, None]:
            upto = quotation.start if quotation else end
            for match in _TOKEN.finditer(text, position, upto):
                word = match.group()
                begin, stop = match.span()
                if word[0].isalnum():
                    low, known, reports = _word(word)
                    if reports:
                        cues.append(len(W))
                else:
                    low, known = word, _punctuation(word)
                    if (
                        word == "."
                        and W
                        and E[-1] == begin
                        and (text[S[-1] : begin] in abbreviations or (len(W[-1]) == 1 and B[-1] & CAP))
                        and stop < end
                    ):
                        E[-1] = stop
                        W[-1] += "."
                        B[-1] |= words.get(W[-1], 0)
                        continue
                S.append(begin)
                E.append(stop)
                W.append(low)
                B.append(known)
            if quotation:
                S.append(quotation.start)
                E.append(quotation.end)
                W.append("“”")
                B.append(QUOTE)
                position = quotation.end
        self.S, self.E, self.W, self.B, self.cues = S, E, W, B, cues

    def sentences(self) -> Iterator[tuple[int, int, int]]:
        """Yield token ranges (start, end of words, end of punctuation)."""
        W, B, text, n = self.W, self.B, self.text, len(self.W)
        a = i = 0
        while i < n:
            w = W[i]
            ends = False
            if w in (".", "!", "?", "…") or w.startswith(".."):
                j = i + 1
                while j < n and W[j] in (")", "]", ".", "!", "?", "…"):
                    j += 1
                ends = j >= n or not B[j] & LOWER
                if ends:
                    yield a, i, j
                    a = i = j
                    continue
                i = j
                continue
            if B[i] & QUOTE:
                closing = text[max(self.S[i], self.E[i] - 3) : self.E[i]].rstrip("\"'”’»“")[-1:]
                if closing in ".!?…" and closing and i + 1 < n and B[i + 1] & (CAP | QUOTE | DIGIT):
                    ends = True
            elif w.endswith(".") and i + 1 < n and B[i + 1] & CAP and B[i + 1] & (PRON | DET | PREP | SUB | ADV | CONJ) and len(w) > 2:
                # "in the U.S. He": a known abbreviation alone never ends a sentence
                ends = w.count(".") > 1
            if ends:
                yield a, i + 1, i + 1
                a = i + 1
            i += 1
        if a < n:
            yield a, n, n

    def is_plural(self, start: int, end: int) -> bool:
        """Return whether a verb in its base form can follow this phrase."""
        W, B = self.W, self.B
        for k in range(start, end):
            if (k > start and B[k] & (PREP | COMMA | REL)) or W[k] == "(":
                end = k
                break
        word = W[end - 1]
        return bool(B[start] & PRON) or word.endswith("s") or word in _groups() or any(B[k] & CONJ for k in range(start, end))

    def is_noun(self, i: int, n: int, b: int, left: int, left_word: str, form: int) -> bool:
        """Return whether the cue [i, n) is a noun here: the report of."""
        W, B = self.W, self.B
        if left & (DET | PREP) and not left & PRON:
            return True
        if left_word.endswith(("'s", "’s", "s'", "s’")) and not left & PRON:
            return True
        after = B[n] if n < b else STOP
        after_word = W[n] if n < b else ""
        if form & PLAIN:
            if after & (AUX | VERB) or (after & CUE and after & PAST) or after_word in ("of", "from", "by", "and", "or"):
                return True
            if (
                left & LOWER
                and not left & (PRON | CONJ | ADV | AUX)
                and not left_word.endswith("s")
                and left_word not in ("media", "people", "police")
            ):
                return W[i].endswith("s") is False or after & (STOP | COMMA) != 0
            if left & (CONJ | COMMA):
                return True
        return False

    def can_speak(self, start: int, end: int) -> bool:
        """Return whether a phrase can be a source, unlike "the decision"."""
        W, B = self.W, self.B
        head = end
        for k in range(start + 1, end):
            if B[k] & (PREP | COMMA | REL) and not B[k] & DET:
                head = k
                break
        bits, word = B[head - 1], W[head - 1]
        if bits & PRON:
            return word not in ("it", "that", "which")
        return bool(bits & CAP) or word in _able()

    def phrase_before(self, hi: int, lo: int) -> tuple[int, int] | None:
        """Return the noun phrase that ends before token `hi`, or None."""
        W, B = self.W, self.B
        lo = max(lo, hi - _MAX_NP_TOKENS)
        if hi <= lo:
            return None
        last = B[hi - 1]
        if (last & PRON and not last & CAP and W[hi - 1] not in ("some", "others", "many", "both", "one", "another", "him")) or (
            last & PRON and last & CAP and W[hi - 1] in ("he", "she", "they", "it", "we", "i", "you")
        ):
            return hi - 1, hi
        if W[hi - 1] == "that" and hi - 2 >= lo and B[hi - 2] & (LOWER | CAP) and not B[hi - 2] & CUE:
            return hi - 1, hi
        if last & COMMA:
            return self._np_apposition(hi, lo)
        if W[hi - 1] in (")", "]"):
            k = hi - 2
            while k > lo and hi - k < 12 and W[k] not in ("(", "["):
                k -= 1
            if W[k] in ("(", "[") and k > lo:
                head = self.phrase_before(k, lo)
                return (head[0], hi) if head else None
            return None
        if last & (STOP | QUOTE):
            return None
        end = hi
        # "Trump on Monday said": the time does not belong to the speaker.
        while (
            end - 1 > lo
            and B[end - 1] & (TIME | ADV)
            and not (B[end - 1] & CAP and not B[end - 1] & TIME)
            and not (B[end - 1] & CAP and self.in_name(end - 1, hi))
        ):
            end -= 1
        if end < hi and end - 1 > lo and W[end - 1] in ("on", "in", "this", "late", "early"):
            end -= 1
        if end < hi and B[end - 1] & PRON and not B[end - 1] & (DET | REL):
            return end - 1, end  # he on Monday said
        if end < hi and B[end - 1] & COMMA:
            return self._np_apposition(end, lo)
        start = self._walk_left(end, lo)
        return self._trim(start, end)

    def _walk_left(self, end: int, lo: int) -> int:
        """Return the nearest clause boundary to the left of `end`."""
        W, B = self.W, self.B
        j, first_and = end, -1
        hit = False
        while j > lo:
            bits = B[j - 1]
            word = W[j - 1]
            if word == ")" and j == end:
                # A bracket after the name: John Roe (34)
                k = j - 2
                while k > lo and j - k < 8 and W[k] != "(":
                    k -= 1
                if W[k] != "(" or k <= lo:
                    break
                j = k
                continue
            if bits & (STOP | COMMA):
                break
            if bits & QUOTE:
                # A short quotation can be part of the phrase: the “green” party.
                if self.E[j - 1] - self.S[j - 1] > 30 or j - 1 == lo:
                    break
                j -= 1
                continue
            if bits & PRON and not bits & DET:
                hit = True
                break
            if bits & REL and word != "that":
                relative = self._relative(j - 1, end, lo)
                if relative is not None:
                    return relative
                hit = True
                break
            if word == "that" and W[j].endswith("s") and end - j > 1 and B[j] & LOWER and self._noun_before(j - 1, lo):
                # The union that represents the drivers said: the relative clause belongs to the
                # phrase.
                relative = self._relative(j - 1, end, lo)
                if relative is not None:
                    return relative
            if bits & CONJ and word in ("and", "or", "&"):
                first_and = j - 1
                j -= 1
                continue
            if bits & (SUB | CONJ):
                break
            if (bits & (AUX | VERB) and not bits & CAP) or (
                bits & CUE and bits & PAST and not bits & CAP and j < end and self.is_finite(j - 1, lo)
            ):
                k = j - 2
                while k > lo and j - k < 5 and B[k] & (AUX | ADV | NEG):
                    k -= 1
                if k > lo and B[k] & REL and W[k] in ("who", "which"):
                    relative = self._relative(k, end, lo)
                    if relative is not None:
                        return relative
                hit = True
                break
            j -= 1
        if first_and > j:
            left_part = range(j, first_and)
            clause = hit or any(B[k] & ED and k > j and not B[k - 1] & (DET | ADV | PREP | CONJ) for k in left_part)
            if clause or first_and == j:
                return first_and + 1
        return j

    def _noun_before(self, k: int, lo: int) -> bool:
        left = self.B[k - 1] if k > lo else 0
        return bool(left & LOWER) and not left & (CUE | PREP | SUB | CONJ | AUX | ADV | DET | VERB | ED)

    def _relative(self, k: int, end: int, lo: int) -> int | None:
        """Return the start of a phrase whose relative pronoun is token `k`.

        Example: "an official who asked for silence". None if there is no such phrase.
        """
        B = self.B
        if k <= lo or not B[k - 1] & (LOWER | CAP) or B[k - 1] & (PREP | CUE | AUX) or end - k < 3:
            return None
        begins = B[k + 1]
        if begins & (PRON | DET) or not (begins & (AUX | CUE | VERB | ED) or self.W[k + 1].endswith("s")):
            return None
        start = self._walk_left(k, lo)
        return start if start < k and self._is_np(start, k) else None

    def is_finite(self, k: int, lo: int) -> bool:
        """Return whether the past form at `k` is a finite verb.

        It may also be an adjective or a participle that modifies its noun.
        """
        B = self.B
        return k > lo and not B[k - 1] & (DET | PREP | CONJ | ADV) and not (k + 1 < len(B) and B[k + 1] & PREP)

    def _trim(self, start: int, end: int) -> tuple[int, int] | None:
        """Strip an introductory phrase; return None if no noun phrase remains."""
        W, B = self.W, self.B
        while start < end and ((B[start] & (ADV | TIME | CONJ) and not B[start] & DET) or W[start] in ("that", "–", "-")):
            if B[start] & CAP and B[start] & TIME and start + 1 == end:
                return None
            start += 1
        if start < end and W[start] in ("according", "per"):
            return None
        if start < end and B[start] & PREP and not B[start] & DET and W[start] not in ("more", "over", "about", "around"):
            start = self._after_preposition(start, end)
        while start < end and B[end - 1] & (ADV | PREP) and not B[end - 1] & CAP:
            end -= 1
        return (start, end) if self._is_np(start, end) else None

    def _after_preposition(self, start: int, end: int) -> int:
        """Return the start of the subject after "In a statement".

        Returns `end` if it is ambiguous.
        """
        W, B = self.W, self.B
        k = start + 1
        if k < end and B[k] & DET:
            k += 1
        while k < end:
            before = B[k - 1]
            if B[k] & DET and not before & (PREP | DET) and k > start + 1:
                return k
            if B[k] & CAP and before & (TIME | VENUE) and not B[k] & TIME and not before & DET and k > start + 1:
                return k
            if B[k] & CAP and before & LOWER and not before & (PREP | DET | CONJ) and W[k - 1] != "of":
                return k
            k += 1
        return end

    def _is_np(self, start: int, end: int) -> bool:
        """Return whether tokens can be a speaker.

        A speaker is a pronoun, a name, a noun with its determiner, or a plural.
        """
        W, B = self.W, self.B
        if not 0 < end - start <= _MAX_NP_TOKENS:
            return False
        if end - start == 1:
            bits, word = B[start], W[start]
            if bits & PRON:
                return True
            if bits & (PREP | SUB | AUX | CONJ | TIME | ADV | DIGIT | STOP | COMMA | VERB) and not bits & CAP:
                return False
            if bits & (PREP | SUB | AUX | CONJ | ADV | DET) or word in ("there", "here", "asked", "speaking", "thank", "please"):
                return False
            if bits & CAP:
                return not bits & ING
            return word.endswith("s") or word in _groups()
        if all(B[k] & (PREP | SUB | AUX | CONJ | ADV | TIME | DET | DIGIT | STOP | COMMA | QUOTE) for k in range(start, end)):
            return False
        first = B[start]
        if (first & (PREP | SUB) and not first & (DET | CAP)) or (first & (AUX | VERB) and not first & CAP):
            return False
        if first & ING and not first & NOUN:
            return False
        if any(B[k] & CAP for k in range(start, end)) or first & DET or first & DIGIT:
            return True
        head = end - 1
        for k in range(start, end):
            if B[k] & (PREP | COMMA | REL):
                head = k - 1
                break
        return head >= start and (W[head].endswith("s") or W[head] in _groups() or W[head] in ("media", "spokesman"))

    def _np_apposition(self, hi: int, lo: int) -> tuple[int, int] | None:
        """Return the phrase before ", said".

        It is a name with appositions between commas: "X, a Y of Z, said".
        """
        W, B = self.W, self.B
        commas = [k for k in range(hi - 1, lo - 1, -1) if B[k] & COMMA]
        stop = lo
        for k in range(hi - 2, lo - 1, -1):
            if (B[k] & STOP and W[k] not in ("(", ")", "-")) or (B[k] & QUOTE and self.E[k] - self.S[k] > 30) or W[k] == ";":
                stop = k + 1
                break
        commas = [k for k in commas if k >= stop]
        if len(commas) < 2:
            # "X, said": a stray comma.
            return self.phrase_before(hi - 1, lo) if hi - 1 > lo and not B[hi - 2] & COMMA else None
        end = hi - 1
        # segments are counted from the right: seg n lies between commas[n + 1] and commas[n]
        seg = 0
        while seg + 1 < len(commas) and seg < 6:
            first = commas[seg + 1] + 1
            if first >= commas[seg]:
                return None
            bits, word = B[first], W[first]
            if bits & PRON and not bits & REL:
                return None
            if (
                bits & REL
                or bits & (DET | DIGIT)
                or word in ("of", "from", "with", "r", "d", "both", "also", "himself", "herself")
                or not bits & (PREP | SUB | START | ADV | TIME | ING)
                or (bits & CAP and not bits & (PREP | SUB | START))
            ):
                pass
            elif seg == 0:
                # A parenthesis ("X, on Monday, said") is not part of the speaker.
                end = commas[1]
            head_end = commas[seg + 1]
            head_lo = commas[seg + 2] + 1 if seg + 2 < len(commas) else stop
            head = self._walk_left(head_end, head_lo)
            trimmed = self._trim(head, head_end) if head < head_end else None
            small = (
                trimmed is None
                or B[trimmed[0]] & DIGIT
                or W[trimmed[0]] in ("of", "r", "d")
                or (
                    W[trimmed[0]] in ("a", "an")
                    and seg + 2 < len(commas)
                    and self._is_name(commas[seg + 3] + 1 if seg + 3 < len(commas) else stop, commas[seg + 2])
                )
            )
            if trimmed is not None and not small:
                if trimmed[0] > head_lo and B[trimmed[0] - 1] & (AUX | VERB):
                    return None
                return trimmed[0], end
            seg += 1
        return None

    def _is_name(self, start: int, end: int) -> bool:
        return 0 < end - start <= 6 and all(self.B[k] & CAP for k in range(start, end))

    def phrase_at(self, i: int, hi: int, strict: bool = False) -> tuple[int, int] | None:
        """Return the noun phrase that begins at token `i`, or None.

        It includes an apposition. `strict` is for "according to X, …": there, a comma is usually
        followed by a clause rather than an apposition, and a participle belongs to the noun
        ("footage released by X").
        """
        W, B = self.W, self.B
        if i >= hi or B[i] & (STOP | COMMA | QUOTE):
            return None
        first = B[i]
        if first & PRON and W[i] in ("he", "she", "they", "it", "i", "we", "you"):
            return i, i + 1
        if strict and W[i] in ("him", "her", "them") and (i + 1 >= hi or B[i + 1] & (COMMA | STOP)):
            return i, i + 1
        if (first & (PREP | SUB | AUX | TIME | REL) and not first & DET) or (first & ADV and not first & CAP):
            return None
        hi = min(hi, i + _MAX_NP_TOKENS)
        k = i
        apposition = False
        while k < hi:
            bits, word = B[k], W[k]
            if bits & STOP:
                if word == "(" and k > i:
                    close = next((q for q in range(k, min(k + 10, hi)) if W[q] == ")"), -1)
                    if close > 0:
                        k = close + 1
                        continue
                break
            if bits & QUOTE:
                if self.E[k] - self.S[k] > 30:
                    break
            elif bits & COMMA:
                if not self._apposition_follows(k + 1, hi, strict):
                    break
                apposition = True
            elif bits & REL and word != "that":
                apposition = True
            elif k > i and (self._leaves_apposition(k, hi) if apposition else self._leaves_phrase(k, hi, i, strict)):
                break
            k += 1
        while k > i and B[k - 1] & (COMMA | PREP | CONJ | REL) and not B[k - 1] & CAP:
            k -= 1
        return (i, k) if self._is_np(i, k) or (strict and k > i and not B[i] & (PRON | PREP)) else None

    def in_name(self, k: int, hi: int) -> bool:
        """Return whether the time word at `k` belongs to a name.

        For example: daily Ledger, Jane March.
        """
        B = self.B
        before, after = B[k - 1], B[k + 1] if k + 1 < hi else STOP
        if self.W[k] in _MONTH_NAMES and before & CAP and not before & (TIME | DET | PREP):
            return not after & DIGIT
        return bool(after & CAP) and not after & TIME and bool(before & LOWER) and not before & (PREP | PRON)

    def _apposition_follows(self, k: int, hi: int, strict: bool) -> bool:
        W, B = self.W, self.B
        if k >= hi:
            return False
        bits, word = B[k], W[k]
        if strict and not (bits & REL or word in ("a", "an", "the", "of", "his", "her", "its") or bits & DIGIT):
            return False
        if bits & REL and word != "that":
            return True
        if word in _FORMERLY and k + 1 < hi and (B[k + 1] & DET or not strict):
            return True
        if bits & (PRON | ING | AUX | CONJ | ADV | QUOTE | STOP | VERB) and not bits & DET:
            return False
        if bits & LOWER and word.endswith("ing") and k + 1 < hi and B[k + 1] & (DET | PREP | PRON | SUB | CAP):
            return False  # a participle: said Doe, summing up
        if word == "of":
            return True
        if not strict and self.adjunct_at(k, hi, k):
            return False
        if bits & DIGIT:
            return True
        if bits & (SUB | PREP | TIME | START):
            return False
        if bits & CUE and bits & (PAST | ING) and not bits & CAP:
            return False
        # "said X, the director of Y." but not "according to X, the plan will fail."
        for q in range(k, min(hi, k + 25)):
            if B[q] & COMMA or B[q] & STOP or B[q] & REL:
                return not (strict and B[q] & STOP)
            if (B[q] & (AUX | VERB | QUOTE) and not B[q] & CAP) or (B[q] & CUE and B[q] & PAST and not B[q] & CAP and q > k + 1):
                return False
            if strict and B[q] & ED and not B[q - 1] & DET:
                return False
        return not strict

    def _when(self, k: int, hi: int) -> bool:
        """Return whether the preposition at `k` begins a time: on the 4th."""
        after = self.B[k + 1] if k + 1 < hi else 0
        if k + 2 < hi and self.W[k + 1] == "the":
            after = self.B[k + 2] & DIGIT
        return bool(after & (TIME | DIGIT)) and self.W[k] in ("on", "in", "at", "from", "by")

    def _leaves_apposition(self, k: int, hi: int) -> bool:
        """Return whether an adverbial or a clause of its own begins at `k`.

        Used after an apposition and in a relative clause.
        """
        bits = self.B[k]
        if bits & PREP and self._when(k, hi):
            return self.W[k] == "on" and bool(self.B[k + 1] & TIME)
        return bool(bits & SUB) and not bits & (PREP | REL) and self.W[k] in _CLAUSE_OPENERS

    def _leaves_phrase(self, k: int, hi: int, start: int, strict: bool) -> bool:
        """Return whether the token at `k` is outside a noun phrase.

        The phrase begins at `start`.
        """
        B = self.B
        bits = B[k]
        if (bits & PREP and self._when(k, hi)) if strict else self.adjunct_at(k, hi, start):
            return True
        if bits & TIME and bits & CAP and not self.in_name(k, hi) and not self._modifies(k, hi, start):
            return True
        if bits & (AUX | VERB | PRON) and not bits & (DET | CAP | PREP):
            return True
        if bits & SUB and not bits & PREP:
            return True
        after = B[k + 1] if k + 1 < hi else 0
        if bits & CUE and bits & (PAST | ING) and not bits & CAP:
            return not (strict and after & PREP)  # footage released by X
        if bits & CONJ:
            return not after & (CAP | DET | LOWER) or bool(after & (PRON | CUE | ADV | AUX | VERB))
        return bool(bits & ADV) and not bits & CAP

    def _modifies(self, k: int, hi: int, start: int) -> bool:
        """Return whether the time at `k` modifies a noun: an August 2025 report."""
        B = self.B
        if k == start or not B[start] & DET or any(B[q] & (PREP | CAP) for q in range(start + 1, k)):
            return False
        while k < hi and B[k] & (TIME | DIGIT):
            k += 1
        is_verb = k < hi and B[k] & CUE and B[k] & (PAST | ING)
        return k < hi and bool(B[k] & LOWER) and not is_verb and not B[k] & (AUX | VERB | PREP | SUB | CONJ | ADV | PRON | DET)

    def adjunct_at(self, k: int, hi: int, start: int) -> bool:
        """Return whether an adverbial begins at `k`.

        For example: on Monday, two days later, quietly, with a smile.

        It ends the noun phrase that begins at `start`, unlike a complement: of the union, for the port.
        """
        W, B = self.W, self.B
        word, bits = W[k], B[k]
        if word in _ADJUNCT_WORDS or (bits & ADV and bits & LOWER):
            return True
        if bits & (TIME | DET | DIGIT | ADV) and bits & LOWER and self._time_phrase(k, hi):
            return True
        if not bits & PREP or word == "of":
            return False
        if self._when(k, hi):
            return True
        named = bool(B[start] & CAP) and not B[start] & DET
        definite = named or W[start] in ("the", "his", "her", "their", "its", "our", "my")
        after, then = (W[k + 1] if k + 1 < hi else ""), (B[k + 2] if k + 2 < hi else STOP)
        if word == "for":
            # for the first time, but: for the port, the Institute for War Studies
            return (named and not (k + 1 < hi and B[k + 1] & CAP)) or (after in ("the", "a") and k + 2 < hi and W[k + 2] in _OCCASIONS)
        if word in ("with", "by"):
            # with a smile, by telephone, but: with the bank, by the river
            bare = k + 1 < hi and not B[k + 1] & (CAP | DET) and bool(then & (COMMA | STOP | QUOTE | CONJ))
            manner = after in ("a", "an", "his", "her") and (k + 3 >= hi or bool(B[k + 3] & (COMMA | STOP | QUOTE | CONJ)))
            return named or bare or manner
        if word == "from":
            return definite or bool(B[k - 1] & CAP)
        if word == "to":
            return W[k - 1] not in _WITH_TO or after in _CROWD_SOUNDS
        return True

    def _time_phrase(self, k: int, hi: int) -> bool:
        """Return whether the words at `k` say when.

        For example: this week, two days later, the next day, a year ago.
        """
        W, B = self.W, self.B
        if W[k] in ("this", "that", "last", "next", "earlier", "later", "late", "early", "once", "every", "each", "one"):
            return k + 1 >= hi or bool(B[k + 1] & (TIME | PREP | COMMA | STOP | QUOTE)) or W[k + 1] in _TIME_OPENERS
        if W[k] == "the":
            return k + 1 < hi and W[k + 1] in _TIME_OPENERS and any(B[q] & TIME for q in range(k + 2, min(hi, k + 4)))
        if W[k] in ("a", "an", "some", "several") or B[k] & DIGIT or B[k] & DET:
            q = k + 1
            while q < min(hi, k + 4) and (B[q] & TIME or W[q] in _TIME_UNITS or W[q] in ("few", "couple", "of", "so")):
                if W[q] in ("later", "earlier"):
                    return True
                q += 1
            return q > k + 1 and q < hi and W[q] in ("ago", "before", "afterwards", "afterward", "after")
        return bool(B[k] & TIME) and W[k] not in ("may", "march", "second")

    def main_subject(self, a: int, hi: int) -> tuple[int, int] | None:
        """Return the subject of the main clause, up to its first verb.

        None if it is ambiguous.
        """
        W, B = self.W, self.B
        k = a
        hi = min(hi, a + _MAX_NP_TOKENS)
        # An introductory phrase ends at its comma.
        if k < hi and B[k] & (PREP | SUB | START | ING | TIME) and not B[k] & DET:
            while k < hi and not B[k] & COMMA:
                k += 1
            k += 1
        while k < hi and (
            (B[k] & (ADV | CONJ | COMMA) and not B[k] & CAP) or W[k] in ("but", "and", "however", "meanwhile", "also", "instead")
        ):
            k += 1
        if k >= hi:
            return None
        if B[k] & PRON and not B[k] & REL:
            return k, k + 1
        closed = k
        for q in range(k, hi):
            bits = B[q]
            if q < closed:
                continue
            if W[q] == "(" and q > k:
                # A bracket after a name: Jane Doe (71), …
                closed = next((p + 1 for p in range(q, min(q + 8, hi)) if W[p] == ")"), q)
                if closed > q:
                    continue
            if q > k and (
                bits & (AUX | VERB) or (bits & (ED | CUE) and not bits & CAP and self.is_finite(q, k)) or (bits & ADV and not bits & CAP)
            ):
                if B[q - 1] & COMMA:
                    # The storekeeper, Jane Doe, shrugged and said …
                    found = self._np_apposition(q, k)
                    return found if found and found[0] == k else self._named(k, q)
                return (k, q) if self._is_np(k, q) and not B[q - 1] & (PREP | CONJ) else self._named(k, q)
            if bits & (STOP | QUOTE | SUB) and not bits & (PREP | REL):
                break
        return self._named(k, hi)

    def _named(self, k: int, hi: int) -> tuple[int, int] | None:
        q = k
        while q < hi and self.B[q] & CAP and not self.B[q] & TIME:
            q += 1
        return (k, q) if q > k and self._is_np(k, q) else None


@lru_cache(maxsize=1 << 10)
def _punctuation(mark: str) -> int:
    """Return the class bits of a token that is not a word."""
    if mark in (",", "，", "、"):
        return COMMA
    return STOP if mark[0] in "([{)]}.-|•*" or mark in ":;–—!?…" else 0


@lru_cache(maxsize=1 << 15)
def _word(word: str) -> tuple[str, int, bool]:
    """Return lower-case word, class bits and whether it may report speech."""
    words, phrasal = english()
    low = word.lower()
    known = words.get(low)
    if known is None:
        if word[0].isdigit():
            known = DIGIT
        elif low.endswith("ed") and len(low) > 4:
            known = ED
        elif low.endswith("ly") and len(low) > 4 and not word[0].isupper():
            known = ADV
        else:
            known = 0
    elif known & PAST and low.endswith("ed"):
        known |= ED
    known |= CAP if word[0].isupper() else LOWER
    return low, known, bool(known & CUE) or low in phrasal


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(load("en")["abbreviations"])


@cache
def _able() -> frozenset[str]:
    lists = sources()
    return frozenset().union(
        *(
            lists[key]
            for key in ("document_words", "group_words", "unnamed_words", "organisation_words", "titles", "outlet_words", "places")
        )
    )


@cache
def _groups() -> frozenset[str]:
    lists = sources()
    return lists["group_words"] | lists["unnamed_words"] | frozenset(("media", "police", "people", "staff"))


# Words that begin an adverbial and end a noun phrase.
_ADJUNCT_WORDS = frozenset(
    """during after before through via following amid amidst despite since until within like including outside alongside
    upon without about against among toward towards when while as because although though whereas once ahead shortly minutes
    hours days weeks months years moments seconds next again angrily late early just right only even standing speaking sitting
    """.split()
)
_WITH_TO = frozenset(
    """aide aides adviser advisers advisor advisors ambassador envoy assistant heir witness party counsel delegate candidate close loyal
    opposed related sympathetic""".split()
)
_CLAUSE_OPENERS = ("when", "while", "because", "if", "although", "though", "after", "before")
_OCCASIONS = ("first", "second", "third", "last", "umpteenth", "time", "moment", "while")
_FORMERLY = ("now", "then", "formerly", "currently", "previously", "until", "once")
_CROWD_SOUNDS = ("applause", "laughter", "cheers", "boos", "jeers", "loud", "rapturous")
_MONTH_NAMES = ("march", "may", "june", "april", "august", "january")  # which are surnames too
_TIME_UNITS = (
    "second",
    "seconds",
    "minute",
    "minutes",
    "hour",
    "hours",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "decade",
    "decades",
    "moment",
    "moments",
)
_TIME_OPENERS = ("this", "that", "last", "next", "following", "same", "previous", "late", "early", "other", "past")
