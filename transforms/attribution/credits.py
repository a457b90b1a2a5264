"""Whose picture, whose wire copy, whose rights: credits read from the text and from lines that were taken out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from transforms.attribution.lexicon import is_outlet, load
from transforms.document import Credit, CreditKind, Document

_MAX_LINE = 2000  # characters of a line that are looked at: a credit stands at the edge of its line
_CAPTIONS = ("caption", "credit")  # kinds of removals, and what <figcaption> holds, where a bare "© X" means the picture
_SHORT_LINE = 160  # characters of a line that can be a byline
_UPPER = "A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐ"
_CAP_NAME = rf"[{_UPPER}][\w’'.-]*(?:\s+(?:de|du|da|del|la|le|van|von|der|den|bin|al|[{_UPPER}][\w’'.-]*)){{0,4}}"
_EMAIL = r"[\w.+-]{1,40}@[\w.-]{1,60}"

# Where a pattern may be tried: in any line, in a caption or a credit line, in a caption only, in a short line, in the last
# lines of a text or in a removal.
_ANY, _CAPTION, _FIGURE, _SHORT, _LAST = "any", "caption", "figure", "short", "last"


def _any(key: str, flags: str = "") -> str:
    """The alternation of a word list, the longest first; a blank in a word stands for any blanks."""
    words = sorted((re.escape(word).replace(r"\ ", r"\s+") for word in load("credits")[key]), key=lambda word: (-len(word), word))
    return f"(?{flags}:" + "|".join(words) + ")"


def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern in which no run of blanks or signs is without end: within a credit none is long, and a search may begin at each of them."""
    for sign, most in ((r"\s", 20), (r"\W", 40)):
        pattern = pattern.replace(f"{sign}*", f"{sign}{{0,{most}}}").replace(f"{sign}+", f"{sign}{{1,{most}}}")
    return re.compile(pattern)


