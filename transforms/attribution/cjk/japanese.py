"""Attribution in Japanese."""

from __future__ import annotations

import re

from newsbeam.transforms.attribution.cjk.patterns import Range, combined, cue_patterns, skip_spaces
from newsbeam.transforms.attribution.lexicon import SOURCE_LISTS, load
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import HEAD, REST


def japanese_topic(sentence: str) -> Range | None:
    """Return the person before the first は of a sentence without a statement."""
    match = cue_patterns("ja")["topic"].match(sentence)
    return match.span("np") if match else None


def _japanese_phrase(sentence: str, start: int, end: int) -> Range | None:
    """Return the subject's noun phrase that ends at `end`.

    Leaves out time, place and what the person did.
    """
    data = load("ja")
    start = max(
        start, end - 60, max(sentence.rfind(mark, 0, end) for mark in ("、", "。", REST, HEAD, "，", "：", "　", "「", "」", "”", "“")) + 1
    )
    if sentence.startswith("と", start):
        start += 1
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and (end - start > len(lead) + 1 or sentence[start + len(lead) : end] in data["pronouns"]):
            start += len(lead)
    text = sentence[start:end]
    for cut in re.finditer(r"(?:ながら|(?<=[たるいだ])と|で|に|を|から|まで|日|は|が|と)(?=[\u4e00-\u9fffァ-ヴA-Za-z])", text):
        if cut.group() in ("日", "と", "が", "は"):
            dated = cut.group() == "日" and re.search(r"(?:\d|[一二三四五六七八九十])日$", text[: cut.end()])
            if dated or _QUOTED_CLAUSE.search(text, 0, cut.end()):
                start = end - len(text) + cut.end()
        elif cut.end() < len(text) - 1 or text[cut.end() :] in data["pronouns"]:
            start = end - len(text) + cut.end()
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and end - start > len(lead) + 1:
            start += len(lead)
    relative = list(re.finditer(r"(?:[たるすうくむぶ]|ない|ている|した|いる)(?=[\u4e00-\u9fffァ-ヴA-Z]{2,})", sentence[start:end]))
    if relative:
        start += relative[-1].end()  # 反対した…議員: what the person did is not part of the name
    while start < end and sentence[start] in " 　の":
        start += 1
    text = sentence[start:end]
    if (
        not text
        or _NO_SOURCE.search(text)
        or text in data["not_speakers"]
        or text.endswith(("こと", "もの", "と", "で", "て", "から", "ため", "では", "に", "の", "時", "際", "場合", "よう", "うち"))
    ):
        return None
    return (start, end) if _NOUN.search(text) and len(text) <= 40 else None


_QUOTED_CLAUSE = re.compile(r"(?:(?:て|で)いる|である|[たいくうすつむぶぐぬ]る|った|した|だ)と$")  # 宣言していると通信社は

# Adverbs, predicates and things that are counted or named.
_NO_SOURCE = re.compile(r"には|まだ|または|(?:だった|でした|した|ない|これ|それ|あれ|名前|総数|投稿数|件数|人数|という呼びかけ)$")
_NOUN = re.compile(r"[\u4e00-\u9fffァ-ヴA-Za-z々]|^(?:これら|みんな|みな)$")


