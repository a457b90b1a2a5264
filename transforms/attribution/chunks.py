"""Attribution by word classes, with one reader for many languages.

Each language has a file of cues and a table of word classes. Quotations are masked as one word
each. Reporting verbs are looked up. The speaker is the noun phrase next to the verb, limited by the
classes of the surrounding words (`tags`). The content is a quotation, a clause after a conjunction
or a colon, or the clause before the verb. The keys of cue files are listed in
`transforms/README.md`.
"""

from __future__ import annotations

import re
from itertools import pairwise

from newsbeam.transforms.attribution.chunk_words import (
    LONGEST_TITLE,
    WORD,
    Lexicon,
    PhrasesByEnd,
    Token,
    follows,
    is_source,
    is_year,
    lexicon,
    tokens,
)
from newsbeam.transforms.attribution.outlets import identify_name
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.turkish import POSSESSED, is_clause, is_genitive, is_oblique

Range = tuple[int, int]
_QUOTATION_SCORE, _CLAUSE_SCORE, _HEIR_SCORE, _ACCORDING_SCORE = 0.9, 0.8, 0.6, 0.75
_LONGEST_SPEAKER = 16  # words
_SHORT_SUBJECT = 6  # words
_LONGEST_CLOSING = 60  # characters
_LONGEST_DATELINE = 12  # tokens
_LONGEST_LINK = 4  # tokens of “por su parte”, with its comma
_LONGEST_ASIDE = 26  # words
_CLOSING_MARKS = ("”", "“", "»", "«", '"', "''")
_SHORTEST_STATEMENT = 4  # tokens before “as X said”
_LONGEST_OUTLET = 4  # words
_LONGEST_OPENING = 14  # words before the subject of a sentence whose verb is last
_SHORTEST_CLAUSE = 8  # characters


def read(sentence: str, offset: int, language: str, last: Range | None) -> list[Statement]:
    """Return the statements of one masked sentence that begins at `offset`.

    `last` is the last speaker, for verbs without a subject.
    """
    lex = lexicon(language)
    if lex.reporting.isdisjoint(WORD.findall(sentence.lower())):
        return []
    return _Reader(sentence, offset, lex, last).read()


def topic(sentence: str, offset: int, language: str) -> Range | None:
    """Return the subject of a sentence that reports nothing.

    It is that of verbs without a subject in the next sentence.
    """
    lex = lexicon(language)
    if not lex.pro_drop or not lex.relatives:
        return None
    reader = _Reader(sentence, offset, lex, None)
    found = reader.topic(len(reader.t))
    return None if found is None else (found[0] + offset, found[1] + offset)


def closes(sentence: str, language: str) -> bool:
    """Return whether a sentence is a subject and a reporting verb.

    They belong to the quotation before it.
    """
    lex = lexicon(language)
    if len(sentence) > _LONGEST_CLOSING or lex.reporting.isdisjoint(WORD.findall(sentence.lower())):
        return False
    reader = _Reader(sentence, 0, lex, None)
    cues = reader.cues()
    return bool(cues) and not any(token.kind == "quote" or token.low == ":" for token in reader.t) and reader._ends(cues[0][1])


def opening_cue(text: str, language: str, dashes: bool) -> int:
    """Return the end of a reporting verb and its speaker that begin `text`.

    A mark follows them. Returns 0 if there are none.

    This is how the speaker interrupts a quotation. Between dashes the speaker may be missing; between
    commas only some languages do so.
    """
    lex = lexicon(language)
    if lex.inverted is not None and (inverted := lex.inverted.match(text)):
        return inverted.end()
    first = _FIRST_WORD.match(text)
    if first is None or first.group().lower().replace("’", "'") not in lex.openings or not (dashes or lex.comma_asides):
        return 0
    reader = _Reader(text, 0, lex, None)
    at = 0
    while at < min(2, len(reader.t) - 1) and not reader.verbs[at]:
        at += 1  # an object: gli ha detto
    if not reader.verbs[at] or any(token.low not in lex.clitics for token in reader.t[:at]):
        return 0
    behind, after = reader._phrase_behind(at + reader.verbs[at])
    if not dashes and (behind is None or not reader._may_speak(behind)):
        return 0
    after = next((n for n in range(after, len(reader.t)) if reader.t[n].kind == "mark"), -1)
    return reader.t[after].start if after >= 0 else len(text)


_FIRST_WORD = re.compile(r"[^\W_]+(?:['’](?=[^\W_]))?")


