"""Attribution in Thai: a reporting verb, “ว่า” and the content.

Words are written together, and blanks separate phrases. A speaker is the phrase before the verb: it
begins with a word for a person or an organisation, or is a short name, and ends where a predicate
begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from newsbeam.transforms.attribution.lexicon import SOURCE_LISTS, load
from newsbeam.transforms.attribution.outlets import identify_name, mentions
from newsbeam.transforms.attribution.statement import Statement

Range = tuple[int, int]
_PARAGRAPH = re.compile(r"[^\n]+")
_TAIL = re.compile(r"(?<![\s.\"”])[\s.\"”]{1,40}$")
_LONGEST_SPEAKER = 110  # characters
_LONGEST_NAME = 22  # characters of a phrase that no word marks as a person's or an organisation's
_LONGEST_SURNAME = 16
_MOST_PIECES = 6
_MOST_NAMES = 4
_SCORE, _HEIR_SCORE, _QUOTATION_SCORE = 0.8, 0.55, 0.85
_QUOTATION = re.compile(r"[\"“][^\"“”\n]{8,600}[\"”]")
# Parts of the predicate before its verb.
_TRAILING = re.compile(
    r"\s{0,5}(?:ได้แสดง|ได้ออกมา|ได้ให้|มีความ|ได้รับ|ไม่เคย|เคย|ได้|จะ|ก็|มี|ขอ|ออกมา|ต่าง|จึง|ยัง|พร้อม|และ|แต่|โดย|อาจ|มัก|คง|เพิ่ง|ถึงกับ|กลับ)$"
)
# A verb after these is a noun, passive or in a relative clause: ความเชื่อว่า, ที่คาดว่า.
_NO_VERB = re.compile(r"(?:(?<!ทนาย)ความ|คำ|การ|ข้อ|(?<!หน้า)ที่|ซึ่ง|อย่าง|ผู้|นัก|ถูก[^\s]{0,20}|ตัว|มีเสียง|ใบ|หนังสือ|มี|มีการ|เป็นที่)$")
# A verb after these has the speaker of the clause before.
_JOINS = re.compile(r"(?:พร้อม|และ|แต่|โดย|จึง|ก็|ยัง|ทั้ง|รวมทั้ง|อีกทั้ง|นอกจากนี้|พร้อมทั้ง|พร้อมกับ|พร้อมกันนี้|ด้วย)\s?$")
# Where a predicate or a clause begins within a phrase.
_PREDICATE = re.compile(
    r"(?:ได้|กำลัง|(?<![ๆก])จะ|ไม่|เคย|อาจ|ต้อง|จึง|ก็|ยัง(?=[^\s])|ถูก|เริ่ม|ควร|เพิ่ง|พยายาม|สามารถ|ทำให้|เรียกร้อง|ยอมรับ|เดินทาง|ปฏิเสธ|หยิบยก"
    r"|ต้องการ|ซึ่ง|(?<!หน้า)(?<!สถาน)ที่|ผู้ซึ่ง|ให้การ|ให้สัมภาษณ์|ออกมา|ลุก|พร้อม|เพราะ|เนื่อง|เมื่อ|หลังจาก|ก่อน|ระหว่าง|เรียก|ช่วย|ขอ(?!ง)|แสดงความ|มีคำ|ส่งวิทยุ|เป็น|คือ|ว่า(?!การ|ราชการ|ฯ|ที่)|ด้วย|ทั้งหมด|มัก|คง|น่าจะ|ถึงกับ)"
)
_NAME_STOPS = re.compile(
    r"ทำ|ตาม|หาก|ถ้า|วัน|ครั้ง|น่า|ภายหลัง|สุดท้าย|ตลอด|เช่น|คือ|กลับ|เลย|ความ|การ|เหตุ|สิ่ง|เรื่อง|ปี|เดือน|ม\.ค|ก\.พ|มี\.ค|ร้อยละ|เปอร์เซ็นต์|บาท|ดอลลาร์|ล้าน|แต่|และ|หรือ|ให้|กับ|จาก"
    r"|มา$|ไป$|อยู่$|แล้ว$|นี้$|ขึ้น$|ลง$|\d$|^(?:ใน|บน|ของ|แห่ง|เป็น|มี|ๆ|ด้วย|เพื่อ|จน|คง)|[\"“”()]"
)


@dataclass(frozen=True)
class _Patterns:
    said: re.Pattern[str]
    """A verb and ว่า."""
    closing: re.Pattern[str]
    """A speaker and a verb behind a quotation."""
    according: re.Pattern[str]
    leads: re.Pattern[str]
    """Words before a speaker that do not belong to it: connectives and times."""
    head: re.Pattern[str]
    """The first word of a person or an organisation."""
    titled: re.Pattern[str]
    """The first word of a person's full name."""
    joined: re.Pattern[str]
    """A conjunction, after which a person or an organisation begins a clause."""


