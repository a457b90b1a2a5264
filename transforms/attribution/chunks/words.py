"""The tokens of a sentence, and what the file of cues says of the words of a language.

The reader is built on both. The keys of cue files are listed in `transforms/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from newsbeam.transforms.attribution.lexicon import SOURCE_LISTS, WESTERN, load
from newsbeam.transforms.attribution.svo.grammar import HEAD, REST, conjugated, grammar
from newsbeam.transforms.attribution.tags import Tags, tags

_TOKEN = re.compile(
    rf"(?P<quote>{HEAD}{REST}*)|(?P<word>[^\W_]+(?:[\u0300-\u036f\u0900-\u0903\u093a-\u094f\u064b-\u0652\u200c][^\W_]*|['’׳״\"\-.‑][^\W_]+|:[a-zåäö]+)*)|(?P<mark>\S)"
)
WORD = re.compile(r"[^\W_]+")
_SEPARATORS = frozenset('¿¡,;:()[]–—-…،؛।!?."«»“”„')
_SHORTEST_STEM = 5  # letters
LONGEST_TITLE = 40  # characters of a name in quotation marks


PhrasesByEnd = dict[str, list[tuple[str, ...]]]
"""Phrases by their last word, in the order of the file of cues."""


def _by_end(phrases: tuple[tuple[str, ...], ...]) -> PhrasesByEnd:
    out: PhrasesByEnd = {}
    for words in phrases:
        out.setdefault(words[-1], []).append(words)
    return out


@dataclass(frozen=True, slots=True)
class Token:
    """A quotation (`quote`), a punctuation mark (`mark`) or a word."""

    start: int
    end: int
    low: str
    kind: str
    capital: bool = False


@dataclass(frozen=True)
class Lexicon:
    """The words of one language."""

    language: str
    tags: Tags
    elided: tuple[str, ...]
    auxiliaries: frozenset[str]  # only where they precede their participle
    participles: frozenset[str]
    reporting: frozenset[str]  # every sentence that reports something has one of these words
    # by first word: all words of a form, longest first
    verbs: dict[str, tuple[tuple[str, ...], ...]]
    framing: frozenset[str]
    showing: frozenset[str]  # forms that report only if a document is their subject
    evident: dict[str, frozenset[str]]  # forms that report what a source shows, and the prepositions before the source
    documents: tuple[str, ...]
    separable: dict[str, frozenset[str]]  # the particles that follow a form, of which one must
    questions: frozenset[str]
    conjunctions: frozenset[str]
    conjunction_prefixes: tuple[str, ...]
    before: tuple[tuple[str, ...], ...]
    after: tuple[tuple[str, ...], ...]
    of: frozenset[str]
    pronouns: frozenset[str]
    obliques: frozenset[str]  # pronouns in the case that follows “according to”
    articles: frozenset[str]
    clause_endings: tuple[str, ...]
    adverbs: frozenset[str]
    not_speakers: frozenset[str]
    negations: frozenset[str]
    infinitive_marks: frozenset[str]
    subject_marks: frozenset[str]
    postpositions: frozenset[str]
    idioms: tuple[tuple[str, ...], ...]  # phrases in which a reporting verb reports nothing
    standards: frozenset[str]  # nouns behind “according to” that are not sources: law, order, plan
    ordinals: frozenset[str]  # “according to” that is also a number: segundo
    adjectival: tuple[str, ...]  # endings of a participle behind the noun that it describes
    participle_endings: tuple[str, ...]  # endings of a participle before the noun that it describes
    participles_behind: tuple[str, ...]  # endings of a participle in commas behind the noun that it describes
    citing: tuple[tuple[str, ...], ...]  # phrases before an outlet that is cited
    agreement: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # endings of a verb, and of nouns that are not its subject
    quantifiers: frozenset[str]  # words that may stand for their noun: некоторые
    subordinators: frozenset[str]
    impersonal: frozenset[str]
    relatives: frozenset[str]  # relative pronouns that are not the subject of their clause
    times: frozenset[str]
    hearers: frozenset[str]
    hearer_prefixes: frozenset[str]  # prepositions written together with their noun
    verb_prefixes: tuple[str, ...]  # words for “and” written together with the verb
    hearing: frozenset[str]  # nouns for an outlet that heard something
    outlet_nouns: frozenset[str]
    outlet_stems: tuple[str, ...]
    cyrillic: bool
    hearer_marks: frozenset[str]  # prepositions before it: pro server Novinky
    places: frozenset[str]  # prepositions of a place where something was said: в министерстве сообщили
    document_verbs: frozenset[str]  # verbs of what a document says
    document_places: frozenset[str]  # more prepositions for them: z raportu wynika
    plural_endings: tuple[str, ...]  # endings of verbs whose subject may be left out: they say
    adverb_endings: tuple[str, ...]
    object_heads: tuple[str, ...]  # endings of nouns in a case in which no subject stands
    verb_endings: tuple[str, ...]  # endings of participles that are the verb of a clause: řekl
    gerund_endings: tuple[str, ...]
    as_words: frozenset[str]  # as X said
    person_endings: tuple[str, ...]  # endings of nouns for persons, in the nominative
    speakers: frozenset[str]  # nouns for persons and groups
    nominative_endings: tuple[str, ...]  # endings of nouns for institutions in the nominative
    loose: frozenset[tuple[str, ...]]  # formulas that also mean “by” or “towards”: a source must follow
    source_prefixes: tuple[str, ...]  # beginnings that the cases of a source share
    according_pronouns: tuple[tuple[tuple[str, ...], int], ...]  # formulas with a pronoun, and where it stands
    oblique: tuple[str, ...]
    genitives: tuple[str, ...]
    objects: tuple[str, ...]
    clitics: frozenset[str]
    giving: dict[str, frozenset[str]]  # words before a form that make it a noun: da cuenta
    openings: frozenset[str]  # first words of a cue, with a pronoun before it
    comma_asides: bool
    inverted: re.Pattern[str] | None  # a verb with the pronoun behind it: a-t-il dit
    sources: frozenset[str]
    compounds: dict[str, tuple[tuple[str, ...], ...]]  # words for sources that are several words, by the first
    persons: frozenset[str]
    source_stems: tuple[str, ...]  # long ones, which may have endings
    pro_drop: bool
    verb_final: bool
    verb_second: bool
    subject_first: bool
    predicates: frozenset[str]  # words that begin a predicate or a relative clause
    predicate_verbs: bool  # whether verbs by their class do, too
    adverbials: frozenset[str]  # words that begin an adverbial phrase or clause
    preposed: frozenset[str]  # the verbs that their subject follows, in a language in which it comes first
    subject_endings: tuple[str, ...]  # endings of a verb that stand for its subject: katanya
    bare: bool
    clause_subject: bool
    relative_pronouns: frozenset[str]
    announcing: frozenset[str]  # adverbs behind whose verb a clause follows: úgy véli
    passive: frozenset[str]  # forms that report behind a document: अध्ययन में कहा गया है
    closing: frozenset[str]  # words that report only behind a quotation
    unknown_nouns: str  # classes that the ending of an unknown word does not tell from nouns
    direct: frozenset[str]  # verbs before which words are quoted without marks
    converbs: PhrasesByEnd  # forms that report before another verb of the same subject
    reporting_participles: PhrasesByEnd  # forms that report before the speaker: diyen Şahin
    occasions: frozenset[str]  # words that say where somebody spoke, before the content
    groups: frozenset[str]
    named_after: bool  # `after` asks for a name or a listed source
    comma_clause: bool  # a main clause may follow the verb and a comma


@cache
def lexicon(language: str) -> Lexicon:
    """Load the words of `language` from its cue file."""
    data = load(language)

    def words(key: str) -> frozenset[str]:
        return frozenset(word.lower() for word in data.get(key, ()))

    elided = tuple(data.get("elided", ()))

    def phrases(key: str) -> tuple[tuple[str, ...], ...]:
        split = {tuple(_apart(phrase.lower(), elided)) for phrase in data.get(key, ())}
        return tuple(sorted(split, key=lambda phrase: (-len(phrase), phrase)))

    verbs: dict[str, list[tuple[str, ...]]] = {}
    participles = conjugated(data, "participles", "participle_stems")
    compound = data.get("compound") == "true"
    finite = [*conjugated(data, "finite", "stems"), *data.get("verbs", ())]
    finite += [prefix + verb for prefix in data.get("verb_prefixes", ()) for verb in finite]
    data = {**data, "verbs": finite if compound else [*finite, *participles]}
    evident = {form: frozenset(prepositions) for form, prepositions in data.get("evident", {}).items()}
    data["evident_forms"] = tuple(evident)
    for phrase in phrases("verbs") + phrases("framing") + phrases("passive") + phrases("showing") + phrases("evident_forms"):
        verbs.setdefault(phrase[0], []).append(phrase)
    order = data.get("order", "")
    separable = {form: frozenset(particles) for form, particles in data.get("separable", {}).items()}
    terms = frozenset(term for key in SOURCE_LISTS for term in words(key))
    return Lexicon(
        language=language,
        tags=tags(language),
        elided=elided,
        auxiliaries=words("auxiliaries") if compound else frozenset(),
        participles=frozenset(participles) if compound else frozenset(),
        reporting=frozenset(
            word
            for phrase in (
                *verbs,
                *separable,
                *participles,
                *data.get("reporting_participles", ()),
                *(p[0] for p in phrases("according_before") + phrases("according_after")),
                *(p[-1] for p, _ in _with_pronouns(data)),
            )
            for word in WORD.findall(phrase)
        ),
        verbs={first: tuple(forms) for first, forms in verbs.items()},
        framing=frozenset(" ".join(phrase) for phrase in phrases("framing")),
        showing=frozenset(" ".join(phrase) for phrase in phrases("showing")),
        evident=evident,
        documents=tuple(words("documents")),
        separable=separable,
        questions=words("questions"),
        conjunctions=words("conjunction"),
        conjunction_prefixes=tuple(data.get("conjunction_prefixes", ())),
        before=phrases("according_before"),
        after=phrases("according_after"),
        of=words("of"),
        pronouns=words("pronouns"),
        obliques=words("oblique_pronouns"),
        articles=words("articles"),
        clause_endings=tuple(data.get("clause_endings", ())),
        adverbs=words("adverbs"),
        not_speakers=words("not_speakers"),
        negations=words("negation"),
        infinitive_marks=words("infinitive_marks"),
        subject_marks=words("subject_marks"),
        postpositions=words("postpositions"),
        idioms=phrases("idioms"),
        standards=words("standards"),
        ordinals=words("ordinals"),
        adjectival=tuple(data.get("adjectival_endings", ())),
        participle_endings=tuple(data.get("participle_endings", ())),
        participles_behind=tuple(data.get("participles_behind", ())),
        citing=phrases("citing"),
        agreement=tuple((tuple(rule["verb"]), tuple(rule["noun"])) for rule in data.get("agreement", ())),
        quantifiers=words("quantifiers"),
        subordinators=words("subordinators"),
        impersonal=words("impersonal"),
        relatives=words("relatives"),
        objects=tuple(data.get("object_endings", ())),
        times=words("times"),
        hearers=words("hearers"),
        hearer_prefixes=words("hearer_prefixes"),
        verb_prefixes=tuple(data.get("verb_prefixes", ())),
        hearing=words("hearing"),
        hearer_marks=words("hearer_marks"),
        outlet_nouns=words("publications"),
        outlet_stems=tuple(sorted({_stem(term) for term in words("publications") if len(term) >= _SHORTEST_STEM})),
        cyrillic=any("а" <= word[:1] <= "я" for word in data.get("conjunction", ())),
        places=words("inverted_place"),
        document_verbs=words("document_verbs"),
        document_places=words("document_places"),
        plural_endings=tuple(data.get("plural_endings", ())),
        adverb_endings=tuple(data.get("adverb_endings", ())) or ("\ue000",),
        object_heads=tuple(data.get("object_heads", ())),
        verb_endings=tuple(data.get("verb_endings", ())),
        gerund_endings=tuple(data.get("gerund_endings", ())),
        as_words=words("as_words"),
        person_endings=tuple(data.get("person_endings", ())),
        speakers=words("persons") | words("groups"),
        nominative_endings=tuple(data.get("nominative_endings", ())),
        loose=frozenset(phrases("loose_according")),
        source_prefixes=tuple(
            sorted({term[: max(_SHORTEST_STEM, len(term) - 2)] for term in terms | words("titles") if len(term) > _SHORTEST_STEM})
        ),
        according_pronouns=_with_pronouns(data),
        oblique=tuple(data.get("oblique_endings", ())),
        genitives=tuple(data.get("genitive_endings", ())),
        persons=words("persons"),
        clitics=words("clitics"),
        giving={form: frozenset(before) for form, before in data.get("giving", {}).items()},
        openings=frozenset(verbs) | frozenset(separable) | words("auxiliaries") | words("clitics"),
        inverted=grammar(language).inverted if language in WESTERN else None,
        comma_asides=data.get("comma_asides") == "true",
        sources=terms,
        compounds=_by_first(tuple(term.split()) for term in terms if " " in term),
        source_stems=tuple(sorted({_stem(term) for term in terms if len(term) >= _SHORTEST_STEM})),
        pro_drop=data.get("pro_drop") == "true",
        verb_final=order == "verb final",
        verb_second=order == "verb second",
        subject_first=order == "subject first",
        predicates=words("predicates"),
        predicate_verbs=data.get("predicate_verbs") == "true",
        adverbials=words("adverbials"),
        preposed=words("preposed"),
        subject_endings=tuple(data.get("subject_endings", ())),
        bare=data.get("bare") == "true",
        clause_subject=data.get("clause_subject") == "true",
        relative_pronouns=words("relative_pronouns"),
        announcing=words("announcing"),
        passive=words("passive"),
        closing=words("closing"),
        unknown_nouns=data.get("unknown_nouns", ""),
        direct=words("direct"),
        converbs=_by_end(phrases("converbs")),
        reporting_participles=_by_end(phrases("reporting_participles")),
        occasions=words("occasions"),
        groups=words("groups") | words("organisations"),
        named_after=data.get("named_after") == "true",
        comma_clause=data.get("comma_clause") == "true",
    )


def _with_pronouns(data: dict[str, Any]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Return the formulas of according to with a pronoun: по его словам, podle něj."""
    made = [
        ((*before.split(), who, *after.split()), len(before.split()))
        for group in (data.get("according_pronoun", {}), *data.get("according_pronouns", ()))
        for before in group.get("before") or [""]
        for who in group.get("who", ())
        for after in group.get("after") or [""]
    ]
    return tuple(sorted(made, key=lambda item: (-len(item[0]), item)))


