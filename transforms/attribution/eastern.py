"""Statements in Korean, Japanese and Chinese, whose verbs stand behind what was said or right before it.

A sentence comes with its quotations masked (see languages.py), so that a pattern sees a quotation as one word.
"""

from __future__ import annotations

import re
from functools import cache

from transforms.attribution.grammar import HEAD, REST, alternation, conjugated
from transforms.attribution.lexicon import load
from transforms.attribution.people import People
from transforms.attribution.verbs import Found

_Q = f"{HEAD}{REST}*"
Range = tuple[int, int]


def _made(content: list[Range], cue: Range, speaker: Range | None, offset: int, score: float, direct: bool = True) -> Found:
    def move(span: Range) -> Range:
        return span[0] + offset, span[1] + offset

    return Found([move(span) for span in content], move(cue), move(speaker) if speaker else None, score, direct=direct)


@cache
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    data = load(language)
    cue = alternation(conjugated(data, "cues", "stems"))
    if language == "ko":
        quotative = alternation(data["quotatives"])
        papers = alternation([*data["publications"], "TV", "AP", "AFP", "BBC", "KBS", "MBC", "SBS", "JTBC", "YTN", "NHK"])
        return {
            "quote": re.compile(rf"(?P<q>{_Q})\s?(?P<qv>{quotative})(?=[\s,.]|$)"),
            "apposed": re.compile(
                rf"(?P<q>{_Q})[\s,.]*(?=(?P<np>[^,.{HEAD}{REST}]{{1,60}}?(?:은|는|이|가))\s(?:[^,.{HEAD}{REST}]{{1,30}}\s)?"
                rf"(?P<cue>{cue})[.\s]*$)"
            ),
            "ahead": re.compile(rf"(?P<cue>{cue})[.:]?\s*(?P<q>{_Q})[.\s]*$"),
            "cue": re.compile(rf"(?:(?<=[\s,{REST}{HEAD}])|^)(?P<cue>{cue})(?![가-힣])"),
            "according": re.compile(rf"(?P<cue>{alternation(data['according_after'])})[,\s]"),
            "clause": re.compile(
                rf"(?P<that>{alternation(data['clause_endings'])})(?P<post>\s[^.{HEAD}]{{0,60}}?)??\s(?P<cue>{cue})(?![가-힣])"
            ),
            "paper": re.compile(rf"{papers}", re.I),
        }
    if language == "ja":
        return {
            "quote": re.compile(rf"(?P<q>{_Q})(?P<qv>(?:など)?と(?!いう|いった|呼|称し|名|題|の|な|同|共|し(?:て|た))|(?:など)?として)"),
            "bare": re.compile(
                rf"(?P<q>{_Q})[、。,\s]*(?P<np>[^、。「」{HEAD}{REST}はが]{{1,40}})[はが](?:[^。{HEAD}{REST}]{{0,30}}?)(?P<cue>{cue})[。\s]*$"
            ),
            "ahead": re.compile(rf"(?P<cue>{cue})[。：:]?\s*(?P<q>{_Q})[。\s]*$"),
            "cue": re.compile(rf"(?P<cue>{cue})"),
            "cleft": re.compile(rf"と(?P<cue>{cue})のは(?:、)?(?P<np>[^、。{HEAD}{REST}]{{2,60}}?)(?:だ|です|である)?[。\s]*$"),
            "according": re.compile(rf"(?P<cue>{alternation(data['according_after'])})、?"),
            "clause": re.compile(
                rf"(?P<comma>、)?と(?P<post>(?:[^、。{HEAD}{REST}と]{{1,40}}[はが])?(?:[^、。{HEAD}{REST}と]{{0,25}}?に(?:対し(?:て)?|)?)?)(?P<cue>{cue})"
            ),
            "topic": re.compile(rf"(?P<np>[^、。はがもを{HEAD}{REST}]{{1,20}}{alternation(data['persons'])})は"),
            "particle": re.compile(rf"(?P<p>{alternation(data['particles'])})"),
        }
    name = rf"[^，。、：:；!！?？《》\n{HEAD}{REST}]"
    told = (
        r"(?<![反面针針相应應答绝絕校])(?:(?:告诉|告訴|对|對|向)[^，,。：:的没\n]{1,12}?(?:说|說|表示(?!强|欢|歡|遗|遺|感|支|满|滿|关|關|哀|祝|谴|譴|同|担|不|反|赞)|称"
        r"|稱|透露|指出)|(?:告诉|告訴)[^，,。：:\n]{1,14})"
    )
    says = rf"(?P<cue>{told}|{cue}(?:道|说|說|称|稱)?)"
    return {
        "before": re.compile(
            rf"(?:^|(?<=[，。；;,：:\s）]))(?P<np>(?!\s){name}{{1,40}}?){says}(?:[^，。：:{HEAD}{REST}]{{0,14}})?[：:，,]?\s*(?P<q>{_Q})"
        ),
        "after": re.compile(rf"(?P<q>{_Q})[，,。\s]*(?P<np>(?!\s){name}{{1,40}}?){says}(?=[，。；;,：:\s.]|$)"),
        "according": re.compile(
            rf"(?:^|(?<=[，。；,\s]))(?P<cue>{alternation(data['according_before'])})(?P<np>{name}{{1,40}}?)"
            rf"(?P<tail>{alternation(data['according_after'])})[，,：:]?"
        ),
        "more": re.compile(rf"[，,。]?\s{{0,60}}(?P<q>{_Q})"),
        "indirect": re.compile(rf"^\s*(?:[对對]此[，,])?(?P<np>(?!\s){name}{{1,40}}?){says}(?P<gap>[，,：:]?)"),
        "tail": re.compile(rf"[，,](?P<np>{name}{{2,24}}?)(?P<cue>说|說|称|稱|表示|透露|指出|认为|認為)[。\s]*$"),
    }