@cache
def _patterns() -> list[tuple[CreditKind, str, re.Pattern[str], tuple[str, ...]]]:
    """Each with what the line must hold in small letters, if that saves much."""
    photo, rights, first = _any("image", "i"), _any("rights", "i"), _any("outlet", "i")
    agencies = _any("agencies")
    by = r"(?i:by|via|courtesy\s+of|courtesy|provided\s+by)"
    stock = r"(?i:Getty Images|AP Images|Shutterstock|iStock)"
    han, eastern = r"\u4e00-\u9fff", r"\u4e00-\u9fff\u3040-\u30ff・ー"
    office = r"(?:[\u4e00-\u9fff]{0,8}(?:记者|記者)\s*)?"
    arabic = r"[\u0621-\u064a\u064b-\u0652]+"
    copyright_mark = (
        r"(?:©|ⓒ|Ⓒ|\([cC]\)\s?(?=\d{4}|[A-Z])|(?i:copyrights?)\s*(?:©|ⓒ|Ⓒ|\([cC]\)|(?=(?i:by\s+)?\d{4}\b)|(?::\s*)|(?i:by)\s+))"
    )
    name = r"[^\n\d|｜·•,，;；:()（）–—!?]"
    ends = r"(?=\s*(?:$|[|｜·•,;(（–—/]|-\s|\d))"
    sources: list[tuple[CreditKind, str, str]] = [
        # [Image source=Foo] · (Photo by X/AFP via Getty Images) · (Photo courtesy of X)
        (
            "image",
            _ANY,
            rf"[\[(（［【<〈]\s*(?:{photo})\s*(?:[=＝:：/|ⓒ©-]|\b{by}\b)\s*(?P<name>[^\]\[)）］】>〉\n]{{1,120}})[\])）］】>〉]",
        ),
        # Photo: AP/Jane Doe · 사진=… · Foto: …, as a line, at its end, or behind a slash
        ("image", _ANY, rf"^\s*[▲△■◆*•]?\s*(?:{photo})\s*(?:[=＝:：]\s*|\s{by}\s+|\s*[ⓒ©]\s*)(?P<name>[^\n]{{1,100}})$"),
        (
            "image",
            _ANY,
            rf"(?:[.!?。…)\]”\"'’]\s*|\s[|–—/／-]\s|[/／])(?:{photo})\s*(?:[=:：]|\s{by}\s)\s*(?P<name>(?:[^\n/]|\s/\s){{1,80}})$",
        ),
        # … at low tide. Photo Jane Doe · … since 2029 CREDIT: Jane Doe
        ("image", _ANY, rf"[.!?…]\s+(?:{photo})\s+(?P<name>{_CAP_NAME})$"),
        ("image", _ANY, r"\s(?:CREDIT|PHOTO|PICTURE|IMAGE|FOTO)S?:\s*(?P<name>[^\n]{1,80})$"),
        ("image", _CAPTION, rf"(?:^|[\s(])(?:{photo})\s*(?:[:：=]|\s{by}\s)\s*(?P<name>[^\n]{{1,80}}?)\s*[)）]?$"),
        ("image", _CAPTION, rf"\s{copyright_mark}(?!\s*\d)\s*(?P<name>(?:(?!{rights})[^\n]){{1,80}})$"),
        ("image", _FIGURE, rf"^{copyright_mark}(?!\s*\d)\s*(?P<name>(?:(?!{rights})[^\n]){{1,80}})$"),
        ("image", _CAPTION, rf"\S\s*[(（](?P<name>(?:{agencies})(?:/[^()（）\n]{{1,40}})?)[)）]\s*$"),
        ("image", _ANY, rf"(?P<name>[^\n()\[\].]{{0,60}}?(?:/|\b[vV]ia\s+)(?:{stock})\b[^\n()\[\].]{{0,30}})"),
        # (AP Photo/Jane Doe, File) · Courtesy of Jane Doe
        ("image", _ANY, rf"(?:^|[(\s])(?P<name>(?:AP Photo|AFP PHOTO|AP Images)/{_CAP_NAME})(?:,\s[A-Z]\w+)?\s*[)）]?$"),
        ("image", _ANY, rf"^\s*[(（]?(?i:(?:photo\s|image\s)?courtesy\s(?:of\s)?)(?P<name>{_CAP_NAME})\s*[)）]?$"),
        ("image", _ANY, rf"^\s*(?P<name>(?:{stock}|(?i:AP Photo|AFP PHOTO|Unsplash|Pixabay))(?:/[^\n]{{1,50}})?)\s*$"),
        # … January 9. REUTERS/Jane Doe/File Photo
        (
            "image",
            _ANY,
            rf"(?:^|[\s(])(?P<name>[{_UPPER}]{{2,}}(?: [{_UPPER}]{{2,}}){{0,2}}/"
            rf"[{_UPPER}][a-zà-ÿа-яё][\w’'.-]*(?: [{_UPPER}][\w’'.-]+){{0,3}})"
            rf"(?:/{_any('file_photo')})*\s*[)）]?$",
        ),
        # 【Photo】Waves …, taken by Foo
        (
            "image",
            _ANY,
            rf"^\s*[【\[(（]\s*{photo}\s*[】\])）][^\n]{{0,300}}?\b(?:taken|photographed|shot|provided)\s+by\s+(?P<name>[^\n]{{1,60}})$",
        ),
        # （…提供） · …＝10日、…撮影 · …。… 摄 · [… 제공]
        (
            "image",
            _ANY,
            rf"[(（【\[]{office}(?P<name>[^\s、。，,＝=()（）【】\[\]]{{2,24}}?)\s?(?:撮影|提供|供图|供圖|摄影|攝影|摄|攝)[)）】\]]\s*$",
        ),
        (
            "image",
            _ANY,
            r"[＝=][^\n＝=。]{0,40}?(?:^|[、，,＝=])(?P<name>[^\s、。，,＝=()（）]{1,23}[^\s、。，,＝=()（）ぁ-ん])(?:撮影|提供)\s*$",
        ),
        ("image", _ANY, rf"(?:^|[。！？）)\s]){office}(?P<name>[{han}·]{{2,12}})\s*(?:摄|攝|供图|供圖)\s*$"),
        ("image", _ANY, r"[\[(（](?P<name>[^\[\]()（）.\n]{2,30}?)\s제공(?:[.,][^\[\]()（）\n]{0,40})?[\])）]"),
        # © 2024 The Foo Daily · Copyright ⓒ …
        ("copyright", _ANY, rf"{copyright_mark}\s*(?P<name>[^\n]{{1,160}})"),
        ("copyright", _ANY, rf"^\W*(?P<name>[^\n,.©ⓒ]{{2,60}}?)\s*(?:[-–—|,.]\s*)(?:{rights})"),
        ("copyright", _ANY, r"(?:版权所有|版權所有|著作权所有)\s*[:：]?\s*(?P<name>[^\s，。,|｜©]{2,24})(?=$|[\s，。,|｜])"),
        ("copyright", _ANY, r"(?:محفوظة|محفوظ)\s+(?:لدى\s+|ل(?:ـ\s*)?)(?P<name>[^\n|©]{2,60})$"),
        (
            "agency",
            _ANY,
            rf"(?:^|[\s(])(?:[Tt]he\s)?(?P<name>{agencies})(?:\s(?:writers?|reporters?|journalists?|staff)\b[^.\n]{{0,120}}?)?\s(?:also\s)?contributed\sto\sthis\s",
        ),
        ("outlet", _ANY, rf"^\W*{_any('link', 'i')}(?P<name>)\W*$"),
        ("outlet", _ANY, rf"(?:{first})\s*(?:[:：]\s*)?(?P<name>[^\n]{{1,80}})"),
        ("outlet", _SHORT, rf"(?:^|[\s|｜（(]){_any('source_east')}\s*[:：]\s*(?P<name>[^\s|｜，。()（）]{{2,24}})"),
        # By Jane Doe, Correspondent · Von Max Muster · 6. Mai
        (
            "byline",
            _SHORT,
            rf"^\s*[(（]?{_any('byline')}\s+(?:{_any('byline_office')}\s+)?(?P<names>[{_UPPER}]{name}{{2,80}}?){ends}",
        ),
        ("byline", _SHORT, rf"(?:^|[|｜·•]\s*){_any('author')}\s*[:：]\s*(?P<names>[{_UPPER}]{name}{{2,80}}?){ends}"),
        ("byline", _SHORT, r"^\s*[(（]?Reporting by\s+(?P<names>[^;\n()]{3,160})"),
        ("byline", _SHORT, rf"^\s*{_any('reporter')}\s+(?P<names>{_CAP_NAME})\s*(?:{_EMAIL})?\s*$"),
        ("byline", _SHORT, rf"^\s*(?P<names>{_CAP_NAME})\s*[,/|]\s*{_any('reporter')}\s*(?:{_EMAIL})?\s*$"),
        (
            "byline",
            _SHORT,
            r"(?:^|[\s=\])])(?P<name>[가-힣]{2,4})\s?(?:선임|인턴|전문|수습|객원)?\s?(?:기자|특파원)(?=\s*(?:=|$|[\w.+-]{1,40}@|\())",
        ),
        (
            "byline",
            _SHORT,
            rf"(?:^|[\s（(【|｜]){_any('byline_east')}\s*[:：/／]\s*(?P<name>[{eastern}]{{2,12}})(?=$|[\s）)】|｜、，])",
        ),
        ("byline", _SHORT, rf"^\s*[（(【]?(?:记者|記者|撰文|作者|文・|取材・文)\s*(?P<name>[{eastern}]{{2,12}})\s*[）)】]?\s*$"),
        ("byline", _SHORT, rf"^[（(【](?:文・)?(?P<name>[{eastern}]{{2,8}})(?:記者|记者)[）)】]$"),
        ("byline", _LAST, rf"^[（(](?P<name>[{han}]{{1,4}}[\s　]?[{eastern}]{{1,5}})[）)]$"),
        (
            "byline",
            _SHORT,
            rf"^\d{{4}}年\d{{1,2}}月\d{{1,2}}日\s*(?:\d{{1,2}}[時:]\d{{1,2}}分?)?\s+"
            rf"(?P<name>[{han}]{{1,4}}[ 　]?[{han}\u3040-\u309f]{{1,4}})$",
        ),
        ("byline", _SHORT, rf"^\s*(?:{_any('byline_ar')}\s*[:：/]|بقلم)\s*(?P<name>{arabic}(?:\s{arabic}){{1,5}})"),
    ]
    stocks = ("getty", "ap images", "shutterstock", "istock")
    firsts = tuple(word.lower() for word in load("credits")["outlet"])
    return [
        (kind, where, _compiled(pattern), stocks if stock in pattern and "vV]ia" in pattern else firsts if first in pattern else ())
        for kind, where, pattern in sources
    ]


