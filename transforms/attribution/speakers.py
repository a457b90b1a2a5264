"""Build `Attribution` objects from statements.

Adds exact spans, the form, names, roles and kinds of speakers, and the names in chains.
"""

from __future__ import annotations

import re
from dataclasses import replace
from unicodedata import category

from newsbeam.transforms.attribution.chains import link
from newsbeam.transforms.attribution.dispatch import kinds
from newsbeam.transforms.attribution.english.genre import temper
from newsbeam.transforms.attribution.english.names import Names, describe, pronoun
from newsbeam.transforms.attribution.lexicon import CALL, SAY, TELL, english, load
from newsbeam.transforms.attribution.outlets import Identified, identify_name
from newsbeam.transforms.attribution.people import People, pronoun_gender
from newsbeam.transforms.attribution.quotations import MARKS
from newsbeam.transforms.attribution.scores import calibrated
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.document import Attribution, ClaimForm, ClaimType, Span, Speaker, SpeakerKind, Via

_AUTHORS = ("the reporter", "this reporter", "our reporter", "the correspondent", "our correspondent", "this correspondent")
_NO_NAMES = Names("")


def attributions(text: str, prose: str, found: list[Statement], language: str, people: People) -> tuple[Attribution, ...]:
    """Return the attributions of the statements found in `prose`.

    Spans refer to `text`. `people` are those of `prose`.
    """
    if not found:
        return ()
    names = Names(prose) if language == "en" else _NO_NAMES
    known = Identified(prose)
    made = []
    last: Speaker | None = None
    last_end = -1
    spoken: set[str] = set()
    bodies: list[str] = []  # organisations that spoke
    for item in found:
        item = _without_bullet(text, item)  # noqa: PLW2901 - the same statement
        speaker = (
            _speaker(text, item, names, last, last_end, spoken)
            if language == "en"
            else _foreign_speaker(text, item, people, last, last_end, language)
        )
        speaker = _with_outlet(speaker, known)
        via = tuple(
            link(text, start, end, describe(text[start:end], names)[0] if language == "en" else "", known) for start, end in item.via
        )
        if item.speaker is not None:
            speaker = _with_reporters(speaker, [one for one, span in zip(via, item.via, strict=True) if _inside(span, item.speaker)])
        if speaker.kind == "organisation":
            speaker = replace(speaker, name=_named_before(speaker, bodies))
            bodies.append(speaker.name)
        content = tuple(Span.of(text, start, end) for start, end in item.content)
        cue = Span.of(text, *item.cue)
        form = _form(content, item.direct)
        kind = _claim_type(cue.text, form) if language == "en" else "statement"
        if kind == "attitude" and speaker.text.lower() in _AUTHORS:
            continue  # the reporter saw: the text's own author
        # The tagger's scores are shares already, and without a speaker a score says no more than that.
        score = item.score if language == "en" or item.speaker is None else calibrated(item.score, language)
        made.append(Attribution(form, content, cue, speaker, via, round(min(max(score, 0.0), 1.0), 4), kind))
        if speaker.kind == "person" and speaker.name:
            last, last_end = speaker, item.cue[1]
            spoken.add(speaker.name)
    return tuple(temper(made, prose) if language == "en" else made)


_BULLETS = frozenset("•·▪–—-*>|")


def _without_bullet(text: str, item: Statement) -> Statement:
    """Begin a speaker behind a bullet, an arrow or an emoji before the name."""
    if item.speaker is None:
        return item
    start, end = item.speaker
    while start < end and (text[start] in _BULLETS or text[start].isspace() or category(text[start]) in ("So", "Sk")):
        start += 1
    return item if start in (item.speaker[0], end) else replace(item, speaker=(start, end))


def _inside(span: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= span[0] and span[1] <= outer[1]


def _with_reporters(speaker: Speaker, reporters: list[Via]) -> Speaker:
    """Name those who report together: reports from AP and TASS."""
    return replace(speaker, name=" and ".join(one.name for one in reporters)) if len(reporters) > 1 else speaker


def _named_before(speaker: Speaker, bodies: list[str]) -> str:
    """Return the name of an organisation that spoke before and is now only “the agency”."""
    match = _BODY.fullmatch(speaker.text)
    full = next((name for name in reversed(bodies) if match and name.lower().endswith(f" {match['body']}")), "")
    return full or speaker.name


_BODY = re.compile(r"[Tt]he (?P<body>[a-z]{3,20})")


def _with_outlet(speaker: Speaker, known: Identified) -> Speaker:
    """Add the id and the normal name of an outlet that speaks, or whose report does."""
    if speaker.kind == "publication":
        outlet = known(speaker.text) or known(speaker.name)
    else:
        # Nobody named only "Yonhap" is a person.
        outlet = identify_name(speaker.text) if speaker.kind in ("person", "organisation", "") else None
    return replace(speaker, name=outlet.name, id=outlet.id, kind="publication") if outlet else speaker


def _form(content: tuple[Span, ...], direct: bool) -> ClaimForm:
    if direct:
        return "direct"
    return "mixed" if any(_has_marks(piece.text) for piece in content) else "indirect"


def _claim_type(cue: str, form: ClaimForm) -> ClaimType:
    """Return whether the cue reports words, spoken or written.

    An unknown cue does if it introduces direct speech.
    """
    words, phrasal = english()
    lows = _WORD.findall(cue.lower())
    if not lows or form == "direct":
        return "statement"
    for index, low in enumerate(lows):
        ways = [bits for particles, bits in phrasal.get(low, ()) if tuple(lows[index + 1 : index + 1 + len(particles)]) == particles]
        bits = ways[0] if ways else words.get(low, 0)
        if bits & (SAY | TELL | CALL) or low in _REPORTING_WORDS:
            return "statement"
    return "attitude"


_WORD = re.compile(r"\w+(?:-\w+)*")
# Words of cues that are not verbs: according to, in a statement, per.
_REPORTING_WORDS = frozenset(
    """according statement statements per remarks interview words quote quotes tweet report reports letter speech citing cites cited answer
    comment comments claim claims warning testimony announcement reply response question questions message post email memo""".split()
)

_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)|(?<=s)['’](?=\s)|(?<!\w)['’](?=\d\d)")