_THUS = re.compile(r"이렇게|다음과 같이|次のように|こう|以下のように|如下")


def announced(sentence: str, offset: int, language: str) -> tuple[Range, Range] | None:
    """Who is said to speak in the next sentence, and the verb: 대변인은 이렇게 말했다. “…” — None where nobody is."""
    if HEAD in sentence or _THUS.search(sentence) is None or language == "zh":
        return None
    cues = list(_patterns(language)["cue"].finditer(sentence))
    if not cues or len(sentence.rstrip(" .。:：")) - cues[-1].end() > 1:
        return None
    cue = cues[-1]
    subject = _korean_subject(sentence, 0, cue.start()) if language == "ko" else _japanese_subject(sentence, 0, cue.start())
    if subject is None:
        return None
    (a, b), (c, d) = subject[0], cue.span("cue")
    return (a + offset, b + offset), (c + offset, d + offset)


def topic(sentence: str, offset: int, language: str) -> Range | None:
    """Whom a Japanese sentence without a statement is about: the person before its first は."""
    if language != "ja":
        return None
    match = _patterns("ja")["topic"].match(sentence)
    return (match.start("np") + offset, match.end("np") + offset) if match else None


# -- Korean -----------------------------------------------------------------------------------------------------------

_KOREAN_EDGE = re.compile(
    r"(?:에서|에게|에게서|에|하여|되어|으로|을|를|은|는|며|면|면서|부터|까지|해|고|자|지만|는데|니|도|께|처럼|보다|마다|등|및|해서|라서|면서도|한테|만|이나|로서|로써|으로서|[가-힣]로|와의|과의|관련|대해)$"
)
# Nouns whose last syllable looks like a particle.
_KOREAN_NOUN = re.compile(
    r"(?:마을|가을|도로|광고|사고|보고|최고|올해|동해|화면|대만|[기학환]자|[계국구동해가력]자|경기도|강원도|충청[남북]?도|전라[남북]?도|경상[남북]?도|제주도|종로|을지로|캐나다|[가-힣]대로)$"
)
_ADNOMINAL = re.compile(r"(?:[가-힣][한된던인힌린진친쓴온간낸본한]|하는|되는|있는|없는|않는|받는|라는|다는|위한|대한|의한|통한)$")
_NO_TOPIC = re.compile(
    r"(?:[았었했겠한인된는이혔렸졌쳤였난]다는|이라는|냐는|[하되있없않]는|따르는|이르는|부르는|모르는|보이는|만드는|이어지는|알려지는|받는|하려는|되려는|주는|라는|가는|오는"
    r"|[할될올갈볼일릴낼]지는|(?:벌어지|느끼|다니|걸리|달리|떨어지|이뤄지|만나|지나|나타나|늘어나|커지|높이|움직이|보내|맞|찾|믿|남|먹|듣|묻|걷|얻|돕|사라지|머무|겪|바라|원하|달라지|빠지"
    r"|넘치|내리|올리|끌|팔|앓|잃|살|만들|열리|내는|보여주)는)$"
)