class _Reader:
    def __init__(self, sentence: str, offset: int, lex: Lexicon, last: Range | None) -> None:
        self.s, self.offset, self.lex, self.last = sentence, offset, lex, last
        self.t = tokens(sentence, lex)
        self.verbs = [self._verb(at) for at in range(len(self.t))]  # tokens of the reporting verb that begins there, or 0
        self.made: list[Statement] = []
        self.taken = self._dateline_end()  # tokens before this one already belong to statements

    def _dateline_end(self) -> int:
        """Return the number of tokens in a dateline, such as Praha (ČTK) –."""
        for n, token in enumerate(self.t[1:_LONGEST_DATELINE], 1):
            if token.low in ("–", "—", "-") and self.t[n - 1].low == ")":
                return n + 1
        return 0

    # -- cues -----------------------------------------------------------------------------------------------------------

    def cues(self) -> list[Range]:
        """Return the reporting verbs as ranges of tokens."""
        found: list[Range] = []
        at = 0
        while at < len(self.t):
            length = self.verbs[at]
            if length and not self._denied(at):
                found.append((at, at + length))
            at += max(length, 1)
        return found

    def _verb(self, at: int) -> int:
        token = self.t[at]
        if token.kind in ("quote", "mark") or token.low not in self.lex.openings:
            return 0
        if token.capital and at and self.t[at - 1].kind not in ("quote", "mark"):
            return 0  # a name
        if any(follows(self.t, at, idiom) for idiom in self.lex.idioms):
            return 0
        if token.low in self.lex.auxiliaries:
            n = at + 1
            while n < len(self.t) and n < at + 3 and self.t[n].kind == "r":
                n += 1
            if n < len(self.t) and self.t[n].low in self.lex.participles:
                return n + 1 - at
        if self._particle(at + 1, self.lex.separable.get(token.low, frozenset())):
            return 1
        for phrase in self.lex.verbs.get(token.low, ()):
            if follows(self.t, at, phrase):
                return len(phrase)
        return 0

    def _particle(self, at: int, particles: frozenset[str]) -> bool:
        """Return whether one of the particles follows in the same clause.

        For example: voegde hij eraan toe.
        """
        while particles and at < len(self.t) and self.t[at].kind not in ("mark", "quote", "C", "s"):
            if any(self.t[at].low == particle.split()[-1] for particle in particles) and self._clause_ends(at + 1):
                return True
            at += 1
        return False

    def _clause_ends(self, at: int) -> bool:
        if at >= len(self.t):
            return True
        token = self.t[at]
        return token.kind in ("mark", "quote", "C", "s") or token.low in self.lex.questions or token.low in self.lex.times

    def _denied(self, at: int) -> bool:
        if at and self.lex.subject_first and self.t[at - 1].kind in "mz":
            return True  # một báo cáo
        if at and ((self.t[at - 1].kind == "d" and not self.lex.subject_first) or (self.t[at - 1].kind == "a" and self.lex.before)):
            return True  # a noun: la denuncia, en cuenta
        if at and self.lex.adjectival and self.t[at - 1].low in {*self.lex.impersonal, *self.lex.giving.get(self.t[at].low, ())}:
            return True  # se informa que · se manteve
        before = [token.low for token in self.t[max(at - 2, 0) : at]]
        if any(word in self.lex.negations for word in before) or (bool(before) and before[-1] in self.lex.infinitive_marks):
            return True
        # Han sade aldrig att …
        behind = self.t[at + 1 : at + 4]
        return self.lex.verb_second and any(
            token.low in self.lex.negations and following.kind in ("C", "mark") for token, following in pairwise(behind)
        )

    def read(self) -> list[Statement]:
        cues = self.cues()
        if cues and self.lex.adjectival and any(follows(self.t, self.taken, words) for words in self.lex.before):
            self._according()
            if self.made:
                return self.made
        if not self.lex.verb_final and len(cues) > 1 and self._closing(cues[-1]):
            self._cue(cues[-1], None)
        for number, cue in enumerate(cues):
            if cue[0] >= self.taken:
                self._cue(cue, cues[number + 1] if number + 1 < len(cues) else None)
        if not self.made and self.lex.reporting_participles:
            self._attributive()
        if not self.made:
            self._according()
        return self.made

    def _attributive(self) -> None:
        """Read a quotation with a participle before its speaker: “…” diyen Şahin ayrıldı."""
        t = self.t
        for n in range(1, len(t) - 1):
            size = self._closing_phrase(n + 1, self.lex.reporting_participles)
            if size and t[n - size].kind == "quote":
                end = self._walk(n + 1, len(t))
                if end > n + 1 and self._nominative(n + 1, end):
                    self._before_participle(0, n + 1 - size, n + 1, (t[n + 1].start, t[end - 1].end))
                    return

    def _closing(self, cue: Range) -> bool:
        """Return whether a verb and its speaker close the sentence.

        For example: “Jeg tror at …, sier X.”
        """
        if cue[0] == 0 or self.t[cue[0] - 1].low not in (",", "–", "—"):
            return False
        behind, after = self._phrase_behind(cue[1])
        return (
            behind is not None
            and self._ends(after)
            and (
                not any(token.kind == "quote" for token in (self.t[cue[0] - 2], self.t[-1]))
                or (self.lex.verb_second and self._announced(cue[0] - 2))
            )
        )

    def _announced(self, n: int) -> bool:
        """Return whether a quotation follows a colon.

        For example: Das Amt bestritt das: „…“, erklärte X.
        """
        return n > 1 and self.t[n].kind == "quote" and self.t[n - 1].low == ":"

    # -- one verb -------------------------------------------------------------------------------------------------------

    def _cue(self, cue: Range, following: Range | None) -> None:
        lex, t = self.lex, self.t
        left = self._left_edge(cue[0])
        words = self._words(cue)
        # Melden Sie …: an imperative or a question
        framing = words in lex.framing or (lex.comma_clause and cue[0] == 0)
        if words in lex.passive and (cue[0] == 0 or t[cue[0] - 1].low not in lex.documents):
            return
        if words in lex.closing and not self._quotes_before(left):
            return
        if lex.verb_final:
            self._verb_final(cue)
            return
        prepositions = lex.evident.get(words)
        if prepositions is not None:
            self._evident(cue, left, prepositions, following)
            return
        opens = self._nothing_between(left, cue[0])
        if opens and self._conjunction(self._skip_adverbs(cue[1])) > 0 and (apposed := self._apposed(left, cue[0])) is not None:
            content, direct = self._content_behind(cue[1], following, framing)
            if content:
                self._add(content, cue, apposed, _CLAUSE_SCORE, direct, self._token_at(content[-1][1]))
                return
        if lex.as_words and self._as(left, cue):
            return
        if not opens and lex.places and left and cue[0] - left == 1 and t[left].kind in "nj" and t[left].low.endswith(lex.adverb_endings):
            opens = self._quotes_before(left) != []  # «…», — уныло заметил он
        located = self._located(left, cue)
        dropped = bool(lex.subject_endings) and t[cue[0]].low.endswith(lex.subject_endings)
        behind, after = self._phrase_behind(cue[1])
        if dropped or (lex.subject_first and words not in lex.preposed):
            behind, after = None, cue[1]
            if not dropped and (opening := self._opening_subject(cue[0])) is not None:
                content, direct = self._content_behind(cue[1], following, framing)
                alone = opening == (t[cue[0] - 1].start, t[cue[0] - 1].end) and t[cue[0] - 1].capital  # Thọ nói …
                if content and not (direct or alone or self._marked_content(content, cue) or self._sourced(opening)):
                    return  # Bài viết này …
                if content:
                    self._add(content, cue, opening, _QUOTATION_SCORE if direct else _CLAUSE_SCORE, direct, self._token_at(content[-1][1]))
                    return
                if (quotes := self._quotes_before(self._token_at(opening[0]))) and self._closes(cue[1]):
                    self._add(quotes, cue, opening, _QUOTATION_SCORE, direct=True, upto=cue[1])
                    return
        elif lex.subject_first and behind is not None:
            behind, after = self._with_description(behind, after)
        where = self._located_behind(cue) if located is None else None
        if where is not None:
            behind, after = where
        if opens and left and lex.adjectival and self._is_subject_relative(left):
            return  # le maire, qui avait promis un pont, …
        if opens and left:
            quotes = self._quotes_before(left)
            whole = self._clause_with(quotes) if quotes and behind and (lex.adjectival or lex.verb_second) and not framing else None
            if whole:
                self._add([whole], cue, behind, _CLAUSE_SCORE, upto=after)
                return
            if quotes:
                speaker = behind or (self._heir() if lex.pro_drop or dropped else None)
                end = after if behind else cue[1]
                more = self._quotes_behind(end)
                self._add([*quotes, *more], cue, speaker, _QUOTATION_SCORE, direct=True, upto=more[-1][1] if more else end)
                return
            clause = self._clause_before(left) if behind and not framing else self._question_before(left) if behind else []
            if (
                clause
                and (
                    (t[self._pieces(left)[-1][0]].kind in "ar" and not self._verbal(clause))
                    or (lex.adjectival and t[self._pieces(left)[-1][0]].low in lex.relatives)
                )
                and self._apposed(left, cue[0]) is not None
            ):
                clause = []  # La oposición, por su parte, acusó al Gobierno
            if clause and self._may_speak(behind) and not self._clause_opens(after):
                tail = self._tail(after)
                quotes = [] if self._verbal(clause) else self._quotes_behind(after)
                if quotes:  # Por eso, dice X, “…”
                    self._add(quotes, cue, behind, _QUOTATION_SCORE, direct=True, upto=self._token_at(quotes[-1][1]))
                    return
                self._add([*clause, *tail], cue, behind, _CLAUSE_SCORE, upto=len(self.t) if tail else after)
                return
        if located is None and where is None and lex.places and t[cue[0]].low in lex.document_verbs:
            return
        subject = located
        if subject is None:
            subject = self._phrase_before(left, cue[0]) if not opens or t[left - 1].low in (",", "،", ")") else None
        start = cue[1]
        if (
            lex.places
            and opens is False
            and t[left].kind == "a"
            and behind is not None
            and self._conjunction(after) > 0
            and located is None
        ):
            subject = None if self._may_speak(behind) else subject  # na základě poznatků ujistila komise sjezd, že
        if lex.verb_second and subject is not None and behind is not None and self._inverted(left, cue[0], behind, after):
            subject = None
        if (
            subject is None
            and behind is not None
            and (opens or lex.verb_second or self._adverbial(left, cue[0]) or (not lex.before and self._conjunction(after) > 0))
        ):
            subject, start = behind, after
        heir = False
        if lex.verb_prefixes and not opens and self._joined(cue[0]):
            subject = self._apposed(left, left) or self._earlier_subject(left, cue[0]) or subject
            start = cue[1]
        if subject is None:
            subject = self._coordinated(left)
            if not (lex.pro_drop or self.made or subject):
                return
            if self._impersonal(cue):
                return
            if cue[0] == 0 and start < len(t) and t[start].low == ":" and all(token.capital for token in t[start + 1 :]):
                return  # Napsala: Jana Nová
            subject, heir = subject or self._earlier_subject(left, cue[0]) or self._heir(), subject is None
        content, direct = self._content_behind(start, following, framing)
        if content:
            self._add(
                content,
                cue,
                subject,
                (_HEIR_SCORE if heir else _QUOTATION_SCORE if direct else _CLAUSE_SCORE),
                direct,
                self._token_at(content[-1][1]),
            )
            return
        # "…", X sade. · Saken är klar, X sade.
        if subject and not heir and start == cue[1] and self._closes(cue[1]):
            first = next(n for n, token in enumerate(t) if token.start >= subject[0])
            if first and t[first - 1].kind in ("mark", "quote"):
                quotes = self._quotes_before(first)
                clause = [] if quotes or framing else self._clause_before(first)
                if quotes or clause:
                    tail = [] if quotes else self._tail(cue[1])
                    self._add([*quotes, *clause, *tail], cue, subject, _CLAUSE_SCORE, bool(quotes), len(t) if tail else cue[1])

    def _opening_subject(self, at: int) -> Range | None:
        """Return the subject that begins the clause of a verb.

        For languages in which it comes first.

        Phrases in commas behind it describe it or say when and where: Ibu Sari, ketua serikat, Senin, mengatakan.
        """
        t = self.t
        start = at
        while start > self.taken and not (
            t[start - 1].kind in ("quote", "C") or (t[start - 1].kind == "mark" and t[start - 1].low not in (",", "(", ")"))
        ):
            start -= 1
        clause = at - 1
        while clause > start and t[clause - 1].kind not in ("s", "mark"):
            clause -= 1
        if clause > start and t[clause - 1].kind == "s" and (self._names_source(clause) or t[clause].low in self.lex.compounds):
            start = clause  # … nhưng con gái nói
        pieces = [(max(first, start), min(end, at)) for first, end in self._pieces(at + 1) if end > start]
        if len(pieces) > 1 and (nearest := self._without_opening(*pieces[-1])) < at and t[nearest].low in self.lex.pronouns:
            pieces = pieces[-1:]  # Bác sĩ rất thoải mái, ông nói …
        for number, piece in enumerate(pieces):
            first = self._without_opening(*piece)
            if first >= piece[1] or (number + 1 < len(pieces) and not self._names_source(first)):
                continue
            closing = self._predicate(first, piece[1])
            if self._personal(t[first]) and (closing == first + 1 or not is_source(t[first].low, self.lex)):
                return t[first].start, t[first].end
            if closing <= first or not self._speaks(first, closing):
                continue
            if number + 1 < len(pieces) and closing < piece[1] and t[closing].low not in self.lex.of and not self._relative(closing):
                continue  # a clause of its own
            end = piece[1]
            for begins, ends in pieces[number + 1 :]:
                if (
                    closing != end
                    or begins >= ends
                    or t[begins].low in self.lex.times
                    or t[begins].kind in "arsx"
                    or any(self.verbs[begins:ends])
                ):
                    break
                end = ends
                closing = self._predicate(begins, ends)
            return t[first].start, t[closing - 1].end
        return None

    def _marked_content(self, content: list[Range], cue: Range) -> bool:
        """Return whether a conjunction or a colon opens what was said."""
        at = self._token_at(content[0][0])
        return any(
            self.t[n].kind == "C" or self.t[n].low in (":", *self.lex.questions) for n in range(cue[1] - 1, min(at + 1, len(self.t)))
        )

    def _sourced(self, speaker: Range) -> bool:
        """Return whether a phrase has a name, a pronoun or a word of the lists."""
        words = [token for token in self.t if speaker[0] <= token.start < speaker[1]]
        return any(
            self._personal(token)
            or is_source(token.low, self.lex)
            or (token.capital and (token.start > self.t[0].start or token.kind == "p"))
            for token in words
        )

    def _without_opening(self, first: int, end: int) -> int:
        """Skip adverbs and conjunctions at the beginning of a part of a sentence.

        Returns `end` if the part is adverbial as a whole.
        """
        t = self.t
        while first < end and not self._personal(t[first]):
            token = t[first]
            if (
                (token.kind in "crt" and (not token.capital or token.low in self.lex.adverbs or token.low in self.lex.tags.words))
                or token.low == "("
                or token.low in ("–", "-")
            ):
                first += 1
            else:
                break
        timed = any(token.low in self.lex.times for token in t[first : min(first + 2, end)]) and not self._named(first)
        adverbial = self.lex.adverbials | self.lex.predicates
        if first < end and (t[first].kind == "a" or timed or t[first].low in adverbial or self.verbs[first]):
            return end
        return first

    def _names_source(self, at: int) -> bool:
        token = self.t[at]
        return self._personal(token) or token.kind in "pdm" or is_source(token.low, self.lex) or (token.capital and bool(at))

    def _predicate(self, first: int, end: int) -> int:
        """Return where the predicate or a relative clause begins.

        Adverbs before it do not count.
        """
        t = self.t
        n = first + 1
        if n < end and (self._personal(t[first]) or (t[first].capital and t[first].kind == "p")) and t[n].kind == "v" and not t[n].capital:
            return n  # bà quay sang Hùng và nói
        while n < end and not (
            t[n].low in self.lex.predicates
            or t[n].kind in "sN"
            or (
                self.lex.predicate_verbs
                and (t[n].kind in "vx" or (t[n].kind == "a" and t[n].low not in self.lex.of))
                and not self._named(n)
            )
            or self._time_end(n) > n
        ):
            n += 1
        while n > first + 1 and t[n - 1].kind in "rc" and not t[n - 1].capital:
            n -= 1
        return n

    def _with_description(self, speaker: Range, after: int) -> tuple[Range, int]:
        """Return a speaker behind its verb, with the description in commas."""
        t = self.t
        if after >= len(t) or t[after].low != "," or after + 1 >= len(t) or t[after + 1].kind not in "nj" or t[after + 1].capital:
            return speaker, after
        end = after + 1
        while end < len(t) and t[end].kind not in ("mark", "quote"):
            end += 1
        if end - after > _LONGEST_SPEAKER or (end < len(t) and t[end].low not in (",", ".")) or any(self.verbs[after + 1 : end]):
            return speaker, after
        return (speaker[0], t[end - 1].end), end

    def _words(self, cue: Range) -> str:
        return " ".join(token.low for token in self.t[slice(*cue)])

    def _documented(self, speaker: Range | None) -> bool:
        """Return whether a phrase of the sentence names a document."""
        words = [token.low for token in self.t if speaker is not None and speaker[0] <= token.start < speaker[1]]
        return any(word.endswith(self.lex.documents) or word.startswith(self.lex.documents) for word in words)

    def _evident(self, cue: Range, left: int, prepositions: frozenset[str], following: Range | None) -> None:
        """Read a source behind a preposition, before or after the verb.

        For example: uit het rapport blijkt dat ….
        """
        t = self.t
        content, _ = self._content_behind(cue[1], following, framing=False)
        at = next((n for n in range(left, cue[0]) if t[n].low in prepositions), None)
        if at is None:
            at = next((n for n in range(cue[1], min(cue[1] + 4, len(t))) if t[n].low in prepositions), None)
        end = self._noun_phrase_end(at + 1) if at is not None else 0
        if at is None or not content or end == at + 1 or not self._speaks(at + 1, end):
            return
        speaker = t[at + 1].start, t[end - 1].end
        if end <= self._token_at(content[0][0]):
            self._add(content, cue, speaker, _CLAUSE_SCORE, upto=self._token_at(content[-1][1]))

    def _add(self, content: list[Range], cue: Range, speaker: Range | None, score: float, direct: bool = False, upto: int = 0) -> None:
        if self._words(cue) in self.lex.showing and not self._documented(speaker):
            return
        move = self.offset
        who = None if speaker is None else (-speaker[0] - 2, -speaker[1] - 2) if speaker[0] < 0 else (speaker[0] + move, speaker[1] + move)
        self.made.append(
            Statement(
                [(a + move, b + move) for a, b in content],
                (self.t[cue[0]].start + move, self.t[cue[1] - 1].end + move),
                who,
                score if speaker is not None else score - 0.3,
                direct=direct,
            )
        )
        self.taken = max(self.taken, upto)

    def _verbal(self, clause: list[Range]) -> bool:
        """Return whether a clause has a verb or a quotation."""
        return any(
            token.kind in ("v", "x", "i", "quote") and not token.capital for token in self.t for a, b in clause if a <= token.start < b
        )

    def _earlier_subject(self, left: int, cue: int) -> Range | None:
        """Return the subject of the main clause before a verb without one.

        For example: X elvetette, de hozzátette, hogy …
        """
        if self.made or not (self.lex.objects or (self.lex.verb_prefixes and self._joined(cue))):
            return None
        n = self.taken
        while n < left:
            if self.t[n].kind in ("C", "s", "quote"):
                return None
            end = min(self._noun_phrase_end(n), left)
            if end > n and self._speaks(n, end) and not self.t[end - 1].low.endswith(self.lex.objects):
                return self.t[n].start, self.t[end - 1].end
            n = max(end, n + 1)
        return None

    def _coordinated(self, left: int) -> Range | None:
        """Return the subject of the clause before one that “and” or “but” joins to it."""
        t = self.t
        if not self.lex.relatives or not left or left >= len(t) or t[left - 1].low != "," or t[left].kind != "c":
            return None
        return self.topic(left)

    def topic(self, limit: int) -> Range | None:
        """Return the subject that begins the sentence, if it names a source."""
        t, n = self.t, self.taken
        while n < limit and t[n].kind in "crt" and not t[n].capital:
            n += 1
        if n < limit and self._personal(t[n]):
            return t[n].start, t[n].end
        end = min(self._noun_phrase_end(n), limit)
        if end == n or end >= len(t) or not self._speaks(n, end):
            return None
        named = any(self._named(m) for m in range(n, end)) or (t[n].capital and (t[n].kind == "p" or t[n].low not in self.lex.tags.words))
        titled = any(token.low in self.lex.persons for token in t[n:end])
        return (t[n].start, t[end - 1].end) if (named or titled) and t[end].kind in "vxrotN," else None

    def _joined(self, at: int) -> bool:
        """Return whether a verb has “and” as its prefix: ואמר."""
        low = self.t[at].low
        return any(low.startswith(prefix) and low.removeprefix(prefix) in self.lex.verbs for prefix in self.lex.verb_prefixes)

    def _heir(self) -> Range | None:
        """Return the previous speaker, in this sentence or before it.

        Ranges of the text are encoded as negative.
        """
        for item in reversed(self.made):
            if item.speaker is not None:
                return -item.speaker[0] - 2, -item.speaker[1] - 2
        return None if self.last is None else (-self.last[0] - 2, -self.last[1] - 2)

    # -- where things are -----------------------------------------------------------------------------------------------

    def _left_edge(self, at: int) -> int:
        """Return the first token of the clause around a verb.

        It follows a mark, a quotation or a subordinator.
        """
        start = at
        while start > self.taken and self.t[start - 1].kind not in ("mark", "quote", "C", "s"):
            start -= 1
        return start

    def _nothing_between(self, start: int, at: int) -> bool:
        return all(token.kind in "xrtoc" and not self._personal(token) for token in self.t[start:at])

    def _adverbial(self, start: int, at: int) -> bool:
        """Return whether the clause begins with an adverb or adverbial phrase.

        Its subject then follows the verb.
        """
        return start < at and (self.t[start].kind in ("a", "r") or self.t[start].low in self.lex.times)

    def _inverted(self, left: int, at: int, behind: Range, after: int) -> bool:
        """Return whether the phrase after a verb in second place is its subject.

        Otherwise it is the one before.

        Examples: En dag sade han att … · När X såg det svarade Y: …
        """
        t = self.t
        if any(self._personal(token) for token in t[left:at] if token.kind == "o") and not any(token.kind == "v" for token in t[left:at]):
            return False
        pronoun = any(token.start == behind[0] and self._personal(token) for token in t)
        if t[left].kind == "a":
            return True
        direct = after >= len(t) or t[after].kind in ("mark", "C", "quote", "r", "a", "s")
        opened = left > 0 and t[left - 1].kind == "s" and any(token.kind == "v" for token in t[left:at])
        return direct and (pronoun or opened)

    def _ends(self, at: int) -> bool:
        while at < len(self.t) and self.t[at].kind in ("r", "t"):
            at += 1
        return at >= len(self.t) or self.t[at].kind == "mark"

    def _closes(self, at: int) -> bool:
        """Return whether only a short adverbial phrase follows.

        For example: X sanoi keskiviikkona Helsingissä.
        """
        end = at
        while end < len(self.t) and self.t[end].kind not in ("mark", "quote", "C", "s", "v", "x", "c"):
            end += 1
        return end - at <= _SHORT_SUBJECT and (end >= len(self.t) or self.t[end].kind in ("mark", "c"))

    def _token_at(self, position: int) -> int:
        return next((n for n, token in enumerate(self.t) if token.start >= position), len(self.t))

    def _conjunction(self, at: int) -> int:
        """Return the conjunction at `at` or after a comma there, else -1."""
        if at < len(self.t) and self.t[at].low in (",", "،"):
            at += 1
        if at < len(self.t) and self._is_conjunction(at):
            return at
        return -1

    def _clause_opens(self, at: int) -> bool:
        """Return whether a conjunction follows before or after the next mark.

        Example: påpekade tidningen med en viss belåtenhet att …
        """
        while at < len(self.t) and self.t[at].kind not in ("mark", "quote"):
            if self._is_conjunction(at):
                return True
            at += 1
        return self._conjunction(at) > 0

    def _is_conjunction(self, at: int) -> bool:
        token = self.t[at]
        if token.kind == "C":
            return True
        return token.low not in self.lex.sources and any(
            token.low.startswith(p) and len(token.low) > len(p) + 1 for p in self.lex.conjunction_prefixes
        )

    def _opens_relative(self, at: int) -> bool:
        """Return whether a word with the prefix of a conjunction is not a name: שפרסמה."""
        low, lex = self.t[at].low, self.lex
        if not lex.conjunction_prefixes or low in lex.tags.words or not self._is_conjunction(at):
            return False
        rest = next((low.removeprefix(p) for p in lex.conjunction_prefixes if low.startswith(p)), low)
        return rest in lex.verbs or lex.tags.of(rest) in "vxoasd"

    # -- what was said --------------------------------------------------------------------------------------------------

    def _quotes_before(self, at: int) -> list[Range]:
        """Return the quotation before `at`, and those joined to it by “and”."""
        n = at - 1
        while n >= self.taken and self.t[n].kind == "mark" and self.t[n].low in ",–—-،.!?":
            n -= 1
        found = []
        while n >= self.taken and self.t[n].kind == "quote":
            found.append((self.t[n].start, self.t[n].end))
            n -= 1
        return found[::-1]

    def _clause_with(self, quotes: list[Range]) -> Range | None:
        """Return the clause that ends with a quotation.

        The quotation is only a part of it.
        """
        t = self.t
        n = self._token_at(quotes[0][0])
        start = self._skip_marks(self.taken)
        if n - start < 2 or t[n - 1].kind == "mark" or any(token.low in (":", ";") or token.kind == "quote" for token in t[start:n]):
            return None
        return t[start].start, quotes[-1][1]

    def _is_subject_relative(self, left: int) -> bool:
        """Return whether a clause begins with a relative pronoun behind a noun."""
        before = self.t[left - 1]
        return before.low in self.lex.relatives and left > 1 and (self._noun(left - 2) or self.t[left - 2].low == ",")

    def _quotes_behind(self, at: int) -> list[Range]:
        n = at
        while n < len(self.t) and n - at < 12 and self.t[n].kind != "quote":
            n += 1
        if n < len(self.t) and self.t[n].kind == "quote" and self.t[n - 1].kind == "mark":
            rest = [token for token in self.t[n + 1 :] if token.kind != "mark"]
            if not rest:
                return [(self.t[n].start, self.t[n].end)]
        return []

    def _clause_before(self, at: int) -> list[Range]:
        """Return the clause that ends with the mark before token `at`.

        It may lack a verb only if the sentence continues.
        """
        t = self.t
        if at > self.taken + 2 and t[at - 1].low in _CLOSING_MARKS:
            at -= 1  # …, I waited," she said: the quotation began in a sentence before
            if t[at - 1].kind != "mark" and t[at].kind == "mark":
                at += 1
        elif at <= self.taken or t[at - 1].kind != "mark" or t[at - 1].low not in (",", "–", "—", "-", "،", "?", "!"):
            return []
        words = [token for token in t[self.taken : at - 1] if token.kind != "mark"]
        dash = self.taken == 0 and t[0].kind == "mark" and t[0].low in ("-", "–", "—")
        subordinate = bool(words) and (words[0].kind == "s" or words[0].low in self.lex.subordinators)
        if subordinate and words[0].kind == "a" and not self._personal(words[1]) and any(token.kind in ("v", "x") for token in words):
            subordinate = False  # In einigen Tälern habe sich …, heißt es
        if not words or (subordinate and not dash and not any(token.low == "," for token in t[self.taken : at - 1])):
            return []
        verbal = any(token.kind in ("v", "x", "i", "quote") for token in words) or (len(words) > 3 and not self.lex.comma_clause)
        if self.lex.comma_clause and any(a.kind in "npo" and self._unknown_verb(b) for a, b in pairwise(words)):
            verbal = True  # die Sanierung koste …
        short = bool(self.lex.places) and len(words) > 1 and words[0].kind in "odjrN"  # Это неправда, считает X
        if not verbal and not dash and not short and t[at - 1].low in (",", "،") and not any(token.low in (",", "،") for token in t[at:]):
            return []
        if t[at - 1].low in (",", "،") and len(words) < 3 and not verbal and words[0].capital and len(words) > 1 and words[1].capital:
            return []
        last = at - 2
        while last > self.taken and t[last].kind == "mark" and (t[last].low in (",", "،", "–", "—") or t[last + 1].low in _CLOSING_MARKS):
            last -= 1
        return [(t[self._skip_marks(self.taken)].start, t[last].end)]

    def _question_before(self, at: int) -> list[Range]:
        """Return the indirect question that ends with the comma before token `at`.

        For example: Ob …, fragte X.
        """
        t = self.t
        first = self._skip_marks(self.taken)
        if at - first < 4 or t[at - 1].low not in (",", "?") or t[first].low not in self.lex.questions:
            return []
        return [(t[first].start, t[at - 2].end)]

    def _tail(self, at: int) -> list[Range]:
        """Return the content after “X, he said, …”.

        It is a clause with a verb after a comma, but not a relative clause.
        """
        t = self.t
        if at >= len(t) - 2 or t[at].low not in (",", "،", "–", "—"):
            return []
        first = t[at + 1]
        if self.t[at - 1].kind != "quote" and first.kind == "quote" and not any(token.kind == "quote" for token in t[self.taken : at]):
            return [(first.start, t[self._without_marks(at, len(t)) - 1].end)]
        if first.kind in ("s", "i") or (first.kind in ("o", "C") and not self._personal(first)) or self.verbs[at + 1]:
            return []
        if first.kind == "c" and not (self.lex.verb_second and t[at + 2].kind not in ("v", "x")):
            return []
        words = t[at + 1 :]
        if not any(token.kind in "vx" for token in words) or len(words) < 3:
            return []
        comma = next((n for n, token in enumerate(words) if token.low == ","), len(words))
        if self.lex.relatives and not any(token.kind in "vx" for token in words[:comma]) and first.kind in "nj" and not first.capital:
            return []  # an apposition
        return [(first.start, t[self._without_marks(at, len(t)) - 1].end)]

    def _skip_adverbs(self, at: int) -> int:
        while at < len(self.t) and self.t[at].low in self.lex.adverbs:
            at += 1
        return at

    def _skip_marks(self, at: int) -> int:
        while at < len(self.t) - 1 and self.t[at].kind == "mark":
            at += 1
        return at

    def _without_marks(self, start: int, end: int) -> int:
        """Return the end of a range of tokens without the marks that close it."""
        while end > start and self.t[end - 1].kind == "mark":
            end -= 1
        return end

    def _sentence_end(self, following: Range | None, start: int) -> int:
        """Return the token after the content.

        The content ends before another cue with “and”, at a semicolon or at the end.
        """
        if following is not None and following[0] > start:
            n = following[0]
            while n > start and self.t[n - 1].kind in "xrto":
                n -= 1
            if self.t[n - 1].kind == "c" and self._conjunction(following[1]) > 0:
                return n - 2 if n >= 2 and self.t[n - 2].low in (",", "،") else n - 1
            quoted = following[1] < len(self.t) - 1 and self.t[following[1]].low == ":" and self.t[following[1] + 1].kind == "quote"
            comma = next((n for n in range(following[0] - 1, start, -1) if self.t[n].low in (",", "،")), 0) if quoted else 0
            if comma and following[0] - comma <= _SHORT_SUBJECT:
                return comma  # …, but X said: “…”
        for n in range(start, len(self.t)):
            if self.t[n].low in (";", "؛"):
                return n
        return len(self.t)

    def _content_behind(self, start: int, following: Range | None, framing: bool) -> tuple[list[Range], bool]:
        """Return the content after verb and subject.

        It is a quotation, the text after a colon or conjunction, or an independent clause.
        """
        t, n = self.t, start
        if self.lex.comma_clause and not framing and (opening := self._behind_comma(start)):
            return self._rest(opening, following)
        if n and n < len(t) and t[n - 1].kind == "C" and t[n].kind not in ("mark", "quote") and not framing:
            return self._rest(n, following)  # nói rằng: the conjunction is a part of the cue
        while n < len(t):
            token = t[n]
            if token.low == ":":
                if self._objective(start, n) and not any(other.kind == "quote" for other in t[n : n + 2]):
                    return [], False
                return self._rest(self._skip_marks(n + 1), following)
            if token.kind == "quote":
                between = t[start:n]
                if between and between[-1].kind in "da" and len(between[-1].low) > 1 and self.lex.relatives:
                    return [], False  # a title
                if any(other.kind == "v" for other in between):
                    return [], False
                if between and between[-1].kind != "mark" and self._conjunction(n + 1) > n + 1:
                    n += 1
                    continue  # the name of an outlet: рассказал агентству «…», что
                rest = [other for other in t[n + 1 :] if other.kind != "mark"]
                return (
                    ([(token.start, token.end)], True)
                    if len(rest) < 3 or framing
                    else ([(token.start, t[-1].end if t[-1].kind != "mark" else t[-2].end)], False)
                )
            if token.low in self.lex.relatives and (self._objective(start, n) or (n > start and t[n - 1].kind == "d")):
                return [], False
            if n == start + 1 and t[start].low == "," and start > self.taken and token.low in self.lex.relatives and self._named_end(start):
                return [], False  # disse X, que …
            if self._is_conjunction(n) and not framing:
                return self._rest(n, following)
            if (
                token.low in self.lex.questions
                and (not framing or bool(self.lex.places))
                and (t[n - 1].low == "," or (not self.lex.comma_clause and all(other.kind in "rtao" for other in t[start:n])))
            ):
                return self._rest(n, following)
            if token.low in (";", ".", "!", "?") and token.kind == "mark":
                break
            if token.kind == "s" and n > start + 1:
                break
            n += 1
        if self.lex.clause_endings and not framing and start < len(t) and t[start].kind not in ("mark", "s"):
            end = next((n for n in range(start, len(t)) if t[n].kind in ("mark", "v", "x")), len(t))
            if any(token.low.endswith(self.lex.clause_endings) and len(token.low) > 5 for token in t[start + 1 : end]):
                return self._rest(start, following)
        if (
            self.lex.bare
            and not framing
            and start < len(t) - 1
            and t[start].low in (",", "،")
            and (
                t[start + 1].kind not in ("s", "i", "mark")
                or (t[start + 1].kind == "s" and self.lex.objects and any(other.low == "," for other in t[start + 2 :]))
            )
        ):
            start += 1
        if self.lex.bare and not framing and start < len(t) and t[start].kind not in ("mark", "s"):
            words = t[start:]
            clausal = any(token.kind in "vx" for token in words[1:]) or (
                self.lex.subject_first and any(token.kind in "rN" for token in words[1:])
            )
            clausal = clausal or any(token.low in self.lex.announcing for token in t[max(start - 4, 0) : start])
            if len(words) > 4 and clausal and (not self.lex.verb_second or self._clause_at(start)):
                return self._rest(start, following)
        return [], False

    def _named_end(self, at: int) -> bool:
        """Return whether a noun phrase ends before the mark at `at`.

        A verb precedes it.
        """
        return self.t[at - 1].kind in "np" and not self.verbs[at - 1]

    def _objective(self, start: int, at: int) -> bool:
        """Return whether the verb has an object between `start` and `at`.

        The word “that” behind it begins a relative clause then. Only languages that list their
        relative pronouns are asked.
        """
        n = start
        while n < at and (self.t[n].kind in "rtxoN" or self._time_end(n) > n):
            n = max(self._time_end(n), n + 1)
        return n < at and bool(self.lex.relatives) and self.t[n].kind in "dnjm" and not self.t[n].capital

    def _behind_comma(self, start: int) -> int:
        """Return the first token of a main clause behind a comma, or 0.

        The clause follows the phrase of the verb.

        Example: Die Firma teilte am Montag mit, das Werk werde geschlossen.
        """
        t, n = self.t, start
        while n < len(t) and n - start < _LONGEST_SPEAKER and (t[n].kind not in ("v", "x", "C", "s", "quote", "mark") or self._titled(n)):
            n += 1
        if n + 2 >= len(t) or t[n].low != ",":
            return 0
        at = first = n + 1
        opening = t[at]
        relative = opening.kind == "d" and t[at + 1].kind in "doarxcN"
        if relative or opening.kind in ("s", "i", "mark", "quote", "C", "c") or opening.low in self.lex.questions or self.verbs[at]:
            return 0
        if opening.kind == "r":
            while at < len(t) and t[at].kind == "r":
                at += 1
        elif opening.kind == "o":
            at += 1
        else:
            at = self._noun_phrase_end(at + 1 if opening.kind == "a" else at)
            if at == first or not any(token.kind in "np" or token.capital for token in t[first:at]):
                return 0
            while at + 1 < len(t) and t[at].kind == "c" and (end := self._noun_phrase_end(at + 1)) > at + 1:
                at = end
        while at < len(t) and t[at].kind in "rNo":
            at += 1
        return first if at < len(t) and (self._is_verb(at) or self._unknown_verb(t[at])) else 0

    def _unknown_verb(self, token: Token) -> bool:
        """Return whether a word behind a noun is a verb that no table contains.

        It is taken for an adjective: koste, müsse.
        """
        return token.kind in "ji" and not token.capital and token.low.endswith(("e", "t", "en"))

    def _titled(self, n: int) -> bool:
        """Return whether the token at `n` is a quotation that names an outlet.

        For example: der Zeitung „…“, im „…“.
        """
        t = self.t
        return (
            t[n].kind == "quote"
            and n > 0
            and t[n].end - t[n].start <= LONGEST_TITLE
            and (t[n - 1].kind in "da" or is_source(t[n - 1].low, self.lex))
        )

    def _clause_at(self, at: int) -> bool:
        """Return whether a subject and its verb begin at `at`: hun sier det er sent."""
        t = self.t
        n = at + 1 if t[at].kind == "o" else self._noun_phrase_end(at)
        if n == at:
            return False
        while n < len(t) and t[n].kind in "rN":
            n += 1
        return n < len(t) and self._is_verb(n)

    def _rest(self, start: int, following: Range | None) -> tuple[list[Range], bool]:
        end = self._without_marks(start, self._sentence_end(following, start))
        if end <= start:
            return [], False
        quoted = self.t[start].kind == "quote" and all(token.kind in ("quote", "mark") for token in self.t[start:end])
        return [(self.t[start].start, self.t[end - 1].end)], quoted

    # -- who ------------------------------------------------------------------------------------------------------------

    def _phrase_behind(self, at: int) -> tuple[Range | None, int]:
        """Return the noun phrase after a verb, and the token after it.

        The phrase includes its apposition.
        """
        t, n = self.t, at
        while n < len(t):
            passed = max(self._date_end(n), self._hearer_end(n))
            if not self._named(n):
                if t[n].kind == "a":
                    passed = max(passed, self._adverbial_end(n))
                elif t[n].kind in "xrt" or (self._object(n) and not self._personal(t[n])):
                    passed = max(passed, n + 1)
            if passed <= n:
                break
            n = passed
        if n < len(t) and self._personal(t[n]):
            return (t[n].start, t[n].end), n + 1
        end = self._noun_phrase_end(n)
        if end == n or not self._speaks(n, end) or self._oblique(n, end) or (self.lex.relatives and t[n].kind == "i" and not t[n].capital):
            return None, at
        speaker = (t[n].start, t[end - 1].end)
        if end + 1 < len(t) and t[end].low == "," and t[end + 1].capital and self._asks_name(n):
            closing = self._noun_phrase_end(end + 1)
            only = all(token.capital or token.low in self.lex.of for token in t[end + 1 : closing])
            if only and not any(token.capital for token in t[n:end] if token.low in self.lex.persons) and self._ends(closing):
                return (speaker[0], t[closing - 1].end), closing  # …, dijo la directora, X.
        # …, sade X, chef för Y.
        if end + 1 < len(t) and t[end].low in (",", "،", "(") and self._describes(end + 1):
            closing = self._description_end(end + 1)
            if closing > end + 1:
                return (speaker[0], t[closing - 1].end), closing
        return speaker, end

    def _asks_name(self, n: int) -> bool:
        """Return whether a name may follow the description that begins at token `n`.

        The description follows a comma.
        """
        return (self.lex.adjectival or self.lex.verb_second) and self.t[n].low in self.lex.articles

    def _describes(self, n: int) -> bool:
        """Return whether an apposition begins at token `n`: chef för Y, Chefin der Firma."""
        token = self.t[n]
        if token.kind not in "ndj" or self._is_conjunction(n):
            return False
        return not token.capital or (self.lex.comma_clause and token.low.endswith(tuple(self.lex.persons)))

    def _date_end(self, at: int) -> int:
        """Return the end of a phrase that says when, with its date.

        For example: u srijedu (2. lipnja).
        """
        t, n = self.t, self._time_end(at)
        if n > at and n < len(t) and t[n].low in ("(", ","):
            close = next((m for m in range(n + 1, min(n + 6, len(t))) if t[m].low in (")", ",")), n)
            if close > n + 1 and all(token.kind in ("m", "other") or token.low in self.lex.times for token in t[n + 1 : close]):
                return close + 1
        return n

    def _description_end(self, at: int, limit: int = -1) -> int:
        """Return the end of a noun phrase between commas with all that depends on it.

        Returns `at` if there is none.

        It has no verb, unless in a relative clause, which is left out.
        """
        t = self.t
        n = self._noun_phrase_end(at)
        if n == at or not any(token.kind == "n" for token in t[at:n]):
            return at
        limit = len(t) if limit < 0 else limit
        while n < limit and n - at < _LONGEST_SPEAKER and t[n].kind not in ("mark", "quote", "C", "s", "v", "x", "o"):
            n += 1
        if n < limit and t[n].low in self.lex.relatives:
            comma = next((m for m in range(n, limit) if t[m].low == "," or t[m].kind == "quote"), limit)
            n = comma if comma + 1 >= limit or t[comma + 1].kind == "quote" else n
        return n if n >= limit or t[n].kind == "mark" else at

    def _time_end(self, at: int) -> int:
        """Return the end of a phrase that says when, or `at`.

        With its preposition: på måndagen, v pondělí, ביום שני.
        """
        t, n = self.t, at
        while n < len(t) and n - at < 3 and t[n].kind in "admo" and t[n].low not in self.lex.times:
            n += 1
        end = n
        while end < len(t) and (t[end].low in self.lex.times or (end > n and t[end].kind == "m")):
            end += 1
        return end if end > n else at

    def _hearer_end(self, at: int) -> int:
        """Return the end of a phrase that says to whom, or `at`.

        For example: novinářům, τους δημοσιογράφους.
        """
        t, n = self.t, at
        if at < len(t) and t[at].low.startswith(tuple(prefix + '"' for prefix in self.lex.hearer_prefixes)):
            return next((m + 1 for m in range(at + 1, min(at + 5, len(t))) if t[m].low == '"'), at)
        if at and at < len(t) and t[at].capital and self.verbs[at - 1 : at] != [0] and self.lex.places:
            return self._told_end(at)
        if at < len(t) and t[at].low in self.lex.hearer_marks:
            return self._outlet_end(at + 1, at, marked=True)
        while n < len(t) and n - at < 2 and t[n].kind in "ad":
            n += 1
        if n >= len(t) or t[n].low not in self.lex.hearers or t[n].kind == "a":
            return at
        return self._outlet_end(n, n + 1) if t[n].low in self.lex.hearing and not t[n].capital else n + 1

    def _told_end(self, at: int) -> int:
        """Return the end of a known outlet between a verb and its subject.

        For example: сообщил РИА Новости представитель МЧС.
        """
        t = self.t
        if not t[at].low and at + 1 < len(t) and t[at + 1].kind in "njd" and not t[at + 1].capital:
            return at + 1  # mówi „Dziennikowi” rzecznik
        for size in (3, 2, 1):
            end = at + size
            named = end < len(t) and t[end].kind in "njdp" and all(token.capital for token in t[at:end])
            if named and identify_name(self.s[t[at].start : t[end - 1].end]) is not None:
                return end
        return at

    def _outlet_end(self, at: int, otherwise: int, *, marked: bool = False) -> int:
        """Return the end of an outlet's name behind its noun or preposition.

        For example: агентству Reuters, pro server Novinky.

        Without a preposition, a name may also be the speaker's.
        """
        t, n = self.t, at
        while n < len(t) and not t[n].capital and (t[n].kind == "j" or self._outlet_at(n)):
            n += 1
        noun = any(self._outlet_at(m) for m in range(at, n))
        first = n
        while n < len(t) and t[n].capital and n - first < _LONGEST_OUTLET:
            n += 1
            if not t[n - 1].low:
                return n  # in quotation marks
        size = n - first
        foreign = size > 0 and self.lex.cyrillic and t[first].low[:1].isascii()
        if size > 1 and foreign:
            n = next((m for m in range(first, n) if not t[m].low[:1].isascii()), n)
        elif size > 2 or (size == 2 and not noun and n < len(t) and t[n].kind == "mark"):
            n = first + 1
        elif size == 1 and not marked and not foreign and (n >= len(t) or t[n].kind not in "njd"):
            n = first
        while n < len(t) and n > first and t[n].low in self.lex.outlet_nouns:
            n += 1
        return n if n > first or noun else otherwise

    def _occasion(self, n: int) -> bool:
        return n < len(self.t) and self.t[n].kind == "n" and not self.t[n].capital and not is_source(self.t[n].low, self.lex)

    def _outlet_at(self, n: int) -> bool:
        low = self.t[n].low if n < len(self.t) else ""
        return low in self.lex.outlet_nouns or low in self.lex.hearing or low.startswith(self.lex.outlet_stems or ("\ue000",))

    def _personal(self, token: Token) -> bool:
        return token.kind == "o" and token.low in self.lex.pronouns

    def _located(self, left: int, cue: Range) -> Range | None:
        """Return the source in a phrase of place before a verb without a subject.

        For example: в министерстве сообщили.
        """
        t, n = self.t, left
        while n < cue[0] and t[n].kind in "crt" and t[n].low not in self.lex.places | self.lex.document_places:
            n += 1
        end = self._place_end(n, cue)
        return (t[n + 1].start, t[end - 1].end) if end > n and all(token.kind in "xrtoN" for token in t[end : cue[0]]) else None

    def _located_behind(self, cue: Range) -> tuple[Range, int] | None:
        """Return the same behind a verb, and the token after it: говорится в сообщении."""
        t, n = self.t, cue[1]
        if not self._placed(cue):
            return None
        while (
            n < len(t)
            and n - cue[1] < _SHORT_SUBJECT
            and t[n].low not in self.lex.places | self.lex.document_places
            and (t[n].kind in "xrto" or t[n].capital)
        ):
            n += 1
        end = self._place_end(n, cue)
        return ((t[n + 1].start, t[end - 1].end), end) if end > n else None

    def _placed(self, cue: Range) -> bool:
        verb = self.t[cue[0]].low
        return bool(self.lex.places) and (
            self._impersonal(cue)
            or verb in self.lex.document_verbs
            or (bool(self.lex.plural_endings) and verb.endswith(self.lex.plural_endings))
        )

    def _impersonal(self, cue: Range) -> bool:
        """Return whether the verb has no person as its subject: se informa que, uvádí se."""
        t = self.t
        return (cue[0] > 0 and t[cue[0] - 1].low in self.lex.impersonal) or (
            bool(self.lex.places) and cue[1] < len(t) and t[cue[1]].low in self.lex.impersonal
        )

    def _place_end(self, n: int, cue: Range) -> int:
        """Return the end of a phrase of place that names a source, or `n`."""
        t = self.t
        document = self._impersonal(cue) or (n < len(t) and t[cue[0]].low in self.lex.document_verbs)
        places = self.lex.places | self.lex.document_places if document else self.lex.places
        if n + 1 >= len(t) or t[n].low not in places or not self._placed(cue):
            return n
        end = self._noun_phrase_end(n + 1)
        words = t[n + 1 : end]
        if n < cue[0] and end > cue[0]:
            return n
        head = next((token for token in words if token.kind in "np"), None)
        if head is None or any(token.low in self.lex.times for token in words):
            return n
        shouted = self.s[head.start : head.end].isupper() and head.end - head.start > 1  # в МИД сообщили
        source = (is_source(head.low, self.lex) and head.low not in self.lex.persons) or shouted
        return end if source or t[cue[0]].low in self.lex.document_verbs else n

    def _pronoun(self, n: int) -> bool:
        """Return whether the token is a personal pronoun, of any case: enligt henne."""
        return self._personal(self.t[n]) or self.t[n].low in self.lex.obliques

    def _adverbial_end(self, at: int) -> int:
        """Return the end of an adverbial phrase between a verb and its subject.

        Examples: в среду (2 июля) министр X · za SETimes ekonomist X. It is `at` if no subject follows.
        """
        t, n = self.t, at + 1
        while n < len(t) and t[n].kind in "jmdo" and not t[n].capital and t[n].low not in self.lex.times:
            n += 1
        if n >= len(t) or t[n].kind in ("mark", "quote") or self._is_verb(n):
            return at
        timed = any(token.low in self.lex.times for token in t[at + 1 : n + 1])
        n += 1
        while n < len(t) and (t[n].low in self.lex.times or (timed and t[n].kind == "m")):
            n += 1
        if n < len(t) and t[n].low in ("(", ",") and timed:  # the date
            close = next((m for m in range(n + 1, min(n + 6, len(t))) if t[m].low in (")", ",")), n)
            if close > n and all(token.kind in ("m", "other", "mark") or token.low in self.lex.times for token in t[n + 1 : close]):
                n = close + 1
        while n < len(t) and t[n].kind == "j" and not t[n].capital and not (n + 1 < len(t) and is_source(t[n + 1].low, self.lex)):
            n += 1
        clause = n
        while clause < len(t) and t[clause].kind not in ("mark", "quote", "C", "s", "v", "x"):
            clause += 1
        source = next((m for m in range(n, clause) if self._begins_source(m, n)), clause)
        if timed:
            source = clause
        elif source == n < len(t) and self.lex.relatives and is_source(t[n].low, self.lex) and t[n].low not in self.lex.sources:
            # na posiedzeniu rady: the attribute of a noun
            source = next((m for m in range(n + 1, clause) if t[m].low in self.lex.sources), clause)
            if source == clause:
                return at
        if source < clause and not any(token.capital for token in t[n:source]):
            while source > n and t[source - 1].kind in "jd":
                source -= 1
            n = source
        return n if n < clause else at

    def _begins_source(self, n: int, first: int) -> bool:
        """Return whether a word names a source and depends on no preposition.

        Not: ante los periodistas.
        """
        t = self.t
        if self._personal(t[n]):
            return True
        if not is_source(t[n].low, self.lex):
            return False
        while n > first and t[n - 1].kind in "jd":
            n -= 1
        return not (n and (t[n - 1].kind == "a" or t[n - 1].low in self.lex.of))

    def _named(self, n: int) -> bool:
        return self.t[n].capital and n > 0 and self.t[n - 1].kind not in ("mark", "quote")

    def _noun_phrase_end(self, at: int) -> int:
        """Return the end of the noun phrase that begins with token `at`."""
        t, n = self.t, at
        noun = False
        while n < len(t) and n - at < _LONGEST_SPEAKER:
            token = t[n]
            if token.kind == "other" or (token.low == "." and n and len(t[n - 1].low) <= 2 and n + 1 < len(t) and t[n + 1].capital):
                n += 1
                continue
            if token.kind == "quote" and n > at and is_source(t[n - 1].low, self.lex) and token.end - token.start <= LONGEST_TITLE:
                n += 1  # агентство «…»
                break
            if (
                token.kind in ("mark", "quote", "C", "s", "N")
                or self._is_verb(n)
                or (n > at and self._opens_relative(n))
                or (n > at and self._time_end(n) > n)
                or (
                    n > at
                    and self._hearer_end(n) > n
                    and (token.low not in self.lex.hearer_marks or self._outlet_at(n + 1) or self._named(n - 1))
                )
            ):
                break
            if token.kind in "np" or (token.capital and (n > at or self._named(n))):
                noun = True
            elif token.low in self.lex.subject_marks:
                break
            elif noun and self.lex.comma_clause and token.kind in "ji" and not token.capital and n and not t[n - 1].capital:
                break  # an adjective precedes its noun: this is a verb that no table contains
            elif token.kind in ("djmzit" if not noun else "jmzi"):
                pass
            elif token.kind == "a" or token.low in self.lex.of:
                part = n > at and t[n - 1].kind in "dmo"  # en av cheferna
                timed = any(other.low in self.lex.times for other in t[n + 1 : n + 3])
                if not (noun or part) or token.low not in self.lex.of or self._object(n + 1) or timed:
                    break
                if self._named(n - 1) and token.low in self.lex.places and self._occasion(n + 1):
                    break  # мэр Игорь Латышев в беседе
                if token.kind == "a" and self._named(n - 1) and n + 1 < len(t) and not t[n + 1].capital:
                    behind = t[n + 1]
                    if behind.kind in "dm" or (self.lex.verb_second and behind.kind == "n" and not is_source(behind.low, self.lex)):
                        break  # sa Kari Nordmann i det siste programmet, på ráðstefnu
            elif token.kind == "c":
                if not (noun and n + 1 < len(t) and (t[n + 1].capital or t[n + 1].kind in "np")):
                    break
            elif token.kind == "d" and noun and t[n - 1].low not in self.lex.of:
                break
            elif token.kind == "o" and not self._personal(token) and (noun or (n + 1 < len(t) and t[n + 1].kind in "njp")):
                pass  # a possessive before or after its noun
            elif token.kind in "vxro":
                break
            n += 1
        while (
            n > at
            and (t[n - 1].kind in ("a", "c", "d", "mark") or t[n - 1].low in self.lex.of or t[n - 1].low == "-" or self._object_before(n))
            and not t[n - 1].capital
        ):
            n -= 1
        return n

    def _object_before(self, n: int) -> bool:
        """Return whether a pronoun before the verb at `n` is its object.

        For example: la empresa lo niega.
        """
        return n < len(self.t) and bool(self.lex.adjectival) and self.t[n - 1].low in self.lex.clitics and self._is_verb(n)

    def _object(self, n: int) -> bool:
        """Return whether the token at `n` is a pronoun without a noun: för mig."""
        return n < len(self.t) and self.t[n].kind == "o" and not (n + 1 < len(self.t) and self.t[n + 1].kind in "njpmz")

    def _is_verb(self, n: int) -> bool:
        return bool(self.verbs[n]) or (self.t[n].kind in ("v", "x") and not self._named(n))

    def _phrase_before(self, start: int, at: int) -> Range | None:
        """Return the subject before a verb.

        It is the first noun phrase of the clause, after an introductory phrase.
        """
        t = self.t
        if (marked := self._marked(start, at)) is not None:
            return marked
        apposed = self._apposed(start, at)
        if apposed is not None:
            return apposed
        relative = start > self.taken + 1 and t[start - 1].low in self.lex.relative_pronouns
        relative = relative or (start > self.taken + 1 and t[start - 1].kind == "C" and t[start - 1].low in self.lex.relatives)
        if relative and self._noun(start - 2):
            edge = self._left_edge(start - 1)
            first, end = self._head(self._main_clause(edge, start - 1), start - 1)
            if first < end == start - 1 and self._speaks(first, end):
                return t[first].start, t[end - 1].end  # X que …
        n = start = self._main_clause(start, at)
        near = at - 1
        while near > start and (t[near].kind in "xrtN" or (t[near].kind == "o" and not self._personal(t[near]))):
            near -= 1
        if near >= start and self._personal(t[near]):
            return t[near].start, t[near].end
        while n < at:
            token = t[n]
            if self._personal(token):
                return token.start, token.end
            if token.kind in "crtoxN" and not self._named(n) and not (token.capital and n == start and token.kind not in "crNox"):
                n += 1
                continue
            if token.low in self.lex.times and n == start and n + 1 < at:
                n += 1
                continue
            if token.kind == "a":
                behind = self._adverbial_end(n) if n == start else n
                n = behind if behind > n else max(self._noun_phrase_end(n + 1), n + 1)
                continue
            end = min(self._noun_phrase_end(n), at)
            if self.lex.relatives and n < end < at and t[end].kind == "a" and all(token.kind in "ji" for token in t[n:end]):
                # опубликованный в четверг доклад
                inner = max(self._time_end(end), self._adverbial_end(end))
                closing = min(self._noun_phrase_end(inner), at)
                if closing > inner > end and self._speaks(inner, closing):
                    return t[n].start, t[closing - 1].end
            if end > n and self._speaks(n, end) and not self._oblique(n, end):
                return t[n].start, t[self._extended(n, end, at) - 1].end
            n = max(end, n + 1)
        # Scripts without capitals: a name that no table contains.
        words = t[start:at]
        if not words or len(words) > _SHORT_SUBJECT or words[0].kind in "arcsC" or words[0].capital:
            return None
        if self.lex.places and (any(token.kind in "acvx" for token in words) or self._oblique(start, at)):
            return None
        if (
            words[0].low in self.lex.not_speakers
            or words[-1].low in self.lex.postpositions
            or (self.lex.oblique and words[-1].low.endswith(self.lex.oblique))
        ):
            return None
        if any(token.low in self.lex.times or is_year(token.low) for token in words):
            return None
        if any(token.kind in "nvpjiz" for token in words):
            return words[0].start, words[-1].end
        return None

    def _noun(self, n: int) -> bool:
        """Return whether a word is a noun, or an adjective behind an article: un oficial."""
        return self.t[n].kind in "np" or (self.t[n].kind == "j" and n > 0 and self.t[n - 1].kind == "d")

    def _marked(self, start: int, at: int) -> Range | None:
        """Return the noun phrase before the last mark of a subject: X ने कहा.

        A postposition before it ends the phrase of another.
        """
        t = self.t
        end = at - 1
        while end > start and t[end].low not in self.lex.subject_marks:
            end -= 1
        if end <= start:
            if end < at and t[start].low in self.lex.subject_marks and start and t[start - 1].low == ",":
                first, last = self._pieces(start)[0]  # X, जिन्होंने …, का कहना है
                return (t[first].start, t[last - 1].end) if first < last and self._speaks(first, last) else None
            return None
        if self._quotes_before(start) and self._ends(at + 1) and 0 < end - start <= _LONGEST_SPEAKER and self._speaks(start, end):
            return t[start].start, t[end - 1].end  # “…,” X ने कहा
        first = end
        while first > start and t[first - 1].low not in self.lex.postpositions and t[first - 1].kind != "C":
            first -= 1
        while first < end and t[first].low in self.lex.of:
            first += 1
        if first == end or t[first].low in self.lex.not_speakers or t[end - 1].low in self.lex.not_speakers:
            return None
        return t[first].start, t[end - 1].end

    def _main_clause(self, start: int, at: int) -> int:
        """Return the start of the last clause before a verb.

        A clause with a verb of its own may precede it with “and”.
        """
        verbal = False
        first = start
        for n in range(start, at):
            token = self.t[n]
            if token.kind in "vx" and not self._named(n):
                verbal = True
            elif token.kind == "c" and verbal and n + 1 < at and (self.t[n + 1].kind in "do" or self.t[n + 1].capital):
                first, verbal = n + 1, False
        return first

    def _extended(self, start: int, end: int, at: int) -> int:
        """Return the end of a subject with all that depends on it, up to its verb.

        A name ends a subject: what follows it says when and where.
        """
        t = self.t
        last = at
        while last > end and t[last - 1].kind in "xrtoN":
            last -= 1
        between = t[end:last]
        if (
            not (t[start].kind in "dm" or (self.lex.adjectival and t[end - 1].low.endswith(self.lex.adjectival)))
            or not between
            or between[0].kind != "a"
            or any(token.kind in "vxocsC" or token.low in self.lex.times for token in between)
        ):
            return end
        described = bool(self.lex.adjectival) and t[end - 1].low.endswith(self.lex.adjectival)
        named = t[end - 1].capital or any(token.low in self.lex.persons for token in t[start:end])
        if (named and not described) or last - start > _LONGEST_SPEAKER:
            return end
        return last

    def _apposed(self, start: int, at: int) -> Range | None:
        """Return a subject with an apposition or relative clause in commas.

        It precedes its verb: X, chef för Y, sade.
        """
        t = self.t
        if start <= self.taken or t[start - 1].low not in (",", "،", ")"):
            return None
        behind = start == at or self._nothing_between(max(start, self._time_end(start)), at)
        if t[start - 1].low == ")":
            opening = next((n for n in range(start - 1, self.taken, -1) if t[n].low == "("), self.taken)
            first = self._left_edge(opening)
            first, end = self._head(first, opening)
            return (t[first].start, t[start - 1].end) if behind and first < end == opening and self._speaks(first, end) else None
        pieces = self._pieces(start)
        if behind and self.lex.clause_subject:
            first, end = self._head(*pieces[0])
            if first < end < pieces[0][1] and t[end].kind == "a" and self._speaks(first, end):
                return t[first].start, t[end - 1].end  # وی با اشاره به …، گفت
        for head in (*range(len(pieces) - 2, -1, -1), len(pieces) - 1):
            first, end = self._head(*pieces[head])
            if first < end < pieces[head][1] and head + 1 < len(pieces) and t[pieces[head + 1][0]].capital:
                end = self._description_end(first, pieces[head][1])  # Il campione di nuoto in apnea, X, …
            if (
                first < end
                and (end == pieces[head][1] or t[end].low == "(")
                and self._speaks(first, end)
                and self._between(pieces[head + 1 :])
            ):
                break
        else:
            return None
        if any(follows(t, first - len(words), words) for words in self.lex.before if first >= len(words)):
            return None  # according to X, Y said
        while head and not t[first].capital and t[first].kind in "nj":
            outer = self._head(*pieces[head - 1])
            titled = self.lex.unknown_nouns and t[outer[0]].low in self.lex.persons
            if outer[0] == outer[1] or outer[1] != pieces[head - 1][1] or not self._speaks(*outer):
                break
            if not (t[outer[1] - 1].capital or titled):
                break
            first, head = outer[0], head - 1  # X, chef för Y, tidigare Z, sade
        following = pieces[head + 1][0] if head + 1 < len(pieces) else start
        aside = t[following].kind in "ar" and start - following <= _LONGEST_LINK and bool(self.lex.adjectival)
        last = end - 1 if self._relative(following) or aside else start - 2  # without a relative clause, “por su parte”
        if behind:
            return t[first].start, t[last].end
        if t[start].kind in "ndj" and not t[start].capital:
            closing = min(self._noun_phrase_end(start), at)
            return (t[first].start, t[closing - 1].end) if closing > start and start - 1 == end else None
        return (t[first].start, t[last].end) if t[start].kind == "a" else None

    def _in_relative(self, at: int) -> bool:
        """Return whether a relative clause begins between the last statement and `at`."""
        t = self.t
        return bool(self.lex.places) and any(t[m].low in self.lex.relatives and t[m - 1].low == "," for m in range(self.taken + 1, at))

    def _pieces(self, at: int) -> list[Range]:
        """Return the parts of the sentence before `at` that commas divide.

        Commas in brackets do not count, nor does what precedes a quotation or a conjunction.
        """
        t = self.t
        pieces: list[Range] = []
        depth, end, n = 0, at - 1, at - 1
        while n > self.taken:
            token = t[n - 1]
            relative = token.low in self.lex.relatives and n > 1 and t[n - 2].low in (",", "،")
            if (
                token.kind == "quote"
                or (token.kind == "C" and not relative and not self._in_relative(n - 1))
                or token.low in (":", ";", "–", "—")
            ):
                break
            depth += (token.low == ")") - (token.low == "(")
            if token.low in (",", "،") and depth <= 0:
                pieces.append((n, end))
                end = n - 1
            n -= 1
        pieces.append((n, end))
        return pieces[::-1]

    def _head(self, start: int, end: int) -> Range:
        """Return the noun phrase that begins a part of a sentence.

        Words before it are left out.
        """
        t = self.t
        while start < end and (t[start].kind in "rtcN" or t[start].kind == "mark") and not t[start].capital:
            start += 1
        if start < end and t[start].kind == "a" and start == self._skip_marks(self.taken):
            start = min(self._adverbial_end(start), end)  # À Folha o chefe de X, Y, disse
        closing = min(self._noun_phrase_end(start), end)
        return start, closing

    def _relative(self, at: int) -> bool:
        token = self.t[at]
        gerund = not token.capital and (
            (token.kind == "i" and bool(self.lex.relatives))
            or (token.kind in "nv" and bool(self.lex.gerund_endings) and token.low.endswith(self.lex.gerund_endings))
        )
        if any(other.low in self.lex.relative_pronouns for other in self.t[at : at + 2]):
            return True
        return gerund or token.kind in ("o", "s", "C") or self._is_conjunction(at)

    def _between(self, pieces: list[Range]) -> bool:
        """Return whether parts of a sentence can stand between a subject and its verb."""
        between = [token for start, end in pieces for token in self.t[start:end]]
        if not between:
            return True
        relative = self._relative(pieces[0][0]) or any(token.low in self.lex.relative_pronouns for token in between)
        return len(between) <= _LONGEST_ASIDE and (
            relative or not any(token.kind in ("v", "x", "quote") and not token.capital for token in between)
        )

    def _speaks(self, start: int, end: int) -> bool:
        """Return whether a noun phrase can speak.

        It has a noun or a name, and none of the words that exclude a speaker.
        """
        words = self.t[start:end]
        if not words or words[-1].low in self.lex.not_speakers:
            return False
        if words[0].low in self.lex.not_speakers and not (len(words) > 1 and words[0].low in self.lex.articles):
            return False
        timed = any(token.low in self.lex.times or is_year(token.low) for token in words)
        if timed and not any(is_source(token.low, self.lex) for token in words):
            return False
        if self.lex.oblique and words[-1].low.endswith(self.lex.oblique):
            return False
        named = any(token.kind in "np" or token.capital or (token.low[0].isdigit() and not token.low.isdigit()) for token in words)
        return named and len(words) <= _LONGEST_SPEAKER  # der 52-Jährige

    def _certain_source(self, start: int, end: int) -> bool:
        """Return whether the head of a phrase is a name or a word for a source.

        It may be in any case.
        """
        t = self.t
        if end > start and self._personal(t[start]):
            return True
        head = next((n for n in range(start, end) if t[n].kind in "np" or (t[n].capital and t[n].kind != "j")), None)
        if head is None or t[head].low in self.lex.not_speakers:
            return False
        return t[head].capital or is_source(t[head].low, self.lex) or t[head].low.startswith(self.lex.source_prefixes)

    def _oblique(self, start: int, end: int) -> bool:
        """Return whether the head of a phrase is in a case in which no subject stands.

        For example: объяснил причину.
        """
        head = next((token for token in self.t[start:end] if token.kind in "np" or token.capital), None)
        if head is None or head.capital or not self.lex.object_heads or is_source(head.low, self.lex):
            return False
        return head.low.endswith(self.lex.object_heads)

    def _may_speak(self, span: Range | None) -> bool:
        """Return whether a phrase after “…, said” certainly names a source.

        A source is a name, a pronoun or a word of the lists.
        """
        if span is None:
            return False
        words = [token for token in self.t if span[0] <= token.start < span[1]]
        if any(token.capital or self._personal(token) or is_source(token.low, self.lex) for token in words):
            return True
        if any(token.low.endswith(self.lex.person_endings) for token in words if self.lex.person_endings and token.kind == "n"):
            return True
        return len(words) <= 3 and (not self.lex.relatives or words[0].kind == "d")

    # -- other orders ---------------------------------------------------------------------------------------------------

    def _verb_final(self, cue: Range) -> None:
        """Read X, "…" dedi. · X, … söyledi. · …, dedi X. · X şöyle konuştu: ….

        The speaker is at the beginning of the sentence, or at its end after the verb.
        """
        t = self.t
        first = self._skip_marks(self.taken)
        if first >= cue[0]:
            return
        quotes = [n for n in range(self.taken, cue[0]) if t[n].kind == "quote"]
        near = bool(quotes) and all(token.kind in ("mark", "r") for token in t[quotes[-1] + 1 : cue[0]])
        direct = t[cue[0]].low in self.lex.direct or t[cue[1] - 1].low in self.lex.direct
        behind, after = self._phrase_behind(cue[1])
        if behind and (self._ends(after) or (direct and t[cue[0] - 1].kind in ("mark", "quote"))) and not self._colon(cue[1]):
            content = (
                [(t[n].start, t[n].end) for n in quotes]
                if quotes and quotes[-1] >= cue[0] - 2
                else [(t[first].start, t[self._without_marks(1, cue[0]) - 1].end)]
            )
            self._add(content, cue, behind, _QUOTATION_SCORE if quotes else _CLAUSE_SCORE, bool(quotes), after)
            return
        limit = quotes[0] if near else cue[0]
        start, end = self._final_subject(first, limit, direct and not near)
        speaker = (t[start].start, t[end - 1].end) if end > start else None
        named = speaker or self._heir()
        if speaker and start > first + 1 and (size := self._closing_phrase(start, self.lex.reporting_participles)):
            self._before_participle(first, start - size, start, speaker)
        begin = max(self._content_start(end, cue[0]), self.taken)
        for n in range(begin + 2, cue[0] - 1):
            size = self._closing_phrase(n + 1, self.lex.converbs)
            if size and named is not None and begin < n + 1 - size:
                self._clause(begin, n + 1 - size, (n + 1 - size, n + 1), named)
                begin = self._skip_marks(n + 1)
        if self._colon(cue[1]):
            content, direct = self._rest(self._skip_marks(cue[1]), None)
            if content and named:
                self._add(content, cue, named, _QUOTATION_SCORE if direct else _CLAUSE_SCORE, direct, len(t))
        elif near and t[quotes[-1]].end - t[quotes[-1]].start > 12:
            spoken = [n for n in quotes if n >= begin]
            self._add([(t[n].start, t[n].end) for n in spoken], cue, named, _QUOTATION_SCORE, True, cue[1])
        elif named is not None and cue[0] - begin > 1 and (direct or self._nominal(cue[0])):
            self._clause(begin, cue[0], cue, named, _CLAUSE_SCORE if speaker else _HEIR_SCORE)

    def _clause(self, begin: int, end: int, cue: Range, speaker: Range, score: float = _CLAUSE_SCORE) -> None:
        """Add the clause between two tokens; a single quotation in it is direct speech."""
        t = self.t
        begin = self._skip_marks(begin)
        end = self._without_marks(begin, end)
        if end > begin and t[end - 1].end - t[begin].start > _SHORTEST_CLAUSE:
            self._add([(t[begin].start, t[end - 1].end)], cue, speaker, score, end == begin + 1 and t[begin].kind == "quote", cue[1])

    def _colon(self, at: int) -> bool:
        return at < len(self.t) - 1 and self.t[at].low == ":"

    def _closing_phrase(self, end: int, phrases: PhrasesByEnd) -> int:
        """Return how many tokens a phrase has that ends at `end`, or 0.

        For example: … ifade eden Şahin.
        """
        for words in phrases.get(self.t[end - 1].low, ()):
            if end >= len(words) and follows(self.t, end - len(words), words):
                return len(words)
        return 0

    def _nominal(self, end: int) -> bool:
        """Return whether the words before a verb end with a clause as its object.

        For example: geldiğini söyledi.
        """
        words = [token.low for token in self.t[max(end - 3, 0) : end] if token.kind not in ("mark", "quote")]
        return any(is_clause(word) for word in words)

    def _before_participle(self, first: int, at: int, start: int, speaker: Range) -> None:
        """Add what a participle before the speaker reports: “…” diyen Şahin, … söyledi."""
        t = self.t
        quotes = [n for n in range(first, at) if t[n].kind == "quote"]
        if quotes and quotes[-1] >= at - 2:
            self._add([(t[n].start, t[n].end) for n in quotes], (at, start), speaker, _QUOTATION_SCORE, True)
        elif self._nominal(at):
            self._clause(first, at, (at, start), speaker)

    def _content_start(self, end: int, limit: int) -> int:
        """Return the first token of the content.

        It is behind the subject, its particles and what says where it spoke.
        """
        t = self.t
        n = self._skip_marks(end)
        for at in range(n, min(n + _LONGEST_ASIDE, limit - 2)):
            if t[at].low in self.lex.occasions and (t[at + 1].kind == "mark" or at - n < _LONGEST_OPENING // 2):
                n = self._skip_marks(at + 1)
        if n < limit - 2 and t[n].capital and t[n + 1].low == "," and is_oblique(t[n].low):
            n += 2  # NTV'ye, …
        while n < limit - 1 and t[n].low in self.lex.adverbs:
            n += 1
        return n

    def _final_subject(self, first: int, limit: int, direct: bool) -> Range:
        """Return the tokens of the subject of a verb that ends its sentence."""
        t = self.t
        comma = next((n for n in range(first, limit) if t[n].low == "," or t[n].kind == "quote"), limit)
        short = comma < limit and comma - first <= 4 and not any(self._participle(n) for n in range(first, comma - 1))
        if short and self._nominative(first, comma) and not self._personal(t[first]):
            return first, comma
        described = self._described(first, limit)
        if described:
            return described
        if comma < limit and comma - first <= _LONGEST_SPEAKER and self._nominative(first, comma):
            return first, comma
        n = first
        while n < limit:
            if self._personal(t[n]) and (n + 1 >= limit or t[n + 1].kind == "mark" or t[n + 1].low in ("da", "de", "ise")):
                return n, n + 1
            end = self._walk(n, limit)
            if end > n and self._nominative(n, end) and self._certain(n, end, first, direct):
                return n, end
            while n < limit and t[n].kind not in ("mark", "quote") and not is_oblique(t[n].low) and t[n].kind != "r":
                n += 1
            n = self._skip_marks(n + 1) if n + 1 < limit else limit
            if n > first + _LONGEST_OPENING:
                break
        return first, first

    def _walk(self, first: int, limit: int) -> int:
        """Return the end of a subject without a case.

        It is before a word that has one or that begins the content.
        """
        t, lex = self.t, self.lex
        genitive = False
        n = first
        while n < limit and n - first < _LONGEST_SPEAKER:
            token = t[n]
            low = token.low
            if token.kind in ("mark", "quote", "v", "x") or low in ("ise", "de", "da") or low in lex.times or low in lex.not_speakers:
                break
            cased = is_genitive(low) or is_oblique(low) or token.kind in "r"
            if n > first and not token.capital and self._complete(first, n, cased):
                break
            if token.capital and n > first and "'" not in low and "’" not in low:
                pass
            elif is_genitive(low):
                genitive = True
            elif is_oblique(low):
                if not (low.endswith(("dan", "den", "tan", "ten")) and n + 1 < limit and t[n + 1].low == "bir"):
                    break  # Bakanlıktan bir yetkili
            elif genitive and not token.capital and low.endswith(POSSESSED) and not (n + 1 < limit and t[n + 1].capital):
                return n + 1
            n += 1
            if not token.capital and (low.endswith(("lar", "ler", "yse", "ysa")) or low in lex.pronouns):
                break
            if low in lex.groups and not (n < limit and is_source(t[n].low, lex)):
                break
        return n

    def _complete(self, first: int, end: int, cased: bool) -> bool:
        """Return whether tokens are a source on their own.

        That is, a name, or a word of the lists in the nominative.

        One word with a capital is a name if a word with a case follows.
        """
        last = self.t[end - 1]
        if last.low in self.lex.sources or last.low.endswith(("lar", "ler", "ları", "leri")):
            return True
        named = [token for token in self.t[first:end] if token.capital]
        plain = last.capital and "'" not in last.low and "’" not in last.low
        return plain and (len(named) > 1 or (cased and end - first == 1 and last.kind in "np"))

    def _certain(self, start: int, end: int, first: int, direct: bool) -> bool:
        """Return whether a phrase that no comma closes is the subject.

        The first word of a sentence has a capital without being a name; before words that are quoted without marks, only a
        source of the lists or a longer name is certain.
        """
        words = self.t[start:end]
        if any(is_source(token.low, self.lex) for token in words) or words[-1].low.endswith(("lar", "ler", "ları", "leri")):
            return True
        if sum(token.capital for token in words) > 1 and words[-1].capital:
            return True
        if start == first and not is_oblique(words[-1].low) and not is_genitive(words[-1].low):
            return not direct
        return any(token.capital for token in words) and start > first

    def _nominative(self, start: int, end: int) -> bool:
        """Return whether tokens can be a subject.

        Judged by the ending of the last and by their words.
        """
        t = self.t
        end = self._without_marks(start, end)
        if not self._speaks(start, end) or t[start].kind in "c" or t[end - 1].kind == "r" or t[start].low in self.lex.adverbs:
            return False
        last = t[end - 1].low
        bare = t[end - 1].capital and end - start > 1 and "'" not in last and "’" not in last
        if not bare and last not in self.lex.sources and (is_oblique(last) or is_genitive(last)):
            return False
        if t[end - 1].kind in "avx" and not t[end - 1].capital:
            return False
        if any(token.kind == "quote" for token in t[start:end]):
            return False
        return not any(token.kind in "v" and not token.capital for token in t[start : end - 1]) or any(
            self._participle(n) for n in range(start, end)
        )

    def _described(self, first: int, limit: int) -> tuple[int, int] | None:
        """Return the tokens of a speaker behind a participle: … ifade eden Çelebi, …."""
        t, endings = self.t, self.lex.participle_endings
        found = None
        for n in range(first + 1, limit) if endings else ():
            if t[n].low != "," and t[n].kind != "quote":
                continue
            start = n
            while start > first and n - start < _SHORT_SUBJECT + 2 and t[start - 1].kind != "mark" and not self._participle(start - 1):
                start -= 1
            if first < start < n and self._participle(start - 1) and t[n - 1].capital and self._speaks(start, n):
                found = start, n
        return found

    def _participle(self, n: int) -> bool:
        token = self.t[n]
        return not token.capital and len(token.low) > 3 and token.low.endswith(self.lex.participle_endings)

    def _as(self, left: int, cue: Range) -> bool:
        """Read a clause that names a source for the clause beside it.

        For example: как рассказала порталу «…» мэр, ….
        """
        t = self.t
        at = left if left < len(t) and t[left].low in self.lex.as_words else left - 1
        if at < self.taken or t[at].low not in self.lex.as_words:
            return False
        before, fits = self._between_as(at + 1, cue[0])
        if not fits:
            return False
        opens = self._skip_marks(self.taken) == at or all(token.kind in "crt" for token in t[self._skip_marks(self.taken) : at])
        if not opens and (t[at - 1].low not in (",", "–", "—", "(") or at - self._skip_marks(self.taken) < _SHORTEST_STATEMENT):
            return False
        behind, after = self._phrase_behind(cue[1])
        comma = next((n for n in range(cue[1], after) if t[n].low == ","), after)
        if opens and behind and comma < after and self._ends(after) and after >= len(t) - 1:
            behind, after = (behind[0], t[comma - 1].end), comma  # no apposition: the clause that the source is named for
        first = self._token_at(behind[0]) if behind else after
        if opens and behind and first < (named := self._source_end(first, after)) < after:
            self._add(
                [(t[named].start, t[self._without_marks(named, len(t)) - 1].end)],
                (at, cue[1]),
                (behind[0], t[named - 1].end),
                _ACCORDING_SCORE,
                False,
                len(t),
            )
            return True  # Jak poinformowała policja kierowca …
        end = next((n for n in range(after, len(t)) if t[n].kind in ("mark", "C")), len(t))
        if (end < len(t) and t[end].kind == "C") or not (behind or before or self.lex.pro_drop):
            return False
        content: list[Range] = []
        if not opens:
            content.append((t[self._skip_marks(self.taken)].start, t[self._without_marks(0, at) - 1].end))
        rest, close = self._skip_marks(end), self._without_marks(end, len(t))
        if close - rest > 1 and end < len(t) and t[end].low in (",", "–", "—") and (opens or t[rest].kind not in ("s", "C")):
            content.append((t[rest].start, t[close - 1].end))
        if not content or (opens and t[rest].kind == "quote" and close - rest > 1):
            return False
        self._add(content, (at, cue[1]), behind or before or self._heir(), _ACCORDING_SCORE, False, len(t))
        return True

    def _between_as(self, start: int, at: int) -> tuple[Range | None, bool]:
        """Return the subject between “as” and its verb.

        Also returns whether nothing else is there.

        For example: kao što je Poslovni dnevnik već pisao.
        """
        t, n = self.t, start
        found: Range | None = None
        while n < at:
            end = max(self._date_end(n), self._hearer_end(n))
            if end == n and t[n].kind in "xrtso" and not t[n].capital:
                end = n + 1
            elif end == n and found is None:
                end = self._noun_phrase_end(n)
                if n < end <= at and self._speaks(n, end):
                    found = t[n].start, t[end - 1].end
            if not n < end <= at:
                return None, False
            n = end
        return found, True

    def _according(self) -> None:
        """Read according-to formulas: Podle X … · X:n mukaan …."""
        t, lex = self.t, self.lex
        for n in range(len(t)):
            for formula, who in lex.according_pronouns:
                if t[n].low == formula[0] and follows(t, n, formula):
                    self._accorded((n, n + len(formula)), n + who, n + who + 1)
                    return
            phrase = next((words for words in lex.before if follows(t, n, words)), None)
            if phrase and lex.subject_first and n and t[n - 1].kind not in ("mark", "quote", "c", "r", "t"):
                phrase = None  # the direction, not the source: theo mùa
            if (
                phrase
                and not (len(phrase) == 1 and n and t[n - 1].kind in "da")
                and not (lex.standards and self._no_source(n, len(phrase)))
            ):
                start = n + len(phrase)
                if start < len(t) and t[start].kind == "quote" and t[start].end - t[start].start <= LONGEST_TITLE:
                    self._accorded((n, start), start, start + 1)
                    return
                end = self._noun_phrase_end(start) if not (start < len(t) and self._pronoun(start)) else start + 1
                if end - start > 1 and t[end - 1].kind == "j" and end < len(t) and t[end].kind in ("v", "x"):
                    end -= 1  # a predicate: Według policji ranne zostały …
                end = self._before_unknown_verb(start, end) if lex.verb_second else self._source_end(start, end)
                if self.lex.adjectival and start < end < len(t) and t[end].kind == "a" and not t[end - 1].capital:
                    end = max(end, self._description_end(start))  # según documentos publicados por X, …
                if phrase in lex.loose and not self._certain_source(start, end):
                    continue
                if end > start and (self._speaks(start, end) or (end == start + 1 and t[start].kind not in "mia")):
                    self._accorded((n, start), start, end)
                    return
            phrase = next((words for words in lex.after if follows(t, n, words)), None)
            if phrase and n:
                start = self._left_edge(n)
                while start < n and self._noun_phrase_end(start) < n and not self._personal(t[start]):
                    start += 1
                if lex.named_after and not (t[n - 1].capital or is_source(t[n - 1].low, lex)):
                    continue
                if start < n and (self._speaks(start, n) or self._personal(t[start])):
                    self._accorded((n, n + len(phrase)), start, n)
                    return

    def _no_source(self, at: int, size: int) -> bool:
        """Return whether a formula names a norm or means something else.

        For example: según la ley, están de acuerdo con, segundo turno.
        """
        t, lex = self.t, self.lex
        start = at + size
        if size > 1 and at and t[at - 1].kind in "vx":
            return True
        noun = next((n for n in range(start, min(start + 4, len(t))) if t[n].kind in "np" or t[n].low in lex.standards), len(t))
        if noun == len(t) or t[noun].low in lex.standards:
            return not any(token.kind == "o" and self._personal(token) for token in t[start : start + 1])
        ordinal = size == 1 and t[at].low in lex.ordinals and noun == start and not t[noun].capital
        return ordinal and not is_source(t[noun].low, lex) and not t[noun].low.endswith("s")

    def _before_unknown_verb(self, start: int, end: int) -> int:
        """Return where a phrase ends in which two nouns follow each other.

        The second is a verb that no table contains.

        Ifølge politiet stiger prisene. Germanic languages write compounds as one word.
        """
        for n in range(start + 1, end):
            before, token = self.t[n - 1], self.t[n]
            nouns = before.kind == token.kind == "n" and not before.capital and not token.capital and before.low[-1] != "s"
            if (
                nouns
                and not token.low.endswith(self.lex.genitives)
                and not is_source(token.low, self.lex)
                and token.low not in self.lex.tags.words
            ):
                return n
        last = self.t[end - 1]
        if (
            end - start > 1
            and end < len(self.t)
            and self.t[end].kind in "rdaomt"
            and not last.capital
            and (is_source(self.t[end - 2].low, self.lex) or self.t[end - 2].capital)
            and not is_source(last.low, self.lex)
            and not last.low.endswith(self.lex.genitives)
        ):
            return end - 1  # enligt länsstyrelsen övervakas nu …
        return end

    def _source_end(self, start: int, end: int) -> int:
        """Return the end of a source that its clause follows without a comma.

        For example: Podle policie řidič nebyl opilý.
        """
        t = self.t
        if end >= len(t) or t[end].kind == "mark" or not is_source(t[start].low, self.lex):
            return end
        n = start + 1
        while n < end and (t[n].capital or t[n].kind in "jami" or is_source(t[n].low, self.lex)):
            n += 1
        titled = t[start].low.startswith(tuple(self.lex.persons)) and any(token.capital for token in t[n:end])
        return n if not titled and (n == end or t[n].kind == "n") else end

    def _relative_end(self, at: int) -> int:
        """Return where a relative clause in commas ends behind a source.

        For example: enligt X, som citerar Y, stängs bron.
        """
        t = self.t
        if not self.lex.verb_second or at + 2 >= len(t) or t[at].low != "," or not self._relative(at + 1):
            return at
        comma = next((n for n in range(at + 2, min(at + _LONGEST_ASIDE, len(t))) if t[n].low == ","), len(t))
        return comma if comma < len(t) - 2 else at

    def _described_end(self, at: int) -> int:
        """Return where a participle and what belongs to it end behind a source.

        For example: podle studie zveřejněné v časopise Nature, ….
        """
        t, n = self.t, at
        if not self.lex.relatives or n >= len(t):
            return at
        start = n + 1 if t[n].low == "," else n
        if start >= len(t) or t[start].kind not in "ji" or t[start].capital:
            return at
        comma = next((m for m in range(start, min(start + _LONGEST_SPEAKER, len(t))) if t[m].kind in ("mark", "v", "x", "quote")), len(t))
        if comma - start < 3 or comma >= len(t) - 2 or t[comma].low != ",":
            return at
        return comma if any(token.kind == "a" for token in t[start + 1 : comma]) else at

    def _accorded(self, cue: Range, start: int, end: int) -> None:
        """Add the content around a formula.

        It follows the formula, or precedes one at the end of the sentence.
        """
        t = self.t
        last = max(end, cue[1])
        first = min(start, cue[0])
        behind = self._skip_marks(self._relative_end(self._described_end(last)))
        before = [token for token in t[:first] if token.kind != "mark"]
        close = self._without_marks(behind, len(t))
        content: list[Range] = []
        if (
            len(before) > 2
            or (len(before) == 2 and (t[first - 1].kind != "mark" or close - behind < 2))
            or (close - behind > 1 and any(token.capital or token.kind == "n" for token in before[1:] or before))
        ):
            content.append((t[self._skip_marks(0)].start, t[self._without_marks(0, first) - 1].end))
        if close - behind > 1 and not (content and last < len(t) and t[last].kind == "mark" and t[last].low not in (",", "،")):
            content.append((t[behind].start, t[close - 1].end))
        if content:
            self._add(content, cue, (t[start].start, t[end - 1].end), _ACCORDING_SCORE, False, len(t))