@cache
def _datelines() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Patterns of datelines, each with what the line must begin with (a class of characters) and hold (one of these characters)."""
    agencies = _any("agencies")
    month = r"[^\W\d_]{3,10}\.?"
    date = rf"(?:{month}\s+\d{{1,2}}(?:,\s*\d{{4}})?|\d{{1,2}}\.?\s+{month}(?:\s+\d{{4}})?)"
    bureau = rf"(?P<agency>(?:{agencies})(?:[/,; ][^()\n]{{0,40}})?|[A-Z][\w.]*(?:[ /][A-Z][\w.]*){{0,3}}|[a-z]{{2,5}}(?=[)\]]\s*[–—-]))"
    han = r"\u4e00-\u9fff"
    arabic = r"[\u0621-\u064a\u064b-\u0652]+"
    sources = [
        # Seoul, Sep 4 (NationPress) · BEIJING (Reuters) – · Sevilla, 7 jun (EFE).-
        (
            "upper",
            "([",
            rf"^\s*(?:[●•■▲-]\s*)?(?P<place>[{_UPPER}][\w.'’ ,/-]{{1,50}}?),?\s*{date}?,?\s*[(\[]{bureau}[)\]]\s*(?P<dash>[.,]?[-–—:]+)?",
        ),
        # (ANSA) - ROMA, 5 MAG -
        ("bracket", ")", rf"^\s*\((?P<agency>{agencies})\)\s*[-–—]\s*(?P<place>[{_UPPER}]{{3,}}(?: [{_UPPER}]{{2,}}){{0,2}})(?=[,\s])"),
        # (서울=연합뉴스) · 【東京=共同】 · 新华社北京9月4日电 · ［東京 5日 ロイター］
        ("bracket", "=＝", rf"^\s*[(（\[]\s*(?P<place>[\w·,]{{1,20}})\s*=\s*(?P<agency>{agencies}|[\w ]{{2,20}})\s*[)）\]]"),
        ("bracket", "=＝", r"^\s*[【\[](?P<place>\w{1,12})\s*[=＝]\s*(?P<agency>[^】\]\n]{1,30})[】\]]"),
        ("bracket", "日", rf"^\s*[［\[](?P<place>[\w/／]{{2,20}})[\s　]+[\d０-９]{{1,2}}日[\s　]+(?P<agency>{agencies})[］\]]"),
        (
            "any",
            "电電",
            rf"^\s*【?(?P<agency>{agencies}|[{han}]{{2,6}}?[社网網])(?P<place>[{han}]{{2,8}}?)(?:\d{{1,2}}月)?\d{{1,2}}日[电電]】?"
            rf"(?:\s*[(（](?:记者|記者)\s*(?P<reporter>[{han}、 ]{{2,16}})[)）])?",
        ),
        # （中央社記者王小明台北18日電）
        (
            "bracket",
            "电電",
            rf"^\s*[(（]\s*(?P<agency>[{han}]{{2,8}}?(?:社|网|網|报|報))(?:记者|記者)(?P<who_where>[{han}、]{{4,20}}?)(?:\d{{1,2}}月)?\d{{1,2}}日"
            rf"(?:[{han}]{{0,6}})[电電][)）]",
        ),
        # МОСКВА, 4 сентября. /ТАСС/. · MOSCOW, September 4 — TASS. · Москва. 4 сентября. INTERFAX.RU -
        (
            "capitals",
            "./—–-",
            rf"^\s*(?P<place>[{_UPPER}]{{3,}}(?:[ -][{_UPPER}]{{2,}}){{0,3}}),\s*{date}\s*[.—–-]*\s*"
            rf"(?:/(?P<agency>[^/\n]{{2,30}})/|(?P<wire>{agencies}|[{_UPPER}][\w-]+(?: [{_UPPER}][\w-]+){{0,2}})(?=\s*[.—–]))",
        ),
        (
            "upper",
            ".",
            rf"^\s*(?P<place>[{_UPPER}][\w-]{{2,20}})\.\s{date}\.\s(?P<agency>{agencies}|INTERFAX\.RU|УНН|[{_UPPER}]{{3,}})(?=\s*[-–—.])",
        ),
        (
            "capitals",
            "—–",
            rf"^\s*(?P<place>[{_UPPER}]{{3,}}(?:[ -][{_UPPER}]{{2,}}){{0,3}})(?:,\s*{date})?\s*[—–]\s+(?=[{_UPPER}“\"«])",
        ),
        # القاهرة - رويترز: · القاهرة (رويترز) - · القاهرة 5 مايو (رويترز) -
        (
            "arabic",
            "-–—/:(",
            rf"^\s*(?P<place>{arabic}(?:\s{arabic}){{0,2}}?)\s*(?:\d{{1,2}}\s{arabic}\s*)?(?:[-–—/ـ]\s*(?P<agency>{_any('agency_ar')}(?:\s{arabic}){{0,3}})\s*[:–—-]"
            rf"|[(（](?P<wire>{_any('agency_ar')}(?:\s{arabic}){{0,3}})[)）]\s*[:–—-])",
        ),
    ]
    return [(begins, re.compile(f"[{re.escape(holds)}]"), _compiled(pattern)) for begins, holds, pattern in sources]


# A line without any of these holds no credit of that kind: a few substring tests save many patterns. Which of them occur in the
# document at all is asked first.
@cache
def _hints() -> tuple[_Hints, _Hints, _Hints]:
    """For rights and outlets, and for pictures (in small letters); for bylines (as they are printed)."""
    words = load("credits")
    marks = ("©", "ⓒ", "(c)", "copyright", "getty", "istock", "shutterstock", "ap photo", "afp photo", "ap images", "unsplash", "pixabay")
    east = ("摄", "攝", "제공", "供图", "供圖", "محفوظ", "版权", "版權", "著作权", "courtesy", "contributed to this")
    lists = ("rights", "outlet", "link", "source_east", "file_photo")
    sure = (*marks, *east, *(word.lower() for key in lists for word in words[key]))
    names = [word for key in ("byline", "author", "reporter", "byline_east", "byline_ar") for word in words[key]]
    byline = ("기자", "특파원", "記者", "记者", "Reporting by", "日", "（", "【", "|", "｜", "·", "•", *names)
    return _grouped(sure), _grouped(word.lower() for word in words["image"]), _grouped(byline)


@dataclass(frozen=True)
class _Hints:
    """Hints by their longest word, which the set of a text's words is asked for; those of scripts without spaces; and signs."""

    words: dict[str, tuple[str, ...]]
    keys: frozenset[str]
    east: tuple[str, ...]
    signs: tuple[str, ...]


