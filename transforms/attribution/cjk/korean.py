"""Attribution in Korean."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from newsbeam.transforms.attribution.cjk.patterns import Range, combined, cue_patterns, skip_spaces
from newsbeam.transforms.attribution.lexicon import SOURCE_LISTS, load
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import HEAD, REST

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
    r"|[할될올갈볼일릴낼]지는|(?:바뀌|나타내|이루|오르|다루|치르|고르|흐르|쓰|뜨|모이|쌓이|놓이|기다리|버리|살리|알리|불리|미치|거치|그치|고치|벌어지|느끼|다니|걸리|달리|떨어지|이뤄지|만나|지나|나타나|늘어나|커지|높이|움직이|보내|맞|찾|믿|남|먹|듣|묻|걷|얻|돕|사라지|머무|겪|바라|원하|달라지|빠지"
    r"|넘치|내리|올리|끌|팔|앓|잃|살|만들|열리|내는|보여주)는|^사는|(?:많|작|적|같|높|낮|좋|깊|젊|늙|붉|검|밝|넓|짧|옳|싫|혹)은)$|^또는$"
)

_CLAUSE_END = re.compile(r"(?:[있없았었했겠]다|니다|는데|이상|정도|에서|보다|처럼|만큼|\d[만억조]?[표명원개건]|[%％])$")
_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진나지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국편용리"
)


_TITLE_ENDS = frozenset("은는이가도(께측과와")


@cache
def _korean_words() -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    data = load("ko")
    return frozenset(data["lead"]), frozenset(data["not_speakers"]), tuple(data["persons"])


def korean_subject(sentence: str, start: int, end: int) -> tuple[Range, int] | None:
    """Return the subject's noun phrase, and the end of its particle.

    Takes the first particle of a topic in the range, else the first of a subject.
    """
    lead, none, persons = _korean_words()
    words = [(match.start(), match.group()) for match in re.finditer(r"[^\s,]+", sentence[start:end])]
    fallback = None
    if words and start and sentence[start - 1] in (HEAD, REST) and words[0][0] == 0 and words[0][1] in ("의", "과", "와"):
        del words[0]  # ‘…’의 대표
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
        if (
            stem not in persons
            and word[0] in _SURNAMES
            and any(following.startswith(p) and following[len(p) : len(p) + 1] in _TITLE_ENDS for p in persons)
        ):
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
    """Return the words that belong to the noun at `index`.

    The phrase begins after a relative clause or after a word with a particle of place, time or
    object.
    """
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
            or word in ("후", "뒤", "직후", "직전", "이후", "즉", "그런데", "따라", "이제")
            or re.search(r"\d일?$|\d년$|오전|오후|시간$|째$", word)
        ):
            break
        titled = index == first and any(words[first][1].startswith(title) for title in persons)
        if titled and len(word) in (2, 3, 4) and not word.endswith(("에서", "에게", "을", "를", "에", "한", "된")):
            first -= 1  # 김정은 위원장: the last syllable of the name is not a particle
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
    if not re.search(r"\w", text) or text in none or _CLAUSE_END.search(text):
        return None
    return words[first][0], end


def read_korean(sentence: str, offset: int, last: Range | None, people: People) -> list[Statement]:
    """Return the statements of a Korean sentence; `last` is the last speaker."""
    patterns = cue_patterns("ko")
    body = len(sentence.rstrip(" .!?。"))
    found: list[Statement] = []
    dateline = _DATELINE.match(sentence)
    if dateline:
        sentence = " " * dateline.end() + sentence[dateline.end() :]
    if HEAD in sentence:
        quotes = list(patterns["quote"].finditer(sentence))
        if quotes:
            cue = patterns["cue"].search(sentence, quotes[-1].end())
            if cue is None or cue.start() - quotes[-1].end() > 70 or HEAD in sentence[quotes[-1].end() : cue.start()]:
                return []
            subject = korean_subject(sentence, quotes[-1].end(), cue.start()) or _korean_adjacent(sentence, quotes[0].start())
            for before, after in pairwise(quotes):
                subject = subject or korean_subject(sentence, before.end(), after.start())
            subject = subject or korean_subject(sentence, 0, quotes[0].start())
            content = [match.span("q") for match in quotes]
            if sum(b - a for a, b in content) < _SHORTEST_SPEECH and _VAGUE.match(cue["cue"]):
                return []
            if subject is not None:
                found.append(combined(content, cue.span("cue"), subject[0], offset, 0.85))
            else:
                item = combined(content, cue.span("cue"), None, offset, 0.6 if last else 0.5)
                item.speaker = last
                found.append(item)
            return found
        explained = patterns["explained"].search(sentence)
        if explained:
            words = [(match.start(), match.group()) for match in re.finditer(r"[^\s,]+", sentence[: explained.end("np")])]
            words = [word for word in words if word[0] >= explained.start("np")]
            size = 1 if words and words[-1][1].endswith("의") else 0
            source = _korean_phrase(words, len(words) - 1, size) if words else None
            if source and _speaks(sentence[slice(*source)]):
                return [combined([explained.span("q")], explained.span("cue"), source, offset, 0.8)]
        apposed = patterns["apposed"].search(sentence)
        if apposed:
            subject = korean_subject(sentence, apposed.end("q"), apposed.end("np"))
            if subject:
                return [combined([apposed.span("q")], apposed.span("cue"), subject[0], offset, 0.8)]
        ahead = patterns["ahead"].search(sentence)
        if ahead:
            subject = korean_subject(sentence, 0, ahead.start())
            if subject:
                return [combined([ahead.span("q")], ahead.span("cue"), subject[0], offset, 0.85)]
    according = patterns["according"].search(sentence)
    if according:
        words = [(match.start(), match.group()) for match in re.finditer(r"[^\s,]+", sentence[: according.start()])]
        phrase = _korean_phrase(words, len(words) - 1, 0) if words else None
        if phrase and body - according.end() > 6:
            start = according.end()
            while start < body and sentence[start] in " ,":
                start += 1
            inner = patterns["clause"].search(sentence, start)
            teller = korean_subject(sentence, start, inner.start()) if inner and body - inner.end() < 4 else None
            if inner and teller:
                # …에 따르면 X는 …라고 말했다: X said so.
                return [
                    combined(
                        [(skip_spaces(sentence, teller[1]), inner.start() + 1)], inner.span("cue"), teller[0], offset, 0.7, direct=False
                    )
                ]
            return [combined([(start, body)], according.span("cue"), phrase, offset, 0.8, direct=False)]
    nominal = patterns["nominal"].search(sentence)
    if nominal:
        named = nominal["np"] is not None
        begin = nominal.start("np") if named else 0
        words = [(begin + m.start(), m.group()) for m in re.finditer(r"[^\s,]+", sentence[begin : nominal.end("np")])] if named else []
        source = _korean_phrase(words, len(words) - 1, 0) if words else None
        subject = (source, 0) if source else None if named else korean_subject(sentence, 0, nominal.start())
        if subject and (named or sentence[subject[1] - 1] in "은는") and _speaks(sentence[slice(*subject[0])]):
            start = skip_spaces(sentence, subject[1])
            return [combined([(start, nominal.start() + 1)], nominal.span("cue"), subject[0], offset, 0.65, direct=False)]
        return []
    clause = None
    for match in patterns["clause"].finditer(sentence):
        if match["that"].startswith("다는 ") and match["that"][3:-1] in ("것", "사실", "점") and not _FACTIVE.match(match["cue"]):
            continue  # 있다는 것을 말했다
        if match["that"] == "것으로" and not _ESTIMATES.match(match["cue"]):
            continue
        if body - match.end() < 4 or match["cue"].endswith(("고", "며", "면서", "지만", "는데")):
            clause = match
    if clause is not None and clause["cue"] not in ("했다", "했습니다", "한다"):
        post = korean_subject(sentence, clause.end("that"), clause.start("cue")) if clause["post"] else None
        end = clause.start() + 1
        if post:
            start = skip_spaces(sentence, 0)
            first = sentence[start:].split(" ", 1)[0]
            start += len(first) + 1 if first.rstrip(",") in _korean_words()[0] else 0
            if end - start > 6:
                return [combined([(start, end)], clause.span("cue"), post[0], offset, 0.7, direct=False)]
        subject = korean_subject(sentence, 0, clause.start())
        if (
            subject
            and sentence[subject[1] - 1] not in "은는"
            and (_BELIEVES.match(clause["cue"]) or not _speaks(sentence[slice(*subject[0])]))
        ):
            return found  # the subject of the clause
        if subject and end - skip_spaces(sentence, subject[1]) > 3:
            start = skip_spaces(sentence, subject[1])
            heard = _HEARER.match(sentence, start, end)
            start = heard.end() if heard and end - heard.end() > 3 else start
            return [combined([(start, end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
        if (
            subject is None
            and last is not None
            and sentence.split(" ", 1)[0].rstrip(",") in ("이어", "또", "또한", "특히", "아울러", "그러면서", "이어서")
        ):
            item = combined(
                [(skip_spaces(sentence, len(sentence.split(" ", 1)[0])), end)], clause.span("cue"), None, offset, 0.55, direct=False
            )
            item.speaker = last
            return [item]
    return found


# (강릉=연합뉴스) 이도현 기자 =
_DATELINE = re.compile(
    r"\s*[(\[【][^()\[\]【】\n]{1,20}[=·][^()\[\]【】\n]{1,20}[)\]】](?:\s?[가-힣·\s]{2,20}(?:기자|특파원)(?:\s?=)?)?\s?=?\s"
)
# When, where and to whom: 수요일 성명에서, 로이터통신에. They belong to the verb, not to what was said.
_HEARER = re.compile(
    r"(?:(?:이날|전날|지난주|지난달|최근|오늘|어제|[월화수목금토일]요일|\d{1,2}일|오전|오후)(?:에)?\s|"
    r"(?:[^\s,]{1,12}\s){0,3}?[^\s,]*(?:인터뷰|통화|회견|브리핑|성명|연설|간담회|라디오|방송|페이스북|트위터|엑스\(X\)|소셜미디어|기고문|책|편지|이메일|강연|토론회"
    r"|국회|법정|국무회의|회의)(?:에서|에|을 통해|를 통해)\s|"
    r"[^\s,]*(?:통신|신문|일보|방송|뉴스|타임스|로이터|취재진|기자들)(?:에|에게|측에)\s){1,3}"
)
_FACTIVE = re.compile(r"부인|인정|시인|확인|강조|지적|밝|발견|발표|알렸|전했")
_ESTIMATES = re.compile(r"추정|전망|예상|예측|내다|분석|평가|파악|관측|판단|봤|본다|보고 있|보도|전했|알려|밝")


_BELIEVES = re.compile(r"생각|믿|여[겼긴]|본다|봤다|보고")
_VAGUE = re.compile(r"했다|했습니다|한다|본다|보였|나타냈|내놨|내놓")
_SHORTEST_SPEECH = 8  # characters with marks; shorter quotations need a verb of speech


def _speaks(words: str) -> bool:
    """Return whether a phrase names a source, by a word of the lists or its ending."""
    data = load("ko")
    if words in data["pronouns"] or words.endswith(("들", "씨", "측")):
        return True
    noun = words.rsplit(" ", 1)[-1]
    if noun.endswith(")") and noun[-2:-1].isdigit():
        return True  # 카를로스(20)
    return any(term in noun for key in SOURCE_LISTS for term in data[key])


def korean_topic(sentence: str) -> Range | None:
    """Return the person who is the topic of a sentence without a statement."""
    found = korean_subject(sentence, 0, len(sentence))
    if found is None or sentence[found[1] - 1] not in "은는":
        return None
    return found[0] if sentence[slice(*found[0])].endswith(_korean_words()[2]) else None


def _korean_adjacent(sentence: str, at: int) -> tuple[Range, int] | None:
    """Return the subject right before a quotation: … 회장은 “…”."""
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
