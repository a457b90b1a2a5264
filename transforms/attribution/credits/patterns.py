"""Patterns of credits and datelines."""

from __future__ import annotations

import re
from functools import cache

from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.document import CreditKind

# Capitals of Latin, Greek and Cyrillic, for a character class.
UPPER = "A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐΆΈ-ΏΑ-Ϋ" + "".join(
    char for code in (*range(0x100, 0x250), *range(0x1E00, 0x1F00)) if (char := chr(code)).isupper()
)

CAPITALISED_NAME = rf"[{UPPER}][\w’'.-]*(?:\s+(?:de|du|da|del|la|le|van|von|der|den|bin|al|[{UPPER}][\w’'.-]*)){{0,4}}"

_EMAIL = r"[\w.+-]{1,40}@[\w.-]{1,60}"

# Scope of a pattern: any line; a caption or credit line; a caption only; a short line; the last
# lines of a text or a removal.
_ANY, CAPTION, FIGURE, SHORT_NAME, LAST_WORD = "any", "caption", "figure", "short", "last"


def any_of(key: str, flags: str = "") -> str:
    """Return the alternation of a word list, longest first.

    A blank in a word matches any number of blanks.
    """
    words = sorted((re.escape(word).replace(r"\ ", r"\s+") for word in load("credits")[key]), key=lambda word: (-len(word), word))
    return f"(?{flags}:" + "|".join(words) + ")"