def _grouped(hints: Iterable[str]) -> _Hints:
    words: dict[str, tuple[str, ...]] = {}
    east, signs = [], []
    for hint in sorted(set(hints)):
        letters = _LETTERS.findall(hint)
        if _EAST.search(hint):
            east.append(hint)
        elif letters:
            key = max(letters, key=len).lower()
            words[key] = (*words.get(key, ()), hint)
        else:
            signs.append(hint)
    return _Hints(words, frozenset(words), tuple(east), tuple(signs))


_LETTERS = re.compile(r"\w+")
_EAST = re.compile("[\u0600-\u06ff\u2e80-\uffff]")


def _present(hints: _Hints, text: str, words: frozenset[str], east: bool) -> list[str]:
    """The hints that occur in a text of these words; `east` says whether it has letters that are written without spaces."""
    found = [hint for hint in hints.signs if hint in text]
    if east:
        found += [hint for hint in hints.east if hint in text]
    for key in sorted(words & hints.keys):
        found += [hint for hint in hints.words[key] if hint in text]
    return found


# What stands behind a word for a picture where it announces a credit, and not in a sentence about one.
_ANNOUNCES = re.compile(
    r"[^\S\n]{0,3}(?:[:=＝：|/ⓒ©\])）】>-]|by\b|via\b|courtesy\b|credit|source|provided|taken|$|[A-ZÀ-ÖØ-ÞА-ЯЁ][^.!?\n]{1,50}$)", re.M
)


