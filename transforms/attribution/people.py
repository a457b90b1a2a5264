"""Index of people in texts in languages other than English.

Expands surnames to full names and resolves pronouns. There is no list of given names: two
capitalised words are a person if the context says so (a title before them, commas or an age around
them, a sentence that begins with them, the ending of a Russian surname). If a person is missed, the
short form stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

from newsbeam.transforms.attribution import eastern_names, spaced_names
from newsbeam.transforms.attribution.lexicon import load

# bounded: with apostrophes, a word can begin inside another
_WORD = r"[A-ZÀ-ÖØ-ÞŒА-ЯЁ][\w’'-]{0,60}[\wà-ÿ]"
_PAIR = re.compile(rf"(?<![\w-]){_WORD}(?: (?:de|del|de la|la|von|van|ben|el|al) {_WORD}| {_WORD}){{1,6}}(?![\w-])")
_SINGLE = re.compile(rf"(?<![\w-]){_WORD}(?![\w-])")
_RUSSIAN = re.compile(r"(?:[оеё]ва?|[иы]на?|[сц]кий|[сц]кая|ко|[уюая]к|ик|ян|дзе|швили|ич|ец|ер|[аео]й|ой|ая)$")
_AGE = re.compile(r"\s?\(\d{1,3}\)|,?\s(?:de\s)?\d{1,3}(?:\s(?:años|ans|лет|Jahre))?(?=[,. ])")
_ELIDED = re.compile(r"[LD]['’]\w")  # L'éleveur
_PATRONYMIC = re.compile(r"(?:ович|евич|ич|овна|евна|ична)$")
_SLAVIC = ("cs", "hr", "pl", "uk")
# Given names of men that end as those of women do.
_MEN = frozenset("Микола Ілля Микита Сава Лука Хома Кузьма Nikola Luka Ivica Mate Jakša Saša Kuba Barnaba Jura Honza Jirka Joshua".split())
_MAX_PRONOUN_CHARS = 900  # characters from a name to its pronoun
_WESTERN = ("de", "es", "fr", "ru")
# Other languages with capitals, in which lists of titles tell a name from a role.
CASED = ("cs", "el", "fi", "gl", "hr", "hu", "id", "is", "it", "nb", "nl", "pl", "pt", "ro", "sv", "tr", "uk", "vi")
_CAPITALS = re.compile(r"(?<!\w)[^\W\d_a-zß-öø-ÿ][\w’'-]{1,60}(?: [^\W\d_a-zß-öø-ÿ][\w’'-]{1,60}){1,4}(?![\w-])")


class People:
    """Index of the people in a document, built in one pass."""

    def __init__(self, text: str, language: str) -> None:
        self.language = language
        self.mentions: list[tuple[int, int, str]] = []  # mentions by full name or surname
        self.gender: dict[str, str] = {}
        self._by_surname: dict[str, str] = {}
        self._text = text
        self._korean: dict[tuple[str, str], str] = {}
        if language in _WESTERN:
            self._western(text)
        elif language == "ko":
            self._eastern(text)
        elif language in CASED:
            self._titled(text)
        self._starts = [start for start, _, _ in self.mentions]

    def _titled(self, text: str) -> None:
        """Index the surnames of names with a title or an apposition.

        The title precedes the name.
        """
        surnames: dict[str, set[str]] = {}
        for match in _CAPITALS.finditer(text):
            clause = re.split(r"[.!?:;\n\"“”„«»(]", text[max(match.start() - 30, 0) : match.start()])[-1]
            before = clause.split()[-1:]
            behind = text[match.end() : match.end() + 30] if text[match.end() : match.end() + 2] == ", " else ""
            if any(_names_person(word.strip(","), self.language) for word in (*before, *behind[2:].split()[:2], *match.group().split())):
                name, _ = split_name(" ".join([*before, match.group()]), self.language)
                if name:
                    surnames.setdefault(name.split()[-1], set()).add(name)
        self._by_surname = {surname: min(names) for surname, names in surnames.items() if len(names) == 1}

    def _western(self, text: str) -> None:
        full: list[tuple[int, int, str]] = []
        for match in _PAIR.finditer(text):
            found = self._person(text, match)
            if found:
                full.append(found)
        surnames: dict[str, set[str]] = {}
        for _, _, name in full:
            surnames.setdefault(name.split()[-1], set()).add(name)
        self._by_surname = {surname: min(names) for surname, names in surnames.items() if len(names) == 1}
        spans = {start: end for start, end, _ in full}
        upto = -1
        for match in _SINGLE.finditer(text):
            if match.start() in spans:
                upto = spans[match.start()]
            elif match.start() >= upto and match.group() in self._by_surname:
                full.append((match.start(), match.end(), self._by_surname[match.group()]))
        self.mentions = sorted(full)

    def _person(self, text: str, match: re.Match[str]) -> tuple[int, int, str] | None:
        start, end = match.span()
        pieces = list(re.finditer(r"\S+", match.group()))
        words = [piece.group() for piece in pieces]
        cut = 0
        titles: list[str] = []
        for index, word in enumerate(words[:-2]):
            # "Nach Ansicht von Gemeinderätin Jane Doe": the name begins after the last word that is
            # not part of one.
            if _is_title(word, self.language) or (word[0].isupper() and (_is_small(word, self.language) or _ELIDED.match(word))):
                cut = index + 1
                titles += [word] if _is_title(word, self.language) else []
        if self.language == "ru" and len(words) - cut > 2 and not any(_PATRONYMIC.search(word) for word in words):
            while len(words) - cut > 2 and (words[cut].isupper() or words[cut][-1] in "аяыи"):
                cut += 1  # эксперт Центра Карнеги Андрей Колосов
        start += pieces[cut].start()
        words = words[cut:]
        if not 2 <= len(words) <= 5 or any(
            _is_small(word, self.language) or _is_title(word, self.language) for word in (words[0], words[-1])
        ):
            return None
        name = " ".join(words)
        low = name.lower()
        if any(term in low for key in ("publications", "organisations", "documents") for term in load(self.language)[key] if len(term) > 3):
            return None
        line = text[max(start - 60, 0) : start]
        before = re.findall(r"[\w-]+", line[-40:])[-1:]
        titled = bool(titles) or any(_is_title(word, self.language) for word in before)
        # In languages other than German, a lower-case noun before a name is a title: la violinista
        # Ana Doe.
        noun = before[0] if before and line.endswith(before[0] + " ") and self.language != "de" else ""
        if noun and noun.islower() and len(noun) > 3 and not _is_small(noun, self.language):
            titled = titled or not any(term in noun for key in ("publications", "organisations") for term in load(self.language)[key])
        begins = not line.strip() or line[-1:] == "\n" or line[-2:-1] in (".", "!", "?", "»", "“") or line.endswith("\n")
        behind = text[end : end + 12]
        set_off = line.endswith(", ") and re.match(r"[,.;]| \(", behind) is not None
        aged = _AGE.match(text, end, end + 16) is not None
        russian = self.language == "ru" and len(words) == 2 and _RUSSIAN.search(words[-1]) is not None
        opens = begins and self.language in ("es", "fr") and re.match(r",| [a-zà-ÿ]", behind) is not None
        if not (titled or set_off or aged or russian or opens):
            return None
        self.gender.setdefault(name, _gender(self.language, [*before, *titles], line, words[-1], titled, set_off))
        return start, end, name

    def _eastern(self, text: str) -> None:
        for match in _korean_titled().finditer(text):
            key = (match["name"][0], match["title"])
            self._korean[key] = "" if self._korean.get(key, match["name"]) != match["name"] else match["name"]

    def name(self, words: str) -> tuple[str, str]:
        """Return the full name and the role of the person in `words`.

        ("", "") if nothing more specific than `words` is known.
        """
        if self.language == "ko":
            short = re.fullmatch(r"([가-힣])\s(\S{1,8})", words)
            found = self._korean.get((short[1], short[2]), "") if short else ""
            if found and short:
                return found, short[2]
        if self.language in eastern_names.LANGUAGES:
            return eastern_names.split_name(words, self.language)
        if self.language in spaced_names.LANGUAGES:
            return spaced_names.split_name(words, self.language)
        tokens = words.split()
        for size in (4, 3, 2):
            for first in range(len(tokens) - size + 1):
                candidate = " ".join(tokens[first : first + size]).strip(",.")
                if candidate in self.gender:
                    rest = " ".join([*tokens[:first], *tokens[first + size :]]).strip(" ,")
                    return candidate, _role(rest)
        if (
            tokens
            and tokens[-1] in self._by_surname
            and all(_is_title(word, self.language) or _is_small(word, self.language) for word in tokens[:-1])
        ):
            return self._by_surname[tokens[-1]], _role(" ".join(tokens[:-1]))
        if self.language not in CASED and self.language not in _WESTERN:
            return "", ""
        name, role = split_name(words, self.language)
        if name and " " not in name:
            name = self._by_surname.get(name, name)
        return name, role

    def gender_of(self, name: str) -> str:
        """Return the gender of a person.

        By what the text says, else by the end of a Slavic given name.
        """
        if self.language not in _SLAVIC or self.gender.get(name):
            return self.gender.get(name, "")
        given = name.split(maxsplit=1)[0]
        return "" if " " not in name or given in _MEN else "female" if given[-1] in "aаяá" else "male"

    def can_refer(self, start: int, end: int) -> bool:
        """Return whether a pronoun at `end` can refer to a name at `start`.

        They may be at most one paragraph apart.
        """
        return end - start < _MAX_PRONOUN_CHARS and self._text.count("\n", start, end) <= 2

    def last_before(self, at: int, gender: str = "") -> tuple[int, int, str] | None:
        """Return the last person named before `at`.

        The mention must be near and must not contradict `gender`.
        """
        for index in range(bisect_right(self._starts, at) - 1, max(bisect_right(self._starts, at) - 6, -1), -1):
            start, end, name = self.mentions[index]
            if not self.can_refer(start, at):
                break
            if end <= at and (not gender or self.gender.get(name, "") in ("", gender)):
                return self.mentions[index]
        return None


def split_name(words: str, language: str) -> tuple[str, str]:
    """Split a phrase into the name of a person and the role.

    Capitals and the lists of `language` decide.

    ("", "") unless something beside the name shows that it is one of a person: a title, an apposition
    or an ordinary word before the name.
    """
    tokens = re.findall(r"[,()]|[^\s,()]+", words)[:_MAX_PHRASE_WORDS]
    kinds = [
        "," if word in (",", "(", ")") else "t" if _names_person(word, language) else "k" if _names_source(word, language) else _shape(word)
        for word in tokens
    ]
    lows = [word.lower() for word in tokens]
    for phrase in _phrases(language):
        for n in range(len(lows) - len(phrase) + 1):
            if lows[n] == phrase[0] and tuple(lows[n : n + len(phrase)]) == phrase:
                kinds[n : n + len(phrase)] = ["t"] * len(phrase)
    runs: list[tuple[int, int]] = []
    for match in re.finditer(r"[Ni](?:c{0,2}[Ni])*", "".join(kinds)):
        first, last = match.span()
        if "N" in match.group():
            runs.append((first, last))
    if not runs or len(runs) > _MAX_RUNS:
        return "", ""
    titled = "t" in kinds
    full = [run for run in runs if run[1] - run[0] > 1]
    first, last = full[0] if full and full[0][0] == 0 else full[-1] if full else runs[-1]
    before, behind = kinds[:first], kinds[last:]
    if not full and not (titled and before and not behind and before[-1] == "t"):
        return "", ""  # Präsident Muster
    if language == "de" and not titled and before:
        return "", ""  # every noun has a capital
    apposed = behind[:1] == [","] and len(behind) > 1
    plain = bool(before) and set(before) <= {"w", "c"} and not behind
    if not titled and (("k" in kinds) or not (apposed or plain)):
        return "", ""
    name = " ".join(tokens[first:last])
    rest = " ".join([*tokens[:first], *(tokens[last:] if not before or "t" in behind else [])])
    rest = re.sub(r"(?<!\s)\s{1,20}(?=[,)])|(?<=\()\s{1,20}", "", rest).strip(" ,")
    rest = re.sub(r"^\(?\d{1,3}\)?(?:,\s*|$)", "", rest)
    return name, _role(rest)


_MAX_PHRASE_WORDS, _MAX_RUNS = 30, 6
# Particles inside a name.
_PARTICLES = frozenset("de del della der den van von zu zum la le el al bin ibn ben da do dos das di du af av ter ten y e".split())


def _shape(token: str) -> str:
    """Return the class of a word in a name.

    N for a word of a name, i for an initial, c for a particle of names, w for any other word.
    """
    if token in _PARTICLES:
        return "c"
    if not token[0].isupper() or any(char.isdigit() for char in token):
        return "w"
    if len(token) <= 2 and (token[-1] == "." or len(token) == 1):
        return "i"
    return "w" if token.isupper() and len(token) <= 5 else "N"  # an abbreviation: ČNB


@cache
def _lists(language: str) -> tuple[frozenset[str], frozenset[str]]:
    data = load(language)
    persons = frozenset(term.strip().lower() for key in ("persons", "titles") for term in data.get(key, ()))
    others = (term for key in ("publications", "documents", "groups", "organisations") for term in data.get(key, ()))
    return persons, frozenset(term.strip().lower() for term in others if " " not in term.strip())


@cache
def _phrases(language: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(term.split()) for term in sorted(_lists(language)[0]) if " " in term)


def _in_list(word: str, terms: frozenset[str]) -> bool:
    """Return whether a word, or what it is formed from, is in a list.

    A compound or an inflected form of a longer term counts.
    """
    low = word.lower().strip(".'’")
    if low in terms:
        return True
    return any(low[:size] in terms or low[-size:] in terms for size in range(_MIN_TERM_CHARS, len(low)))


_MIN_TERM_CHARS = 6


def _names_person(word: str, language: str) -> bool:
    return _in_list(word, _lists(language)[0])


def _names_source(word: str, language: str) -> bool:
    return _in_list(word, _lists(language)[1])


@cache
def _titles(language: str) -> tuple[frozenset[str], tuple[str, ...]]:
    data = load(language)
    return frozenset(data.get("titles", ())), tuple(term.strip() for term in data["persons"] if len(term) > 3)


def _is_title(word: str, language: str) -> bool:
    low = word.lower().strip(".,")
    titles, persons = _titles(language)
    return low in titles or any(term in low for term in persons)


@cache
def _small(language: str) -> frozenset[str]:
    data = load(language)
    words = [word for key in ("function_words", "articles", "pronouns", "conjunction", "cut", "not_speakers") for word in data.get(key, ())]
    words += [part for key in ("according_before", "according_after") for phrase in data.get(key, ()) for part in phrase.split()]
    return frozenset(word.lower() for word in words)


def _is_small(word: str, language: str) -> bool:
    return word.lower().strip(".,") in _small(language)


def _gender(language: str, titles: list[str], line: str, surname: str, titled: bool, set_off: bool) -> str:
    low = [title.lower().strip(".") for title in titles]
    if language == "ru":
        return "female" if surname[-1] in "ая" else "male" if surname[-1] not in "оие" else ""
    if any(title in ("frau", "mme", "doña", "señora") for title in low):
        return "female"
    if any(title in ("herr", "m", "don", "señor") for title in low):
        return "male"
    if not (titled or set_off):
        return ""
    clause = re.split(r"[.!?»“]\s|\n", line)[-1]
    if language == "de":
        female = (low and low[-1].endswith("in")) or re.search(r"\b[Dd]ie\s\S+\s*$" if titled else r"^\W*[Dd]ie\b", clause)
        return "female" if female else "male" if titled else ""
    articles = re.findall(r"\b(la|une|una|le|un|el)\b", clause.lower())
    article = (articles[-1] if titled else articles[0]) if articles else ""
    return "female" if article in ("la", "une", "una") else "male" if article else ""


@cache
def _korean_titled() -> re.Pattern[str]:
    titles = "|".join(sorted(map(re.escape, load("ko")["persons"]), key=lambda word: (-len(word), word)))
    return re.compile(rf"(?<![가-힣])(?P<name>[가-힣]{{3}})(?:\(\d{{1,3}}\))?\s?(?P<title>(?:{titles}))")


def _role(words: str) -> str:
    """Return the role from the words around a name.

    Strips the article and forms of address.
    """
    words = re.sub(r"(?:^|(?<![\s,])[\s,]+)(?:M\.|Mme|Me|Dr\.?|Herrn?|Frau|don|doña|Sr\.|Sra\.)$", "", words).strip(" ,")
    return "" if words.lower().strip(".") in _HONORIFICS else _ARTICLE.sub("", words)


_HONORIFICS = frozenset(
    """herr frau fru mr mrs ms pan pani paní pán pana ông bà anh chị bay bayan sayın gospodin gospođa κ κα dhr mevr meneer mevrouw
    sig signor signora senhor senhora sr sra domnul doamna dl dna úr herra rouva bapak ibu г господин госпожа пан пані don doña""".split()
)


_ARTICLE = re.compile(
    r"^(?:der|die|das|dem|den|det|ein|eine|le|la|un|une|el|los|las|una|il|lo|gli|o|os|a|as|az|um|uma|unha|de|het|een|en|ett|et|ei|egy|ο|η|το|οι)"
    r"\s(?=\S)|^[lL]['’]",
    re.I,
)


# Personal pronouns with the gender that they require.
_PRONOUNS = {
    "de": {"er": "male", "sie": "female", "seinen": "male", "ihren": "female"},
    "es": {"él": "male", "ella": "female"},
    "fr": {"il": "male", "elle": "female"},
    "ru": {"он": "male", "она": "female", "его": "male", "её": "female", "ее": "female"},
    "uk": {"він": "male", "вона": "female", "його": "male", "її": "female"},
    "pl": {"on": "male", "ona": "female", "jego": "male", "niego": "male", "jej": "female", "niej": "female"},
    "cs": {"on": "male", "ona": "female", "něj": "male", "něho": "male", "jeho": "male", "ní": "female", "její": "female"},
    "hr": {
        "on": "male",
        "njemu": "male",
        "njegovu": "male",
        "njegovom": "male",
        "njegovim": "male",
        "ona": "female",
        "njoj": "female",
        "njezinu": "female",
        "njezinom": "female",
        "njezinim": "female",
    },
    "ko": {"그": "", "그녀": "female"},
    "ja": {"彼": "male", "彼女": "female", "同氏": ""},
    "zh": {"他": "male", "她": "female"},
    "ar": {},
}


def pronoun_gender(words: str, language: str) -> str | None:
    """Return a pronoun's gender ("" for any); None for other words."""
    return _PRONOUNS.get(language, {}).get(words.lower())
