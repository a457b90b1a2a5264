"""Rule-based attribution for English: from each reporting verb outwards.

A paragraph is split into tokens and sentences. A quotation is a single token, so a sentence around
it is read like any other, and cues inside it are ignored. From each cue, the verb group extends to
the left over auxiliaries and adverbs. Then the speaker is searched (to the left; to the right in
inverted order; or taken from the previous cue), then the content (to the right, else to the left).
Every scan is limited to the sentence and to a fixed number of tokens, so the time is linear.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from newsbeam.transforms.attribution.english.cues import Cue, Verbs
from newsbeam.transforms.attribution.english.layout import laid_out, signature, transcript_names
from newsbeam.transforms.attribution.english.noun_phrases import Tokens
from newsbeam.transforms.attribution.labels import labelled, recurring_labels
from newsbeam.transforms.attribution.lexicon import (
    ADV,
    AUX,
    BE,
    CALL,
    CAP,
    COMMA,
    CONJ,
    CUE,
    DET,
    DIGIT,
    ED,
    ING,
    LOWER,
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
    VENUE,
    VERB,
    according_phrases,
    is_outlet,
    manner_verbs,
    naming_verbs,
    reporting_words,
)
from newsbeam.transforms.attribution.quotations import Quotation, quotations
from newsbeam.transforms.attribution.statement import Statement

_PARAGRAPH = re.compile(r"[^\n]+(?:(?<=[\w,;])[ \t]*\n[ \t]*(?=[a-z])[^\n]+)*")
# Seoul, Sep 4 (NationPress) · WASHINGTON (AP) — · WASHINGTON, Sept. 4 --
_DATELINE = re.compile(
    r"(?:[A-Z][\w.,'’/ -]{1,60}?(?:\d\s?\([A-Z][\w./ ]{1,30}\)(?:\s*[–—-]+)?|\([A-Z][\w./ ]{1,30}\)\s*[–—-]+)"
    r"|[A-Z]{3}[A-Z.'’/ -]{0,40}(?:, [A-Z][a-z]{1,12}\.?)?(?:,? \d{1,2})?\s+(?:--|[–—]))\s*(?=\S)"
)
_MAX_BLOCK_CHARS = 3000  # characters of a paragraph that a colon announces
_MAX_SENTENCE_TOKENS = 1000  # tokens of a sentence; a longer one is not prose
_MAX_CONTENT_TOKENS = 120  # tokens of a clause
_MAX_ADVERBIAL_TOKENS = 12
# In texts with more characters, paragraphs that contain neither a reporting word nor a quotation
# mark, colon or dash are skipped. Articles are far shorter. Without this, a page of ten million
# characters would exceed its ten seconds.
_VERY_LONG_TEXT_CHARS = 1_000_000
_NO_SPEECH_MARKS = re.compile(r"[^\"“”„‟«»‘’‚'「」『』＂:―—–]*")
_WORD = re.compile(r"[^\W\d_]+")


def statements(prose: str) -> list[Statement]:
    """Return the statements of an English text, ordered by content."""
    return read(prose).found


def read(prose: str) -> Reader:
    """Read a complete English text."""
    reader = Reader(prose)
    for match in _PARAGRAPH.finditer(prose):
        reader.paragraph(match.start(), match.end())
    reader.finish()
    return reader


class Reader:
    """Reader of one text, with state that passes between paragraphs.

    `paragraphs` are the ranges that were read, without surrounding blanks and without a dateline.
    `found` are the statements; `laid` those whose content includes a complete line. In a very long
    text, `paragraphs` lacks those in which nobody can speak.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.vast = len(text) > _VERY_LONG_TEXT_CHARS
        self.tokens = Tokens(text, 0, 0, [])
        self.verbs = Verbs(self.tokens)
        self.found: list[Statement] = []
        self.laid: list[Statement] = []
        self.paragraphs: list[tuple[int, int]] = []
        self.alone: tuple[int, int] | None = None  # a paragraph that consists of a quotation
        self.last: Statement | None = None  # the direct statement that ended the last paragraph
        self.block: Statement | None = None  # a statement that ended in a colon
        self.uncued: list[tuple[int, int]] = []  # quotations that are complete sentences and have no cue
        self.open = False
        self.labels = recurring_labels(text)
        self.transcript_names = transcript_names(text)

    # -- tokens ---------------------------------------------------------------------------------------------------

    def paragraph(self, start: int, end: int) -> None:
        text = self.text
        while end > start and text[end - 1].isspace():
            end -= 1
        while start < end and text[start].isspace():
            start += 1
        if start == end:
            return
        if self.vast and self.paragraphs and self._passed_over(start, end):
            return
        dateline = _DATELINE.match(text, start, min(end, start + 120))
        if dateline:
            start = dateline.end()
        self.paragraphs.append((start, end))
        quotes = quotations(text, start, end)
        if self.block is not None and self._take_block(start, end, quotes):
            return
        if self._laid_out(start, end, quotes):
            return
        self.tokens = Tokens(text, start, end, quotes)
        if not quotes and not self.tokens.cues and according_phrases()[0].keys().isdisjoint(self.tokens.W):
            self.closed_by = self.block = None
            return  # nobody speaks
        self.verbs = Verbs(self.tokens)
        before = len(self.found)
        first = True
        for a, b, e in self.tokens.sentences():
            if first and self._continues(a, b):
                first = False
                continue
            first = False
            self._sentence(a, b, e)
        self._close_paragraph(before, quotes)

    def _passed_over(self, start: int, end: int) -> bool:
        """Return whether nobody can speak in a paragraph.

        It must not continue or end a statement of the previous paragraph either.
        """
        if self.block is not None or self.alone is not None or self.closed_by is not None:
            return False
        paragraph = self.text[start:end]
        return _NO_SPEECH_MARKS.fullmatch(paragraph) is not None and reporting_words().isdisjoint(_WORD.findall(paragraph.lower()))

    # -- one sentence ---------------------------------------------------------------------------------------------

    def _sentence(self, a: int, b: int, e: int) -> None:
        W, B = self.tokens.W, self.tokens.B
        if b - a == 1 and B[a] & QUOTE:
            self._lone_quote(a)
            return
        cues: list[Cue] = []
        inherit: tuple[int, int] | None = None
        if b - a > _MAX_SENTENCE_TOKENS:
            return  # not prose
        verbs = self.tokens.cues
        for index in range(bisect_left(verbs, a), bisect_left(verbs, b)):
            cue = self.verbs.cue(verbs[index], a, b, inherit)
            if cue is not None:
                if cue.relay is not None and cues and cues[-1].at == cue.at:
                    cues.pop()  # “quoted” alone
                if cues and cue.at < cues[-1].after:
                    continue
                cues.append(cue)
                if cue.speaker is not None:
                    inherit = cue.speaker
        # A participle that opens the sentence takes the speaker of the first finite cue.
        for number, cue in enumerate(cues):
            if cue.speaker is None:
                cue.speaker = next((c.speaker for c in cues[number + 1 : number + 6] if c.speaker and not c.inherited), None)
        floor = a
        begun = len(self.found)
        for number, cue in enumerate(cues):
            following = cues[number + 1 : number + 4]
            if self._in_relative_clause(cue, following):
                continue
            floor = self._statement(cue, a, b, floor, following)
        if not according_phrases()[0].keys().isdisjoint(W[a:b]):
            self._according_to(a, b, begun)
        if B[a] & QUOTE and b - a > 2:
            self._so_construction(a, b, begun)
        if b == len(W) and len(self.found) > begun:
            self._colon_at_end(a, b)

    def _in_relative_clause(self, cue: Cue, following: list[Cue]) -> bool:
        """Return whether the verb is in another speaker's relative clause.

        Example: an official who asked for silence said …
        """
        if cue.speaker is None or not self.tokens.B[cue.speaker[0]] & REL or self.tokens.B[cue.speaker[0] - 1] & COMMA:
            return False
        return any(other.speaker and other.speaker[0] < cue.at < other.speaker[1] and not other.inherited for other in following)

    def _so_construction(self, a: int, b: int, begun: int) -> None:
        """Read “…”, so Doe.: common in English news translated from German."""
        S, E, W, B = self.tokens.S, self.tokens.E, self.tokens.W, self.tokens.B
        k = a + 2 if B[a + 1] & COMMA else a + 1
        if len(self.found) > begun or k + 1 >= b or W[k] != "so" or not B[k + 1] & CAP:
            return
        speaker = self.tokens.phrase_at(k + 1, b)
        if speaker is not None and (speaker[1] == b or B[speaker[1]] & (COMMA | STOP)):
            who = (S[speaker[0]], E[speaker[1] - 1])
            self.last = Statement([(S[a], E[a])], (S[k], E[k]), who, 0.85, direct=True)
            self.found.append(self.last)

    # -- content --------------------------------------------------------------------------------------------------

    def _statement(self, cue: Cue, a: int, b: int, floor: int, following: list[Cue]) -> int:
        """Add the statement of `cue` if it has content.

        Returns the first token at which the next clause may begin.
        """
        S, E, W, B = self.tokens.S, self.tokens.E, self.tokens.W, self.tokens.B
        if cue.speaker is None:
            return floor
        tell = cue.bits & TELL
        say = cue.bits & (SAY | TELL)
        k, cue_end, hearer = (cue.after, cue.at + 1, None)
        if cue.inverted:
            k = self._modifiers(cue.after, b, False)[0]
        elif say:
            k, cue_end, hearer = self._modifiers(cue.after, b, bool(tell))
        else:
            cue_end = cue.after
        if cue_end < cue.after and not cue.inverted:
            cue_end = cue.after
        begin = cue.speaker[0] if not cue.inherited and not cue.inverted else cue.group
        if cue.relay is not None:
            begin, cue_end = cue.clause, cue.at + 1
        right = self._right(cue, k, b, following)
        behind_quote = begin > a and bool(B[begin - 1] & QUOTE or (B[begin - 1] & COMMA and B[begin - 2] & QUOTE))
        if right is not None and right[2] == "quote" and behind_quote and not cue.inherited and B[k] & COMMA:
            right = right[0], right[1], "comma"  # “…,” she said, “…”
        if right is not None and right[2] == "clause" and behind_quote and W[k] in _WHEN:
            right = None  # “…,” Doe said as she left
        left = None
        ended = k >= b or B[k] & (COMMA | STOP | CONJ | QUOTE) or W[k] in ("as", "according", "when", "while", "after", "before", "because")
        # the forces who, he said, had …
        dangling = begin - 2 >= a and B[begin - 1] & COMMA and B[begin - 2] & (REL | SUB | CONJ)
        if dangling and cue.inverted and W[begin - 2] in _OBJECTS:
            dangling = False  # She regretted that, replied Doe.
        if (
            say
            and ended
            and not dangling
            and not (cue.inherited and not (cue.inverted or cue.form & PAST))
            and (right is None or right[2] == "comma")
        ):
            left = self._left(begin, a, floor)
        if right is not None and right[2] == "comma":
            quoted_left = left is not None and left[1] - left[0] == 1 and B[left[0]] & QUOTE
            opens = B[right[0]]
            if (
                (left is None and not dangling)
                or (quoted_left and not opens & QUOTE)
                or (not dangling and opens & (SUB | PREP | ING | CONJ | ADV) and not opens & (DET | PRON))
            ):
                right = None
        blocked = right is None and left is None and bool(say) and k + 1 == b == len(W) and W[k] == ":"
        if right is None and left is None and not blocked:
            return floor
        content: list[tuple[int, int]] = []
        direct = False
        score = 0.6
        if left is not None:
            content.append((S[left[0]], E[left[1] - 1]))
            direct = left[1] - left[0] == 1 and bool(B[left[0]] & QUOTE)
            score = 0.95 if direct else 0.75
        if right is not None:
            content.append((S[right[0]], E[right[1] - 1]))
            quoted = right[1] - right[0] == 1 and bool(B[right[0]] & QUOTE)
            direct = quoted if left is None else direct and quoted
            score = max(score, 0.95 if quoted else {"that": 0.85, "call": 0.7}.get(right[2], 0.7))
        if not direct and W[cue.at] in manner_verbs():
            return floor
        if cue.inherited:
            score -= 0.1
        if cue.bits & THINK and not say:
            score -= 0.15
        found = Statement(
            content,
            (S[cue.group], E[max(cue_end, cue.at + 1) - 1]) if hearer is None else (S[cue.group], E[cue.after - 1]),
            (S[cue.speaker[0]], E[cue.speaker[1] - 1]),
            score,
            direct=direct,
            said=bool(say) and not (right is not None and right[2] == "call"),
            plain=direct and bool(say) and not cue.inherited and (left is not None or not B[k] & QUOTE),
            inverted=cue.inverted or cue.relay is not None,
        )
        if B[cue.speaker[0]] & REL and cue.speaker[1] - cue.speaker[0] == 1:
            noun = self.tokens.phrase_before(cue.speaker[0] - (1 if B[cue.speaker[0] - 1] & COMMA else 0), a)
            found.antecedent = (S[noun[0]], E[noun[1] - 1]) if noun else None
        if cue.inherited and self.found and self.found[-1].speaker == found.speaker:
            found.via.extend(self.found[-1].via)
        if cue.inverted and hearer is None and say and cue.after + 1 < b and W[cue.after] == "to":
            hearer = self._hearer(cue.after + 1, b)
        if cue.relay is not None:
            found.via.append((S[cue.relay[0]], E[cue.relay[1] - 1]))
        if hearer is not None and _passes_on(self.text[S[hearer[0]] : E[hearer[1] - 1]]):
            found.via.append((S[hearer[0]], E[hearer[1] - 1]))
        self.found.append(found)
        if blocked:
            self.block = found
        else:
            self.last = found
        end = right[1] if right is not None else max(k, cue.after)
        return max(floor, end)

    def _modifiers(self, k: int, b: int, tell: bool) -> tuple[int, int, tuple[int, int] | None]:
        """Skip hearer, time and manner between verb and content.

        Returns the next token, the end of the cue and the hearer's tokens.
        """
        W, B = self.tokens.W, self.tokens.B
        hearer = None
        if tell and k < b and not B[k] & (QUOTE | STOP | COMMA) and W[k] != "that":
            hearer = self._hearer(k, b)
            if hearer:
                k = hearer[1]
        end = k
        limit = min(b, k + 30)
        while k < limit:
            bits, word = B[k], W[k]
            if bits & (QUOTE | STOP | COMMA) or (word == "that" and not self._that_time(k, b)):
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
                k = self._until_end(k, min(limit, k + 4), b)
                if not k:
                    k = end
                    break
            elif bits & PREP and not bits & CAP:
                after = self._phrase(k, limit, b) or self._until_end(k, limit, b)
                if not after:
                    break
                k = after
            elif word in ("this", "late", "that", "held") and k + 1 < b and (B[k + 1] & TIME or word == "held"):
                k += 2 if word != "held" else 1
            else:
                after = self._adverbial(k, limit, b)
                if not after:
                    break
                k = after
            end = k
        return k, end, hearer

    def _adverbial(self, k: int, limit: int, b: int) -> int:
        """Return where an adverbial ends that closes the clause.

        Or that leads to a quotation. 0 if there is none at `k`.
        """
        bits = self.tokens.B[k]
        if bits & (DET | DIGIT | TIME | ADV | SUB) and (colon := self._until_colon(k, limit)):
            return colon
        return self._until_end(k, limit, b) if bits & LOWER and self.tokens.adjunct_at(k, b, k) else 0

    def _until_colon(self, k: int, limit: int) -> int:
        """Return the colon or comma that ends an adverbial before a quotation.

        0 if there is none. For example: said when asked about it: “…”.
        """
        W, B = self.tokens.W, self.tokens.B
        for q in range(k, min(limit - 1, k + _MAX_ADVERBIAL_TOKENS)):
            if (W[q] == ":" or B[q] & COMMA) and B[q + 1] & QUOTE:
                return q
            if B[q] & (STOP | COMMA | QUOTE | CUE) and not (W[q] == "asked" and q == k + 1):
                return 0
        return 0

    def _until_end(self, k: int, limit: int, b: int) -> int:
        """Return where an adverbial ends that ends the clause.

        0 if there is none. For example: said two days later.
        """
        W, B = self.tokens.W, self.tokens.B
        for q in range(k, min(limit, k + _MAX_ADVERBIAL_TOKENS)):
            if B[q] & (STOP | COMMA) or (W[q] == "that" and not self._that_time(q, b)):
                return q
            if B[q] & (CUE | AUX | VERB | QUOTE) and not B[q] & CAP:
                return 0
        return b if min(limit, k + _MAX_ADVERBIAL_TOKENS) >= b else 0

    def _that_time(self, k: int, b: int) -> bool:
        """Return whether the "that" at `k` belongs to a time ("that morning")."""
        B = self.tokens.B
        return k + 1 < b and bool(B[k + 1] & TIME) and (k + 2 >= b or bool(B[k + 2] & (COMMA | STOP | QUOTE)))

    def _phrase(self, k: int, limit: int, b: int) -> int | None:
        """Return the end of the prepositional phrase at `k`.

        None unless it says when, where or about whom something was said.
        """
        W, B = self.tokens.W, self.tokens.B
        last = -1  # after the last word of time or place
        q = k + 1
        while q < limit:
            bits = B[q]
            if bits & (QUOTE | STOP | COMMA) or (W[q] == "that" and not self._that_time(q, b)) or q >= b:
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

    def _hearer(self, k: int, b: int) -> tuple[int, int] | None:
        W, B = self.tokens.W, self.tokens.B
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
                or (bits & TIME and (bits & CAP or q > k) and not (bits & CAP and self.tokens.in_name(q, b)))
            ):
                break
            if q > k and bits & PREP and W[q] not in ("of",):
                break
            if q > k and bits & DET and not B[q - 1] & PREP:
                break
            q += 1
        return (k, q) if q > k else None

    def _right(self, cue: Cue, k: int, b: int, following: list[Cue]) -> tuple[int, int, str] | None:
        """Return the content to the right of the cue.

        It has tokens and a type: quote, that, clause, call or comma.
        """
        W, B = self.tokens.W, self.tokens.B
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
                return k + 1, self._quote_end(k + 1, b, following), "quote"
            return k + 1, self._right_end(k + 1, b, following), "clause"
        if B[k] & COMMA and say:
            if k + 1 < b and B[k + 1] & QUOTE:
                return k + 1, self._quote_end(k + 1, b, following), "quote" if self._is_utterance(k + 1) else "comma"
            if k + 1 < b:
                if k + 2 < b and W[k + 1] == "that":
                    return k + 1, self._right_end(k + 1, b, following), "that"
                return k + 1, self._right_end(k + 1, b, following), "comma"
            return None
        if B[k] & (STOP | COMMA):
            return None
        if B[k] & QUOTE and say:
            return k, self._quote_end(k, b, following), "quote"
        end = self._right_end(k, b, following)
        if end - k < 1:
            return None
        if W[k] == "that" and cue.bits & (SAY | TELL | THINK) and (end - k > 2 or (end - k > 1 and B[k + 1] & QUOTE)):
            return k, end, "that"
        if cue.bits & CALL and any(B[q] & QUOTE and (W[cue.at] in naming_verbs() or not self._is_scare(q)) for q in range(k, end)):
            return k, end, "call"
        if cue.bits & CALL and not cue.bits & TELL:
            return None
        core = W[cue.at] in ("said", "says", "say", "saying", "told", "tells", "telling")
        if B[k] & (PREP | CONJ) and not B[k] & (DET | CAP | SUB) and not core:
            return None
        asks = W[k] in ("whether", "if", "how", "why", "what", "where", "when", "who")
        if core or (asks and end - k > 2):
            return (k, end, "clause") if end - k > 1 else None
        if self._has_clause(k, end):
            return k, end, "clause"
        return None

    def _is_scare(self, q: int) -> bool:
        """Return whether a quotation is a few words in single marks.

        In English news translated from Korean, these mark emphasis as often as speech.
        """
        text = self.text[self.tokens.S[q] : self.tokens.E[q]]
        return text[0] in "'‘" and len(text.split()) <= 3

    def _has_clause(self, k: int, end: int) -> bool:
        """Return whether [k, end) begins with a clause without "that".

        A clause has a noun phrase and a finite verb.
        """
        B = self.tokens.B
        if k >= end or (B[k] & (ING | VERB | AUX | ADV) and not B[k] & CAP):
            return False
        for q in range(k + 1, min(end, k + 14)):
            bits = B[q]
            if bits & (QUOTE | COMMA | STOP | REL) or (bits & SUB and not bits & PREP):
                return False
            if (bits & (AUX | VERB) and not bits & CAP) or (bits & CUE and bits & PAST and not bits & CAP and self.tokens.is_finite(q, k)):
                return True
        return False

    def _is_utterance(self, q: int) -> bool:
        inner = self.text[self.tokens.S[q] : self.tokens.E[q]].strip("\"'“”‘’«»„ ")
        return (bool(inner) and (inner[0].isupper() or inner[-1] in ".!?…,")) or len(inner.split()) > 4

    def _quote_end(self, q: int, b: int, following: list[Cue]) -> int:
        """Return the end of content that begins with the quotation at `q`.

        The content is the quotation alone or the clause that it is part of.
        """
        W, B = self.tokens.W, self.tokens.B
        if q + 1 >= b:
            return q + 1
        after = B[q + 1]
        inner = self.text[self.tokens.S[q] : self.tokens.E[q]].rstrip("\"'”’»“ ")
        if (
            after & (COMMA | STOP)
            or inner[-1:] in ".!?,"
            or W[q + 1] in ("and", "but", "while", "as", "when", "after", "before", "during", "in")
        ):
            return q + 1
        return self._right_end(q, b, following)

    def _right_end(self, k: int, b: int, following: list[Cue]) -> int:
        """Return the end of the clause that begins at `k`.

        It ends before the next clause with its own cue, or with the sentence.
        """
        W, B = self.tokens.W, self.tokens.B
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
            if B[q] & QUOTE and self.text[self.tokens.S[q] : self.tokens.E[q]].rstrip("\"'”’»“ ").endswith(","):
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
                if nxt == "while" and q + 2 < end and self._has_clause(q + 2, min(end, q + 16)):
                    end = q
                    break
            elif W[q] == "according" and q + 1 < end and W[q + 1] == "to":
                end = q
                break
        while end > k and (B[end - 1] & COMMA or W[end - 1] in (":", "–", "—", "-", "--", "(")):
            end -= 1
        return end

    def _left(self, begin: int, a: int, floor: int) -> tuple[int, int, bool] | None:
        """Return the content to the left of the speaker at `begin`.

        It is a quotation or the clause before the comma.
        """
        W, B = self.tokens.W, self.tokens.B
        if begin == a:
            # “…?” X said: the quotation is a sentence of its own.
            if a > 0 and B[a - 1] & QUOTE and not self._taken(a - 1):
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
        if not trusted and not self._has_verb(start, end):
            return None
        if (
            (opens & SUB or word in ("asked", "speaking"))
            and word in _CLAUSE_SUBORDINATORS
            and not any(B[q] & COMMA for q in range(start, end))
        ):
            return None
        return start, end, False

    def _has_verb(self, start: int, end: int) -> bool:
        return any(self.tokens.B[q] & (AUX | VERB | ED | CUE) and not self.tokens.B[q] & CAP for q in range(start, end))

    def _taken(self, q: int) -> bool:
        span = (self.tokens.S[q], self.tokens.E[q])
        return any(start <= span[0] and span[1] <= end for found in self.found[-4:] for start, end in found.content)

    # -- according to ---------------------------------------------------------------------------------------------

    def _according_to(self, a: int, b: int, begun: int) -> None:
        """Read “according to X” and similar phrases.

        Each is a statement, or a link in the chain of a statement that was already found.
        """
        S, E, W, B = self.tokens.S, self.tokens.E, self.tokens.W, self.tokens.B
        phrases, passing_on = according_phrases()
        k = a
        while k < b:
            words = next((words for words in phrases.get(W[k], ()) if tuple(W[k : k + len(words)]) == words), None)
            if words is None or (words == ("per",) and (k == a or not B[k - 1] & COMMA)):
                k += 1
                continue
            after = k + len(words)
            speaker = self.tokens.phrase_at(after, b, strict=True)
            if speaker is None:
                k = after
                continue
            cue = (S[k], E[after - 1])
            via: list[tuple[int, int]] = []
            end = speaker[1]
            # Yonhap, citing KCNA
            q = end + 1 if end < b and B[end] & COMMA else end
            if q < b and W[q] in ("citing", "quoting"):
                origin = self.tokens.phrase_at(q + 1, b, strict=True)
                if origin is not None:
                    via.append(self._outlet_in(*speaker))
                    speaker, end = origin, origin[1]
            who = (S[speaker[0]], E[speaker[1] - 1])
            inner = [found for found in self.found[begun:] if found.speaker is not None]
            phrase = " ".join(words)
            before = [found for found in inner if found.content[-1][1] <= S[k]] or [
                found for found in inner if found.content[0][0] < S[k] and found.cue[1] <= S[k]
            ]
            it = next(
                (found for found in inner if k == a and found.speaker is not None and self.text[slice(*found.speaker)].lower() == "it"),
                None,
            )
            if it is not None:
                it.speaker = who  # according to a document, it states …
                it.via.extend(via)
            elif k == a and phrase in passing_on and inner and inner[0].cue[0] > S[end - 1] and end < b and not B[end] & COMMA:
                inner[0].via.extend([*via, who])  # In an interview with X he said …
            elif before and before[-1].speaker != who:
                before[-1].via.extend([*via, who])
            else:
                self.according_phrases(k, end, a, b, cue, who, via)
            k = max(end, after)

    def according_phrases(
        self, k: int, end: int, a: int, b: int, cue: tuple[int, int], who: tuple[int, int], via: list[tuple[int, int]]
    ) -> None:
        S, E, W, B = self.tokens.S, self.tokens.E, self.tokens.W, self.tokens.B
        content: list[tuple[int, int]] = []
        last = k
        while last > a and (B[last - 1] & (COMMA | BE) or W[last - 1] in ("–", "—", "--", "all", "that's")):
            last -= 1
        first = a
        for q in range(last - 1, max(a, last - _MAX_CONTENT_TOKENS) - 1, -1):
            if W[q] == ";" or (W[q] == ":" and q > a):
                first = q + 1
                break
        while first < last and (B[first] & COMMA or (W[first] in ("and", "but") and B[first] & LOWER)):
            first += 1
        if end == b - 1 and W[end] == ":" and b == len(W) and self.block is None:
            self.found.append(Statement([], cue, who, 0.85, via))
            self.block = self.found[-1]
            return
        if (last - first >= 2 and last - first <= _MAX_CONTENT_TOKENS) or (last - first == 1 and B[first] & QUOTE):
            content.append((S[first], E[last - 1]))
        elif last == a and a > 0 and B[a - 1] & QUOTE and not self._taken(a - 1):
            content.append((S[a - 1], E[a - 1]))
        right = end
        if right < b and B[right] & COMMA:
            right += 1
        if right < b and B[right] & PREP and last == a:
            # According to X on the 19th, …
            right = next((q + 1 for q in range(right, min(b, right + 8)) if B[q] & COMMA), right)
        if right < b and W[right] == ":":
            right += 1
        if b - right >= 2 or (b - right == 1 and B[right] & QUOTE):
            stop = b
            for q in range(right + 1, min(b, right + _MAX_CONTENT_TOKENS)):
                if (
                    B[q] & COMMA
                    and q + 1 < b
                    and W[q + 1] in ("but", "although", "while", "and")
                    and self._has_clause(q + 2, min(b, q + 14))
                ):
                    stop = q
                    break
            if (
                B[right] & (LOWER | CAP | QUOTE | DIGIT)
                and (last == a or (end < b and B[end] & COMMA))
                and not (content and B[right] & (ING | CONJ | SUB))
            ):
                content.append((S[right], E[min(stop, right + _MAX_CONTENT_TOKENS) - 1]))
        if content:
            quoted = all(self._is_quoted(span) for span in content)
            self.found.append(Statement(content, cue, who, 0.85, via, direct=quoted))
            if quoted:
                self.last = self.found[-1]

    def _is_quoted(self, span: tuple[int, int]) -> bool:
        return (
            any(self.tokens.B[q] & QUOTE and (self.tokens.S[q], self.tokens.E[q]) == span for q in range(len(self.tokens.B)))
            if span[1] - span[0] > 0 and len(self.tokens.B) < 400
            else False
        )

    def _outlet_in(self, start: int, end: int) -> tuple[int, int]:
        """Return the outlet in "a report by Yonhap", else the complete phrase."""
        W, B = self.tokens.W, self.tokens.B
        for q in range(end - 1, start, -1):
            if W[q] in ("by", "from", "in", "of") and B[q + 1] & (CAP | DET) and B[q - 1] & LOWER:
                return self.tokens.S[q + 1], self.tokens.E[end - 1]
        return self.tokens.S[start], self.tokens.E[end - 1]

    # -- what goes from sentence to sentence and from paragraph to paragraph ---------------------------------------

    def _lone_quote(self, q: int) -> None:
        """Add a sentence that is only a quotation to the previous statement.

        The previous statement must be direct speech.
        """
        span = (self.tokens.S[q], self.tokens.E[q])
        last = self.last
        if last is not None and last.direct and self._adjacent(last, span[0]):
            last.content.append(span)
        else:
            self.uncued.append(span)

    def _adjacent(self, last: Statement, start: int) -> bool:
        """Return whether only the cue's sentence separates `last` and `start`."""
        end = max(last.content[-1][1], last.cue[1], last.speaker[1] if last.speaker else 0)
        return 0 <= start - end <= 160 and "\n" not in self.text[end:start] and not _SENTENCE_BREAK.search(self.text, end, start - 1)

    def _continues(self, a: int, b: int) -> bool:
        """Return whether a paragraph continues the previous statement.

        It does if it consists of a quotation without a cue.
        """
        if not (b - a == 1 and self.tokens.B[a] & QUOTE and b == len(self.tokens.B)):
            return False
        span = (self.tokens.S[a], self.tokens.E[a])
        if self.last is not None and self.last.direct and self.closed_by is self.last:
            self.last.content.append(span)
            return True
        return False

    closed_by: Statement | None = None

    def _close_paragraph(self, before: int, quotes: list[Quotation]) -> None:
        self.closed_by = None
        if self.last is not None and quotes and self.last.direct:
            tail = quotes[-1]
            if any(span == (tail.start, tail.end) for span in self.last.content):
                self.closed_by = self.last
        self.block = self.block if self.block in self.found[before:] else None

    def _colon_at_end(self, a: int, e: int) -> None:
        """Let “He said:” at the end of a paragraph announce the next one."""
        W = self.tokens.W
        if e == len(W) and W[e - 1] == ":" and self.found and self.found[-1].said:
            found = self.found[-1]
            if max(found.cue[1], found.content[-1][1] if found.content else 0) >= self.tokens.S[a] and self.block is None:
                self.block = found

    def _take_block(self, start: int, end: int, quotes: list[Quotation]) -> bool:
        found, self.block = self.block, None
        if found is None or end - start > _MAX_BLOCK_CHARS:
            return False
        whole = bool(quotes) and quotes[0].start == start
        if quotes and not found.direct and (not whole or quotes[0].end < end - 1):
            return False  # the paragraph has its own cue, or continues in the writer's own words
        found.content.append((start, end))
        found.direct = found.direct or len(found.content) == 1
        self.laid.append(found)
        if whole:
            self.last = self.closed_by = found
        return True

    def _laid_out(self, start: int, end: int, quotes: list[Quotation]) -> bool:
        """Read a line that is a complete statement, or that signs a quotation."""
        found = labelled(self.text, start, end, quotes, self.labels) or laid_out(
            self.text, start, end, quotes, len(self.paragraphs) == 1, self.transcript_names
        )
        if found is not None and not found.content:
            # A label on a line of its own: the next paragraph is what was said.
            self.found.append(found)
            self.block = found
            return True
        signed = signature(self.text, start, end)
        alone, self.alone = self.alone, None
        if signed is not None and alone is not None and "\n\n\n" not in self.text[alone[1] : start]:
            found = Statement([alone], signed[0], signed[1], 0.85, direct=True)
        elif found is None:
            if len(quotes) == 1 and quotes[0].start == start and quotes[0].end >= end - 1:
                self.alone = quotes[0].start, quotes[0].end
                self.uncued.append(self.alone)
            return False
        self.found.append(found)
        self.laid.append(found)
        self.closed_by = None
        return True

    def finish(self) -> None:
        self.found = [found for found in self.found if found.content]
        self.found.sort(key=lambda found: (found.content[0], found.cue))


def _passes_on(hearer: str) -> bool:
    """Return whether the hearer is a newspaper or an agency."""
    return is_outlet(hearer) or re.search(r"\b(?:news )?agency\b", hearer) is not None


_CLAUSE_SUBORDINATORS = frozenset("if what as when while that after before because although though since asked speaking".split())
# Small words that may end a clause: the lights came on, nobody knew why.
_ENDING = frozenset("on in up out off down over through away back around why how before since then so with for about of to".split())
_OBJECTS = frozenset("that this it these those".split())  # which may end a clause, too
_WHEN = frozenset("as when while after before because since until once".split())
# Participles of irregular verbs, which the word list counts as finite verbs.
_PARTICIPLES = frozenset("sent held made given kept sold shown brought written".split())
_SENTENCE_BREAK = re.compile(r"[.!?] +[A-Z]")
