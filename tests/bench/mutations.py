"""Documents that nobody would write: mutations of a corpus, each made from its number and the corpus alone.

`make(number, corpus)` gives the same mutant on every machine. A text mutation is a function of a random generator, the text and the
corpus; a byte mutation one of the generator and the bytes. Each is registered under the name that the table of `fuzz.py` shows.
"""

from __future__ import annotations

import gzip
import json
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

MAX_BASE_BYTES = 32 << 10
"""Larger files of a corpus are left out: a mutant should cost a fraction of a second."""
MAX_MUTANT_CHARACTERS = 150_000

Form = Literal["file", "json", "http", "text"]


@dataclass(frozen=True)
class Mutant:
    """One document to run: what was done to it, and its bytes as a reader would hand them on."""

    number: int
    name: str
    mutations: tuple[str, ...]
    payload: bytes
    form: Form = "file"
    content_type: str = ""

    @property
    def is_document(self) -> bool:
        """Whether newsbeam has to take it: text, or a JSON object that holds a text. Anything else may become a dead letter."""
        if self.form == "json":
            try:
                row = json.loads(self.payload.decode("utf-8-sig"))
            except (ValueError, RecursionError):
                return False
            return isinstance(row, dict) and any(isinstance(row.get(key), str) for key in ("text", "html"))
        head = self.payload[: 1 << 16]
        controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 or byte == 127 for byte in head)
        return controls <= 8 or controls * 100 <= len(head)


@dataclass(frozen=True)
class Base:
    """A file of the corpus."""

    name: str
    text: str

    @property
    def is_page(self) -> bool:
        """Whether it is HTML."""
        return self.name.endswith((".html", ".htm"))