@cache
def _patterns() -> _Patterns:
    data = load("th")

    def any_of(*words: str) -> str:
        return "|".join(sorted(map(re.escape, set(words)), key=lambda word: (-len(word), word)))

    verbs = rf"(?<!ถูก)(?<!การ)(?<!ไม่ได้)(?<!ไม่)(?:ได้|ก็|ยัง|จึง|เคย|ต่าง){{0,2}}(?:{any_of(*data['verbs'])})"
    heads = any_of(*data["heads"], *data["pronouns"], *(term for key in SOURCE_LISTS for term in data[key]))
    aside = rf"(?:{any_of(*data['asides'])})"
    more = "".join(rf"(?<!{word}ก)" for word in ("มาก", "น้อย", "สูง", "ต่ำ", "ดี", "เร็ว", "นาน", "ใหญ่", "เล็ก", "ก่อน"))  # not มากกว่า
    return _Patterns(
        said=re.compile(
            rf"(?P<cue>{verbs}(?P<aside>{aside}(?:(?!ว่า)\S){{0,40}}?{more}"
            rf"|เมื่อวันที่\s?\d{{1,2}}\s\S{{2,10}}(?:\s\d{{4}})?)?\s?(?<!ผู้)ว่า:?|(?:ประกาศ|ยืนยัน|ขู่|สัญญา|ให้คำมั่น)(?=จะ))\s?(?=\S)"
        ),
        closing=re.compile(
            rf"[\s,]{{0,5}}(?P<who>\S[^\"“”\n]{{1,90}}?)\s?(?P<cue>{verbs}(?P<aside>(?!ถึง|ไป|ให้(?!ฟัง)|อ้าง){aside}\S{{0,40}})?)(?=[\s.]|$)"
        ),
        according=re.compile(
            rf"(?P<cue>{any_of(*data['according_before'])})\s?(?P<who>\S{{2,60}}(?:\s[A-Z]\S{{0,40}}){{0,4}})\s(?:ระบุว่า\s?)?(?P<what>\S.{{8,2000}})"
        ),
        leads=re.compile(rf"(?:{any_of(*data['lead'])})\s?"),
        head=re.compile(heads),
        titled=re.compile(any_of(*data["titles"])),
        joined=re.compile(rf"(?:และ|แต่|โดย|ซึ่ง|เพราะ|ว่า|ที่|จน|ให้|เมื่อ|หรือ|ในที่สุด|ขณะที่|ภายหลัง|หลัง|ทั้งนี้|สิ่งที่)\s?(?=(?:{heads}))"),
    )