_CREDIT, _BYLINE, _DATED_LINE, _WIRE = 1, 2, 4, 8
# What a line begins with that can be a dateline.
_MAY_DATE = re.compile(
    rf"^(?:[●•■▲-]\s?)?(?:[(（【［\[][^\n]{{2,60}}?[)）】］\]]"
    rf"|[{_UPPER}\u0621-\u064a][^\n]{{1,70}}?(?:[)\]）]|\s[—–ـ-]|[./]\s?[—–/-]|\.\s\d|\s/|[-/]\s)"
    r"|[\u4e00-\u9fff]{4,16}\d{0,2}月?\d{1,2}日[电電])"
)


def _signs(lines: list[str]) -> list[int]:
    """For each line which credits it may hold, as bits: found by a few passes over all of them, for most lines hold none."""
    whole = "\n".join(lines)
    low = whole.lower()
    if len(low) != len(whole):
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in whole)
    signs = [0] * len(lines)
    starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def mark(at: int, sign: int) -> int:
        """Set the sign of the line at a place; returns where the next line begins."""
        index = bisect_right(starts, at) - 1
        signs[index] |= sign
        return starts[index + 1]

    words = frozenset(_LETTERS.findall(low))
    east = _EAST.search(whole) is not None
    sure, pictures, bylines = _hints()
    for groups, text, sign in ((sure, low, _CREDIT), (bylines, whole, _BYLINE)):
        for hint in _present(groups, text, words, east):
            at = text.find(hint)
            while at >= 0:
                at = text.find(hint, mark(at, sign))
    for word in _present(pictures, low, words, east):
        at = low.find(word)
        while at >= 0:
            inside = at and low[at - 1].isalpha() and word[0] < "\u2e80" and low[at - 1] < "\u2e80"
            if not inside and _ANNOUNCES.match(whole, at + len(word)):
                mark(at, _CREDIT)
            at = low.find(word, at + 1)
    may_date, announced = _MAY_DATE.match, _announced().match
    for index, line in enumerate(lines):
        if may_date(line) or announced(line):
            signs[index] |= _DATED_LINE
        if "/" in line and _WIRE_PICTURE.search(line):
            signs[index] |= _WIRE
    return signs


def _edged(block: str) -> list[str]:
    return [line.strip() for line in block.split("\n") if len(line) > 2 and not line.isspace()]


def _marked(lines: list[tuple[str, str]]) -> Iterator[tuple[str, str, bool]]:
    """The lines with their kind, and whether they are among the last three of a text or were removed."""
    total = sum(kind == "text" for kind, _ in lines)
    seen = 0
    for kind, line in lines:
        seen += kind == "text"
        yield kind, line, kind != "text" or seen > total - 3


_WIRE_PICTURE = re.compile(rf"[{_UPPER}]{{2}}/[{_UPPER}][a-zà-ÿа-яё]")
_Found = dict[tuple[CreditKind, str], Credit]


def credits(document: Document, prose: str) -> tuple[Credit, ...]:
    """The credits of a document's text and of its removed lines, each (kind, name) once, in the order of appearance.

    Where no byline is read anywhere, `document.author` (what the page's metadata says) gives one, whose `text` is the author as
    found there. `prose` is `document.prose`.
    """
    found: _Found = {}
    lines = [(kind, line) for kind, block in _blocks(document, prose) for line in _edged(block)]
    for (kind, line, last), signs in zip(_marked(lines), _signs([line for _, line in lines]), strict=True):
        if signs or last or kind in _CAPTIONS:
            _line(line, kind, last, signs, found)
    if picture := document.metadata.image_credit.strip()[:200]:
        _put(found, "image", _clean(picture), picture)
    author = document.author.strip()
    if author and not any(kind == "byline" for kind, _ in found) and "://" not in author and "@" not in author and len(author) <= 200:
        for name in _people(re.sub(rf"^{_any('byline')}\s+", "", author)) or [_clean(author)]:
            if len(name) >= 2:
                _put(found, "byline", name, author)
    return tuple(found.values())


def _blocks(document: Document, prose: str) -> Iterator[tuple[str, str]]:
    """The pieces to read, each with its kind: text, caption (the captions of markup), or what it was removed as."""
    position = 0
    for start, end in _captions(document.text) if document.markup else ():
        yield "text", prose[position:start]
        yield "caption", " ".join(prose[start:end].split())
        position = end
    yield "text", prose[position:]
    yield from ((removal.kind, removal.text) for removal in document.removed)


def _captions(text: str) -> Iterable[tuple[int, int]]:
    position = 0
    for match in re.finditer(r"<figcaption\b", text, re.I):
        end = text.find("</", match.end()) if match.start() >= position else -1
        while end >= 0 and text[end + 2 : end + 12].lower() != "figcaption" and end - match.end() < _MAX_LINE:
            end = text.find("</", end + 2)
        if end >= 0:
            yield match.start(), end
            position = end


def _line(line: str, kind: str, last: bool, signs: int, found: _Found) -> None:
    if kind in _CAPTIONS or signs & _CREDIT or (signs & _WIRE and len(line) <= 400):
        _credit_line(line, kind, found)
    dated = bool(signs & _DATED_LINE) and _dateline(line, found)
    if len(line) <= _SHORT_LINE and (dated or signs & _BYLINE):
        _byline_line(line, last, found)
    if len(line) <= _AGENCY_LINE and not dated and (last or signs & _DATED_LINE):
        _agencies(line, last, found)