class Corpus:
    """What mutants are made of: text files and pages below some folders, in the order of their paths."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders: list[list[Base]] = []
        for folder in folders:
            bases = [base for path in sorted(folder.rglob("*")) if (base := _base(path))]
            if bases:
                self._folders.append(bases)
        if not self._folders:
            raise SystemExit(f"no .html, .txt or .md file below {', '.join(map(str, folders))}")

    def pick(self, random: Random) -> Base:
        """Any file; each folder is as likely as the others, however many files it holds."""
        return random.choice(random.choice(self._folders))


def _base(path: Path) -> Base | None:
    name = path.name.removesuffix(".gz")
    if not (name.endswith((".html", ".txt", ".md")) and path.is_file() and path.stat().st_size <= MAX_BASE_BYTES):
        return None
    payload = path.read_bytes()
    payload = gzip.decompress(payload) if name != path.name else payload
    return Base(name, payload.decode("utf-8", "replace")) if len(payload) <= MAX_BASE_BYTES else None


def make(number: int, corpus: Corpus) -> Mutant:
    """The mutant of that number."""
    random = Random(f"document {number}")
    base = corpus.pick(random)
    text, suffix = base.text, ".html" if base.is_page else Path(base.name).suffix
    form: Form = random.choices(("file", "json", "http", "text"), (70, 16, 10, 4))[0]
    mutations = []
    for _ in range(random.choice((1, 1, 1, 2, 2, 3))):
        name = random.choice(_FOR_PAGES if base.is_page else _FOR_TEXTS)
        text = _TEXT_MUTATIONS[name](random, text, corpus)[:MAX_MUTANT_CHARACTERS]
        mutations.append(name)
    content_type = ""
    if form == "json":
        payload, name = _json_row(random, text, base.is_page)
        mutations.append(name)
        suffix = ".jsonl"
    else:
        payload = text.encode("utf-8", "surrogatepass")
        if random.random() < 0.2:
            payload, content_type, name = _charset(random, text)
            mutations.append(name)
    if random.random() < 0.2:
        name = random.choice(list(_BYTE_MUTATIONS))
        payload = _BYTE_MUTATIONS[name](random, payload)
        mutations.append(name)
    if form == "http":
        content_type = content_type or random.choice(("text/html", "text/html; charset=utf-8", "text/plain", "", "TEXT/HTML;charset="))
    else:
        content_type = ""
    return Mutant(number, f"{number:06d}{suffix}", tuple(dict.fromkeys(mutations)), payload, form, content_type)


# --- text -----------------------------------------------------------------------------------------------------------

TextMutation = Callable[[Random, str, Corpus], str]
_TEXT_MUTATIONS: dict[str, TextMutation] = {}
_FOR_PAGES: list[str] = []
_FOR_TEXTS: list[str] = []


def _of_text(name: str, pages: bool = True, texts: bool = True) -> Callable[[TextMutation], TextMutation]:
    def register(mutation: TextMutation) -> TextMutation:
        _TEXT_MUTATIONS[name] = mutation
        if pages:
            _FOR_PAGES.append(name)
        if texts:
            _FOR_TEXTS.append(name)
        return mutation

    return register


def _place(random: Random, text: str) -> int:
    """A place between two characters; in a page more often behind a tag than within one."""
    place = random.randint(0, len(text))
    if random.random() < 0.7:
        place = text.find(">", place) + 1 or place
    return place


def _put(random: Random, text: str, *pieces: str) -> str:
    """The text with each piece put in somewhere."""
    for piece in pieces:
        place = _place(random, text)
        text = text[:place] + piece + text[place:]
    return text


def _size(random: Random, most: int) -> int:
    """A size up to `most`; each order of magnitude is as likely as the others."""
    return max(1, int(most ** random.random()))


@_of_text("none")
def _none(random: Random, text: str, corpus: Corpus) -> str:
    return text


@_of_text("cut")
def _cut(random: Random, text: str, corpus: Corpus) -> str:
    start, end = sorted(random.randint(0, len(text)) for _ in range(2))
    return random.choice((text[:end], text[start:], text[:start] + text[end:]))


@_of_text("splice")
def _splice(random: Random, text: str, corpus: Corpus) -> str:
    other = corpus.pick(random).text
    return text[: random.randint(0, len(text))] + other[random.randint(0, len(other)) :]


@_of_text("repeated piece")
def _repeated_piece(random: Random, text: str, corpus: Corpus) -> str:
    start = random.randint(0, len(text))
    piece = text[start : start + _size(random, 2_000)] or "x"
    times = _size(random, min(20_000, 150_000 // len(piece) + 2))
    return text[:start] + piece * times + text[start:]


_PUMPS = (
    string.ascii_letters
    + string.digits
    + " \t\n\u00a0.,;:!?'\"’‘“”„«»()[]{}<>/\\|-–—_=+*&%$#@^~`…·•、。「」』ßüñéДжשعक한語\u200b\u0301\U0001f600"
)


@_of_text("pump")
def _pump(random: Random, text: str, corpus: Corpus) -> str:
    """A few characters many times over, which is what patterns that backtrack blow up on."""
    piece = "".join(random.choice(_PUMPS) for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4, 6))))
    head, tail = (random.choice(("", "", " ", "\n", "A", "“", "said ", "by ", "© ", "http://", "<", "&", "(")) for _ in range(2))
    return _put(random, text, head + piece * _size(random, 30_000 // len(piece)) + tail)


@_of_text("long word")
def _long_word(random: Random, text: str, corpus: Corpus) -> str:
    letters = random.choice(
        (
            string.ascii_lowercase,
            string.ascii_uppercase,
            string.ascii_letters + string.digits + "-_",
            string.hexdigits,
            "0123456789",
            "A’a",
            "a-",
            "A.",
            "語文字漢",
            "한글말",
            "Дж",
            "ab\u0301",
            "a\u200b\u00ad",
            string.ascii_letters + "'’“”\"",
        )
    )
    return _put(random, text, " " + "".join(random.choices(letters, k=_size(random, 60_000))) + " ")


@_of_text("whitespace")
def _whitespace(random: Random, text: str, corpus: Corpus) -> str:
    blanks = (
        " ",
        "\t",
        "\n",
        "\u00a0",
        "\r\n",
        "\u3000",
        "\u2003",
        "\u200b",
        "\ufeff",
        "\n \n",
        "&nbsp;",
        "<br>",
        "\x0b",
        "\u1680",
        "\u2028",
    )
    kind = random.randrange(3)
    if kind == 0:
        return _put(random, text, *(random.choice(blanks) * _size(random, 20_000) for _ in range(random.randint(1, 4))))
    if kind == 1:
        blank = random.choice(blanks) * random.randint(1, 5)
        return text.replace(" ", blank)
    return "".join(text.split())


@_of_text("line ends")
def _line_ends(random: Random, text: str, corpus: Corpus) -> str:
    ends = [
        "\n",
        "\r",
        "\r\n",
        "\n\r",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x1d",
        "\x1e",
        "\x85",
        "\u2028",
        "\u2029",
        "\n\n",
        "\n\n\n",
        " \n",
        "\\n",
        "|",
        " ",
    ]
    some = random.sample(ends, random.randint(1, 4))
    return "".join(line + random.choice(some) for line in text.splitlines())


@_of_text("lines", pages=False)
def _lines(random: Random, text: str, corpus: Corpus) -> str:
    lines = text.splitlines() or [""]
    kind = random.randrange(7)
    if kind == 0:
        random.shuffle(lines)
    elif kind == 1:
        lines = [line for line in lines for _ in range(random.randint(0, 3))]
    elif kind == 2:
        lines = text.split()
    elif kind == 3:
        lines = list(text[:20_000])
    elif kind == 4:
        lines = [" ".join(lines)]
    elif kind == 5:
        width = random.randint(1, 100)
        lines = [line[at : at + width] for line in lines for at in range(0, len(line), width)]
    else:
        lines = lines * _size(random, 100)
    return "\n".join(lines)


@_of_text("control characters")
def _control_characters(random: Random, text: str, corpus: Corpus) -> str:
    odd = [
        chr(code) for code in (*range(1, 32), *range(127, 160), 0xAD, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0xE000, 0x10FFFF, 0xE0001)
    ]
    return _put(random, text, *(random.choice(odd) * random.randint(1, 3) for _ in range(min(8, 1 + len(text) // 500))))


@_of_text("bidi and marks")
def _bidi_and_marks(random: Random, text: str, corpus: Corpus) -> str:
    pieces = (
        "\u202e",
        "\u202d\u202c",
        "\u2066\u2067\u2068\u2069",
        "\u200e\u200f",
        "\u061c",
        "a" + "\u0301\u0323" * 40,
        "👩‍👩‍👧‍👦🏽‍♀️",
        "🇩🇪🇫🇷🇯",
        "\ufe0f\ufe0e",
        "ﷺﷻ",
        "ǅǈﬀﬃẞıİſ",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝐁𝐨𝐥𝐝",
        "①②Ⅷ½٣४",
        "\U000e0100\U000e01ef",
        "שָׁלוֹם عَلَيْكُم",
        "\u0f71\u0f72\u0f7d\u17d2\u1780",
    )
    return _put(random, text, *(random.choice(pieces) * random.randint(1, 4) for _ in range(random.randint(1, 20))))


_SENTENCES = (
    "The lock keeper said on Monday that the gates “would stay shut”.",
    "„Das Tor bleibt zu“, sagte die Schleusenwärterin am Montag.",
    "« L’écluse reste fermée », a déclaré lundi l’éclusière Anne Petit.",
    "«La esclusa sigue cerrada», dijo el lunes la encargada.",
    "“La chiusa resta ferma”, ha detto lunedì la custode.",
    "“A comporta continua fechada”, disse na segunda a responsável.",
    "‘De sluis blijft dicht’, zei de sluiswachter maandag.",
    "„Śluza zostaje zamknięta” – powiedziała w poniedziałek strażniczka.",
    "«Шлюз останется закрытым», — сказала в понедельник смотрительница.",
    "«Шлюз залишиться закритим», — сказала в понеділок наглядачка.",
    "「水門は閉じたままだ」と月曜日に管理人は述べた。",
    "“水闸仍将关闭，”管理员周一说。",
    "「水閘仍會關閉，」管理員週一表示。",
    "“수문은 닫혀 있을 것”이라고 관리인이 월요일 말했다.",
    "وقالت المشرفة يوم الاثنين: «سيبقى الهويس مغلقا».",
    "״הסכר יישאר סגור״, אמרה המפעילה ביום שני.",
    "फाटक बंद रहेगा, रखवाले ने सोमवार को कहा।",
    "“Kapak kapalı kalacak” dedi bekçi pazartesi günü.",
    "”Slussen förblir stängd”, sade vakten i måndags.",
    "»Zapornica ostaja zaprta,« je v ponedeljek dejala čuvajka.",
    "ประตูน้ำจะยังคงปิดอยู่ ผู้ดูแลกล่าวเมื่อวันจันทร์",
    "“Cửa cống vẫn đóng”, người trông coi nói hôm thứ Hai.",
    "„Stavidlo zostane zatvorené,“ povedala v pondelok strážkyňa.",
    "Η θύρα θα μείνει κλειστή, είπε τη Δευτέρα η φύλακας.",
)


@_of_text("mixed scripts")
def _mixed_scripts(random: Random, text: str, corpus: Corpus) -> str:
    pieces = [random.choice(_SENTENCES) for _ in range(_size(random, 60))]
    glue = random.choice((" ", "\n", "\n\n", "", "</p><p>"))
    if random.random() < 0.5:
        return _put(random, text, glue.join(pieces))
    words = text.split(" ")
    step = max(1, len(words) // len(pieces))
    return " ".join(word if at % step else f"{word} {random.choice(pieces)}" for at, word in enumerate(words))


@_of_text("capitals")
def _capitals(random: Random, text: str, corpus: Corpus) -> str:
    change = random.choice((str.upper, str.title, str.swapcase, str.casefold, str.capitalize))
    start, end = sorted(random.randint(0, len(text)) for _ in range(2))
    return change(text) if random.random() < 0.5 else text[:start] + change(text[start:end]) + text[end:]


_QUOTES = "\"'“”„‟‘’‚‛«»‹›「」『』《》〈〉〝〞＂＇`´״׳"


@_of_text("quotes")
def _quotes(random: Random, text: str, corpus: Corpus) -> str:
    kind = random.randrange(3)
    if kind == 0:  # other marks
        table: dict[str, str | int | None] = {mark: random.choice(_QUOTES) for mark in '"“”„‘’«»「」'}
        return text.translate(str.maketrans(table))
    if kind == 1:  # some are gone
        return "".join(character for character in text if character not in _QUOTES or random.random() < 0.6)
    words = text.split(" ")  # and some too many
    for _ in range(min(len(words), _size(random, 2_000))):
        at = random.randrange(len(words))
        words[at] = random.choice((random.choice(_QUOTES) + words[at], words[at] + random.choice(_QUOTES)))
    return " ".join(words)


@_of_text("speech")
def _speech(random: Random, text: str, corpus: Corpus) -> str:
    """Statement after statement, each with a cue and a speaker of some odd form."""
    names = (
        "Jane Doe",
        "J. R. R. D. Doe",
        "O'Brien-Smith Jr.",
        "Dr. Dr. h.c. Anna von der Aue",
        "JANE DOE",
        "doe",
        "X",
        "王小明",
        "김민수",
        "Иван Петров",
    )
    more = (
        "the Ministry of Foreign Affairs of the Republic",
        "A " * 60,
        "B.C.D." * 50,
        "Ana " * 30,
        "he",
        "she",
        "sources",
        "",
        "@doe_42",
        "d’" * 40 + "Arc",
    )
    forms = (
        "“{q}”, said {n}.",
        "“{q},” {n} said.",
        "{n}: {q}",
        "{n} said that {q}.",
        "According to {n}, {q}",
        "„{q}“, sagte {n}.",
        "«{q}», dit {n}.",
    )
    others = (
        "{n} told {n} that {n} told {n}: “{q}",
        "{n}, citing {n}, citing {n}, said {q}",
        "“{q}” said said {n} said",
        "by {n} and {n}, {n} of {n}",
    )
    lines = []
    for _ in range(_size(random, 400)):
        line = random.choice(forms + others)
        while "{n}" in line:
            line = line.replace("{n}", random.choice(names + more), 1)
        start = random.randint(0, len(text))
        lines.append(line.replace("{q}", text[start : start + random.randint(0, 150)].replace("<", "")))
    glue = random.choice((" ", "\n", "\n\n", "<br>", "</p><p>"))
    return _put(random, text, glue.join(lines))


@_of_text("digits and dates")
def _digits_and_dates(random: Random, text: str, corpus: Corpus) -> str:
    pieces = (
        "31 February 99999",
        "0000-00-00T99:99:99+99:99",
        "1 January 0001",
        "12/13/14/15/16",
        "9" * 400,
        "٣١ ديسمبر ٢٠٢٤",
        "令和六年二月三十日",
        "Published: " + "1" * 40,
        "-1e999",
        "2024-03-05T10:00:00.123456789123Z[Mars/Base]",
        "Mon, 32 Foo 20244 25:61:61 XYZ",
        "©" + " 1999-" * 30,
        "March " * 50,
        "24:00 Uhr",
        "1.234.567,89 €" * 20,
    )
    return _put(random, text, *(f" {random.choice(pieces)}{random.choice((' ', chr(10), '<br>'))}" for _ in range(random.randint(1, 10))))


@_of_text("markdown", pages=False)
def _markdown(random: Random, text: str, corpus: Corpus) -> str:
    marks = (
        "# ",
        "###### ",
        "> ",
        ">>>> ",
        "- ",
        "* [ ] ",
        "1. ",
        "    ",
        "```\n",
        "~~~html\n",
        "| a | b |\n|---|:-:|\n| ",
        "[^1]: ",
        "---\n",
        "***",
        "![x](",
        "[a][b] ",
    )
    ends = ("", "", "**", "__", "`", " |", "\n===", "\n---", "](http://example.org/ 'x')", "[^1]", "  ", "\\", "<br/>", "{#id .class}")
    front = random.choice(("", "", "---\ntitle: [unclosed\ndate: 2024-99-99\nauthor: {a: b}\n---\n", "+++\ntitle = 1\n+++\n", "---\n" * 20))
    return front + "\n".join(random.choice(marks) + line + random.choice(ends) for line in text.splitlines())


@_of_text("page within text", pages=False)
def _page_within_text(random: Random, text: str, corpus: Corpus) -> str:
    other = corpus.pick(random).text
    return _put(random, text, other[: _size(random, 20_000)])


# --- markup ---------------------------------------------------------------------------------------------------------

_TAGS = """
div span p b i font a ul li ol dl dd table tr td th tbody blockquote section article main header nav form button select
option svg g math mi mtext annotation-xml template noscript object center em label h1 h2 details summary figure ruby rt
rp nobr marquee x-y
""".split()


@_of_text("nesting", texts=False)
def _nesting(random: Random, text: str, corpus: Corpus) -> str:
    tags = random.sample(_TAGS, random.randint(1, 3))
    depth = _size(random, 4_000)
    opening = "".join(f"<{tag}>" for tag in tags)
    closing = "".join(f"</{tag}>" for tag in reversed(tags)) * random.choice((0, 1, 1)) * depth
    start, end = sorted(_place(random, text) for _ in range(2))
    return text[:start] + opening * depth + text[start:end] + closing + text[end:]


@_of_text("broken tags", texts=False)
def _broken_tags(random: Random, text: str, corpus: Corpus) -> str:
    for _ in range(_size(random, 40)):
        mark = random.choice(("<", ">", "</", '"', "=", "<p", "</div>"))
        place = text.find(mark, random.randint(0, len(text)))
        if place >= 0:
            new = random.choice(("", "", mark * 2, "<", ">", " ", "'", "</", "<!", "<?", "\0", "/>", "<>", "< "))
            text = text[:place] + new + text[place + len(mark) :]
    return text


@_of_text("moved tags", texts=False)
def _moved_tags(random: Random, text: str, corpus: Corpus) -> str:
    """Whole tags change places, so that next to nothing nests."""
    pieces = text.split("<")
    for _ in range(_size(random, 200)):
        first, second = (random.randrange(len(pieces)) for _ in range(2))
        pieces[first], pieces[second] = pieces[second], pieces[first]
    return "<".join(pieces)


@_of_text("attributes", texts=False)
def _attributes(random: Random, text: str, corpus: Corpus) -> str:
    kinds: tuple[Callable[[], str], ...] = (
        lambda: " ".join(f"a{number}=x" for number in range(_size(random, 3_000))),
        lambda: f'class="{" ".join(random.choice(("nav", "share", "byline", "author", "x")) for _ in range(_size(random, 3_000)))}"',
        lambda: f"class={'x' * _size(random, 50_000)}",
        lambda: "style='display:none' hidden aria-hidden=true",
        lambda: "id='\u202e' class=\"\ud7ff\u0000\" data-\"='<'",
        lambda: "class='a class=\"b' class class=c /",
        lambda: f'href="javascript:{"%" * _size(random, 5_000)}" rel=author itemprop=author datetime="x"',
        lambda: 'lang="' + random.choice(("", "xx", "en-US-x-y", "-", "zh_Hant_TW", "\u00e9", "en" * 500, "*", "iw", "i-klingon")) + '"',
        lambda: (
            'itemprop="datePublished" content="'
            + random.choice(("", "99999-01-01", "yesterday", "2024-01-01" * 50, "1e400", "-1", "NaN"))
            + '"'
        ),
        lambda: "onclick='" + "(" * _size(random, 5_000) + "'",
    )
    tag = random.choice((*_TAGS, "html", "body", "meta", "time", "img", "title"))
    return _put(random, text, f"<{tag} {random.choice(kinds)()}>")


@_of_text("entities", texts=False)
def _entities(random: Random, text: str, corpus: Corpus) -> str:
    odd = (
        "&#xD83D;",
        "&#55357;&#56832;",
        "&#0;",
        "&#x110000;",
        "&#xFFFFFFFFFFFF;",
        "&#-1;",
        "&amp",
        "&amp;amp;amp;lt;",
        "&notit;",
        "&" * 500,
        "&#x80;",
        "&#13;",
    )
    more = (
        "&#x202e;",
        "&" + "a" * 5_000 + ";",
        "&#" + "9" * 5_000 + ";",
        "&NotEqualTilde;",
        "&nbsp" * 500,
        "&lt;script&gt;",
        "&#xFFFE;",
        "&#xDC00;",
        "&;",
        "&#;",
        "&#x;",
    )
    pieces = [random.choice(odd + more) for _ in range(_size(random, 60))]
    if random.random() < 0.3:
        text = "".join(
            f"&#{ord(character)};" if random.random() < 0.3 and character not in "<>&\"'=" else character for character in text[:60_000]
        )
    return _put(random, text, *pieces)


_COMMENTS = (
    "<!-->",
    "<!--->",
    "<!---->",
    "<!--x--!>",
    "<!-- <!-- x -->",
    "<!-- -- > -->",
    "<!-- > --",
    "<!--[if gt IE 8]><!-->",
    "<!--<![endif]-->",
    "<!--[if lt IE 9]><p>old</p><![endif]-->",
    "<![CDATA[ x ]]>",
    "<![CDATA[",
    "]]>",
    "<?php echo '<p>'; ?>",
    "<?xml version='1.0'?>",
    "<?",
    "<!",
    "<!x>",
    "</>",
    "</ x>",
    "</3>",
    "<!-",
    "<!--",
    "-->",
    "<!--" + "-" * 3_000,
    "<!--" * 500,
    "<%= x %>",
    "<!--a-- --b-->",
    "<!doctype html>",
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x>"',
    "<!DOCTYPE [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>&b;",
    "<!ELEMENT p ANY>",
)


@_of_text("comments", texts=False)
def _comments(random: Random, text: str, corpus: Corpus) -> str:
    pieces = [random.choice(_COMMENTS) for _ in range(_size(random, 30))]
    if random.random() < 0.4:
        return "".join(pieces) + text
    return _put(random, text, *pieces)


_RAW_TEXT_TAGS = """
script style textarea title xmp plaintext iframe noembed noframes noscript template select svg math frameset head body
html table
""".split()


@_of_text("raw text elements", texts=False)
def _raw_text_elements(random: Random, text: str, corpus: Corpus) -> str:
    pieces = []
    for _ in range(random.randint(1, 6)):
        tag = random.choice(_RAW_TEXT_TAGS)
        inner = random.choice(("", "<!--<script>", "</", f"</{tag}x>", f"</{tag} <p>", "<p>x</p>", "]]>", "<b>" * 50))
        pieces.append(f"<{tag}>{inner}" + random.choice(("", f"</{tag}>", f"</{tag.upper()} >", f"</{tag}")))
    return _put(random, text, *pieces)


_ODD_VALUES = (
    '"A \\ud83d"',
    '"\\udc00x"',
    '"\\u0000"',
    '"\\ud83d\\ude00"',
    '"\\x"',
    '"line\nend"',
    "null",
    "true",
    "-0",
    "1e999",
    "NaN",
    "[]",
    "{}",
    "[[[[]]]]",
    '{"name": null}',
    '{"name": {"name": {"name": "x"}}}',
    '{"@type": ["Person", null, 3], "name": ["A", 1, null, {"x": "y"}]}',
    '{"@id": "#a", "@type": "Person"}',
    '"' + "x" * 20_000 + '"',
    '["' + '", "'.join(["Ann Lee"] * 500) + '"]',
    "[" * 2_000,
    '{"name":' * 2_000,
    '"<b>bold</b> &amp; <script>"',
    '"\u202eevil"',
    "'single'",
    "99999999999999999999999999",
    '"2024-13-45"',
    '"  "',
    '"http://[::1"',
)


_JSON_LD_KEYS = """
@type @graph @context headline author publisher datePublished dateModified articleSection articleBody image description
keywords creator name isPartOf mainEntityOfPage inLanguage url copyrightHolder sourceOrganization itemListElement review
comment
""".split()


@_of_text("JSON-LD", texts=False)
def _json_ld(random: Random, text: str, corpus: Corpus) -> str:
    members = ['"@context": "https://schema.org"', '"@type": "NewsArticle"', '"@id": "#a"']
    members += [f'"{random.choice(_JSON_LD_KEYS)}": {random.choice(_ODD_VALUES)}' for _ in range(random.randint(1, 8))]
    row = "{" + ", ".join(members) + random.choice(("}", "}", "}", ",}", "", "}}", "};", "}//-->"))
    row = random.choice(
        (row, row, f"[{row}, {row}]", f'{{"@graph": [{row}]}}', f"<!--{row}-->", f"//<![CDATA[\n{row}\n//]]>", f"\ufeff{row}")
    )
    kind = random.choice(("application/ld+json", "application/ld+json", "APPLICATION/LD+JSON; charset=x", "application/json"))
    script = f'<script type="{kind}">{row}</script>'
    return text.replace("</head>", script + "</head>", 1) if "</head>" in text and random.random() < 0.7 else script + text


_META_NAMES = """
author article:author og:title og:site_name og:url og:image article:published_time date dc.date DC.creator
citation_author twitter:creator description keywords parsely-author sailthru.date robots viewport refresh content-
language og:locale copyright generator
""".split()


@_of_text("meta", texts=False)
def _meta(random: Random, text: str, corpus: Corpus) -> str:
    values = (
        "",
        " ",
        "\u0000",
        "&#xD800;",
        "x" * 30_000,
        "By " * 200,
        "{{ author }}",
        "null",
        "http://example.org/a b",
        "2024-99-99",
        "A, B and C; D | E / F & G",
        "\u202e",
    )
    more = (
        "http://[",
        "//",
        "http://" + "a" * 3_000 + ".example/",
        "mailto:x",
        "en_US",
        "zz",
        "1" * 300,
        "<b>x</b>",
        "🙂" * 200,
        "0",
        "Admin",
        "\n\n",
    )
    tags = []
    for _ in range(_size(random, 60)):
        attribute = random.choice(("name", "property", "itemprop", "http-equiv"))
        tags.append(f'<meta {attribute}="{random.choice(_META_NAMES)}" content="{random.choice(values + more)}">')
    tags.append(random.choice(("", '<base href="http://[">', '<link rel=canonical href="\t//x y\n">', "<title></title><title>b</title>")))
    return text.replace("<head>", "<head>" + "".join(tags), 1) if "<head>" in text else "".join(tags) + text


@_of_text("tables and lists", texts=False)
def _tables_and_lists(random: Random, text: str, corpus: Corpus) -> str:
    count = _size(random, 3_000)
    cell = random.choice(
        ("a", "Ann Lee", "12.5", "", "<a href=/x>Read more</a>", "Lorem ipsum dolor sit amet, as they say.", "12 May 2024")
    )
    form = random.choice(
        (
            "<tr><td>{0}<td>{0}</tr>",
            "<li>{0}",
            "<p>{0}</p>",
            "<br>{0}",
            "<div>{0}</div>",
            "<option>{0}",
            "<dt>{0}<dd>{0}",
            "<a href=#>{0}</a> ",
        )
    )
    return _put(random, text, form.format(cell) * count)


# --- JSON rows ------------------------------------------------------------------------------------------------------


def _json_row(random: Random, text: str, is_page: bool) -> tuple[bytes, str]:
    """The text as one line of JSON, with neighbours of odd types; and the name of the mutation."""
    odd: tuple[Any, ...] = (
        None,
        True,
        0,
        -1.5,
        1e308,
        2**70,
        "",
        " ",
        "x",
        [],
        {},
        [1, None],
        {"a": {"b": None}},
        "2024-03-05",
        1709632800,
        "\ud83d",
        "a\u0000b",
        ["A", "B"],
    )
    row: dict[str, Any] = {"html" if is_page else "text": text}
    for key in random.sample(
        ["id", "url", "title", "date", "author", "language", "content", "body", "meta", "", "text", "html", "\ud800"], 5
    ):
        row.setdefault(key, random.choice(odd))
    items = list(row.items())
    random.shuffle(items)
    line = json.dumps(
        dict(items), ensure_ascii=random.random() < 0.5, separators=random.choice(((",", ":"), (", ", ": "), (" ,\t", " :  ")))
    )
    kind = random.randrange(12)
    if kind == 0:
        return line[: random.randint(0, len(line))].encode("utf-8", "surrogatepass"), "broken JSON"
    if kind == 1:
        return line.replace('"', "'", random.randint(1, 3)).encode("utf-8", "surrogatepass"), "broken JSON"
    if kind == 2:
        return ('{"a":' * _size(random, 3_000) + line).encode("utf-8", "surrogatepass"), "broken JSON"
    if kind == 3:
        return b"\xef\xbb\xbf" + line.encode("utf-8", "surrogatepass"), "JSON row"
    if kind == 4:
        return (line[:-1] + ', "text": "twice", "x": NaN, "y": -Infinity}').encode("utf-8", "surrogatepass"), "JSON row"
    return line.encode("utf-8", "replace"), "JSON row"


# --- charsets and bytes ---------------------------------------------------------------------------------------------

_CODECS = """
utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 cp1252 latin-1 cp1251 koi8-r cp932 euc-jp iso2022_jp euc-kr gb18030
big5 cp1255 cp1256 mac-roman cp437 utf-7 cp874 iso8859-2 iso8859-15 hz cp1254 cp1253
""".split()
_LABELS = (
    *_CODECS,
    "utf8mb4",
    "none",
    "utf-8;q=1",
    "x-user-defined",
    "unicode",
    "\u00fc",
    "binary",
    "ISO-8859-1 ",
    "'utf-8'",
    "utf-8, utf-16",
    "%s",
    "rot13",
    "zlib",
    "base64",
)


def _charset(random: Random, text: str) -> tuple[bytes, str, str]:
    """(the bytes in some charset, a content type that declares one, the mutation's name): the two seldom agree."""
    label = random.choice(_LABELS)
    declared = random.choice(
        (
            "",
            f'<meta charset="{label}">',
            f'<meta http-equiv=content-type content="text/html; charset={label}">',
            f'<?xml encoding="{label}"?>',
        )
    )
    if random.random() < 0.5:
        text = declared + text
    payload = text.encode(random.choice(_CODECS), random.choice(("replace", "ignore", "xmlcharrefreplace")))
    if random.random() < 0.2:  # the second half is in another charset
        half = len(text) // 2
        payload = payload[: len(payload) // 2] + text[half:].encode(random.choice(_CODECS), "ignore")
    return payload, f"text/html; charset={label}", "charset"


ByteMutation = Callable[[Random, bytes], bytes]


def flip(random: Random, payload: bytes) -> bytes:
    """Some bytes changed."""
    changed = bytearray(payload)
    for _ in range(_size(random, 200) if changed else 0):
        changed[random.randrange(len(changed))] = random.choice((random.randrange(256), random.randrange(128, 256), 0x3C, 0x26, 0x0A))
    return bytes(changed)


def drop(random: Random, payload: bytes) -> bytes:
    """A few pieces gone."""
    for _ in range(_size(random, 10)):
        start = random.randint(0, len(payload))
        payload = payload[:start] + payload[start + _size(random, 2_000) :]
    return payload


def insert(random: Random, payload: bytes) -> bytes:
    """Bytes at random, put in somewhere."""
    start = random.randint(0, len(payload))
    return payload[:start] + random.randbytes(_size(random, 3_000)) + payload[start:]


def cut_characters(random: Random, payload: bytes) -> bytes:
    """The last byte of many characters gone, so that each is only half there."""
    return bytes(byte for byte in payload if not (0x80 <= byte < 0xC0 and random.random() < 0.2))


_BYTE_MUTATIONS: dict[str, ByteMutation] = {
    "bytes flipped": flip,
    "bytes gone": drop,
    "bytes put in": insert,
    "half characters": cut_characters,
}