_TITLE_ENDS = frozenset("은는이가도(께측과와")


@cache
def _korean_words() -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    data = load("ko")
    return frozenset(data["lead"]), frozenset(data["not_speakers"]), tuple(data["persons"])


def _korean_subject(sentence: str, start: int, end: int) -> tuple[Range, int] | None:
    """The noun phrase before the first particle of a subject in a stretch, that of the topic first; and where its particle ends."""
    lead, none, persons = _korean_words()
    words = [(match.start(), match.group()) for match in re.finditer(r"[^\s,]+", sentence[start:end])]
    fallback = None
    for index, (at, word) in enumerate(words):
        if HEAD in word or REST in word:
            continue
        particle = next((p for p in ("측은", "께서는", "에서는", "은", "는", "이", "가", "도") if word.endswith(p)), "")
        particle = "은" if word == "측은" else particle
        stem = word[: len(word) - len(particle)]
        if not particle or not stem or word in lead or stem in none or _NO_TOPIC.search(word):
            continue
        if particle in ("이", "가", "도") and ((len(stem) < 2 and stem not in ("그", "나", "내", "그녀")) or fallback is not None):
            continue
        if stem.endswith(("없", "있", "것", "수", "때문", "때", "점", "바", "동안", "정도", "경우")) and stem not in persons:
            continue
        following = words[index + 1][1] if index + 1 < len(words) and len(particle) == 1 else ""
        if any(following.startswith(p) and following[len(p) : len(p) + 1] in _TITLE_ENDS for p in persons):
            continue  # the last syllable of a name looks like a particle: 김정은 위원장은
        phrase = _korean_phrase(words, index, len(particle))
        if phrase is None:
            continue
        span = (start + phrase[0], start + phrase[1])
        found = (span, start + at + len(word))
        if particle in ("이", "가", "도"):
            fallback = found
            continue
        return found
    return fallback


def _korean_phrase(words: list[tuple[int, str]], index: int, particle: int) -> Range | None:
    """The words that belong to the noun at `index`: back to one with a particle of place, time or object, or to a relative clause."""
    lead, none, persons = _korean_words()
    first = index
    while first > 0 and index - first < 5:
        word = words[first - 1][1]
        gap = words[first][0] - words[first - 1][0] - len(word)
        if (
            gap != 1
            or word in lead
            or HEAD in word
            or REST in word
            or (word[-1] in "’'\"”)" and len(word) > 12)
            or re.search(r"\d일?$|\d년$|오전|오후|시간$|째$", word)
        ):
            break
        titled = index == first and any(words[first][1].startswith(title) for title in persons)
        if titled and len(word) in (2, 3, 4) and not word.endswith(("에서", "에게", "을", "를", "에", "한", "된")):
            first -= 1  # 김정은 위원장: the name's last syllable is no particle
            continue
        if (
            len(word) > 1
            and _KOREAN_EDGE.search(word)
            and not _KOREAN_NOUN.search(word)
            and not (len(word) == 2 and word[-1] in "도나로만고자아어니")
        ):
            break
        if len(word) > 2 and _ADNOMINAL.search(word):
            break
        first -= 1
    while first < index and words[first][1] in lead:
        first += 1
    end = words[index][0] + len(words[index][1]) - particle
    text = words[index][1][: len(words[index][1]) - particle]
    if not re.search(r"\w", text) or text in none:
        return None
    return words[first][0], end


