"""Attribution in Korean."""

from __future__ import annotations

import re
from functools import cache

from newsbeam.transforms.attribution.cjk.patterns import Range, combined, cue_patterns, skip_spaces
from newsbeam.transforms.attribution.lexicon import load
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
    r"|[할될올갈볼일릴낼]지는|(?:벌어지|느끼|다니|걸리|달리|떨어지|이뤄지|만나|지나|나타나|늘어나|커지|높이|움직이|보내|맞|찾|믿|남|먹|듣|묻|걷|얻|돕|사라지|머무|겪|바라|원하|달라지|빠지"
    r"|넘치|내리|올리|끌|팔|앓|잃|살|만들|열리|내는|보여주)는)$"
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
    if not re.search(r"\w", text) or text in none:
        return None
    return words[first][0], end


def read_korean(sentence: str, offset: int, last: Range | None, people: People) -> list[Statement]:
    """Return the statements of a Korean sentence; `last` is the last speaker."""
    patterns = cue_patterns("ko")
    body = len(sentence.rstrip(" .!?。"))
    found: list[Statement] = []
    if HEAD in sentence:
        quotes = list(patterns["quote"].finditer(sentence))
        if quotes:
            cue = patterns["cue"].search(sentence, quotes[-1].end())
            if cue is None or cue.start() - quotes[-1].end() > 70 or HEAD in sentence[quotes[-1].end() : cue.start()]:
                return []
            subject = korean_subject(sentence, quotes[-1].end(), cue.start()) or _korean_adjacent(sentence, quotes[0].start())
            subject = subject or korean_subject(sentence, 0, quotes[0].start())
            content = [match.span("q") for match in quotes]
            if sum(b - a for a, b in content) < 8 and cue["cue"] in ("했다", "했습니다", "한다", "본다"):
                return []
            if subject is not None:
                found.append(combined(content, cue.span("cue"), subject[0], offset, 0.85))
            else:
                item = combined(content, cue.span("cue"), None, offset, 0.6 if last else 0.5)
                item.speaker = last
                found.append(item)
            return found
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
    clause = None
    for match in patterns["clause"].finditer(sentence):
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
        if subject and end - skip_spaces(sentence, subject[1]) > 3:
            return [combined([(skip_spaces(sentence, subject[1]), end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
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
