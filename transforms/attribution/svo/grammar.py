"""Patterns and words of a language, compiled from its cue file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from newsbeam.transforms.attribution.lexicon import load

HEAD, REST = "\ue000", "\ue001"
Q = f"{HEAD}{REST}*"
# Blanks between two words. An unbounded run would be tried at every possible end of the part before
# it.
BLANKS = r"\s{0,9}"
UP = "A-ZÀ-ÖØ-ÞĄ-ŻА-ЯЁІЇЄҐŞİĞ"
LETTERS = re.compile(r"[^\W\d_]+")
WORD = re.compile(r"[^\s,،;:()\[\]–—!?…]+")
Range = tuple[int, int]


@dataclass(frozen=True)
class Grammar:
    """The patterns and words of one language."""

    language: str
    cue: re.Pattern[str]
    first: frozenset[str]
    framing: frozenset[str]
    single: frozenset[str]
    separable: dict[str, tuple[str, ...]]
    inverted: re.Pattern[str] | None
    participle: re.Pattern[str] | None
    right: re.Pattern[str]
    that: re.Pattern[str]
    conjunction: re.Pattern[str]
    so: re.Pattern[str] | None
    as_: re.Pattern[str]
    this: re.Pattern[str] | None
    according: re.Pattern[str]
    behind: re.Pattern[str] | None
    pronoun: re.Pattern[str] | None
    lead: re.Pattern[str]
    trail: re.Pattern[str]
    negated: re.Pattern[str]
    cut: re.Pattern[str]
    phrase: re.Pattern[str]
    apposition: re.Pattern[str]
    conjunctions: frozenset[str]
    joining: frozenset[str]
    clause_words: frozenset[str]
    articles: frozenset[str]
    pronouns: frozenset[str]
    not_speakers: frozenset[str]
    listed: tuple[str, ...]
    persons: tuple[str, ...]
    subordinators: frozenset[str]
    prepositions: frozenset[str]
    small: frozenset[str]
    place: frozenset[str]
    inside: frozenset[str]  # prepositions that may occur in the phrase of a speaker
    occasions: frozenset[str]  # nouns before which they say when or where
    institutions: tuple[str, ...]  # nouns before which they do not
    relaying: frozenset[str]  # verbs of an outlet that passes on what another said
    relayed: re.Pattern[str]  # words before that other
    papers: re.Pattern[str]
    trailing: re.Pattern[str]
    known: re.Pattern[str]


def alternation(words: list[str] | set[str] | tuple[str, ...]) -> str:
    """Return an alternation, longest first; without words, match nothing."""
    return "(?:" + "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word))) + ")" if words else "(?!)"


def conjugated(data: dict[str, Any], plain: str, stems: str) -> list[str]:
    """Return the words of a list, then those built from stems and endings."""
    made = [stem + ending for group in data.get(stems, ()) for stem in group["stems"] for ending in group["endings"]]
    return sorted({*data.get(plain, ()), *made})


PRO_DROP = ("es", "it", "pt", "ar", "pl", "ru", "uk")
# Languages that quote a clause after the verb without a conjunction: "Er sagte, die Lage sei
# ernst."
BARE_CLAUSE = ("de", "nl")
_AND = {
    "de": ("und", "sowie", "aber"),
    "es": ("y", "e", "pero"),
    "fr": ("et", "mais"),
    "ru": ("и", "а", "но"),
    "ar": ("و",),
    "it": ("e", "ed", "ma"),
    "pt": ("e", "mas"),
    "nl": ("en", "maar"),
    "pl": ("i", "oraz", "a", "ale"),
    "uk": ("і", "та", "й", "але"),
}
_CLAUSE = {
    "de": ("denn", "oder", "dass", "weil", "wenn", "als"),
    "es": ("que", "porque", "cuando", "si", "mientras"),
    "fr": ("que", "qu'", "qu’", "qui", "car", "quand", "si", "lorsque"),
    "ru": ("что", "если", "когда", "потому", "или", "чтобы"),
    "ar": ("أن", "إن", "إلى"),
    "it": ("che", "perché", "quando"),
    "pt": ("que", "quando", "porque"),
    "nl": ("dat", "omdat", "toen"),
    "pl": ("że", "bo", "gdy", "kiedy"),
    "uk": ("що", "бо", "якщо", "коли", "щоб"),
}
RELATIVE = re.compile(
    r",\s(?:qui|dont|où|que|quien|quienes|cuyo|cuya|che|котор\w+|який|яка|które|który|która|der|die|das|dessen|deren)\s[^,;:.]{3,120}(?=,)"
)
EDGE = re.compile(r"[\s,،):–—-]*")
LEFT_EDGES = f",،;:()[]–—!?…{HEAD}{REST}"
TIME = (
    r"(?:am|an diesem|vergangenen|letzten|kommenden)\s(?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag"
    r"|Sonnabend)(?:abend|morgen|nachmittag|mittag|vormittag)?"
    r"|(?:el|este|pasado|al)\s(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)|(?:ce\s|le\s)?(?:lundi|mardi"
    r"|mercredi|jeudi|vendredi|samedi|dimanche)(?:\ssoir|\smatin|\sdernier)?"
    r"|(?:в|во)\s(?:понедельник|вторник|среду|четверг|пятницу|субботу|воскресенье)|\d{1,2}\s(?:января|февраля|марта"
    r"|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)"
    r"|(?:у|в)\s(?:понеділок|вівторок|середу|четвер|п'ятницю|п’ятницю|суботу|неділю)|(?:lunedì|martedì|mercoledì"
    r"|giovedì|venerdì|sabato|domenica)"
    r"|na\s(?:segunda|terça|quarta|quinta|sexta)-feira|no\s(?:sábado|domingo)|(?:maandag|dinsdag|woensdag|donderdag"
    r"|vrijdag|zaterdag|zondag)|(?:w|we)\s(?:poniedziałek|wtorek|środę|czwartek|piątek|sobotę|niedzielę)"
    r"|(?:يوم\s)?(?:الاثنين|الإثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد)|اليوم|أمس"
)


@cache
def grammar(language: str) -> Grammar:
    """Compile the patterns of `language` from its cue file."""
    data = load(language)
    finite = conjugated(data, "finite", "stems")
    participles = conjugated(data, "participles", "participle_stems")
    framing = list(data.get("framing", ()))
    separable = {form: tuple(particles) for form, particles in data.get("separable", {}).items()}
    adverbs, clitics = list(data["adverbs"]), list(data.get("clitics", ()))
    aux = alternation(data["auxiliaries"])
    adverb = alternation(adverbs)
    some = rf"(?:(?:{adverb}|\w+(?:ment|mente))\s)?"
    compound = rf"{aux}\s{some}{alternation(participles)}|" if data["auxiliaries"] and participles else ""
    prefix = rf"[{''.join(data['prefixes'])}]?" if "prefixes" in data else ""
    alone = alternation([*finite, *framing, *separable])
    initial = "(?i:" if language in PRO_DROP else "(?:"
    edge = r"(?<![\w-])" if language == "fr" else r"(?<![\w'’\u064b-\u0652-])"
    cue = rf"{edge}{initial}{compound}{prefix}{alone})(?![\w\u064b-\u0652-])"
    inverted = None
    if language == "fr":
        who = r"(?P<{}>ils?|elles?|on)"
        inverted = re.compile(
            rf"(?<!\w)(?:(?:a|ont|avait|avaient)-"
            rf"(?:t-)?{who.format('who')}\s{some}{alternation(participles + [f.split(' ', 1)[1] for f in framing if f.startswith('a ')])}"
            rf"|{alternation([*finite, *(f for f in framing if ' ' not in f)])}-(?:t-)?{who.format('them')})(?!\w)"
        )
    relaying = data.get("relaying", ())
    aside = "(?:[,،]|(?=:))" if language == "ar" else "[,،]"
    that = alternation(data["conjunction"])
    # The name of a newspaper is in quotation marks, which belong to the phrase: dem „Kurier“,
    # агентству «…».
    hosts = [
        *data["publications"],
        "partei",
        "organisation",
        "website",
        "portal",
        "агентств",
        "газет",
        "издани",
        "канал",
        "журнал",
        "видан",
    ]
    papers = alternation(hosts)
    near = alternation(["dem", "der", "des"]) if language == "de" else "(?!)"
    titled = rf"(?:(?i:(?<=\s){papers}\w*)|(?<=\s){near}|(?i:^{papers}\w*))\s{HEAD}{REST}{{1,40}}(?=[\s,.]|$)"
    loose = rf"(?<=\w\s){HEAD}{REST}{{1,40}}(?=[\s,.]|$)" if language in ("ru", "uk") else titled
    gap = f"(?:{titled}|[^,،;:.!?{HEAD}{REST}])"
    as_words = alternation(data["as"]) if data["as"] else "(?!)"
    before = list(data["according_before"])
    if language == "ar":
        # The preposition ل is attached to its noun and absorbs the first letter of the article.
        joined = [word for word in before if word.endswith(("ل", "لـ"))]
        apart = [word for word in before if word not in joined]
        stems = "|".join(data["stems_with_lam"])
        according = rf"(?:^|[\s,،(])(?P<cue>[وف]?(?:{alternation(joined)}(?:ل(?!(?:{stems})))?(?=\w)|{alternation(apart)}(?=\s)))\s*(?=\S)"
    else:
        according = rf"(?:^|[\s,،(–—])(?P<cue>{alternation(before)}(?:(?<=['’])|(?=\s)))\s*(?=\S)"
    if "according_nouns" in data:
        nouns = alternation(data["according_nouns"])
        before_nouns = (
            rf"(?:nach|laut|gemäß)\s(?:[a-zäöüß]+(?:en|er|em)\s)?(?:{nouns})\s(?:zufolge\s)?(?:von|des|der|eines|einer|aus|im|in|vom)"
        )
        according = rf"(?:^|[\s,(–—])(?P<cue>(?:{before_nouns}|{alternation(before)})(?=\s))\s*(?=\S)"
    pronoun = None
    if "according_pronoun" in data:
        words = data["according_pronoun"]
        pronoun = re.compile(
            rf"(?:^|[\s,(])(?P<cue>{alternation(words['before'])}\s"
            rf"(?P<who>{alternation(words['who'])})\s{alternation(words['after'])})(?!\w)",
            re.I,
        )
    low_cut = alternation([*data["cut"], *(data["conjunction"] if language == "ar" else ())])
    so = {"de": "so", "nl": "aldus"}.get(language)
    persons = tuple(sorted({*(term.strip() for term in data["persons"]), *data["titles"], *data["apposition"]} - {*data["articles"]}))
    listed = sorted(
        {*persons, *(term for key in ("publications", "documents", "groups", "organisations") for term in data[key] if len(term) > 2)}
    )
    return Grammar(
        language=language,
        cue=re.compile(cue),
        first=frozenset(
            mark + letters.group().lower()
            for form in [*finite, *framing, *separable, *data["auxiliaries"]]
            for mark in ("", *data.get("prefixes", ()))
            if (letters := LETTERS.match(form))
        ),
        framing=frozenset(framing),
        single=frozenset(form for form in [*finite, *framing, *separable] if " " not in form) | frozenset(data["auxiliaries"]),
        separable=separable,
        inverted=inverted,
        participle=re.compile(rf"(?<![\w-])(?:{alternation(participles)})(?![\w-])") if language in ("de", "nl") else None,
        right=re.compile(
            rf"(?P<between>{gap}{{0,90}}?(?:[,،]{gap}{{1,50}}{aside})?{gap}{{0,40}}?){BLANKS}(?:[,،:：]{BLANKS})?(?:[–—-]\s)?(?:"
            rf"(?<!\w){that}{BLANKS}(?::{BLANKS})?)?(?P<q>{Q})"
        ),
        that=re.compile(
            rf"(?P<between>{gap}{{0,100}}?(?:[,،]{gap}{{1,60}}[,،])?{gap}{{0,40}}?){BLANKS}(?:[,،]{BLANKS})?(?<![\w])(?P<that>{that})(?:(?=\s)|(?<=['’]))"
        ),
        conjunction=re.compile(rf"(?<!\w){that}(?:(?=\s)|(?<=['’]))"),
        so=re.compile(rf"[,–—]\s(?P<cue>{so}(?:\snog|\sweiter)?)\s+(?=\S)") if so else None,
        as_=re.compile(rf"(?:^|(?<=[,،–—(]\s)|(?<=^[–—]\s))(?P<cue>{as_words})(?:(?<=['’])|\s)(?:es\s|so\s)?", re.I),
        this=re.compile(rf"\s*(?:[–—]\s)?(?P<this>{alternation(data['this'])})(?:(?<=['’])|\s)") if data["this"] else None,
        according=re.compile(according, re.I),
        behind=re.compile(rf"(?<!\w)(?P<cue>{alternation(data['according_after'])})(?!\w)") if data["according_after"] else None,
        pronoun=pronoun,
        lead=re.compile(rf"(?:\s*(?:{adverb}|{TIME}|{alternation(_hearers(data))})(?![\w-])){{0,4}}\s*", re.I),
        trail=re.compile(rf"(?:(?:(?<=\s)|(?<=['’])|^)(?:{alternation([*adverbs, *clitics])}|{TIME})\s*){{1,4}}$", re.I),
        negated=re.compile(rf"(?<!\w){alternation(data['negation'])}\s*$", re.I),
        cut=re.compile(rf"\s(?:{low_cut}|{TIME}|{adverb}|-)(?=\s|$)|\s(?=(?:{alternation(data['hearers'])})\s(?:[a-zа-я]+\s)?{HEAD})"),
        phrase=re.compile(
            rf"(?:{loose}|[^,،;:()\[\]{HEAD}{REST}–—!?.…\n]|(?<=\b[{UP}])\.|(?<=\b(?:Dr|St|Sr|Mr|Ms|Hr))\.|(?<=\b(?:Mrs|Sra"
            rf"|Dra))\.|(?<=\bProf)\.|(?<=\w)\.(?=\w))"
            rf"{{1,160}}"
        ),
        apposition=_apposition(data),
        conjunctions=frozenset(data["conjunction"]),
        joining=frozenset(_AND[language]),
        clause_words=frozenset(_CLAUSE[language]) | frozenset(_AND[language]),
        articles=frozenset(data["articles"]),
        pronouns=frozenset(data["pronouns"]),
        not_speakers=frozenset(word.lower() for word in data["not_speakers"]),
        listed=tuple(listed),
        persons=persons,
        subordinators=frozenset(data.get("subordinators", ())),
        prepositions=frozenset(word for word in data["cut"] if " " not in word)
        | (frozenset(word.split()[0] for word in data["according_before"]) - frozenset(data["articles"])),
        small=PREPOSITIONS - frozenset(data["articles"]),
        place=frozenset(data.get("inverted_place", ())),
        inside=frozenset(data.get("inside", ())),
        occasions=frozenset(data.get("occasions", ())),
        institutions=tuple(data["organisations"]),
        relaying=frozenset(relaying),
        relayed=re.compile(rf"\s{alternation(data.get('relayed', ()))}(?=\s)"),
        # A word that begins with a listed term or contains a long one: in German compounds, the
        # last part decides.
        known=re.compile(rf"(?<!\w){alternation(listed)}|{alternation([term for term in listed if len(term) > 5])}"),
        trailing=re.compile(rf"[,،]\s(?:{alternation(before)}|{as_words}\s[^,،;:]{{0,30}}?{alternation(finite)})[^,،;:{HEAD}]{{2,60}}$"),
        papers=re.compile(rf"{papers}\w{{0,30}}\s$", re.I),
    )


def _apposition(data: dict[str, Any]) -> re.Pattern[str]:
    """Compile a comma and an apposition.

    Arabic words do not show where it begins; its end does, which is the content or a comma before it.
    """
    if data["language"] != "ar":
        first = alternation(data["apposition"])
        return re.compile(rf",\s(?:{first})(?=[\s'’])[^,;:{HEAD}.!?]{{3,100}}(?=[,.]|$)" if data["apposition"] else r"(?!)")
    that = alternation(data["conjunction"])
    closed = rf"[,،]\s(?:و|في\s)?(?:{that}(?=\s)|{HEAD})|\s?[:：]|\s?{HEAD}"
    described = rf"(?!{alternation(data['cut'])}\s)(?!{that}\s)[^\s,،:;{HEAD}]+(?:\s(?!{that}\s)[^\s,،:;{HEAD}]+){{0,12}}"
    return re.compile(rf"[,،]\s{described}(?={closed}|\s{that}\s)")


def _hearers(data: dict[str, Any]) -> list[str]:
    # Single words that occur without an article: сообщил журналистам министр.
    return [word for word in data["hearers"] if len(word) > 5] if data["language"] in ("ru", "uk", "pl", "ar") else []


CAPITAL = re.compile(rf"(?<![\w])[{UP}]")
FULL_NAME = re.compile(rf"(?<![\w-])[{UP}][\w’'-]{{1,60}}(?:\s(?:(?:de|del|la|von|van)\s)?[{UP}][\w’'-]+){{1,3}}")
NAMED = re.compile(rf"[{UP}][\w’'-]{{1,60}}\s[{UP}][\w’'-]+")
NAME_BEHIND = re.compile(
    rf",\s(?P<name>(?:(?:Me|M\.|Mme|Dr\.|Prof\.|don|doña)\s)?[{UP}][\w’'-]+(?:\s(?:(?:de|del|la|von|van|di|da"
    rf"|dos)\s)?[{UP}][\w’'-]+){{1,3}})(?=[,.;:]|$)"
)
INTRODUCED = re.compile(rf"\s*(?P<np>[^{HEAD}{REST}:]{{8,200}}):\s*(?P<q>{Q})[\s.!?]*")
TITLED_NAME = re.compile(rf"(?:(?:[Dd]er|[Dd]ie|[Ee]l|[Ll]a|[Ll]e)\s)?(?:[^\W\d_]+\s){{0,2}}[{UP}][\w’'-]+\s[{UP}][\w’'-]+")
# Forms that are never indicative.
SUBJUNCTIVE = re.compile(
    r"(?<!\w)(?:sei|seien|habe|werde|könne|müsse|wolle|dürfe|solle|gebe|gehe|stehe|komme|bleibe|lasse|wisse|brauche"
    r"|handele|handle|bestehe|gelte|liege|sehe|finde|halte|mache)(?!\w)"
)
INDICATIVE = re.compile(r"(?<!\w)(?:ich|Ich|wir|Wir|ist|hat|wird|kann|muss|war|wurde|sagte|sagt|hatte)(?!\w)")
RELATIVES = frozenset(
    "donde cuando mientras cuyo cuya quien quienes cual lesquelles lesquels laquelle lequel où dont quand dove cui "
    "quale onde quem qual который которая которые которого которой "
    "котрий яка який które który która czym waar waarin wie was laut wonach wobei какой какая такой этот это этого "
    "том чём тем чего это ça cela lo eso esto isso isto".split()
)
ASIDES = frozenset(
    (
        "lui",
        "elle",
        "eux",
        "elles",
        "él",
        "ella",
        "por ejemplo",
        "par exemple",
        "zum beispiel",
        "к примеру",
        "например",
        "por su parte",
        "de son côté",
        "pour sa part",
        "lui aussi",
        "por sua vez",
        "ad esempio",
        "na przykład",
        "наприклад",
    )
)
FIRST = re.compile(
    rf"\s*(?P<np>(?:(?:[Dd]er|[Dd]ie|[Ee]l|[Ll]a|[Ll]e|[Ll]os|[Ll]es|[Ll]’|[Ll]')\s?)?(?:[{UP}][\w’'.-]*)(?:\s(?:"
    rf"(?:de|del|du|des|la|von|van|of)\s)?[{UP}][\w’'-]+){{0,4}})(?=[,\s])"
)
QUOTED_NAME = re.compile(rf"\s({HEAD}{REST}{{2,40}})(?=[\s,.]|$)")
FURTHER = re.compile(rf"[\s.,]*({Q})(?=\s*(?:[.,]\s*)?(?:$|{HEAD}))")
MORE = re.compile(rf"[^.:;{HEAD}{REST}]{{0,120}}(?:[.,:]\s*(?:[–—-]\s?)?|\s[–—-]\s?)({Q})(?=[\s.]*(?:$|{HEAD}))")
JOINED = re.compile(r"[,،]?\s(?:\w+)\s(?:\w+\s){0,2}$")
BEFORE_COLON = re.compile(rf"[\s–—-]*(?P<np>[{UP}\u0621-\u064a][^,;:.!?{HEAD}{REST}]{{1,60}}):\s*(?P<q>{Q})\s*(?:[.!?]\s*)?$")
NEXT_WORD = re.compile(r"[\s\u00a0]+([^\W\d_]+)(?!\w)")
PLURAL = re.compile(r"(?:ли|ют|ят)$")
PREPOSITIONS = frozenset(
    "in im am an auf bei beim nach vor mit von vom zu zum zur aus über unter gegen ohne für während seit durch "
    "trotz wegen en con sin tras durante ante desde hasta por para sobre entre "
    "avec dans pour sans sous sur entre chez vers par в во на по с со из от до для при о об под над перед после "
    "между через з із зі від до під над перед після між через "
    "w we na po z ze od do dla przy o pod nad przed między con in nel nella per tra fra su da com em no na por "
    "para op bij met van uit over onder tegen om".split()
)
INFINITIVE_MARKS = frozenset("zu de à di om te to".split())
INFINITIVE = re.compile(
    r"\s(?P<that>(?:ne\spas\s)?(?:avoir|être|vouloir|pouvoir|haber|querer|estar|tener|ser|poder|ter|estar|querer"
    r"|di\s(?:aver|esser|non|vol|pot)\w*)\s)"
)
NO_CLAUSE = frozenset(
    "um weil nachdem indem während obwohl aber sondern denn und was wobei welche welcher welches bevor damit "
    "wodurch als om omdat nadat terwijl hoewel maar en want waarbij wat".split()
)
SUBORDINATES = {"de": ("weil ", "nachdem ", "während ", "nach "), "nl": ("omdat ", "nadat ", "terwijl ")}
HEARER_NOUNS = frozenset(
    "zeitung magazin blatt sender diario periódico journal quotidien газете изданию агентству журналу телеканалу "
    "gazecie krant giornale jornal".split()
)
ABSTRACT = ("ung", "heit", "keit", "ieren", "ismus")
PASSIVE = frozenset(
    "wird werden wurde wurden worden ist sind sei seien war waren kann können konnte konnten könnte könnten will "
    "wollen wollte wollten soll sollen sollte sollten "
    "muss müssen musste mussten darf dürfen durfte möchte möchten würde würden zu dürfte is was zijn waren werd "
    "wordt worden kan kunnen wil willen moet moeten zou zouden".split()
)
DATIVE = frozenset("dem der den einem einer seinen ihren Dem Der Den Einem Einer Ihren Seinen".split())
REPORTS = frozenset(
    "angaben berichten medienberichten informationen schätzungen presseberichten aussagen zeugenaussagen polizeiangaben experten".split()
)
FINAL = re.compile(
    r"(?<!\w)(?:(?:mit|an|be|ein|hinzu|hervor|aus|klar)(?:teilte|teilten|teilt|gab|gaben|gibt|kündigte|kündigten"
    r"|kündigt|räumte|räumten|räumt|fügte|fügten|fügt|hob|führte|stellte)"
    r"|bekanntgab|bekannt gab|bekanntgaben|bekannt gaben|darlegte|hinwies|feststellte|zugab|zugaben|einräumte"
    r"|mitgeteilt (?:hat|hatte|haben|wurde)|berichtet (?:hat|hatte|wird|wurde))(?!\w)"
)
FINAL_APPOSED = re.compile(r",\s[^,.:;]{3,100},\s(?:\w+\s){0,4}\w+(?=[,.])")
GERMAN_LINKS = frozenset("der des von vom und für aus zur zum einer eines dem den van voor uit het de".split())
