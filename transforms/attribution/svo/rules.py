"""Attribution for languages with the verb next to its subject.

German, Dutch, Romance and Slavic languages, Arabic. Quotations are masked (see `sentences`), so
that patterns treat a quotation as one word and do not look inside. Reporting verbs are found first.
Each is then read with its neighbours: a quotation, a clause, its subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import (
    BARE_CLAUSE,
    BEFORE_COLON,
    DATIVE,
    EDGE,
    FINAL,
    FINAL_APPOSED,
    FIRST,
    FURTHER,
    GERMAN_LINKS,
    HEAD,
    HEARER_NOUNS,
    INDICATIVE,
    INFINITIVE,
    INFINITIVE_MARKS,
    INTRODUCED,
    JOINED,
    LETTERS,
    MORE,
    NAMED,
    NO_CLAUSE,
    PASSIVE,
    PRO_DROP,
    QUOTED_NAME,
    RELATIVE,
    REPORTS,
    REST,
    SUBJUNCTIVE,
    SUBORDINATES,
    TITLED_NAME,
    WORD,
    Grammar,
    Q,
    Range,
)
from newsbeam.transforms.attribution.svo.noun_phrases import Speakers, last_word, source_end


@dataclass
class State:
    """State that passes from one sentence to the next.

    The last speaker and the range of the previous sentence.
    """

    last: Range | None = None
    before: Range | None = None
    people: People | None = None
    found: list[Statement] = field(default_factory=list)


_LONGEST_NAME = 30  # characters of a name in quotation marks
_MAX_CUES = 16  # reporting verbs to read in a sentence; text with more of them is not prose


_NOT_BEFORE_NOUNS = {
    "es": ("según",),
    "pt": ("segundo", "conforme"),
    "fr": ("en",),
    "ru": ("до", "при"),
    "pl": ("po", "do"),
    "uk": ("з", "до", "при"),
    "it": ("da",),
}


_DEMONSTRATIVES = frozenset("هذا هذه ذلك تلك هؤلاء نفس أحدث كل".split())


@dataclass
class _Cue:
    start: int
    end: int
    words: str
    pronoun: Range | None = None
    aux: Range | None = None  # auxiliary of a German participle


def _is_standard(language: str, phrase: str) -> bool:
    """Return whether the words behind “according to” name a norm or an ordinal.

    Then they name nobody who speaks.
    """
    standards = load(language).get("standards", ())
    return bool(standards) and any(word.strip("'’.,").lower() in standards for word in re.split(r"[\s'’]+", phrase)[:3])


def read(sentence: str, offset: int, g: Grammar, state: State) -> list[Statement]:
    """Return the statements of one masked sentence that begins at `offset`."""
    reader = _Reader(sentence, g, state, offset)
    return [_moved(item, offset) for item in reader.read()]


def _moved(item: Statement, offset: int) -> Statement:
    def move(span: Range) -> Range:
        return span[0] + offset, span[1] + offset

    # Ranges in earlier sentences are already relative to the text: see _absolute.
    item.content = [(-a - 2, -b - 2) if a < 0 else move((a, b)) for a, b in item.content]
    item.cue = move(item.cue) if item.cue[0] >= 0 else item.cue
    item.via = [move(span) for span in item.via]
    if item.speaker is not None:
        a, b = item.speaker
        item.speaker = (-a - 2, -b - 2) if a < 0 else move((a, b))
    return item


def _absolute(span: Range) -> Range:
    """Encode a range of the text as negative, among ranges of the sentence."""
    return -span[0] - 2, -span[1] - 2


class _Reader:
    def __init__(self, sentence: str, g: Grammar, state: State, offset: int) -> None:
        self.s, self.g, self.state, self.offset = sentence, g, state, offset
        self.speakers = Speakers(sentence, g)
        self.end = len(sentence.rstrip(" .!?…؟\u00a0"))
        self.found: list[Statement] = []
        self.taken: set[int] = set()

    # -- what there is ------------------------------------------------------------------------------------------------

    def cues(self) -> list[_Cue]:
        s, g = self.s, self.g
        cues: list[_Cue] = []
        upto = 0
        for letters in LETTERS.finditer(s):
            if letters.start() < upto or letters.group().lower() not in g.first:
                continue
            match = g.cue.match(s, letters.start())
            if match is None:
                continue
            if len(cues) >= _MAX_CUES:
                break
            upto = match.end()
            words = match.group().lower()
            first = match.group()[0]
            if first.isupper() and s[: match.start()].strip(f" {HEAD}{REST}–—-¡¿(\u00a0"):
                continue
            before = last_word(s, match.start())
            if self._is_noun(before, words) or (before in INFINITIVE_MARKS and g.language != "es"):
                continue
            if before in self.g.small and g.language not in ("de", "nl") and before not in _NOT_BEFORE_NOUNS.get(g.language, ()):
                continue  # teniendo en cuenta que
            if g.negated.search(s, max(match.start() - 12, 0), match.start()):
                continue
            aux = None
            if g.participle is not None:
                verbs = self._auxiliary(match.start())
                if verbs is not None and (words.endswith(("t", "en")) and words != "sagt"):
                    if verbs[2] or (words.endswith("en") and words not in ("sagten", "meinten")):
                        continue  # it was reported; they could not confirm
                    aux = verbs[:2]
                if words == "so" and s[: match.start()].rstrip()[-1:] not in (",", "–", "—"):
                    continue
            cues.append(_Cue(match.start(), match.end(), words, None, aux))
        if g.inverted is not None and "-" in s:
            for match in g.inverted.finditer(s):
                who = match.span("who") if match["who"] else match.span("them")
                cues = [cue for cue in cues if not match.start() <= cue.start < match.end()]
                span = match.span() if match["who"] else (match.start(), match.start() + match.group().index("-"))
                cues.append(_Cue(*span, match.group().lower(), who))
        if g.participle is not None:
            for match in g.participle.finditer(s):
                if any(cue.start <= match.start() < cue.end for cue in cues):
                    continue
                start = max(s.rfind(mark, 0, match.start()) for mark in (",", HEAD, REST, ":", ";", "–")) + 1
                aux = None
                for word in WORD.finditer(s, start, match.start()):
                    if word.group() in load(g.language)["auxiliaries"]:
                        aux = word.span()
                if aux is not None and not any(word in load(g.language)["negation"] for word in s[aux[1] : match.start()].split()):
                    begin = aux[0] if not s[aux[1] : match.start()].strip() else match.start()
                    cues.append(_Cue(begin, match.end(), match.group().lower(), None, aux))
        cues.sort(key=lambda cue: cue.start)
        return cues[:_MAX_CUES]

    def _is_noun(self, before: str, words: str) -> bool:
        """Return whether an article before a form makes it a noun.

        A pronoun can look like an article: lo dijo, l'a dit.
        """
        g = self.g
        if before not in g.articles or words in ("so", "aldus"):
            return False
        if g.language == "fr" and words == "juge":
            return True  # le juge
        if g.language == "fr":
            return before not in ("l'", "l’", "le", "la", "les")
        if g.language in ("es", "pt") and before in ("o", "la", "lo", "los"):
            return before not in ("o", "lo") and not words.endswith(("ó", "aron", "ieron", "ado"))
        return True

    def _auxiliary(self, at: int) -> tuple[int, int, bool] | None:
        """Return the auxiliary in the clause before a German or Dutch verb.

        Its range, and whether it makes the verb a passive or an infinitive.
        """
        s = self.s
        start = max(s.rfind(mark, 0, at) for mark in (",", HEAD, REST, ":", ";", "–")) + 1
        found = None
        for word in WORD.finditer(s, start, at):
            if word.group() in PASSIVE:
                found = (*word.span(), True)
            elif word.group() in load(self.g.language)["auxiliaries"]:
                found = (*word.span(), False)
        return found

    def read(self) -> list[Statement]:
        s, g = self.s, self.g
        cues = self.cues()
        if g.this is not None and cues and (self._reference_clause(cues) or (g.language in ("ru", "uk") and g.this.match(s))):
            return self.found
        as_ = g.as_.search(s)
        if as_ is not None and (cues or g.language == "de"):
            self._as_clause(as_, cues)
            if self.found:
                return self.found
        upto = 0
        for number, cue in enumerate(cues):
            if cue.start < upto:
                continue
            following = cues[number + 1] if number + 1 < len(cues) else None
            upto = max(upto, self._cue(cue, following))
        return (
            self.found
            or self._name_colon_quote()
            or self._so_construction()
            or self._according_to()
            or self._colon_behind_verb()
            or self._subjunctive()
        )

    def _add(self, content: list[Range], cue: Range, speaker: Range | None, score: float, direct: bool = False) -> None:
        self.taken.update(start for start, _ in content)
        self.found.append(Statement(content, cue, speaker, score, direct=direct))

    # -- one reporting verb -------------------------------------------------------------------------------------------

    def _cue(self, cue: _Cue, following: _Cue | None) -> int:
        """Read one cue; return the end of its statement.

        Cues inside the statement are skipped.
        """
        s, g = self.s, self.g
        framing = cue.words in g.framing
        before = self._quote_before(cue.start) if HEAD in s else None
        behind = cue.pronoun or self.speakers.subject_after(cue.end, loose=before is not None)
        if before is not None and before[0] not in self.taken:
            # „…“, sagte X · «…», a dit X · "…", — сказал X
            if behind is None and g.language in PRO_DROP and not framing:
                rest = WORD.match(s, cue.end + 1)
                if rest is None or not rest.group()[0].isupper():
                    heir = self._named_before(before[0])
                    self._add([before], (cue.start, cue.end), heir, 0.65 if heir else 0.5, direct=True)
                return cue.end
            if behind is None:
                return cue.end
            content = [before]
            more = self._continued_quote(behind[1])
            content += [more] if more else []
            self._add(content, (cue.start, cue.end), behind, 0.9, direct=True)
            return content[-1][1] if more else behind[1]
        left = self.speakers.subject_before(cue.aux[0] if cue.aux else cue.start)
        before_cue = s[: cue.start].rstrip(" \u00a0")
        comma = before_cue.rstrip(" –—-")[-1:] in (",", "،") or (g.language == "pl" and before_cue[-1:] in ("–", "—"))
        if before is None and left is not None and HEAD in s:
            # «…», X a déclaré.
            quote = self._quote_before(left[0])
            if quote is not None and quote[0] not in self.taken and self._at_end(cue.end) and s[quote[1] : left[0]].strip() == ",":
                self._add([quote], (cue.start, cue.end), left, 0.8, direct=True)
                return cue.end
        alone = framing or cue.words not in g.separable or cue.words in load(g.language)["finite"]
        if not alone and not self._particle(cue):
            return cue.end
        quotes_only = framing and cue.words not in ("so", "aldus")
        clause = self._clause_before(cue.start) if comma and behind is not None and not cue.aux and not quotes_only else None
        if (
            clause is not None
            and behind is not None
            and (left is None or (g.language not in ("de", "nl") and self.speakers.is_name(behind)))
            and (g.language in ("de", "nl") or self.speakers.is_name(behind) or cue.pronoun)
        ):
            content = [clause]
            rest = EDGE.match(s, self.speakers.phrase_end(behind[1]))
            tail = (rest.end() if rest else behind[1], self.end)
            if (
                s[tail[0] - 2 : tail[0]].strip() == ","
                and tail[1] - tail[0] > 10
                and not s.startswith(SUBORDINATES.get(g.language, ()), tail[0])
            ):
                content.append(tail)
            if len(content) == 2 or s[slice(*clause)].count(" ") > 1:
                self._add(content, (cue.start, cue.end), behind, 0.7)
                return self.end
        if cue.pronoun and g.language == "fr":
            return cue.end
        subject, after = left, cue.end
        score = 0.85
        if g.language == "ar" or (subject is None and g.language in ("de", "nl")):
            subject = self.speakers.subject_after(cue.aux[1] if cue.aux else cue.end)
            after = max(subject[1], cue.end) if subject else cue.end
            if cue.pronoun is None and g.language == "ar" and subject is None and left is not None and self._opens(left):
                subject = left
        elif subject is None and cue.pronoun is None and behind is not None and self._verb_first(cue):
            subject, after = behind, behind[1]
        if subject is not None and cue.words in g.relaying and (passed := g.relayed.match(s, subject[1])) is not None:
            source = self.speakers.subject_after(passed.end(), apposed=False)
            if source is not None:
                known = len(self.found)
                end = self._right(cue, source, source[1], score, framing, following)
                for item in self.found[known:]:
                    item.via = [subject]
                return end
        if subject is None and self._coordinated(cue):
            subject = self.found[-1].speaker if self.found else self._first_subject()
            score = 0.75 if self.found else 0.6
        elif subject is None and last_word(s, cue.start) in ("se", "si"):
            return cue.end  # se informa que: no speaker
        elif subject is None and g.language in PRO_DROP and self._verb_first(cue) and (behind is None or g.language != "ar"):
            word = WORD.match(s, cue.end + 1)
            if (
                word is None
                or word.group().lower() in {*g.conjunctions, *g.prepositions, *load(g.language)["adverbs"]}
                or s[cue.end : cue.end + 1] in (":", ",")
                or word.group()[0] == HEAD
                or (g.language == "ar" and s.find(":", cue.end, cue.end + 25) > 0)
            ):
                heir = _absolute(self.state.last) if self.state.last is not None else None
                if g.language == "ar" and self.found:
                    heir = self.found[-1].speaker
                return self._right(cue, heir, after, 0.6 if heir else 0.45, framing, following)
        if subject is None:
            return cue.end
        return self._right(cue, subject, after, score, framing, following)

    def _right(self, cue: _Cue, subject: Range | None, after: int, score: float, framing: bool, following: _Cue | None) -> int:
        s, g = self.s, self.g
        end = self._clause_end(after, following)
        quote = g.right.match(s, after) if s.find(HEAD, after, after + 260) >= 0 else None
        that = g.that.match(s, after) if g.conjunction.search(s, after, after + 260) else None
        if g.language == "ar" and quote and subject and quote.end("q") - quote.start("q") < _LONGEST_NAME and ":" not in quote["between"]:
            behind = g.that.match(s, quote.end("q"))
            if behind and not behind["between"].strip():  # مؤسسة "إحصاء"
                subject, quote, that = (subject[0], quote.end("q")), None, behind
        if quote and (quote.start("q") in self.taken or not self._introduced(quote)):
            quote = None
        if quote and that and that.end() < quote.start("q") and s[that.end("that") : quote.start("q")].strip(" :،,"):
            quote = None  # said that it was “…”: the clause, not only the quotation
        if quote:
            a, b = quote.span("q")
            introduced = s[quote.start() : a].rstrip(" –—-")[-1:] in (":", "：")
            rest = s[b:end].strip(" .,;")
            clause = that is not None and that.end() <= a
            if introduced or not rest or not clause:
                content = [(a, b)]
                if introduced or len(rest) < 4:
                    content += self._adjacent_quotes(b)
                elif not clause and not framing and g.language in BARE_CLAUSE and b - a < 30 and rest:
                    return cue.end
                self._add(content, (cue.start, cue.end), subject, score + 0.05 if introduced else score, direct=True)
                return content[-1][1]
            self._add([(that.start("that") if that else a, end)], (cue.start, cue.end), subject, score - 0.1)
            return end
        if framing:
            return cue.end
        if that and end - that.start("that") > 8 and self._is_adjacent(that["between"]):
            self._add([(that.start("that"), end)], (cue.start, cue.end), subject, score - 0.1)
            return end
        infinitive = INFINITIVE.match(s, cue.end) if g.language in ("es", "fr", "pt", "it") and not self.found else None
        if infinitive and end - infinitive.start("that") > 12:
            self._add([(infinitive.start("that"), end)], (cue.start, cue.end), subject, score - 0.2)
            return end
        if g.language in BARE_CLAUSE:
            edge = self.speakers.phrase_end(after)
            start = edge + 1
            while start < self.end and s[start] in " \u00a0":
                start += 1
            word = WORD.match(s, start)
            colon = s[edge : edge + 1] == ":"
            adjunct = s[after:edge].strip()
            plain = (cue.words in g.separable and f" {adjunct}".endswith(tuple(f" {particle}" for particle in g.separable[cue.words]))) or (
                not adjunct
                or (
                    not adjunct[0].isupper()
                    and adjunct.split()[0]
                    in {
                        *g.prepositions,
                        *self.g.small,
                        *load(g.language)["adverbs"],
                        "mit",
                        "zu",
                        "darauf",
                        "davon",
                        "ihm",
                        "ihr",
                        "ihnen",
                    }
                )
            )
            if (
                plain
                and (s[edge : edge + 1] == "," or colon)
                and word
                and word.group().lower() not in NO_CLAUSE
                and self._clause_end(start, following) - start > 10
            ):
                stop = self._clause_end(start, following)
                second = s[word.end() : word.end() + 8].split()
                relative = (
                    word.group().lower() in self.g.small
                    and second
                    and second[0] in ("denen", "dem", "der", "deren", "dessen", "die", "das", "welchem", "welcher")
                    and s[word.end() :].split()[1:2]
                    and not s[word.end() :].split()[1][:1].isupper()
                )
                if not relative and s[start:stop].count(" ") >= 2:
                    self._add([(start, stop)], (cue.start, cue.end), subject, score - 0.2)
                    return stop
        elif s[after : after + 1] == ":" and self.end - after > 12 and HEAD not in s[after:]:
            start = after + 2 if s[after + 1 : after + 2] == " " else after + 1
            self._add([(start, self.end)], (cue.start, cue.end), subject, score - 0.2)
            return self.end
        return cue.end

    def _is_adjacent(self, between: str) -> bool:
        """Return whether few enough words separate a verb and its conjunction.

        Otherwise the clause would belong to an object between them.
        """
        words = between.split()
        return len(words) <= 12

    def _adjacent_quotes(self, at: int) -> list[Range]:
        """Return quotations that directly follow another: „…“ „…“."""
        found = []
        match = FURTHER.match(self.s, at)
        while match:
            found.append(match.span(1))
            match = FURTHER.match(self.s, match.end())
        return found

    def _clause_end(self, at: int, following: _Cue | None) -> int:
        """Return the end of a reported clause.

        It ends with the sentence or before the next verb of the same speaker (“… and added that”).
        """
        if following is None or following.start <= at:
            trailing = self.g.trailing.search(self.s, at, self.end)
            return trailing.start() if trailing else self.end
        if self.g.language == "ar":
            before = self.s[: following.start].rstrip()
            continued = before.endswith(("،", ",")) and self.g.that.match(self.s, following.end) is not None
            return len(before) - 1 if continued else self.end
        match = JOINED.search(self.s, max(following.start - 40, at), following.start)
        if match is None:
            return self.end
        words = match.group().strip(" ,،").split()
        if words[0].lower() in self.g.joining and all(self.g.trail.fullmatch(word) for word in words[1:]):
            return match.start()
        return self.end

    def _coordinated(self, cue: _Cue) -> bool:
        stretch = self.s[max(cue.start - 40, 0) : cue.start].rstrip()
        words = re.split(r"[,،]", stretch)[-1].split()
        while words and (self.g.trail.fullmatch(words[-1]) or words[-1].endswith(("ment", "mente"))):
            words.pop()
        return bool(words) and words[-1].lower() in self.g.joining

    def _first_subject(self) -> Range | None:
        """Return the person or office that begins the sentence.

        For sentences whose second verb reports: X left and said that …
        """
        s, g = self.s, self.g
        lead = g.lead.match(s)
        match = FIRST.match(s, lead.end() if lead else 0)
        if match is None:
            return None
        words = match["np"].split()
        if words[0].lower() in g.pronouns and len(words) == 1:
            return match.span("np")
        known = self.speakers.can_speak(words) and words[0].lower() not in {*g.prepositions, *self.g.small, *self.g.clause_words}
        return match.span("np") if known and self.speakers.is_name(match.span("np")) and (len(words) > 1 or g.language != "de") else None

    def _verb_first(self, cue: _Cue) -> bool:
        start = max(self.s.rfind(mark, 0, cue.start) for mark in (",", "،", ":", ";", "—", "–")) + 1
        prefix = self.s[start : cue.start].strip(f" \u00a0{HEAD}{REST}")
        return not prefix or self.g.trail.fullmatch(prefix) is not None or self.g.lead.fullmatch(prefix + " ") is not None

    def _opens(self, span: Range) -> bool:
        before = self.s[: span[0]]
        return not before.strip() or self.g.lead.fullmatch(before) is not None or self._conjunction_ends(before)

    def _conjunction_ends(self, before: str) -> bool:
        return self.g.language == "ar" and bool(words := before.split()) and len(words) <= 3 and words[-1] in self.g.conjunctions

    def _at_end(self, at: int) -> bool:
        rest = self.s[at : self.end].strip()
        return (
            not rest or rest[0] in ",،" or rest.split()[0].lower() in self.g.prepositions or self.g.lead.fullmatch(rest + " ") is not None
        )

    def _particle(self, cue: _Cue) -> bool:
        stop = next(
            (i for i in range(cue.end, min(cue.end + 160, len(self.s))) if self.s[i] in f":;.{HEAD}"), min(cue.end + 160, len(self.s))
        )
        return any(re.search(rf"\s{particle}(?=\s*(?:[,.:;–]|$))", self.s[cue.end : stop]) for particle in self.g.separable[cue.words])

    def _introduced(self, quote: re.Match[str]) -> bool:
        """Return whether a quotation is speech, and not a name: im „Kurier“."""
        between = quote["between"].split()
        a, b = quote.span("q")
        if re.search(r"[:,،]\s*$", self.s[quote.start() : a]) or b - a > 60:
            return True
        if not between:
            return True
        last = between[-1].lower()
        return last not in {*self.g.articles, *self.g.prepositions, "dem", "der", "du", "del", "den"} | HEARER_NOUNS and not any(
            term in last for term in load(self.g.language)["publications"]
        )

    def _quote_before(self, end: int) -> Range | None:
        """Return the quotation before `end`, ignoring a comma and a dash."""
        s = self.s
        while end > 0 and s[end - 1] in " \u00a0,،–—-":
            end -= 1
        if end == 0 or s[end - 1] not in (HEAD, REST):
            return None
        head = s.rfind(HEAD, 0, end)
        if head < 0:
            return None  # a long sentence was split inside a quotation
        if end - head <= 40 and self.g.papers.search(s, max(head - 30, 0), head):
            return None  # Das Blatt „Kurier“ berichtete
        return head, end

    def _continued_quote(self, at: int) -> Range | None:
        """Return a quotation that continues after speaker, place and time."""
        match = MORE.match(self.s, at)
        return match.span(1) if match else None

    def _named_before(self, at: int) -> Range | None:
        people = self.state.people
        named = people.last_before(self.offset + at) if people is not None else None
        if named is not None:
            return _absolute((named[0], named[1]))
        return _absolute(self.state.last) if self.state.last is not None else None

    def _clause_before(self, at: int) -> Range | None:
        """Return the clause that ends with the comma before `at`.

        It begins after a colon or semicolon, or with the sentence.
        """
        s = self.s
        end = len(s[:at].rstrip(" \u00a0–—-"))
        if end < 2 or (s[end - 1] not in ",،" and self.g.language != "pl"):
            return None
        end -= s[end - 1] in ",،"
        start = max(s.rfind(mark, 0, end) for mark in (": ", "; ")) + 2
        start = 0 if start == 1 else start
        while start < end and s[start] in " –—-\u00a0":
            start += 1
        words = s[start:end].split()
        if len(words) < 2 or (words[0].lower() in self.g.subordinators and "," not in s[start:end] and len(words) < 8):
            return None
        if any(item.content[0][0] >= start for item in self.found):
            return None
        if self.g.language == "de" and not any(
            word[:1].islower()
            and word not in GERMAN_LINKS
            and word.endswith(("t", "te", "en", "sei", "ei", "be", "de", "ne", "sse", "rde", "ist", "tte", "war", "le"))
            for word in (w.strip(",") for w in words)
        ):
            return None  # a name with an apposition has no verb
        return start, end

    # -- according to ------------------------------------------------------------------------------------------------

    def _so_construction(self) -> list[Statement]:
        s, g = self.s, self.g
        if g.so is None:
            return []
        match = g.so.search(s)
        if match is None:
            return []
        phrase = g.phrase.match(s, match.end())
        if phrase is None:
            return []
        speaker = self.speakers.noun(match.end(), phrase.end())
        if speaker is None or s[self.speakers.phrase_end(speaker[1]) : self.speakers.phrase_end(speaker[1]) + 1] not in (
            ",",
            ".",
            "",
            "–",
            "—",
        ):
            return []
        return self._rest_of_sentence(match.span("cue"), speaker, match.start(), speaker[1], 0.8)

    def _as_clause(self, match: re.Match[str], cues: list[_Cue]) -> None:
        """Read an as-clause; the content is the rest of the sentence.

        wie X mitteilte · comme l'a indiqué X · как сообщил X
        """
        s, g = self.s, self.g
        at = match.end()
        stop = self.speakers.phrase_end(at)
        if g.language == "de":
            inner = FINAL_APPOSED.match(s, stop)
            if inner and not FINAL.search(s, at, stop):
                stop = inner.end()
            final = FINAL.search(s, at, stop)
            last = s[at:stop].split()
            cue = next((cue for cue in cues if at < cue.start < stop), None)
            end = stop
            if final:
                span = final.span()
            elif (cue is not None and s[cue.end : stop].strip() in ("", "hat", "hatte", "haben", "hatten")) or (
                cue is not None and not s[at : cue.start].strip()
            ):
                span = (cue.start, cue.end)
            else:
                return
            if not last:
                return
            speaker = (
                self.speakers.noun_apposed(at, span[0] - 1)
                if s[at : span[0]].strip()
                else self.speakers.subject_after(span[1], apposed=False)
            )
            if speaker is not None and speaker[0] > span[0]:
                end = max(end, speaker[1])
        else:
            cue = next((cue for cue in cues if match.start() <= cue.start < stop), None)
            if cue is None:
                return
            span = (cue.start, cue.end)
            between = s[at : cue.start].strip(" \u00a0'’")
            if not between or g.trail.fullmatch(between) or between in ("l", "lo", "le", "se"):
                speaker = cue.pronoun or self.speakers.subject_after(cue.end, apposed=False)
                end = max(self.speakers.phrase_end(cue.end), speaker[1] if speaker else 0)
            else:
                speaker = self.speakers.subject_before(cue.start)
                speaker = speaker if speaker and speaker[0] >= at else None
                end = self.speakers.phrase_end(cue.end)
        if speaker is None:
            return
        self._rest_of_sentence(
            (match.start("cue"), span[1]) if span[0] - match.end() <= 1 else span, speaker, match.start("cue"), end, 0.75
        )

    def _reference_clause(self, cues: list[_Cue]) -> bool:
        """Read a reference to the sentence before, which is the content.

        Об этом сообщил X · Das teilte die Polizei mit
        """
        s, g = self.s, self.g
        match = g.this.match(s) if g.this is not None else None
        if match is None or self.state.before is None:
            return False
        cue = cues[0]
        between = s[match.end() : cue.start].strip()
        if between and not g.trail.fullmatch(between) and not g.lead.fullmatch(between + " "):
            return False
        named = QUOTED_NAME.match(s, cue.end)
        speaker = cue.pronoun or (named.span(1) if named else self.speakers.subject_after(cue.end))
        tail = s[speaker[1] : self.end] if speaker else ""
        if speaker is None or len(tail) > 90 or HEAD in tail or ":" in tail:
            return False
        if g.language == "de" and cue.words in g.separable and not self._particle(cue) and cue.words != "sagte":
            return False
        a, b = self.state.before
        if b - a < 15:
            return False
        self._add([_absolute((a, b))], (cue.start, cue.end), speaker, 0.7)
        return True

    def _according_to(self) -> list[Statement]:
        s, g = self.s, self.g
        speaker: Range | None = None
        match = g.according.search(s)
        if match is not None:
            phrase = g.phrase.match(s, match.end())
            if phrase and _is_standard(g.language, phrase.group()):
                return []
            if phrase:
                end = phrase.end()
                if g.language in ("de", "nl", "pl"):
                    verb = source_end(s[match.end() : end], g.language)
                    end = match.end() + verb if verb else end
                speaker = self.speakers.noun(match.end(), end, according=True, whole=True)
                if g.language == "ar" and speaker is not None and not self._certain(speaker):
                    return []
                inner = g.cue.match(s, match.end())
                if inner and inner.end() < end:
                    # según dijo X
                    speaker = self.speakers.subject_after(inner.end(), apposed=False)
                    span = (match.start("cue"), inner.end())
                    return self._rest_of_sentence(span, speaker, match.start("cue"), speaker[1], 0.75) if speaker else []
            if speaker is None:
                return []
            return self._rest_of_sentence(match.span("cue"), speaker, match.start("cue"), speaker[1], 0.8)
        if g.behind is not None and (match := g.behind.search(s)) is not None:
            start, end = self.speakers.span_before(match.start())
            words = list(WORD.finditer(s, start, end))
            # Keep the phrase that belongs together: back to the dative article or to the noun
            # without one.
            first = next(
                (
                    n
                    for n in range(len(words) - 1, -1, -1)
                    if words[n].group().lower() in REPORTS
                    or (words[n].group() in DATIVE and not (words[n].group() == "der" and n and words[n - 1].group()[0].isupper()))
                ),
                None,
            )
            if first is None:
                if len(words) > 2 or not words or not words[0].group()[0].isupper():
                    return []
                first = 0
            speaker = (words[first].start(), end)
            if "eigenen" in s[start:end] or not self.speakers.can_speak([word.group() for word in words[first:]]):
                return []
            return self._rest_of_sentence(match.span("cue"), speaker, speaker[0], match.end(), 0.75)
        if g.pronoun is not None and (match := g.pronoun.search(s)) is not None:
            return self._rest_of_sentence(match.span("cue"), match.span("who"), match.start("cue"), match.end("cue"), 0.8)
        return []

    def _certain(self, source: Range) -> bool:
        """Return whether an Arabic phrase after “according to” is a source.

        It is listed, or short and without a demonstrative.
        """
        words = self.s[slice(*source)].split()
        return self.g.known.match(words[0]) is not None or (len(words) <= 4 and not _DEMONSTRATIVES.intersection(words))

    def _rest_of_sentence(self, cue: Range, speaker: Range, first: int, rest: int, score: float) -> list[Statement]:
        """Add the sentence without its source, which is `s[first:rest]`."""
        s = self.s
        before = (len(s) - len(s.lstrip(" –—-\u00a0")), len(s[:first].rstrip(" ,،(–—-\u00a0")))
        relative = RELATIVE.match(s, rest)
        if relative:
            rest = relative.end()
        edge = EDGE.match(s, rest)
        tail = (edge.end() if edge else rest, self.end)
        pieces = [piece for piece in (before, tail) if piece[1] - piece[0] > 6]
        if not pieces:
            if HEAD in s[before[0] : before[1]]:
                pieces = [before]
            else:
                return []
        if (
            len(pieces) == 2
            and ("," not in s[rest : tail[0]] and ")" not in s[rest : tail[0]] and "–" not in s[rest : tail[0]])
            and self.g.language not in ("de", "nl")
        ):
            pieces = pieces[:1]
        direct = all(re.fullmatch(rf"[\s,]*{Q}[\s.,]*", s[a:b]) for a, b in pieces)
        if direct:
            pieces = [(s.index(HEAD, a), max(s.rfind(HEAD, a, b), s.rfind(REST, a, b)) + 1) for a, b in pieces]
        if pieces[0][0] in self.taken:
            return self.found
        self._add(pieces, cue, speaker, score, direct=direct)
        return self.found

    def _name_colon_quote(self) -> list[Statement]:
        """Read X: „…“ — a name, a colon and a quotation."""
        match = BEFORE_COLON.match(self.s) if HEAD in self.s else None
        if match is None:
            return []
        words = match["np"].split()
        if len(words) > 6 or not self.speakers.can_speak(words) or words[0].lower() in self.g.articles:
            return []
        names = sum(word[0].isupper() for word in words)
        if names < len(words) - 1 or (self.g.language == "de" and not self._titled(words)) or (self.g.language == "ar"):
            return []
        self._add([match.span("q")], (-1, -1), match.span("np"), 0.6, direct=True)
        return self.found

    def _colon_behind_verb(self) -> list[Statement]:
        """Read X …: „…“ with an unlisted verb.

        The subject must be a pronoun or a person with full name.
        """
        match = INTRODUCED.fullmatch(self.s)
        if match is None or match.end("q") - match.start("q") < 30:
            return []
        start = match.start("np")
        lead = self.g.lead.match(self.s, start)
        start = lead.end() if lead else start
        end = self.speakers.phrase_end(start)
        text = self.s[start:end]
        first = text.split(" ", 1)[0]
        if first.lower() in self.g.pronouns and first.lower() not in ("es", "das", "sie", "lo", "le", "la", "on"):
            speaker = (start, start + len(first))
        else:
            name = NAMED.match(text) or TITLED_NAME.match(text)
            if (
                name is None
                or name.end() >= len(text)
                or not text[name.end()].isspace()
                or not text[name.end() + 1 : name.end() + 2].islower()
            ):
                return []
            speaker = (start, start + name.end())
        words = self.s[speaker[0] : speaker[1]].split()
        verb = WORD.match(self.s, speaker[1] + 1)
        if (
            verb is None
            or not self.speakers.can_speak(words)
            or words[0].lower() in self.g.prepositions
            or verb.group() in self.g.prepositions
            or len(verb.group()) < 4
        ):
            return []
        self._add([match.span("q")], verb.span(), speaker, 0.6, direct=True)
        return self.found

    def _subjunctive(self) -> list[Statement]:
        """Read a German sentence in the subjunctive of reported speech.

        It continues the statement before it.
        """
        state = self.state
        if self.g.language != "de" or state.last is None:
            return []
        verb = SUBJUNCTIVE.search(self.s)
        if (
            verb is None
            or "," in self.s[: verb.start()]
            or self.g.cue.search(self.s) is not None
            or INDICATIVE.search(self.s) is not None
            or self.end < 20
        ):
            return []
        start = len(self.s) - len(self.s.lstrip())
        self._add([(start, self.end)], (-1, -1), _absolute(state.last), 0.5)
        return self.found

    def _titled(self, words: list[str]) -> bool:
        people = self.state.people
        return people is not None and bool(people.name(" ".join(words))[0])
