"""The sentence as tokens: its reporting verbs, where its clauses begin and end, and its parts between commas.

All other modules of the reader are built on it.
"""

from __future__ import annotations

from itertools import pairwise

from newsbeam.transforms.attribution.chunks.words import Lexicon, PhrasesByEnd, Token, follows, tokens

Range = tuple[int, int]
_LONGEST_ASIDE = 26  # words
_LONGEST_CLAUSE = 80  # words between a verb and its particle
_LONGEST_DATELINE = 12  # tokens
_SHORT_SUBJECT = 6  # words


class Sentence:
    """A masked sentence, its tokens and its reporting verbs."""

    def __init__(self, text: str, lex: Lexicon) -> None:
        self.text, self.lex = text, lex
        self.tokens = tokens(text, lex)
        self.verbs = [self._verb(at) for at in range(len(self.tokens))]  # tokens of the reporting verb that begins there, or 0
        self.taken = self._dateline_end()  # tokens before this one already belong to statements

    def _dateline_end(self) -> int:
        """Return the number of tokens in a dateline, such as Praha (ČTK) –."""
        for n, token in enumerate(self.tokens[1:_LONGEST_DATELINE], 1):
            if token.low in ("–", "—", "-") and self.tokens[n - 1].low == ")":
                return n + 1
        return 0

    def _verb(self, at: int) -> int:
        token = self.tokens[at]
        if token.kind in ("quote", "mark") or (token.low not in self.lex.openings and not self._shares_auxiliary(at)):
            return 0
        if token.capital and at and self.tokens[at - 1].kind not in ("quote", "mark"):
            return 0  # a name
        if any(follows(self.tokens, at, idiom) for idiom in self.lex.idioms) or self._is_named_by_article(at):
            return 0
        if token.low in self.lex.auxiliaries:
            n = at + 1
            while n < len(self.tokens) and n < at + 3 and self.tokens[n].kind == "r":
                n += 1
            if n < len(self.tokens) and self.tokens[n].low in self.lex.participles:
                return n + 1 - at
        if self._shares_auxiliary(at):
            return 1
        if self._particle(at + 1, self.lex.separable.get(token.low, frozenset())):
            return 1
        for phrase in self.lex.verbs.get(token.low, ()):
            if follows(self.tokens, at, phrase):
                return len(phrase)
        return 0

    def _shares_auxiliary(self, at: int) -> bool:
        """Return whether “and” joins a participle to another that reports: a confié que … et ajouté que …."""
        return (
            at > 2
            and self.tokens[at].low in self.lex.participles
            and self.tokens[at - 1].kind == "c"
            and self.conjunction(at + 1) > 0
            and any(
                token.low in self.lex.auxiliaries and other.low in self.lex.participles for token, other in pairwise(self.tokens[: at - 1])
            )
        )

    def _is_named_by_article(self, at: int) -> bool:
        """Return whether an article makes a noun of a form: según una nota."""
        before = self.tokens[at - 1] if at else None
        return bool(self.lex.adjectival) and before is not None and before.kind == "d" and not self._is_object_of(at)

    def _is_object_of(self, at: int) -> bool:
        """Return whether the word before a verb is a pronoun, though it is printed like an article: L'autista le disse."""
        t = self.tokens
        return (
            at > 1
            and t[at - 1].low in self.lex.clitics
            and self.lex.tags.of(t[at].low) == "v"
            and (t[at - 2].kind in "np" or t[at - 2].capital or self.is_personal(t[at - 2]))
        )

    def _particle(self, at: int, particles: frozenset[str]) -> bool:
        """Return whether one of the particles follows in the same clause.

        For example: voegde hij eraan toe.
        """
        limit = min(len(self.tokens), at + _LONGEST_CLAUSE)
        while particles and at < limit and self.tokens[at].kind not in ("mark", "quote", "C", "s"):
            if any(self.tokens[at].low == particle.split()[-1] for particle in particles) and self._clause_ends(at + 1):
                return True
            at += 1
        return False

    def _clause_ends(self, at: int) -> bool:
        if at >= len(self.tokens):
            return True
        token = self.tokens[at]
        return token.kind in ("mark", "quote", "C", "s") or token.low in self.lex.questions or token.low in self.lex.times

    def _denied(self, at: int) -> bool:
        if at and self.lex.subject_first and self.tokens[at - 1].kind in "mz":
            return True  # một báo cáo
        if at and (
            (self.tokens[at - 1].kind == "d" and not self.lex.subject_first and not self._is_object_of(at))
            or (self.tokens[at - 1].kind == "a" and self.lex.before and self.tokens[at - 1].low not in self.lex.as_words)
        ):
            return True  # a noun: la denuncia, en cuenta
        if at and self.lex.adjectival and self.tokens[at - 1].low in {*self.lex.impersonal, *self.lex.giving.get(self.tokens[at].low, ())}:
            return True  # se informa que · se manteve
        before = [token.low for token in self.tokens[max(at - 2, 0) : at]]
        if any(word in self.lex.negations for word in before) or (bool(before) and before[-1] in self.lex.infinitive_marks):
            return True
        # Han sade aldrig att …
        behind = self.tokens[at + 1 : at + 4]
        return self.lex.verb_second and any(
            token.low in self.lex.negations and following.kind in ("C", "mark") for token, following in pairwise(behind)
        )

    def cues(self) -> list[Range]:
        """Return the reporting verbs as ranges of tokens."""
        found: list[Range] = []
        at = 0
        while at < len(self.tokens):
            length = self.verbs[at]
            if length and not self._denied(at):
                found.append((at, at + length))
            at += max(length, 1)
        return found

    def words_of(self, cue: Range) -> str:
        return " ".join(token.low for token in self.tokens[slice(*cue)])

    def left_edge(self, at: int) -> int:
        """Return the first token of the clause around a verb.

        It follows a mark, a quotation or a subordinator.
        """
        start = at
        while start > self.taken and self.tokens[start - 1].kind not in ("mark", "quote", "C", "s"):
            start -= 1
        return start

    def only_adverbs(self, start: int, at: int) -> bool:
        return all(token.kind in "xrtoc" and not self.is_personal(token) for token in self.tokens[start:at])

    def token_at(self, position: int) -> int:
        return next((n for n, token in enumerate(self.tokens) if token.start >= position), len(self.tokens))

    def ends(self, at: int) -> bool:
        while at < len(self.tokens) and self.tokens[at].kind in ("r", "t"):
            at += 1
        return at >= len(self.tokens) or self.tokens[at].kind == "mark"

    def nearly_ends(self, at: int) -> bool:
        """Return whether only a short adverbial phrase follows.

        For example: X sanoi keskiviikkona Helsingissä.
        """
        end = at
        while end < len(self.tokens) and self.tokens[end].kind not in ("mark", "quote", "C", "s", "v", "x", "c"):
            end += 1
        return end - at <= _SHORT_SUBJECT and (end >= len(self.tokens) or self.tokens[end].kind in ("mark", "c"))

    def skip_adverbs(self, at: int) -> int:
        while at < len(self.tokens) and self.tokens[at].low in self.lex.adverbs:
            at += 1
        return at

    def skip_marks(self, at: int) -> int:
        while at < len(self.tokens) - 1 and self.tokens[at].kind == "mark":
            at += 1
        return at

    def without_marks(self, start: int, end: int) -> int:
        """Return the end of a range of tokens without the marks that close it."""
        while end > start and self.tokens[end - 1].kind == "mark":
            end -= 1
        return end

    def is_personal(self, token: Token) -> bool:
        return token.kind == "o" and token.low in self.lex.pronouns

    def is_named(self, n: int) -> bool:
        return self.tokens[n].capital and n > 0 and self.tokens[n - 1].kind not in ("mark", "quote")

    def is_verb(self, n: int) -> bool:
        return bool(self.verbs[n]) or (self.tokens[n].kind in ("v", "x") and not self.is_named(n))

    def is_unknown_verb(self, token: Token) -> bool:
        """Return whether a word behind a noun is a verb that no table contains.

        It is taken for an adjective: koste, müsse.
        """
        return token.kind in "ji" and not token.capital and token.low.endswith(("e", "t", "en"))

    def is_noun(self, n: int) -> bool:
        """Return whether a word is a noun, or an adjective behind an article: un oficial."""
        return self.tokens[n].kind in "np" or (self.tokens[n].kind == "j" and n > 0 and self.tokens[n - 1].kind == "d")

    def has_and(self, at: int) -> bool:
        """Return whether a verb has “and” as its prefix: ואמר."""
        low = self.tokens[at].low
        return any(low.startswith(prefix) and low.removeprefix(prefix) in self.lex.verbs for prefix in self.lex.verb_prefixes)

    def is_impersonal(self, cue: Range) -> bool:
        """Return whether the verb has no person as its subject: se informa que, uvádí se."""
        t = self.tokens
        return (cue[0] > 0 and t[cue[0] - 1].low in self.lex.impersonal) or (
            bool(self.lex.places) and cue[1] < len(t) and t[cue[1]].low in self.lex.impersonal
        )

    def phrase_length(self, end: int, phrases: PhrasesByEnd) -> int:
        """Return how many tokens a phrase has that ends at `end`, or 0.

        For example: … ifade eden Şahin.
        """
        for words in phrases.get(self.tokens[end - 1].low, ()):
            if end >= len(words) and follows(self.tokens, end - len(words), words):
                return len(words)
        return 0

    def conjunction(self, at: int) -> int:
        """Return the conjunction at `at` or after a comma there, else -1."""
        if at < len(self.tokens) and self.tokens[at].low in (",", "،"):
            at += 1
        if at < len(self.tokens) and self.is_conjunction(at):
            return at
        return -1

    def clause_opens(self, at: int) -> bool:
        """Return whether a conjunction follows before or after the next mark.

        Example: påpekade tidningen med en viss belåtenhet att …
        """
        while at < len(self.tokens) and self.tokens[at].kind not in ("mark", "quote"):
            if self.is_conjunction(at):
                return True
            at += 1
        return self.conjunction(at) > 0

    def is_conjunction(self, at: int) -> bool:
        token = self.tokens[at]
        if token.kind == "C":
            return True
        return token.low not in self.lex.sources and any(
            token.low.startswith(p) and len(token.low) > len(p) + 1 for p in self.lex.conjunction_prefixes
        )

    def has_relative_prefix(self, at: int) -> bool:
        """Return whether a word with the prefix of a conjunction is not a name: שפרסמה."""
        low, lex = self.tokens[at].low, self.lex
        if not lex.conjunction_prefixes or low in lex.tags.words or not self.is_conjunction(at):
            return False
        rest = next((low.removeprefix(p) for p in lex.conjunction_prefixes if low.startswith(p)), low)
        return rest in lex.verbs or lex.tags.of(rest) in "vxoasd"

    def opens_relative_clause(self, at: int) -> bool:
        token = self.tokens[at]
        gerund = not token.capital and (
            (token.kind == "i" and bool(self.lex.relatives))
            or (token.kind in "nv" and bool(self.lex.gerund_endings) and token.low.endswith(self.lex.gerund_endings))
        )
        if any(other.low in self.lex.relative_pronouns for other in self.tokens[at : at + 2]):
            return True
        return gerund or token.kind in ("o", "s", "C") or self.is_conjunction(at)

    def main_clause(self, start: int, at: int) -> int:
        """Return the start of the last clause before a verb.

        A clause with a verb of its own may precede it with “and”.
        """
        verbal = False
        first = start
        for n in range(start, at):
            token = self.tokens[n]
            if token.kind in "vx" and not self.is_named(n):
                verbal = True
            elif token.kind == "c" and verbal and n + 1 < at and (self.tokens[n + 1].kind in "do" or self.tokens[n + 1].capital):
                first, verbal = n + 1, False
        return first

    def _in_relative(self, at: int) -> bool:
        """Return whether a relative clause begins between the last statement and `at`."""
        t = self.tokens
        return bool(self.lex.places) and any(t[m].low in self.lex.relatives and t[m - 1].low == "," for m in range(self.taken + 1, at))

    def parts_before(self, at: int) -> list[Range]:
        """Return the parts of the sentence before `at` that commas divide.

        Commas in brackets do not count, nor does what precedes a quotation or a conjunction.
        """
        t = self.tokens
        pieces: list[Range] = []
        depth, end, n = 0, at - 1, at - 1
        while n > self.taken:
            token = t[n - 1]
            relative = token.low in self.lex.relatives and n > 1 and (t[n - 2].low in (",", "،") or self._describes(n - 1))
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

    def _describes(self, at: int) -> bool:
        """Return whether “that” opens a relative clause behind a noun, with no reporting verb before it: un mecánico que gravaba."""
        if not self.lex.adjectival or not self.is_noun(at - 1):
            return False
        start = at
        while start > self.taken and self.tokens[start - 1].kind not in ("mark", "quote"):
            start -= 1
        return not any(self.verbs[start:at])

    def can_stand_between(self, pieces: list[Range]) -> bool:
        """Return whether parts of a sentence can stand between a subject and its verb."""
        between = [token for start, end in pieces for token in self.tokens[start:end]]
        if not between:
            return True
        pronouns = self.lex.relatives if self.lex.adjectival else self.lex.relative_pronouns
        relative = self.opens_relative_clause(pieces[0][0]) or any(token.low in pronouns for token in between)
        return len(between) <= _LONGEST_ASIDE and (
            relative or not any(token.kind in ("v", "x", "quote") and not token.capital for token in between)
        )

    def quotes_before(self, at: int) -> list[Range]:
        """Return the quotation before `at`, and those joined to it by “and”."""
        n = at - 1
        while n >= self.taken and self.tokens[n].kind == "mark" and self.tokens[n].low in ",–—-،.!?":
            n -= 1
        found = []
        while n >= self.taken and self.tokens[n].kind == "quote":
            found.append((self.tokens[n].start, self.tokens[n].end))
            n -= 1
        return found[::-1]
