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

from newsbeam.transforms.attribution.english.adverbials import hearer_at, modifiers
from newsbeam.transforms.attribution.english.contents import content_left, content_right, has_clause
from newsbeam.transforms.attribution.english.cues import Cue, Verbs
from newsbeam.transforms.attribution.english.layout import laid_out, signature, transcript_names
from newsbeam.transforms.attribution.english.noun_phrases import Tokens
from newsbeam.transforms.attribution.labels import labelled, recurring_labels
from newsbeam.transforms.attribution.lexicon import (
    ADV,
    BE,
    CAP,
    COMMA,
    CONJ,
    DET,
    DIGIT,
    ING,
    LOWER,
    PAST,
    PREP,
    PRON,
    QUOTE,
    REL,
    SAY,
    STOP,
    SUB,
    TELL,
    THINK,
    according_phrases,
    is_outlet,
    manner_verbs,
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
            k = modifiers(self.tokens, cue.after, b, False)[0]
        elif say:
            k, cue_end, hearer = modifiers(self.tokens, cue.after, b, bool(tell))
        else:
            cue_end = cue.after
        if cue_end < cue.after and not cue.inverted:
            cue_end = cue.after
        begin = cue.speaker[0] if not cue.inherited and not cue.inverted else cue.group
        if cue.relay is not None:
            begin, cue_end = cue.clause, cue.at + 1
        right = content_right(self.tokens, cue, k, b, following)
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
            left = content_left(self.tokens, begin, a, floor, self._taken)
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
            hearer = hearer_at(self.tokens, cue.after + 1, b)
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
            # “…, per room” names no source, “…, per the report” and “…, per Reuters” do.
            if words is None or (words == ("per",) and (k == a or not B[k - 1] & COMMA or k + 1 == b or not B[k + 1] & (CAP | DET))):
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
                self._accorded(k, end, a, b, cue, who, via)
            k = max(end, after)

    def _accorded(self, k: int, end: int, a: int, b: int, cue: tuple[int, int], who: tuple[int, int], via: list[tuple[int, int]]) -> None:
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
                    and has_clause(self.tokens, q + 2, min(b, q + 14))
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


_OBJECTS = frozenset("that this it these those".split())  # which may end a clause, too
_WHEN = frozenset("as when while after before because since until once".split())
_SENTENCE_BREAK = re.compile(r"[.!?] +[A-Z]")