def read_korean(sentence: str, offset: int, last: Range | None, people: People) -> list[Found]:
    """The statements of a Korean sentence; `last` is who spoke before."""
    patterns = _patterns("ko")
    body = len(sentence.rstrip(" .!?。"))
    found: list[Found] = []
    if HEAD in sentence:
        quotes = list(patterns["quote"].finditer(sentence))
        if quotes:
            cue = patterns["cue"].search(sentence, quotes[-1].end())
            if cue is None or cue.start() - quotes[-1].end() > 70 or HEAD in sentence[quotes[-1].end() : cue.start()]:
                return []
            subject = _korean_subject(sentence, quotes[-1].end(), cue.start()) or _korean_adjacent(sentence, quotes[0].start())
            subject = subject or _korean_subject(sentence, 0, quotes[0].start())
            content = [match.span("q") for match in quotes]
            if sum(b - a for a, b in content) < 8 and cue["cue"] in ("했다", "했습니다", "한다", "본다"):
                return []
            if subject is not None:
                found.append(_made(content, cue.span("cue"), subject[0], offset, 0.85))
            else:
                item = _made(content, cue.span("cue"), None, offset, 0.6 if last else 0.5)
                item.speaker = last
                found.append(item)
            return found
        apposed = patterns["apposed"].search(sentence)
        if apposed:
            subject = _korean_subject(sentence, apposed.end("q"), apposed.end("np"))
            if subject:
                return [_made([apposed.span("q")], apposed.span("cue"), subject[0], offset, 0.8)]
        ahead = patterns["ahead"].search(sentence)
        if ahead:
            subject = _korean_subject(sentence, 0, ahead.start())
            if subject:
                return [_made([ahead.span("q")], ahead.span("cue"), subject[0], offset, 0.85)]
    according = patterns["according"].search(sentence)
    if according:
        words = [(match.start(), match.group()) for match in re.finditer(r"[^\s,]+", sentence[: according.start()])]
        phrase = _korean_phrase(words, len(words) - 1, 0) if words else None
        if phrase and body - according.end() > 6:
            start = according.end()
            while start < body and sentence[start] in " ,":
                start += 1
            inner = patterns["clause"].search(sentence, start)
            teller = _korean_subject(sentence, start, inner.start()) if inner and body - inner.end() < 4 else None
            if inner and teller:
                # …에 따르면 X는 …라고 말했다: X said so.
                return [_made([(_skip(sentence, teller[1]), inner.start() + 1)], inner.span("cue"), teller[0], offset, 0.7, direct=False)]
            return [_made([(start, body)], according.span("cue"), phrase, offset, 0.8, direct=False)]
    clause = None
    for match in patterns["clause"].finditer(sentence):
        if body - match.end() < 4 or match["cue"].endswith(("고", "며", "면서", "지만", "는데")):
            clause = match
    if clause is not None and clause["cue"] not in ("했다", "했습니다", "한다"):
        post = _korean_subject(sentence, clause.end("that"), clause.start("cue")) if clause["post"] else None
        end = clause.start() + 1
        if post:
            start = _skip(sentence, 0)
            first = sentence[start:].split(" ", 1)[0]
            start += len(first) + 1 if first.rstrip(",") in _korean_words()[0] else 0
            if end - start > 6:
                return [_made([(start, end)], clause.span("cue"), post[0], offset, 0.7, direct=False)]
        subject = _korean_subject(sentence, 0, clause.start())
        if subject and end - _skip(sentence, subject[1]) > 3:
            return [_made([(_skip(sentence, subject[1]), end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
        if (
            subject is None
            and last is not None
            and sentence.split(" ", 1)[0].rstrip(",") in ("이어", "또", "또한", "특히", "아울러", "그러면서", "이어서")
        ):
            item = _made([(_skip(sentence, len(sentence.split(" ", 1)[0])), end)], clause.span("cue"), None, offset, 0.55, direct=False)
            item.speaker = last
            return [item]
    return found


def _korean_adjacent(sentence: str, at: int) -> tuple[Range, int] | None:
    """The subject right before a quotation: … 회장은 “…”."""
    start = max(sentence.rfind(mark, 0, at) for mark in (",", REST, HEAD)) + 1
    words = sentence[start:at].split()
    if not words or not words[-1].endswith(("은", "는")):
        return None
    tail = sentence[start:at].rstrip()
    position = start + len(tail) - len(words[-1])
    tokens = [(match.start() + start, match.group()) for match in re.finditer(r"[^\s,]+", sentence[start:at])]
    if words[-1][:-1] in _korean_words()[1] or _NO_TOPIC.search(words[-1]) or words[-1] in _korean_words()[0]:
        return None
    size = 2 if words[-1].endswith("측은") else 3 if words[-1].endswith(("에서는", "께서는")) else 1
    phrase = _korean_phrase(tokens, len(tokens) - 1, size)
    return (phrase, position + len(words[-1])) if phrase and phrase[1] > phrase[0] else None


_CITED = re.compile(r"[^,、，。]{1,40}?(?:(?:을|를)\s인용(?:해|하여|하며)|の話として|の情報として|を引用して|を引用し)[,、\s]+")


def _skip(sentence: str, at: int) -> int:
    """Where what was said begins: behind blanks, commas and whom an outlet cites."""
    while at < len(sentence) and sentence[at] in " ,、，　":
        at += 1
    cited = _CITED.match(sentence, at)
    return cited.end() if cited else at


# -- Japanese ---------------------------------------------------------------------------------------------------------


def _japanese_phrase(sentence: str, start: int, end: int) -> Range | None:
    """A subject's noun phrase that ends at `end`: without when, where and what the person did."""
    data = load("ja")
    start = max(
        start, end - 60, max(sentence.rfind(mark, 0, end) for mark in ("、", "。", REST, HEAD, "，", "　", "「", "」", "”", "“")) + 1
    )
    if sentence.startswith("と", start):
        start += 1
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and end - start > len(lead) + 1:
            start += len(lead)
    text = sentence[start:end]
    for cut in re.finditer(r"(?:で|に|を|から|まで|日|は|が|と)(?=[\u4e00-\u9fffァ-ヴA-Za-z])", text):
        if cut.group() in ("日", "と", "が", "は"):
            if cut.group() == "日" and re.search(r"(?:\d|[一二三四五六七八九十])日$", text[: cut.end()]):
                start = end - len(text) + cut.end()
        elif cut.end() < len(text) - 1:
            start = end - len(text) + cut.end()
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and end - start > len(lead) + 1:
            start += len(lead)
    relative = list(re.finditer(r"(?:[たるすうくむぶ]|ている|した|いる)(?=[\u4e00-\u9fffァ-ヴA-Z]{2,})", sentence[start:end]))
    if relative:
        start += relative[-1].end()  # 反対した…議員: what the person did is no part of the name
    while start < end and sentence[start] in " 　":
        start += 1
    text = sentence[start:end]
    if (
        not text
        or text in data["not_speakers"]
        or text.endswith(("こと", "もの", "と", "で", "て", "から", "ため", "では", "に", "の", "時", "際", "場合", "よう", "うち"))
    ):
        return None
    return (start, end) if _NOUN.search(text) and len(text) <= 40 else None


_NOUN = re.compile(r"[\u4e00-\u9fffァ-ヴA-Za-z々]|^(?:これら|みんな|みな)$")


def _japanese_subject(sentence: str, start: int, end: int) -> tuple[Range, int] | None:
    """The first topic of a stretch (は), else its first subject (が, も)."""
    fallback = None
    for match in _patterns("ja")["particle"].finditer(sentence, start, end):
        after = sentence[match.end() : match.end() + 1]
        before = sentence[match.start() - 1 : match.start()] if match.start() else ""
        if (
            before in ("に", "で", "と", "の", "て", "ら", "は", "も", "り", "")
            and match["p"] == "は"
            and not sentence[: match.start()].endswith(("彼ら",))
        ):
            continue
        if after and "\u3041" <= after <= "\u3096" and match["p"] != "は":
            continue  # ながら, もう: within a word
        if fallback is not None and match["p"] != "は":
            continue
        phrase = _japanese_phrase(sentence, start, match.start())
        if phrase is None:
            continue
        if match["p"] == "は":
            return phrase, match.end()
        fallback = (phrase, match.end())
    return fallback


def read_japanese(sentence: str, offset: int, last: Range | None, people: People) -> list[Found]:
    """The statements of a Japanese sentence; `last` is who spoke before."""
    patterns = _patterns("ja")
    body = len(sentence.rstrip(" 。.!?！？"))
    if HEAD in sentence:
        cleft = patterns["cleft"].search(sentence)
        quotes = list(patterns["quote"].finditer(sentence))
        if cleft and quotes:
            return [_made([match.span("q") for match in quotes], cleft.span("cue"), cleft.span("np"), offset, 0.8)]
        if quotes:
            cue = patterns["cue"].search(sentence, quotes[-1].end())
            if cue is None and quotes[-1]["qv"].endswith("として"):
                return []
            if cue is not None and cue.start() - quotes[-1].end() <= 60 and HEAD not in sentence[quotes[-1].end() : cue.start()]:
                subject = _japanese_subject(sentence, quotes[-1].end(), cue.start()) if cue.start() - quotes[-1].end() > 2 else None
                direct = re.search(r"(?<![でにとらてはも])[はが]、?$", sentence[: quotes[0].start()])
                if subject is None and direct:
                    phrase = _japanese_phrase(sentence, 0, direct.start())
                    subject = (phrase, direct.end()) if phrase else None
                subject = subject or _japanese_subject(sentence, 0, quotes[0].start())
                content = [match.span("q") for match in quotes]
                if subject is None and sum(b - a for a, b in content) < 8:
                    return []
                item = _made(content, cue.span("cue"), subject[0] if subject else None, offset, 0.85 if subject else 0.6)
                if subject is None:
                    item.speaker = last
                return [item]
            if cue is None and quotes[0].start() > 0 and False:
                return []
        for key, score in (("bare", 0.8), ("ahead", 0.85)):
            match = patterns[key].search(sentence)
            if match:
                if key == "bare":
                    phrase = _japanese_phrase(sentence, match.start("np"), match.end("np"))
                else:
                    subject = _japanese_subject(sentence, 0, match.start())
                    phrase = subject[0] if subject else None
                if phrase:
                    return [_made([match.span("q")], match.span("cue"), phrase, offset, score)]
        if quotes and not patterns["according"].search(sentence):
            return []
    according = patterns["according"].search(sentence)
    if according:
        source = _japanese_phrase(sentence, 0, according.start())
        if source and body - according.end() > 6:
            start = _skip(sentence, according.end())
            return [_made([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
    clauses = [match for match in patterns["clause"].finditer(sentence) if HEAD not in sentence[match.end() : body]]
    clause = next((match for match in reversed(clauses) if body - match.end() < 4), None)
    if clause is None or clause["cue"] in ("言う", "みている", "した", "聞いた", "続けた", "笑う"):
        return []
    end = clause.start()
    if clause["post"]:
        subject = _japanese_subject(sentence, clause.start("post"), clause.start("cue"))
        if subject and end > 3:
            start = _skip(sentence, 0)
            return [_made([(start, end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
    subject = _japanese_subject(sentence, 0, clause.start())
    if subject and end - _skip(sentence, subject[1]) > 3:
        return [_made([(_skip(sentence, subject[1]), end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
    return []


# -- Chinese ----------------------------------------------------------------------------------------------------------

_CHINESE_TAIL = re.compile(
    r"(?:\d{1,4}月)?\d{1,4}[日号]?$|(?:则|則|也|还|還|並|并|又|都|曾|再次|进一步|日前|当天|随后|此前|对此|赛后|会后|事后|赛前|接着|接著|(?:微|苦|大)?笑(?:着|著)?|继续|繼續|回答"
    r"|[\u4e00-\u9fff]{1,3}地|激动|一早|今天|昨天|同时|近日|还曾|再|补充|申明中|声明中|后来|最后|于|均|就此|仍|仍然|却|明确|坚持|公开|强烈|亦|便){1,9}$"
)
_CHINESE_CUT = re.compile(
    r"(?<=..)(?:在(?!野)|[对對](?!外)|向|[于於]|就(?!业)|则|則|周[一二三四五六日天]|星期|[上下本]周|礼拜|\d{1,4}[月日号]|昨[日天晚]|今[日天年]|随后|隨後|通过"
    r"(?=[^，]{1,12}$)|接受[^，]{1,20}(?:采访|採訪|专访))"
)
_CHINESE_START = re.compile(
    r"^(?:[在当當](?:[^，]{1,24}?)(?:上|中|前|后|後|时|時|里|内|间|期间|方面|会议|现场|当中)(?=[\u4e00-\u9fffA-Z《“]{2})(?:，)?|(?:\d{1,4}年)?"
    r"(?:\d{1,4}月)?\d{1,4}[日号]|[周星期礼拜]{1,2}[一二三四五六日天]|据[^，]{1,20}，)"
)


def _chinese_phrase(sentence: str, span: Range) -> Range | None:
    """A speaker's noun phrase: without when and where it was said, and without what the person did."""
    data = load("zh")
    start, end = span
    changed = True
    while changed:
        changed = False
        while start < end and sentence[start] in ' 　“”"‘’」』':
            start += 1
        opening = _CHINESE_START.match(sentence[start:end])
        if opening and opening.end() < end - start:
            start += opening.end()
            changed = True
        for lead in data["lead"]:
            if sentence.startswith(lead, start) and end - start > len(lead) + (0 if len(lead) > 1 else 1):
                start += len(lead)
                changed = True
    cut = _CHINESE_CUT.search(sentence, start, end)
    if cut and cut.start() - start >= 2:
        tail = sentence[cut.end() : end]
        # 在工厂工作的王小明: what follows 的 is the name.
        last = re.search(r"的(?=[\u4e00-\u9fff·]{2,8}$)", tail)
        if last is None or cut.start() - start > 2:
            end = cut.start()
    tail_match = _CHINESE_TAIL.search(sentence, start, end)
    if tail_match and tail_match.start() - start >= 1:
        end = tail_match.start()
    relative = re.match(r".*的(?=[\u4e00-\u9fff]{2,4}$)", sentence[start:end])
    if relative and re.search(r"了|在|岁|歲|工作|来自|來自|从事", relative[0][:-1]):
        start += relative.end()  # 工作了六年的…: what a person did is no part of the name
    while end > start and sentence[end - 1] in " 　":
        end -= 1
    text = sentence[start:end]
    if (len(text) < 2 and text not in data["pronouns"]) or len(text) > 30:
        return None
    if (
        text.startswith(tuple(data["not_speakers"]))
        and text not in data["pronouns"]
        and not text.startswith(("该", "一名", "一位", "一个", "其"))
    ):
        return None
    if re.search(r"[的了着和与得]$|[强調调示出][了調调]|是|没有|不能|可以|应该|如果|因为|虽然", text) or text.endswith(
        ("时", "后", "中", "里")
    ):
        return None
    return start, end


def read_chinese(sentence: str, offset: int, last: Range | None, people: People) -> list[Found]:
    """The statements of a Chinese sentence; `last` is who spoke before."""
    patterns = _patterns("zh")
    found: list[Found] = []
    taken: set[int] = set()
    if HEAD in sentence:
        for key in ("before", "after"):
            for match in patterns[key].finditer(sentence):
                q = match.span("q")
                if q[0] in taken or (
                    key == "before"
                    and q[1] - q[0] < 9
                    and match["cue"] in ("称", "稱", "提到", "宣布", "问", "介绍", "答", "说", "预计", "相信", "希望")
                ):
                    continue
                subject = _chinese_phrase(sentence, match.span("np"))
                if subject is None:
                    continue
                content = [q]
                rest = sentence[q[1] :].strip(" ，。,.！!？?；;")
                if key == "before" and match.end("cue") < q[0] and sentence[match.end("cue") : q[0]].strip(" ：:，,“") and len(rest) > 6:
                    continue  # 表示这是“…”的: the clause, not the quotation alone
                if key == "before" and rest and sentence[q[0] - 1] not in "：:，," and rest[0] not in "并同他她但":
                    continue
                more = patterns["more"].match(sentence, match.end())
                if key == "after" and more and more.start("q") not in taken:
                    content.append(more.span("q"))
                taken.update(start for start, _ in content)
                found.append(_made(content, match.span("cue"), subject, offset, 0.85))
            if found:
                break
    if found:
        return found
    body = len(sentence.rstrip("。！？!? ."))
    according = patterns["according"].search(sentence)
    if according:
        start = _skip(sentence, according.end())
        source = according.start("np"), according.start("np") + len(according["np"].rstrip("的"))
        if body - start > 3 and len(according["np"]) <= 24:
            return [_made([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
        return []
    opening = patterns["indirect"].search(sentence)
    while opening and not opening["gap"] and len(opening["cue"]) < 2:
        # A single character is a verb only before a comma, a pronoun or a name: 他说他…
        if opening["cue"] in ("说", "說") and body - opening.end() > 6 and opening["np"].strip() in load("zh")["pronouns"]:
            break
        opening = None
    subject = _chinese_phrase(sentence, opening.span("np")) if opening else None
    if opening and not opening["gap"] and opening["cue"] == "表示" and _FEELING.match(sentence, opening.end()):
        subject = None
    if opening and subject and opening["cue"] in _NEEDS_COMMA and not opening["gap"]:
        subject = None
    if opening and subject and body - opening.end() > 3:
        start = _skip(sentence, opening.end())
        return [_made([(start, body)], opening.span("cue"), subject, offset, 0.7, direct=False)]
    tail = patterns["tail"].search(sentence)
    if tail and tail.start() > 8:
        subject = _chinese_phrase(sentence, tail.span("np"))
        if subject:
            start = _skip(sentence, 0)
            return [_made([(start, tail.start())], tail.span("cue"), subject, offset, 0.7, direct=False)]
    return []


_FEELING = re.compile(
    r"(?:了|出)?(?:强烈|强力|热烈|衷心|诚挚|非常|十分|深切|严重)?(?:反对|反對|欢迎|歡迎|遗憾|遺憾|感谢|感謝|支持|满意|滿意|关切|關切|哀悼|祝贺|祝賀|谴责|譴責|同意|担忧|担心|愤怒|赞同|理解|尊重|不满|抗议|慰问)"
)
_NEEDS_COMMA = frozenset(
    "介绍 介紹 回应 回應 批评 批評 评论 評論 宣布 呼吁 呼籲 说明 說明 解释 解釋 提到 谈到 提及 "
    "回答 答 问 披露 澄清 证实 否认 质疑 質疑 回忆 回憶 预测 预计 估计 担心 希望 怀疑 主张 "
    "重申 建议 透露 称 稱".split()
)