def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern with bounded runs of blanks and symbols.

    Runs in credits are short, and a search may begin at each character of a run.
    """
    for sign, most in ((r"\s", 20), (r"\W", 40)):
        pattern = pattern.replace(f"{sign}*", f"{sign}{{0,{most}}}").replace(f"{sign}+", f"{sign}{{1,{most}}}")
    return re.compile(pattern)


@cache
def credit_patterns() -> list[tuple[CreditKind, str, re.Pattern[str], tuple[str, ...]]]:
    """Return the patterns of credits.

    Each has a lower-case substring that the line must contain, if that saves time.
    """
    photo, rights, first = any_of("image", "i"), any_of("rights", "i"), any_of("outlet", "i")
    agencies = any_of("agencies")
    by = r"(?i:by|via|courtesy\s+of|courtesy|provided\s+by)"
    stock = r"(?i:Getty Images|AP Images|Shutterstock|iStock)"
    han, eastern = r"\u4e00-\u9fff", r"\u4e00-\u9fff\u3040-\u30ff・ー"
    # Not in the name: 本报记者, 记者. In it, like “name/AFP”: 新华社记者
    office = r"(?:(?:图|圖)\s*[:：]\s*)?(?:本[报報刊网網台社])?(?:(?:首席|见习|見習|实习|實習|特约|特約|摄影|攝影)?(?:记者|記者)\s*)?"
    agency_reporter = rf"(?:[{han}]{{2,6}}[社网網报報台](?:记者|記者)\s?)?"
    arabic = r"[\u0621-\u064a\u064b-\u0652]+"
    copyright_mark = (
        r"(?:©|ⓒ|Ⓒ|(?:\([cC]\)|（[cC]）)\s?(?=\d{4}|[A-Z\u3040-\u9fff가-힣])"
        r"|(?i:copyrights?)\s*(?:©|ⓒ|Ⓒ|\([cC]\)|（[cC]）|(?=(?i:by\s+)?\d{4}\b)|(?::\s*)|(?i:by)\s+))"
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
        # Photo: AP/Jane Doe · 사진=… · Foto: …, as a line, at its end, or after a slash
        ("image", _ANY, rf"^\s*[▲△■◆*•]?\s*(?:{photo})\s*(?:[=＝:：]\s*|\s{by}\s+|\s*[ⓒ©]\s*)(?P<name>[^\n]{{1,100}})$"),
        (
            "image",
            _ANY,
            rf"(?:[.!?。…)\]”\"'’]\s*|\s[|–—/／-]\s|[/／])(?:{photo})\s*(?:[=:：]|\s{by}\s)\s*(?P<name>(?:[^\n/]|\s/\s){{1,80}})$",
        ),
        # … at low tide. Photo Jane Doe · … since 2029 CREDIT: Jane Doe
        ("image", _ANY, rf"[.!?…]\s+(?:{photo})\s+(?P<name>{CAPITALISED_NAME})$"),
        ("image", _ANY, r"\s(?:CREDIT|PHOTO|PICTURE|IMAGE|FOTO)S?:\s*(?P<name>[^\n]{1,80})$"),
        # ▲ … ⓒ가나투데이
        ("image", SHORT_NAME, r"^[▲△▼][^\n]{2,140}?\s?[ⓒ©]\s?(?P<name>[^\s\d][^\n]{1,30})$"),
        # Foto di Giulia Esempio
        (
            "image",
            SHORT_NAME,
            rf"^\s*[(（\[]?(?i:fotos?|fotografía|photos?|bild|picture)\s+(?:di|de|del|von|av|af|door|par|by)\s+(?P<name>{CAPITALISED_NAME})[)）\]]?$",
        ),
        # fot. Jan Przykład · Beeld ANP
        ("image", _ANY, rf"^\s*[(（]?(?i:fot|foto|phot)\.\s*(?P<name>[{UPPER}][^\n()]{{1,60}}?)[)）]?$"),
        ("image", _ANY, rf"^\s*[(（]?{photo}\s+(?P<name>{agencies})\s*[)）]?$"),
        ("image", CAPTION, rf"(?:^|[\s(])(?:{photo})\s*(?:[:：=]|\s{by}\s)\s*(?P<name>[^\n]{{1,80}}?)\s*[)）]?$"),
        ("image", CAPTION, rf"(?<!금지)\s{copyright_mark}(?!\s*\d)\s*(?P<name>(?:(?!{rights})[^\n]){{1,80}})$"),
        ("image", FIGURE, rf"^{copyright_mark}(?!\s*\d)\s*(?P<name>(?:(?!{rights})[^\n]){{1,80}})$"),
        ("image", CAPTION, rf"[^\s。」』]\s*[(（](?P<name>(?:{agencies})(?:/[^()（）\n]{{1,40}})?)[)）]\s*$"),
        ("image", _ANY, rf"(?P<name>[^\n()\[\].]{{0,60}}?(?:/|\b[vV]ia\s+)(?:{stock})\b[^\n()\[\].]{{0,30}})"),
        # (AP Photo/Jane Doe, File) · Courtesy of Jane Doe
        ("image", _ANY, rf"(?:^|[(\s])(?P<name>(?:AP Photo|AFP PHOTO|AP Images)/{CAPITALISED_NAME})(?:,\s[A-Z]\w+)?\s*[)）]?$"),
        ("image", _ANY, rf"^\s*[(（]?(?i:(?:photo\s|image\s)?courtesy\s(?:of\s)?)(?P<name>{CAPITALISED_NAME})\s*[)）]?$"),
        ("image", _ANY, rf"^\s*(?P<name>(?:{stock}|(?i:AP Photo|AFP PHOTO|Unsplash|Pixabay))(?:/[^\n]{{1,50}})?)\s*$"),
        # … January 9. REUTERS/Jane Doe/File Photo
        (
            "image",
            _ANY,
            rf"(?:^|[\s(])(?P<name>[{UPPER}]{{2,}}(?: [{UPPER}]{{2,}}){{0,2}}/"
            rf"[{UPPER}][a-zà-ÿа-яё][\w’'.-]*(?: [{UPPER}][\w’'.-]+){{0,3}})"
            rf"(?:/{any_of('file_photo')})*\s*[)）]?$",
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
            rf"[(（【\[]{office}(?P<name>{agency_reporter}[^\s、。，,＝=()（）【】\[\]]{{2,24}}?)\s?(?:撮影|提供|供图|供圖|摄影|攝影|摄|攝)[)）】\]]\s*$",
        ),
        (
            "image",
            _ANY,
            r"[＝=][^\n＝=。]{0,40}?(?:^|[、，,＝=])(?P<name>[^\s、。，,＝=()（）]{1,23}[^\s、。，,＝=()（）ぁ-ん])(?:撮影|提供)\s*$",
        ),
        ("image", _ANY, rf"(?:^|[。！？）)\s]){office}(?P<name>{agency_reporter}[{han}·]{{2,12}})\s*(?:摄|攝|供图|供圖)\s*$"),
        ("image", _ANY, r"[\[(（](?P<name>[^\[\]()（）.\n]{2,30}?)\s제공(?:[.,][^\[\]()（）\n]{0,40})?[\])）]"),
        # 写真はAP＝共同 · （写真は甲乙市提供）
        (
            "image",
            _ANY,
            rf"(?:^|[(（【\[。])(?:写真|画像)(?:はいずれも|は|＝|=)\s*(?P<name>(?:[A-Z]{{2,9}}|{agencies})[^\s、。（）()【】]{{0,12}}|[^\s、。（）()【】]{{2,16}}?(?=提供|撮影))(?:提供|撮影)?[)）】\]]?$",
        ),
        # © 2024 The Foo Daily · Copyright ⓒ …
        ("copyright", _ANY, rf"{copyright_mark}\s*(?P<name>[^\n]{{1,160}})"),
        ("copyright", _ANY, rf"^\W*(?P<name>[^\n,.©ⓒ]{{2,60}}?)\s*(?:[-–—|,.]\s*)(?:{rights})"),
        (
            "copyright",
            SHORT_NAME,
            r"(?:^|[\s|｜©。，,(（])(?:版权所有|版權所有|著作权所有)\s*[:：]?\s*(?P<name>[^\s，。,|｜©]{2,24})(?=$|[\s，。,|｜])",
        ),
        ("copyright", _ANY, r"(?:محفوظة|محفوظ)\s+(?:لدى\s+|ل(?:ـ\s*)?)(?P<name>[^\n|©]{2,60})$"),
        (
            "agency",
            _ANY,
            rf"(?:^|[\s(])(?:[Tt]he\s)?(?P<name>{agencies})(?:\s(?:writers?|reporters?|journalists?|staff)\b[^.\n]{{0,120}}?)?\s(?:also\s)?contributed\sto\sthis\s",
        ),
        ("outlet", SHORT_NAME, rf"^(?P<name>{agencies})\s*配信$"),
        ("outlet", _ANY, rf"^\W*{any_of('link', 'i')}(?P<name>)\W*$"),
        ("outlet", _ANY, rf"(?:{first})\s*(?:[:：]\s*)?(?P<name>[^\n]{{1,80}})"),
        ("outlet", SHORT_NAME, rf"(?:^|[\s|｜（(]){any_of('source_east')}\s*[:：]\s*(?P<name>[^\s|｜，。()（）]{{2,24}})"),
        # By Jane Doe, Correspondent · Von Max Muster · 6. Mai
        (
            "byline",
            SHORT_NAME,
            rf"^\s*[(（]?{any_of('byline')}\s+(?:{any_of('byline_office')}\s+)?(?P<names>[{UPPER}]{name}{{2,80}}?){ends}",
        ),
        ("byline", SHORT_NAME, rf"(?:^|[|｜·•]\s*){any_of('author')}\s*[:：]\s*(?P<names>[{UPPER}]{name}{{2,80}}?){ends}"),
        # di Giulia Esempio, on a line of its own
        ("byline", SHORT_NAME, rf"^(?:di|de|por|par|von|av|af|door|by)\s+(?P<names>{CAPITALISED_NAME})$"),
        ("byline", SHORT_NAME, r"^\s*[(（]?Reporting by\s+(?P<names>[^;\n()]{3,160})"),
        ("byline", SHORT_NAME, rf"^\s*{any_of('reporter')}\s+(?P<names>{CAPITALISED_NAME})\s*(?:{_EMAIL})?\s*$"),
        (
            "byline",
            SHORT_NAME,
            rf"^\s*(?!{any_of('byline')}\s)(?P<names>{CAPITALISED_NAME})\s*[,/|]\s*{any_of('reporter')}\s*(?:{_EMAIL})?\s*$",
        ),
        (
            "byline",
            SHORT_NAME,
            r"(?:^|[\s=\])])(?P<name>[가-힣]{2,4})\s?(?:선임|인턴|전문|수습|객원|온라인|디지털)?\s?(?:기자|특파원)(?=\s*(?:=|$|[\w.+-]{1,40}@|\())",
        ),
        (
            "byline",
            SHORT_NAME,
            rf"(?:^|[\s（(【|｜]){any_of('byline_east')}\s*[:：/／]\s*(?P<name>[{eastern}]{{2,12}})(?=$|[\s）)】|｜、，])",
        ),
        ("byline", SHORT_NAME, rf"^\s*[（(【]?(?:记者|記者|撰文|作者|文・|取材・文)\s*(?P<name>[{eastern}]{{2,12}})\s*[）)】]?\s*$"),
        ("byline", SHORT_NAME, rf"^[（(【](?:文・)?(?P<name>[{eastern}]{{2,8}})(?:記者|记者)[）)】]$"),
        ("byline", LAST_WORD, rf"^[（(](?P<name>[{han}]{{1,4}}[\s　]?[{eastern}]{{1,5}})[）)]$"),
        (
            "byline",
            SHORT_NAME,
            rf"^\d{{4}}年\d{{1,2}}月\d{{1,2}}日\s*(?:\d{{1,2}}[時:]\d{{1,2}}分?)?\s+"
            rf"(?P<name>[{han}]{{1,4}}[ 　]?[{han}\u3040-\u309f]{{1,4}})$",
        ),
        ("byline", SHORT_NAME, rf"^\s*{any_of('author_caseless')}\s*[:：]\s*(?P<name>[^\s:：،,|\d][^:：،,|\d]{{1,40}})$"),
        ("byline", SHORT_NAME, rf"^\s*(?:{any_of('byline_ar')}\s*[:：/]|بقلم)\s*(?P<name>{arabic}(?:\s{arabic}){{1,5}})"),
    ]
    stocks = ("getty", "ap images", "shutterstock", "istock")
    firsts = tuple(word.lower() for word in load("credits")["outlet"])
    return [
        (kind, where, _compiled(pattern), stocks if stock in pattern and "vV]ia" in pattern else firsts if first in pattern else ())
        for kind, where, pattern in sources
    ]


@cache
def dateline_patterns() -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Return the patterns of datelines.

    Each has a character class with which the line must begin, and characters of which it must
    contain one.
    """
    agencies = any_of("agencies")
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
            rf"^\s*(?:[●•■▲-]\s*)?(?P<place>[{UPPER}][\w.'’ ,/-]{{1,50}}?),?\s*{date}?,?\s*[(\[]{bureau}[)\]]\s*(?P<dash>[.,]?[-–—:]+)?",
        ),
        # (ANSA) - ROMA, 5 MAG -
        (
            "bracket",
            ")",
            rf"^\s*\((?P<agency>{agencies})\)\s*[-–—]\s*(?P<place>[{UPPER}]{{3,}}(?: [{UPPER}]{{2,}}){{0,2}})(?=[,\s])",
        ),
        # (서울=연합뉴스) · 【東京=共同】 · 新华社北京9月4日电 · ［東京 5日 ロイター］
        ("bracket", "=＝", rf"^\s*[(（\[]\s*(?P<place>(?!写真|画像)[\w·,]{{1,20}})\s*=\s*(?P<agency>{agencies}|[\w ]{{2,20}})\s*[)）\]]"),
        # 【北京3月5日AFP=時事】 · 【ロンドン共同】
        (
            "bracket",
            "日",
            r"^\s*【(?P<place>[^\s\d０-９=＝】]{1,10})(?:[\d０-９]{1,2}月)?[\d０-９]{1,2}日(?:[\s　]*)(?P<agency>[^】\d\n]{2,20})】",
        ),
        ("bracket", "】", rf"^\s*【(?P<place>[^\s\d=＝】、。]{{1,10}}?)(?P<agency>{any_of('agencies_ja')})】"),
        ("bracket", "=＝", r"^\s*[【\[](?P<place>(?!写真|画像)\w{1,12})\s*[=＝]\s*(?P<agency>[^】\]\n]{1,30})[】\]]"),
        ("bracket", "日", rf"^\s*[［\[](?P<place>[\w/／]{{2,20}})[\s　]+[\d０-９]{{1,2}}日[\s　]+(?P<agency>{agencies})[］\]]"),
        (
            "any",
            "电電",
            rf"^\s*[【（(〔]?(?P<agency>{agencies}|[{han}]{{2,10}}?(?:[社网網报報](?:客户端)?|客户端|新闻))(?P<place>(?!记者|記者|客户端)[{han}]{{2,8}}?)(?:\d{{1,2}}月)?\d{{1,2}}日[电電][】）)〕]?"
            rf"(?:\s*[(（][^()（）\n]{{0,12}}?(?:记者|記者)\s*(?P<reporter>[{han}、 ]{{2,16}})[)）])?",
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
            rf"^\s*(?P<place>[{UPPER}]{{3,}}(?:[ -][{UPPER}]{{2,}}){{0,3}}),\s*{date}\s*[.—–-]*\s*"
            rf"(?:/(?P<agency>[^/\n]{{2,30}})/|(?P<wire>{agencies}|[{UPPER}][\w-]+(?: [{UPPER}][\w-]+){{0,2}})(?=\s*[.—–]))",
        ),
        (
            "upper",
            ".",
            rf"^\s*(?P<place>[{UPPER}][\w-]{{2,20}})\.\s{date}\.\s(?P<agency>{agencies}|INTERFAX\.RU|УНН|[{UPPER}]{{3,}})(?=\s*[-–—.])",
        ),
        (
            "capitals",
            "—–",
            rf"^\s*(?P<place>[{UPPER}]{{3,}}(?:[ -][{UPPER}]{{2,}}){{0,3}})(?:,\s*{date})?\s*[—–]\s+(?=[{UPPER}“\"«])",
        ),
        # SEMARANG, ANTARA - · Jakarta, Antara -
        (
            "upper",
            "-–—",
            rf"^\s*(?P<place>[{UPPER}][\w-]{{2,20}}(?: [{UPPER}][\w-]{{1,20}}){{0,2}}),\s(?P<agency>{agencies})\s?[-–—]+\s",
        ),
        # नई दिल्ली, 5 मई (भाषा)
        (
            "caseless",
            ")",
            rf"^\s*(?P<place>[^\s(),:\d][^(),:\d\n]{{1,24}}?),?\s*(?:\d{{1,2}}\s[^\s()]{{2,12}}\s*)?[(]\s*(?P<agency>{agencies})\s*[)]",
        ),
        # القاهرة - رويترز: · القاهرة (رويترز) - · القاهرة 5 مايو (رويترز) -
        (
            "arabic",
            "-–—/:(",
            rf"^\s*(?P<place>{arabic}(?:\s{arabic}){{0,2}}?)\s*(?:\d{{1,2}}\s{arabic}\s*)?(?:[-–—/ـ]\s*(?P<agency>{any_of('agency_ar')}(?:\s{arabic}){{0,3}})\s*[:–—-]"
            rf"|[(（](?P<wire>{any_of('agency_ar')}(?:\s{arabic}){{0,3}})[)）]\s*[:–—-])",
        ),
    ]
    return [(begins, re.compile(f"[{re.escape(holds)}]"), _compiled(pattern)) for begins, holds, pattern in sources]