def read_thai(prose: str) -> list[Statement]:
    """Return the statements of a Thai text."""
    patterns = _patterns()
    found: list[Statement] = []
    for paragraph in _PARAGRAPH.finditer(prose):
        begin, stop = paragraph.span()
        closings = _closings(prose, begin, stop)
        found += closings
        quoted = [item.content[0] for item in closings]
        cues = [
            match
            for match in patterns.said.finditer(prose, begin, stop)
            if not any(a < match.end() and match.start() < b for a, b in quoted)
            and not _NO_VERB.search(prose, max(begin, match.start() - 40), match.start())
        ]
        upto = begin
        last: Range | None = None
        speakers: list[tuple[Range | None, int]] = []
        kept: list[re.Match[str]] = []
        for match in cues:
            upto = max([upto, *(item.cue[1] for item in closings if item.cue[1] <= match.start())])
            who, clause = _speaker(prose, upto, match.start())
            if who is None:
                joins = _JOINS.search(prose, max(upto, match.start() - 40), match.start())
                if joins is None and not match["cue"].startswith(("ก็", "ยัง", "จึง")):
                    continue  # inside what somebody said, or without a speaker
                clause = joins.start() if joins else match.start()
            if who is None and not kept:
                who = _opening(prose, upto, match.start())
                if who is None:
                    continue
            if who is not None and match["cue"].startswith(("พบ", "ค้นพบ")) and not _is_document(prose[slice(*who)]):
                continue  # a find, not a statement
            kept.append(match)
            speakers.append((who, clause))
            upto = match.end()
        cues = kept
        made: list[Statement] = []
        for number, match in enumerate(cues):
            end = speakers[number + 1][1] if number + 1 < len(cues) else stop
            end = min([end, *(a for a, _ in quoted if a >= match.end())])
            direct = _QUOTATION.match(prose, match.end(), stop)
            tail = _TAIL.search(prose, match.end(), end)
            end = direct.end() if direct else tail.start() if tail else end
            named = speakers[number][0]
            speaker = named or last
            if end - match.end() < 4 or speaker is None:
                continue
            last = speaker
            who, via, start = _linked(prose, match, speaker)
            score = _SCORE if named else _HEIR_SCORE
            made.append(Statement([(start, end)], match.span("cue"), who, score, direct=direct is not None, via=via))
        found += made
        formula = None if made or closings else patterns.according.search(prose, begin, stop)
        if formula:
            found.append(Statement([formula.span("what")], formula.span("cue"), formula.span("who"), _SCORE))
    return found


_CITING = re.compile(r"(?:โดย)?(?:อ้างอิง|อ้าง)(?:คำพูดของ|คำกล่าวของ|รายงานของ|รายงานจาก|ข้อมูลจาก|จาก|ถึง)?\s?(?P<np>\S(?:(?!ว่า)\S){1,50})")
_HEARING = re.compile(r"(?:กับ|ต่อ|แก่|ผ่าน|ใน)\s?(?P<np>\S{2,40})")


def _linked(prose: str, match: re.Match[str], who: Range) -> tuple[Range, list[Range], int]:
    """Return the speaker, the links and the start of the content of a statement.

    Bloomberg รายงานโดยอ้าง X ว่า: X speaks through Bloomberg. X กล่าวกับ BBC ว่า: the BBC heard it.
    """
    if match["aside"]:
        a, b = match.span("aside")
        cited = _CITING.match(prose, a, b)
        if cited and _is_outlet(prose[slice(*who)]):
            return cited.span("np"), [who], match.end()
        heard = _HEARING.match(prose, a, b)
        if heard and _is_outlet(heard["np"]):
            return who, [heard.span("np")], match.end()
    return who, [], match.end()


def _is_document(words: str) -> bool:
    return words.startswith(tuple(load("th")["documents"]))


def _is_outlet(name: str) -> bool:
    return identify_name(name) is not None or bool(mentions(name)) or any(term in name for term in load("th")["publications"])


def _closings(prose: str, start: int, end: int) -> list[Statement]:
    """Return quotations whose speaker and verb follow: “…” เขากล่าว."""
    found = []
    for quotation in _QUOTATION.finditer(prose, start, end):
        match = _patterns().closing.match(prose, quotation.end(), end)
        who = _speaker(prose, match.start("who"), match.end("who"))[0] if match else None
        if match and who and not _NO_VERB.search(prose, quotation.end(), match.start("cue")):
            who, via, _ = _linked(prose, match, who)
            found.append(Statement([quotation.span()], match.span("cue"), who, _QUOTATION_SCORE, direct=True, via=via))
    return found