def japanese_subject(sentence: str, start: int, end: int) -> tuple[Range, int] | None:
    """Return the first topic (は) in a range, else its first subject (が, も).

    A subject whose hearer follows is before the topic of what it says: 農家が記者に、豚は…と述べた.
    The topic of a subordinate clause gives way to the one after it: 時間はかかるが、市長は…と述べた.
    """
    fallback: tuple[Range, int] | None = None
    for match in cue_patterns("ja")["particle"].finditer(sentence, start, end):
        after = sentence[match.end() : match.end() + 1]
        before = sentence[match.start() - 1 : match.start()] if match.start() else ""
        if (
            before in ("に", "で", "と", "の", "て", "は", "も", "り", "く", "")
            or sentence.endswith(("から", "さら", "なら"), 0, match.start())
        ) and match["p"] == "は":
            continue
        if after and "\u3041" <= after <= "\u3096" and match["p"] != "は":
            continue  # ながら, もう: within a word
        if match["p"] == "は" and (_EXISTS.match(sentence, match.end()) or sentence.endswith(("また", "あるい"), 0, match.start())):
            continue  # 変わりはない, ことはできない, または
        if fallback is not None and match["p"] != "は":
            continue
        phrase = _japanese_phrase(sentence, start, match.start())
        if phrase is None:
            continue
        if match["p"] == "は":
            if fallback and _HEARD.fullmatch(sentence, fallback[1], max(phrase[0], fallback[1])):
                return fallback
            if fallback and phrase[0] < fallback[1] < phrase[1] and _speaks(sentence[slice(*fallback[0])]):
                return fallback  # 委員会が火薬は…と主張して
            other = None if after == "、" else _SUBORDINATE.match(sentence, match.end(), end)
            following = _japanese_phrase(sentence, other.start("np"), other.end("np")) if other else None
            return (following, other.end()) if other and following else (phrase, match.end())
        fallback = (phrase, match.end())
    return fallback


def _embeds(sentence: str, outer: tuple[Range, int], inner: Range) -> bool:
    """Return whether the subject right before a quotation belongs to what somebody else says.

    For example: 同氏は渡航者が「混乱している」と述べた. Not: 時間はかかるが、市長は「…」と述べた.
    """
    one, other = _speaks(sentence[slice(*outer[0])]), _speaks(sentence[slice(*inner)])
    if one != other:
        return one
    return sentence[outer[1] - 1] != "が" and _CLAUSE_END.search(sentence, outer[1], inner[0]) is None


_TOPIC = re.compile(r".*(?<![ぁ-ん])は(?=[一-龥ァ-ヴ])")
_CLAUSE_END = re.compile(r"(?:が|ものの|ため|ので|から|[一-龥ぁ-ん]て|[りしみびえけげせめれずば]|ながら|[中後際時])、")
_EXISTS = re.compile(r"(?:な[いくか]|あ[るりっ]|でき|しな|せず)")
_HEARD = re.compile(r"[^、。]{0,24}(?:に対し(?:て)?|に|で|として|との[^、。]{2,12}で)、?(?:[^、。]{0,3}、)?")
_SUBORDINATE = re.compile(r"[^、。]{2,40}(?:[いるただ]が|ものの|けれども|ため|ので|ながら|中)、(?P<np>[^、。はが]{1,24}?)は")


_COMMA = re.compile(r"(?<!\d),|,(?!\d)|，")