_AGENCY_LINE = 90  # characters of a line that can be a list of agencies


@cache
def _agency_words() -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Agencies by their name in small letters; what may stand before a list of them; what stands between them."""
    names = {name.lower(): name for name in reversed(load("credits")["agencies"])}
    return (
        names,
        re.compile(rf"^{_any('agency_source', 'i')}\s*[:：]?\s*"),
        re.compile(r"(?:(?<!\s)\s+)?[/,;|+&•·]\s*|\s(?:and|und|et|y|e|и|en|with|mit|avec|con)\s"),
    )


@cache
def _announced() -> re.Pattern[str]:
    return re.compile(rf"^[(（\[【—–]?[^\S\n]?{_any('agency_source', 'i')}(?=[\s:：])")


_MARKED_OFF, _MARKED_END = re.compile(r"^[\s(（\[【—–-]+"), re.compile(r"(?<![\s)）\]】.])[\s)）\]】.]+$")
_INITIALS = re.compile(r"[a-z]{2,4}|[A-Z]{2,3}|[a-z]{2,4}\.[a-z]{2}")


def _agencies(line: str, last: bool, found: _Found) -> None:
    """A line of nothing but agencies and initials: "jd/mm (dpa, AFP)", "Source: Reuters", "— AFP"."""
    known, source, between = _agency_words()
    rest = line.strip()
    stripped = _MARKED_END.sub("", _MARKED_OFF.sub("", rest)) if rest[0] in "(（[【—–-" else rest.rstrip(" .")
    announced = source.match(stripped)
    if not announced and not last:
        return
    body = stripped[announced.end() :] if announced else stripped
    parts = [part for piece in re.split(r"[()（）]", body) for part in between.split(piece.strip()) if part]
    if not 1 <= len(parts) <= 8 or not any(part.lower() in known for part in parts):
        return
    if not all(part.lower() in known or (_INITIALS.fullmatch(part) and len(parts) > 1) for part in parts):
        return
    if len(parts) == 1 and not announced and rest == parts[0] and not (len(parts[0]) == 3 and parts[0].isalpha()):
        return  # a bare word may be a headline or a link
    for part in parts:
        if part.lower() in known and (part in known.values() or part.islower() or announced):
            _put(found, "agency", part, rest)


def _credit_line(line: str, kind: str, found: _Found) -> None:
    """Pictures, rights and outlets: any number of them in a line."""
    caption = kind in _CAPTIONS
    stretch = line if len(line) <= _MAX_LINE else line[-400:]
    image_end = 0
    marked = False
    low = stretch.lower()
    for credit_kind, where, pattern, needs in _patterns():
        if needs and not any(need in low for need in needs):
            continue
        if (
            credit_kind in ("dateline", "byline")
            or (where == _CAPTION and not caption)
            or (where == _FIGURE and kind != "caption")
            or (where == _SHORT and len(line) > _SHORT_LINE)
        ):
            continue
        if credit_kind == "copyright" and (image_end if caption else marked):
            continue  # "© X" of a caption has been read; a line names one holder
        for match in pattern.finditer(stretch):
            if credit_kind == "image" and match.start() < image_end:
                continue
            done = _add(credit_kind, match, stretch if len(line) <= 400 else match.group().strip(), found)
            if credit_kind == "image" and done:
                image_end = max(image_end, match.end())
            marked = marked or (credit_kind == "copyright" and done)


def _dateline(line: str, found: _Found) -> bool:
    """Read the dateline that a line begins with; a few looks at its first characters save most of the patterns."""
    first = line[0]
    head = line[:110]
    begins: tuple[str, ...]
    if first in "([【［（":
        begins = ("any", "bracket")
    elif "\u0621" <= first <= "\u064a":
        begins = ("any", "arabic")
    elif first.isupper() or first in "●•■▲-":
        begins = ("any", "upper", "capitals" if head[:3].isupper() else "upper")
    elif "\u4e00" <= first <= "\u9fff":
        begins = ("any", "any")
    else:
        return False
    for beginning, marks, pattern in _datelines():
        if beginning in begins and marks.search(head):
            match = pattern.search(line[:160])
            if match is not None and _add("dateline", match, line[:160], found):
                return True
    return False


def _byline_line(line: str, last: bool, found: _Found) -> None:
    for credit_kind, where, pattern, _ in _patterns():
        if credit_kind == "byline" and (where != _LAST or last):
            match = pattern.search(line)
            if match is not None:
                _add("byline", match, line, found)
    _meta_line(line, found)


_PERSON = re.compile(_CAP_NAME)
_SEGMENT = re.compile(r"(?:(?<!\s)\s+)?[|｜·•]\s*")
_DATED = re.compile(
    r"(?:\w+[.,]*\s+)?(?:\d{1,2}(?:[./-]|\.?\s+)(?:de\s+)?\w+[./ ,-]*(?:de\s+)?\d{4}|\d{4}[-./]\d|\w+\.?\s\d{1,2},?\s\d{4})"
)


def _meta_line(line: str, found: _Found) -> None:
    """`29 October 2031, 14:20 | Jane Doe | 5 views`: a line of a date and a name."""
    segments = _SEGMENT.split(line)
    if not 2 <= len(segments) <= 5 or not any(_DATED.match(segment) for segment in segments):
        return
    for segment in segments[:3]:
        named = _PERSON.fullmatch(segment) and 2 <= len(segment.split()) <= 3 and not segment.isupper() and _is_byline(segment)
        if named and segment.split()[0] not in load("credits")["byline"] and not is_outlet(segment):
            _put(found, "byline", segment, line)
            return


def _add(kind: CreditKind, match: re.Match[str], line: str, found: _Found) -> bool:
    groups = match.groupdict()
    phrase = match.group().strip()
    if kind == "dateline":
        return _add_dateline(match, groups, phrase, found)
    if kind == "byline" and groups.get("names"):
        rest = line[match.end() :].lstrip()
        if line.endswith((".", "!", "?")) and rest.startswith((",", ";")) and len(rest.split()) > 3:
            return False  # "By Christmas Eve, all of them had left."
        people = _people(groups["names"])
        for person in people:
            _put(found, "byline", person, phrase)
        return bool(people)
    name = _clean(groups["name"])
    if kind == "outlet" and not groups["name"]:
        _put(found, kind, "", phrase)  # "Source link": from elsewhere, and it does not say where
        return True
    if kind == "copyright":
        name = _holder(groups["name"])
    elif kind == "image":
        name = _photographer(groups["name"])
    elif kind == "outlet":
        name = re.split(r"(?<=[\w)])[.,;:!?。，](?:\s|$)|\s(?:and|on|under|with|at|am|auf)\s", name)[0].strip(" .,;:!?\"“”'’")
        name = re.sub(r"^(?:the website of|the|der|die|das)\s+(?=[a-z])", "", name)
        if name and not (name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or "." in name):
            return False
        name = re.sub(r"^(?:in|on|by|dans|en|bei|auf|по|于|於)\s+(?=\S)", "", name)
    elif kind == "byline":
        name = _eastern_name(name)
    if len(name) >= 2 and any(map(str.isalpha, name)) and len(name.split()) <= 10:
        _put(found, kind, name, phrase)
        return True
    return False


def _add_dateline(match: re.Match[str], groups: dict[str, str | None], phrase: str, found: _Found) -> bool:
    agency = _clean(groups.get("agency") or groups.get("wire") or "")
    agency, reporter = _reporter(agency)
    reporter = reporter or _clean(groups.get("reporter") or "")
    together = groups.get("who_where")
    if together:
        # Reporter and place stand together: a name has three characters as a rule, two where too little would be left.
        who, _, rest = together.rpartition("、")
        size = 3 if len(rest) >= 5 else 2
        reporter, place = "、".join(filter(None, (who, rest[:size]))), rest[size:]
    else:
        place = _clean(groups["place"] or "")
    if place in load("credits")["image"] or agency.endswith(("제공", "자료사진")):
        return False  # (사진=…)
    if not place or not _is_place(place, agency, match):
        return False
    _put(found, "dateline", place, phrase)
    if agency:
        _put(found, "agency", agency, phrase)
    for name in re.split(r"[、,]\s*", reporter):
        if len(name) >= 2:
            _put(found, "byline", name, phrase)
    return True


def _put(found: _Found, kind: CreditKind, name: str, text: str) -> None:
    found.setdefault((kind, name), Credit(kind, name, text))


_URL = re.compile(r"(?:\(\s*|(?<!\s)\s+)?(?:https?://|www\.)[^\s)]*\s*\)?|\(\s*[\w-]+(?:\.[\w-]+)+\s*\)")
_YEARS = re.compile(r"(?:^|(?<=\s))(?:19|20)\d\d(?:\s*[-–]\s*(?:\d{2,4}))?(?=$|[\s,.])|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")


def _clean(name: str) -> str:
    name = _URL.sub(" ", name)
    name = _YEARS.sub(" ", name)
    name = re.sub(r"\s+", " ", name).strip(" \t=:：,;|/-–—·.。、\"“”'‘’[]【】<>©ⓒⒸ*_")
    if name.startswith("«") and name.find("»") == len(name) - 1:
        name = name[1:-1]
    for left, right in ("()", "（）"):
        # A bracket whose partner is missing; "Jane Doe (AP)" keeps both.
        if name.count(left) != name.count(right):
            name = name.strip(left + right + " ")
        elif name.startswith(left) and name.endswith(right):
            name = name[1:-1].strip()
    return name


@cache
def _tail() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?<=\S)\s*(?:[.,;:|–—-]\s*)?|^)(?<![A-Za-zÀ-ÿ]){_any('rights', 'i')}.*$"
        rf"|(?:(?<=[^\s.,;:|–—-])|(?<=^[.,;:|–—-]))[\s.,;:|–—-]+{_any('after_holder', 'i')}.*$"
    )


def _holder(name: str) -> str:
    name = (
        re.sub(r"(?:(?i:copyrights?|by)\s+|저작권자\s*|[©ⓒⒸ]\s*|\([cC]\)\s*)+", "", name.strip(), count=1) if _MARKED.match(name) else name
    )
    name = _tail().sub("", name)
    name = re.split(r"(?<!\s[A-ZА-Я])\.\s|\s[|–—]\s|\s-\s|。|;|…|\s·\s", name)[0]
    name = re.sub(r"^(?:by|copyright)\s+", "", _clean(name), flags=re.I)
    name = _clean(name)
    low = name.lower()
    if not name or len(name) > 60 or low in load("credits")["no_names"]:
        return ""
    if re.search(r"\b[A-Z]\.\s?[A-Z]$", name):
        name += "."  # S. L.
    # A holder is a name: a sentence about the law of copyright is none.
    return name if _named(name) else ""


_MARKED = re.compile(r"\s*(?:(?:copyrights?|by)\s|저작권자|[©ⓒⒸ]|\([cC]\))", re.I)


def _named(name: str) -> bool:
    """Whether a phrase is a name: it begins like one and is not a sentence, whose words are in lower case."""
    words = [word for word in re.findall(r"\w+", name) if word[0].isalpha()]
    small = sum(word[0].islower() for word in words)
    begins = (
        name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or name[0] == "@" or "." in name or name in load("credits")["agencies"]
    )
    return begins and small <= max(1, len(words) // 2)


def _photographer(name: str) -> str:
    name = _tail().sub("", name.strip())
    bracket = re.search(r"^(?P<caption>.{4,}?)\s{0,20}[(（](?P<name>[^()（）]{2,60})[)）]\s*\.?$", name)
    if bracket and (len(bracket["caption"].split()) > 3 or bracket["name"].startswith(tuple(load("credits")["agency_ar"]))):
        name = bracket["name"]  # "Photo: the dome at sunset (Foo agency)"
    name = re.split(r"\s[|–—]\s|(?<!\b[A-Z])\.\s+(?=[A-Z])|;", name)[0]
    name = re.sub(r"^(?:by|courtesy of|courtesy|von|par|provided by)\s+", "", _clean(name), flags=re.I)
    name = re.sub(r"(?:(?<!\s)\s+)?(?:제공|자료사진|캡처|캡쳐|提供|撮影|供图|供圖|摄|攝)\s*$", "", name)
    name = re.sub(rf"(?:/{_any('file_photo')}){{1,9}}$", "", name)
    name = _clean(re.sub(r"^.*(?:©|ⓒ)\s*", "", name))
    if not name or len(name) > 70 or name.lower() in load("credits")["no_names"]:
        return ""
    return name if _named(name) else ""


def _reporter(agency: str) -> tuple[str, str]:
    """Agency and reporter of "연합뉴스) 김철수 기자" or "AP/Jane"; the reporter is often missing."""
    korean = re.match(r"(?P<agency>.+?)\s{1,20}(?P<name>[가-힣]{2,4})\s?(?:기자|특파원)$", agency)
    if korean:
        return korean["agency"], korean["name"]
    return agency, ""


def _is_place(place: str, agency: str, match: re.Match[str]) -> bool:
    words = place.replace(",", " ").split()
    if len(words) > 5 or words[-1].lower() in load("credits")["no_places"] or words[0].lower() in load("credits")["no_places"]:
        return False
    known = agency.partition("/")[0].strip() in load("credits")["agencies"]
    if "dash" in match.re.groupindex and not match["dash"] and not known:
        # Without a dash, a bracket after a capital could be anything ("Reuters (RTRS)"): ask for a date or a known agency.
        return any(map(str.isdigit, match.group()))
    if "dash" in match.re.groupindex and not known:
        # An agency nobody has heard of counts where the place is set in capitals, a date stands with it, or the agency is
        # set in small letters before a new sentence: Neustadt (xyz) – Der Rat …
        begins = re.match(r"\s+[A-ZÀ-ÖØ-ÞА-ЯЁ„“«»\"]", match.string[match.end() :]) is not None
        return place.isupper() or any(map(str.isdigit, match.group())) or (agency.islower() and len(words) <= 3 and begins)
    return True


def _people(names: str) -> list[str]:
    """The people of a byline, one by one; none if it does not name people."""
    found = []
    for part in re.split(r"(?:(?<!\s)\s+)?[,&]\s*|(?<!\s)\s+(?:and|und|et|y|e|и)\s+", names.strip(" .,;")):
        name = _clean(re.sub(r"\s(?:in|à|en|aus|at)\s.*$", "", part))
        if name and _is_byline(name):
            found.append(name)
        elif not found:
            return []
    return found


_SMALL = frozenset("de du da do dos van von der den la le del di bin al ten ter e y".split())


def _is_byline(name: str) -> bool:
    words = name.split()
    return (
        2 <= len(words) <= 6
        and all(word[0].isupper() or word in _SMALL for word in words)
        and not any(word.lower() in load("credits")["no_bylines"] for word in words)
    )


def _eastern_name(name: str) -> str:
    """A Korean, Chinese, Japanese or Arabic byline's name, "" if the words are no name."""
    words = load("credits")
    if name in words["no_bylines_east"] or re.search(r"(?:更新|公開|配信|編輯|编辑|提供|社|新聞|新闻|写真|撮影)$", name):
        return ""
    if "\u0600" <= name[0] <= "\u06ff":
        parts = name.split()
        stop = next((index for index, part in enumerate(parts) if part in words["byline_ar_end"]), len(parts))
        return " ".join(parts[: min(stop, 4)]) if stop >= 2 else ""
    return name