def _has_marks(text: str) -> bool:
    return MARKS.search(text) is not None and MARKS.search(_APOSTROPHE.sub("", text)) is not None


def _speaker(text: str, item: Statement, names: Names, last: Speaker | None, last_end: int, spoken: set[str]) -> Speaker:
    if item.speaker is None:
        return Speaker()
    start, end = item.speaker
    words = text[start:end]
    gender = pronoun(words)
    if not gender:
        if words[-1:].islower() and (named := _APPOSED.match(text, end)) and describe(named["name"], names)[2] == "person":
            # “…,” said the town's mayor, Jane Doe.
            end = named.end()
            words = text[start:end]
        name, role, kind = describe(words, names)
        return Speaker(start, end, words, name, role, kind)
    if gender == "other":
        if item.antecedent is not None:
            name, role, kind = describe(text[item.antecedent[0] : item.antecedent[1]], names)
            return Speaker(start, end, words, name, role, kind)
        kind = (
            "group"
            if words.lower() in ("they", "we", "some", "others", "many", "both")
            else "person"
            if words.lower() in ("i", "who", "one")
            else ""
        )
        return Speaker(start, end, words, "", "", kind)
    name = names.person_before(start, text, gender)
    if last is not None and names.fits(last.name, gender) and "\n\n\n" not in text[last_end:start] and 0 <= start - last_end < 1200:
        # The last speaker continues, unless someone else of that gender was named in between.
        subject = names.subject_between(text, last_end, start)
        if subject in spoken and subject != last.name and names.fits(subject, gender):
            return Speaker(start, end, words, subject, "", "person")
        between = [
            other
            for other in names.between(last_end, start)
            if other != last.name and (names.may_be(other, gender) or (other in spoken and names.fits(other, gender)))
        ]
        if not between:
            name = last.name
    name = name or names.surname_before(start, text, gender)
    return Speaker(start, end, words, name, "", "person")


# A name of at least two words after a description, up to a punctuation mark.
_APPOSED = re.compile(r", (?P<name>[A-Z][\w'’-]+(?: (?:[A-Z]\.|[A-Z][\w'’-]+|de|van|von|al|bin)){1,3})(?=[.,;:\n]|$)")
_SHORT_TERM = 3  # letters
_PUNCTUATION = re.compile(r"[^\w\s]")


def _two_names(words: str, people: People, language: str) -> str:
    """Return the names of two persons who speak together, without their titles.

    For example: Minister A und Frau B.
    """
    for joint in load("sources")["joining"].get(language, ()):
        first, found, second = words.partition(f" {joint} ")
        if not found or f" {joint} " in second or "," in words:
            continue
        names = [people.name(part)[0] or (part if _FULL_NAME.fullmatch(part) else "") for part in (first, second)]
        if all(names):
            return f"{names[0]} {joint} {names[1]}"
    return ""


_FULL_NAME = re.compile(r"[^\W\d_a-zß-öø-ÿ][\w’'.-]*(?: (?:de|van|von|der|den|di|da|del|al|bin))*(?: [^\W\d_a-zß-öø-ÿ][\w’'.-]*){1,3}")


def _foreign_speaker(text: str, item: Statement, people: People, last: Speaker | None, last_end: int, language: str) -> Speaker:
    """Resolve a speaker in a language other than English.

    The kind is taken from that language's word lists.
    """
    if item.speaker is None:
        return Speaker()
    start, end = item.speaker
    words = text[start:end]
    gender = pronoun_gender(words, language)
    if gender is not None:
        named = people.last_before(start, gender)
        continues = last is not None and people.can_refer(last_end, start) and people.gender_of(last.name) in ("", gender)
        if last is not None and continues and (named is None or named[0] < last_end):
            return Speaker(start, end, words, last.name, "", "person")
        return Speaker(start, end, words, named[2] if named else words, "", "person")
    both = _two_names(words, people, language)
    if both:
        return Speaker(start, end, words, both, "", "group")
    name, role = people.name(words)
    low = words.lower()
    # In a German compound the last part decides, so terms match anywhere; elsewhere, words begin
    # with the term.
    anywhere = language not in ("es", "fr", "ru")
    spaced = f" {_PUNCTUATION.sub(' ', low)} "

    def names(term: str) -> bool:
        # A short term has to be a complete word: "lo" does not match in Carlo.
        if len(term) <= _SHORT_TERM and anywhere and term.isalpha() and term[0] < "\u0590":
            return f" {term} " in spaced
        return term in low if anywhere else f" {term}" in spaced

    matched: list[tuple[SpeakerKind, str]] = [(kind, term) for kind, terms in kinds(language) for term in terms if names(term)]
    # Of a word that has another in it, the longer counts: ministerstwie, not minister.
    kind: SpeakerKind = next(
        (kind for kind, term in matched if not any(term != other and other.startswith(term) for _, other in matched)), "person"
    )
    return Speaker(start, end, words, name or words, role, "person" if name else kind)