def _speaker(prose: str, start: int, end: int) -> tuple[Range | None, int]:
    """Return the phrase that is the subject of a verb at `end`.

    Also returns where its clause begins.
    """
    patterns = _patterns()
    begin = max(start, end - _LONGEST_SPEAKER)
    while end > begin and prose[end - 1].isspace():
        end -= 1
    while trailing := _TRAILING.search(prose, begin, end):
        end = trailing.start()
    pieces = [(match.start(), match.end()) for match in re.finditer(r"\S+", prose[begin:end])][-_MOST_PIECES:]
    pieces = [(begin + a, begin + b) for a, b in pieces]
    if not pieces:
        return None, end
    first = len(pieces) - 1
    while first > 0 and _goes_back(prose, pieces, first):
        first -= 1
    titled = next(
        (
            n
            for n in range(max(first - 3, 0), first)
            if patterns.titled.match(prose, _without_leads(prose, *pieces[n]))
            and not any(_stops(prose, *piece) for piece in pieces[n + 1 : first])
        ),
        first,
    )
    if titled == len(pieces) - 1 and pieces[0][0] - start <= 1 and 1 < len(pieces) <= _MOST_NAMES:
        opens = _without_leads(prose, pieces[0][0], end)
        if not any(_stops(prose, *piece) for piece in [(opens, pieces[0][1]), *pieces[1:]] if piece[0] < piece[1]):
            titled = 0  # a name of several words at the beginning
    clause = pieces[titled][0]
    opening = _without_leads(prose, clause, end)
    for joined in patterns.joined.finditer(prose, opening, end):
        left = prose[opening : joined.start()]
        if joined.group().strip() != "และ" or _PREDICATE.search(left):
            opening = clause = joined.end()
    predicate = _PREDICATE.search(prose, min(opening + 2, end), end)
    head = patterns.head.match(prose, opening, end)
    if head:
        predicate = _PREDICATE.search(prose, head.end(), end)
        end = predicate.start() if predicate else end
    elif predicate or end - opening > _LONGEST_NAME + 20 * (len(pieces) - 1 - titled) or _stops(prose, opening, end):
        return None, clause
    while end > opening and prose[end - 1] in " ,":
        end -= 1
    if head and end == head.end() and prose[opening - 2 : opening - 1].isdigit():
        return None, clause  # 2 คน
    excluded = tuple(load("th")["not_speakers"])
    return ((opening, end) if end - opening >= 2 and (head or not prose.startswith(excluded, opening)) else None), clause


def _opening(prose: str, start: int, end: int) -> Range | None:
    """Return the person or the organisation at the beginning of a paragraph.

    Whose predicates follow.
    """
    begin = _without_leads(prose, start, end)
    head = _patterns().head.match(prose, begin, end)
    if head is None:
        return None
    stop = prose.find(" ", head.end(), end)
    stop = stop if stop >= 0 else end
    predicate = _PREDICATE.search(prose, head.end(), stop)
    stop = predicate.start() if predicate else stop
    return (begin, stop) if 2 <= stop - begin <= _LONGEST_OPENING else None


_LONGEST_OPENING = 50


def _goes_back(prose: str, pieces: list[Range], at: int) -> bool:
    """Return whether a piece continues the one before it.

    For example: a surname, a description, a word in Latin letters.
    """
    start, end = pieces[at]
    before = _without_leads(prose, *pieces[at - 1])
    if before == pieces[at - 1][1]:
        return False
    words = prose[start:end]
    if words[0].isascii() and words[0].isalpha():
        return True
    if words.startswith(("ของ", "แห่ง", "จาก", "ประจำ")) or words in ("นี้", "ๆ", "ฯ"):
        return True
    if words.startswith(tuple(load("th")["appositions"])):
        return not _stops(prose, before, pieces[at - 1][1]) and pieces[at - 1][1] - before <= _LONGEST_NAME
    named = _patterns().head.match(prose, before) is not None or prose[before].isascii()
    named = named and pieces[at - 1][1] - before <= _LONGEST_NAME + 10 and not _PREDICATE.search(prose, before, pieces[at - 1][1])
    short = end - start <= _LONGEST_SURNAME and not _patterns().head.match(prose, start) and not _stops(prose, start, end)
    return named and short


def _without_leads(prose: str, start: int, end: int) -> int:
    while lead := _patterns().leads.match(prose, start, end):
        start = lead.end()
    return start


def _stops(prose: str, start: int, end: int) -> bool:
    """Return whether a phrase without a word for a source is not a name."""
    return _NAME_STOPS.search(prose[start:end]) is not None or _PREDICATE.search(prose, start, end) is not None