def read_japanese(sentence: str, offset: int, last: Range | None, people: People) -> list[Statement]:
    """Return the statements of a sentence; `last` is the last speaker."""
    patterns = cue_patterns("ja")
    sentence = _COMMA.sub("、", sentence)
    body = len(sentence.rstrip(" 。.!?！？"))
    if HEAD in sentence:
        cleft = patterns["cleft"].search(sentence)
        quotes = list(patterns["quote"].finditer(sentence))
        if cleft and quotes:
            return [combined([match.span("q") for match in quotes], cleft.span("cue"), cleft.span("np"), offset, 0.8)]
        if quotes:
            cue = patterns["cue"].search(sentence, quotes[-1].end())
            if cue is None and quotes[-1]["qv"].endswith("として") and not patterns["according"].search(sentence):
                return []
            if len(quotes) > 1 and cue is not None:
                parts = _apart(sentence, quotes, offset, last)
                if parts:
                    return parts
            held = _HELD.match(sentence, quotes[-1].end("q")) and patterns["clause"].search(sentence, quotes[-1].end())
            if cue is not None and (held or _CLAUSE_MARK.search(sentence, quotes[-1].end(), cue.start())):
                quotes, cue = [], None  # 「…」に違いはないと述べた: the clause, not only the quotation
            if cue is not None and cue.start() - quotes[-1].end() <= 60 and HEAD not in sentence[quotes[-1].end() : cue.start()]:
                subject = japanese_subject(sentence, quotes[-1].end(), cue.start()) if cue.start() - quotes[-1].end() > 1 else None
                direct = re.search(r"(?:(?<![でにとてはも])は|(?<![でにとてはもただるい])が)、?$", sentence[: quotes[0].start()])
                content = [match.span("q") for match in quotes]
                if subject is None and direct:
                    topic = _TOPIC.match(sentence, 0, direct.start())
                    phrase = _japanese_phrase(sentence, topic.end() if topic else 0, direct.start())
                    subject = (phrase, direct.end()) if phrase else None
                    outer = japanese_subject(sentence, 0, phrase[0]) if phrase else None
                    if phrase and outer and _embeds(sentence, outer, phrase):
                        subject = outer
                        content[0] = skip_spaces(sentence, outer[1]), content[0][1]
                subject = subject or japanese_subject(sentence, 0, quotes[0].start())
                if subject is None and sum(b - a for a, b in content) < 8:
                    return []
                item = combined(content, cue.span("cue"), subject[0] if subject else None, offset, 0.85 if subject else 0.6)
                if subject is None:
                    item.speaker = last
                return [item]
        for key, score in (("bare", 0.8), ("ahead", 0.85), ("elliptic", 0.8)):
            match = patterns[key].search(sentence)
            if match:
                if key == "elliptic" and not _speaks(match["np"]):
                    continue
                if key in ("bare", "elliptic"):
                    phrase = _japanese_phrase(sentence, match.start("np"), match.end("np"))
                else:
                    subject = japanese_subject(sentence, 0, match.start())
                    phrase = subject[0] if subject else None
                if phrase:
                    return [combined([match.span("q")], match.span("cue"), phrase, offset, score)]
        if quotes and not patterns["according"].search(sentence) and not patterns["clause"].search(sentence, quotes[-1].end()):
            return []
    according = patterns["according"].search(sentence)
    if according:
        source = _japanese_phrase(sentence, 0, according.start())
        if source and body - according.end() > 6:
            start = skip_spaces(sentence, according.end())
            return [combined([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
    return _reported(sentence, offset, body, last)


def _apart(sentence: str, quotes: list[re.Match[str]], offset: int, last: Range | None) -> list[Statement]:
    """Return a statement for every quotation if each has a cue of its own.

    For example: 「…」と彼女は言い、「…」と付け加えた.
    """
    speaker: Range | None = None
    found: list[Statement] = []
    cue = cue_patterns("ja")["cue"]
    for number, match in enumerate(quotes):
        upto = quotes[number + 1].start() if number + 1 < len(quotes) else len(sentence)
        verb = cue.search(sentence, match.end(), upto) or _HAVING.match(sentence, match.end(), upto)
        if verb is None:
            return []
        first = 0 if number == 0 else quotes[number - 1].end()
        inner = japanese_subject(sentence, match.end(), verb.start()) if verb.start() - match.end() > 1 else None
        outer = inner or (japanese_subject(sentence, first, match.start()) if number == 0 else None)
        speaker = outer[0] if outer else speaker
        item = combined([match.span("q")], verb.span(), speaker, offset, 0.85 if speaker else 0.6)
        if speaker is None:
            item.speaker = last
        found.append(item)
    return found


_HAVING = re.compile(r"した(?:うえで|上で|ほか|一方)")


def _reported(sentence: str, offset: int, body: int, last: Range | None) -> list[Statement]:
    """Read clauses before と and a verb: Xは…と述べた · …とXは述べた · Xは…と述べ、…と付け加えた."""
    found: list[Statement] = []
    speaker: Range | None = None
    subject: Range | None
    start = len(sentence) - len(sentence.lstrip())
    for match in cue_patterns("ja")["clause"].finditer(sentence):
        cue, end = match["cue"], match.start()
        closing = body - match.end() < 4 or _GOES_ON.match(sentence, match.end()) is not None
        if cue in _NOT_CLAUSES and "の" not in match["that"]:
            continue  # との考えを示した, but not と示した
        if match.start() < start or not closing or not _ends_clause(sentence, match):
            continue
        inner = japanese_subject(sentence, match.end("that"), match.start("cue")) if match["post"] else None
        opening = None if inner else japanese_subject(sentence, start, end)
        if inner:
            subject, first = inner[0], start
        elif speaker is not None:
            subject, first = speaker, start
        elif opening and (sentence[opening[1] - 1] != "が" or last is None or _speaks(sentence[slice(*opening[0])])):
            subject, first = opening[0], skip_spaces(sentence, opening[1])
            opened = _HEARER.match(sentence, first)
            first = opened.end() if opened else first
        elif last is not None and end - start > _SHORTEST_DROPPED:
            subject, first = None, skip_spaces(sentence, start)
        else:
            continue
        if (
            subject is not None
            and cue.startswith("思")
            and sentence[slice(*subject)] in ("私", "僕", "俺", "我々", "私達", "私たち", "自分")
        ):
            continue
        if end - first > 3:
            found.append(combined([(first, end)], match.span("cue"), subject, offset, 0.7 if subject else 0.5, direct=False))
            found[-1].speaker = found[-1].speaker or last
            speaker = subject or speaker
        start = skip_spaces(sentence, match.end())
    holds = _HOLDS.search(sentence, 0, body) if not found else None
    opening = japanese_subject(sentence, 0, holds.start()) if holds else None
    if holds and opening and sentence[opening[1] - 1] != "が" and _speaks(sentence[slice(*opening[0])]):
        first = skip_spaces(sentence, opening[1])
        if holds.start() - first > 3:
            found.append(combined([(first, holds.start())], holds.span("cue"), opening[0], offset, 0.65, direct=False))
    return found


_HOLDS = re.compile(
    rf"(?<![おこそとのほもよごぞどぼょ]う)(?<!(?<!だ)ろう)(?<=[るたいだうくすつむぶぐぬん{HEAD}{REST}])と(?P<cue>している|しています|した)$"
)  # 市は、影響はないとしている


_SHORTEST_DROPPED = 12  # characters of a clause whose speaker is the last one


def _speaks(words: str) -> bool:
    """Return whether a subject with が names a source.

    The subject of the clause has the same particle.
    """
    data = load("ja")
    return words in data["pronouns"] or any(term in words for key in SOURCE_LISTS for term in data[key])


def _ends_clause(sentence: str, match: re.Match[str]) -> bool:
    """Return whether the と of a match can close a clause.

    Otherwise it joins nouns (AとB, こと, もと).
    """
    before = sentence[match.start() - 1 : match.start()]
    if match["that"] == "を":
        return True
    if before in (REST, HEAD) or before in 'るたいだうくすつむぶぐぬんかねよなせろれえ)）」』”"’':
        return True
    return not match["post"] and re.match(r"[\u4e00-\u9fff々]", before) is not None and before not in "氏人者年月日君"


# A clause follows the verb: 述べ、 · 述べており、 · 語ったが、
_GOES_ON = re.compile(r"(?:て|てい[たる]|た|る|ており|し|おり|ている|ていた)?(?:が|ものの|ほか|うえで|上で|一方)?、")
# 記者に、 · 会見で、 · 5日、: they belong to the verb, not to what was said.
_HEARER = re.compile(
    r"(?:[^、。はがを]{0,10}(?:記者団?ら?|取材|会見|紙|通信|テレビ|放送|声明|議会|国会|演説|講演|法廷|裁判所?|書簡|手紙|の中|著書|[Ss][Nn][Ss]|ツイッター|インタビュー|訪問先(?:の[^、。はがを]{1,8})?|集会|式典|会合|番組|ブログ|電話|会談)(?:に対し(?:て)?|に|で)、?|[ァ-ヴーA-Z・]{2,16}に対し(?:て)?、?|(?:(?:\d{1,2}月)?\d{1,2}日|\d{1,2}月|[月火水木金土日]曜日?|今日|昨日|本日|同日|先週|今週|先ごろ|先日|先月|昨年)(?:に|夜|朝|午前|午後)?(?![の日かま\d])、?)+"
)
_HELD = re.compile(r"とし(?:、|ながら|つつ)")  # 「…」とし、…と述べた
_CLAUSE_MARK = re.compile(r"(?:と|か)(?:も|は)?$")
_NOT_CLAUSES = frozenset(
    "みている した 聞いた 続けた 笑う いう いった 見ている として 示し 示した 示している 示し、 "
    "書き 書き、 示す 褒めた 投稿している 認め 応じた 求めた 残した 祝う 呼びかけた".split()
)