def _apart(text: str, elided: tuple[str, ...]) -> list[str]:
    """Split the words of a phrase.

    Also after a word that has lost its vowel: l'Italia.
    """
    return [piece for word in text.split() for piece in _pieces(word, elided)]


def _pieces(word: str, elided: tuple[str, ...]) -> list[str]:
    head, mark, rest = word.replace("’", "'").partition("'")
    return [head + mark, rest] if rest and head in elided else [head + mark + rest]


def _stem(term: str) -> str:
    """A term without a vowel at its end, which changes with its case.

    For example: univerzita, univerzity.
    """
    return term[:-1] if len(term) > _SHORTEST_STEM and term[-1] in "aeoyíáéаеяь" else term


def is_year(word: str) -> bool:
    """Return whether a word is a year of this or the last century."""
    return len(word) == 4 and word[:2] in ("19", "20") and word.isdigit()


def is_source(word: str, lex: Lexicon) -> bool:
    """Return whether a word, in any case or number, names a kind of source."""
    return word in lex.sources or word.startswith(lex.source_stems)


def _by_first(terms: Iterable[tuple[str, ...]]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for term in sorted(terms, key=lambda words: (-len(words), words)):
        found.setdefault(term[0], []).append(term)
    return {first: tuple(group) for first, group in found.items()}


def tokens(sentence: str, lex: Lexicon) -> list[Token]:
    """Return the tokens of a masked sentence.

    The kind of a word is the letter of its class, in upper case if it is in the cue file.
    """
    made: list[Token] = []
    for match in _TOKEN.finditer(sentence):
        start, end = match.span()
        text = match.group()
        if match.lastgroup == "quote":
            named = end - start <= LONGEST_TITLE and bool(made) and _entitled(made[-1], sentence[end : end + 2], lex)
            made.append(Token(start, end, "", "p", True) if named else Token(start, end, "", "quote"))
        elif match.lastgroup == "mark":
            # of an abbreviation: sentences are already split
            inside = text == "." and start + 1 < len(sentence.rstrip(' .\u2026"”»'))
            # landbruks- og matminister
            inside = inside or (text == "-" and bool(made) and made[-1].end == start and made[-1].kind in "njp")
            made.append(Token(start, end, text, "mark" if text in _SEPARATORS and not inside else "other"))
        else:
            low = text.lower()
            if lex.elided and len(pieces := _pieces(low, lex.elided)) > 1:
                head = len(pieces[0])
                kind = "C" if pieces[0] in lex.conjunctions else lex.tags.of(pieces[0])
                made.append(Token(start, start + head, pieces[0], kind, text[0].isupper()))
                start, text, low = start + head, text[head:], pieces[1]
            capital = text[0].isupper() or (text[0].isalpha() and not text.islower() and text[1:2].isupper())  # iDnes
            first = not made or (made[-1].kind in ("mark", "quote") and made[-1].low in ("", "–", "—", "-", "("))
            kind = (
                "C" if low in lex.conjunctions
                else "o" if low in lex.pronouns
                else "r" if low in lex.adverbs
                else "N" if low in lex.negations
                else "s" if low in lex.relatives
                else "n" if low in lex.sources
                else lex.tags.of(low if first and low in lex.tags.words else text)
            )  # fmt: skip
            if kind in "nj" and text[0].isdigit():
                kind = "m"
            elif kind == "i" and lex.verb_endings and low.endswith(lex.verb_endings):
                kind = "v"
            if kind in lex.unknown_nouns and low not in lex.tags.words and low not in lex.adverbs:
                kind = "n"
            if capital and not first and kind in "rvim" and low not in lex.tags.words and low not in lex.adverbs:
                kind = "p"  # an unknown word, guessed by its ending
            made.append(Token(start, end, low, kind, capital))
    for n, token in enumerate(made[:-1]):
        behind = made[n + 1]
        if token.kind == "a" and n and token.low in lex.articles and made[n - 1].low in lex.verbs and not token.capital:
            made[n] = Token(token.start, token.end, token.low, "d")  # lamenta a súa irmá
            continue
        if token.capital and token.kind in "rijvz" and token.low not in lex.tags.words and behind.capital and behind.low not in lex.verbs:
            made[n] = Token(token.start, token.end, token.low, "p", True)  # Kari Nordmann
        elif (
            (token.kind == "o" or (token.kind == "x" and lex.comma_clause))
            and token.low in lex.articles
            and behind.low not in lex.verbs
            and (behind.kind in "njmpz" or behind.low in lex.of)
        ):
            # de svenska forskarna, en av dem: an article that is also a pronoun
            made[n] = Token(token.start, token.end, token.low, "d", token.capital)
        elif token.kind == "v" and n and made[n - 1].kind in "nj" and token.low.endswith(lex.adjectival) and token.low not in lex.verbs:
            made[n] = Token(token.start, token.end, token.low, "j", token.capital)  # un estudio publicado por
        elif (
            token.kind == "v"
            and n
            and lex.person_endings
            and token.low not in lex.tags.words
            and token.low not in lex.verbs
            and (made[n - 1].kind == "a" or (made[n - 1].kind in "nj" and behind.low in lex.verbs))
        ):
            made[n] = Token(token.start, token.end, token.low, "n", token.capital)  # по случаю, większość badaczy uważa
        elif token.kind in "vir" and n and not token.capital and token.low not in lex.tags.words and token.low not in lex.verbs:
            # ein Radiosender, Kroatias ambassadør Ana Doe: a noun that only its ending makes a verb
            before = made[n - 1]
            if (
                before.low in lex.articles
                or (lex.articles and token.kind == "v" and before.kind == "a" and lex.adjectival)
                or (before.kind == "j" and lex.articles)
                or (behind.capital and behind.kind in "np" and (before.low in lex.verbs or before.kind in "np"))
            ):
                made[n] = Token(token.start, token.end, token.low, "n", token.capital)
    for n, token in enumerate(made):
        title = token.kind == "o" and token.low in lex.persons and n + 1 < len(made) and made[n + 1].capital
        size = 1 if title else next((len(term) for term in lex.compounds.get(token.low, ()) if follows(made, n, term)), 0)
        for at in range(n, n + size):
            # bà Lan: a title, not a pronoun; huấn luyện viên: one noun of several words
            made[at] = Token(made[at].start, made[at].end, made[at].low, "n", made[at].capital)
    return made


def _entitled(before: Token, behind: str, lex: Lexicon) -> bool:
    """Return whether a short quotation is a name.

    For example: компания «Альфа» сообщила, в интервью «Ведомостям» сказал.
    """
    if not lex.relatives or before.kind in ("mark", "quote", "C", "o", "x") or before.low in lex.verbs or before.low in lex.participles:
        return False
    if before.kind == "a" and lex.places:
        return True  # в «Ведомостях»
    return (is_source(before.low, lex) and before.low not in lex.persons) or before.low in lex.hearing or behind[1:].isalnum()


def follows(made: list[Token], at: int, words: tuple[str, ...]) -> bool:
    """Return whether words follow.

    The first is asked before the others, which is faster.
    """
    return at + len(words) <= len(made) and made[at].low == words[0] and all(made[n].low == word for n, word in enumerate(words, at))
