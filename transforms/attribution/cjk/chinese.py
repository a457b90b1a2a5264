"""Attribution in Chinese."""

from __future__ import annotations

import re
from functools import cache

from newsbeam.transforms.attribution.cjk.patterns import Range, combined, cue_patterns, skip_spaces
from newsbeam.transforms.attribution.lexicon import SOURCE_LISTS, load
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import HEAD, alternation

_CHINESE_TAIL = re.compile(
    r"(?:\d{1,4}月)?\d{1,4}[日号]?$|(?:则|則|也|还|還|並|并|又|都|曾|再次|进一步|進一步|日前|当天|當天|随后|隨後|随即|隨即|此前|先前|之前|稍早|早些[时時]候|对此|對此|赛后|賽後|会后|會後|事后|事後|赛前"
    r"|接着|接著|[微苦大]?笑(?:着|著)?|继续|繼續|回答|[\u4e00-\u9fff]{1,3}地|激动|激動|一早|今天|昨天|昨晚|今早|同时|同時|近日|最近|还曾|再|补充|補充|申明中|声明中|聲明中|后来|後來|最后|最後|于|均|就此"
    r"|仍|仍然|却|卻|更|亦|便|且|则|已|已经|已經|刚|剛|甚至|另外|反复|反覆|重复|重複|不断|不斷|一直|普遍|始终|始終|明确|明確|坚持|堅持|坚决|堅決|坚定|公开|公開|强烈|強烈|高调|高調|正式|首次|共同|直接"
    r"|私下|纷纷|紛紛|开玩笑|開玩笑|开|開玩|曾经|曾經|略|特别|特別|其实|其實|很快|迄今|至今|到[场場]|[现現][场場]|出面|(?:[周週]|星期|[礼禮]拜)[一二三四五六日天]|[本上][周週月]|只|仅|僅|一再|多次|曾多次|明确地|[撰发發推]文|[发發][布佈]推文|[发發][推帖]|驳斥|駁斥|回[应應]|得出[结結][论論]|指[责責]|[谴譴][责責]|批[评評]|抱怨|警告|[总總][结結]|致[信函]|表[态態]|如是|是这样|是這樣|[虽雖]然){1,9}$"
)

_CHINESE_CUT = re.compile(
    r"(?<=..)(?:在(?!野|线|線|職|职)|[对對](?!外|象|手|派|[党黨者])|向(?!前|日)|[于於]|就(?!业|業)|[周週][一二三四五六日天]|星期|[上下本][周週]|[禮礼]拜|\d{1,4}[月日号]|昨[日天晚]|今[日天年]|随后"
    r"|隨後"
    r"|[通透][过過](?=[^，]{1,20}$)|[\u4e00-\u9fff][着著](?!名)|接受[^，]{1,20}(?:采访|採訪|专访|專訪|訪問|访问)|并(?=[^，]{0,9}$)|並(?=[^，]{0,9}$)|一[边邊]|利用|因(?=[^，]{2,14}(?:原因|涉嫌|取消|被))|(?:则|則)在)"
)

_CHINESE_START = re.compile(
    r"^(?:[在当當於于](?:[^，]{1,24}?)(?:上|中|前|后|後|时|時|里|裡|内|內|间|間|期间"
    r"|期間|方面|会议|會議|现场|現場|当中|當中)(?=[\u4e00-\u9fffA-Z《“ ]{2})(?:，)?"
    r"|在?(?:\d{1,4}年)?"
    r"(?:\d{1,4}月)?\d{1,4}[日号年月]|在?(?:[上本这這]?[周週星期礼禮拜]{1,2}[一二三四五六日天])(?:上午|下午|晚上|早上|晚间|凌晨|稍早|晚|早)?|[据據][^，]{1,20}，|包括[^，]{1,24}在[内內]的|在[^，]{2,20}的(?=[A-Z])|[经經]|[^（）]*（(?=[^（）]*$))"
)


def _chinese_phrase(sentence: str, span: Range) -> Range | None:
    """Return a speaker's noun phrase.

    Leaves out time, place and what the person did.
    """
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
            if sentence.startswith(lead, start) and (
                end - start > len(lead) + (0 if len(lead) > 1 else 1) or sentence[start + len(lead) : end] in data["pronouns"]
            ):
                start += len(lead)
                changed = True
    if sentence[start : start + 1] in ("他", "她", "它") and sentence[start + 1 : start + 2] in (
        "在",
        "对",
        "對",
        "向",
        "于",
        "於",
        "就",
        "从",
        "從",
    ):
        return start, start + 1
    issued = _issued().search(sentence, start, end)
    cut = _CHINESE_CUT.search(sentence, start, end)
    if cut and cut.start() - start >= 2 and issued is None:
        rest = sentence[cut.end() : end]
        # 在工厂工作的王小明: the name follows 的.
        last = re.search(r"的(?=[\u4e00-\u9fff·]{2,8}$)(?!.*[中上下时時里裡内內会會间間][表]?$)", rest)
        if last is None or cut.start() - start > 2:
            end = cut.start()
    tail = _CHINESE_TAIL.search(sentence, min(start + 1, end), end)
    end = tail.start() if tail else end
    relative = None if issued or _POINTING.match(sentence, start) else re.match(r".*的(?=[\u4e00-\u9fff]{2,4}$)", sentence[start:end])
    if relative and re.search(r"了|在|岁|歲|工作|来自|來自|从事", relative[0][:-1]):
        start += relative.end()  # 工作了六年的…: what a person did is not part of the name
    while end > start and sentence[end - 1] in " 　":
        end -= 1
    joint = _JOINT.match(sentence, start, end)
    if joint:
        start = joint.end()
    text = sentence[start:end]
    if (len(text) < 2 and text not in _SURNAMES) or len(_LATIN.sub("aa", _BRACKETS.sub("", text))) > _LONGEST_SPEAKER:
        return None
    if text.startswith(tuple(data["not_speakers"])) and text not in data["pronouns"] and not _POINTING.match(text):
        return None
    if _NO_SPEAKER.search(text):
        return None
    return start, end


# 这名护士 · 一些学者 · 有人: they begin like words that are not speakers.
_POINTING = re.compile(
    r"该|該|[这這那](?:[名位家份项項篇个個些种種]|[两兩几幾三四]|[^，]{0,4}(?:报告|報告|研究|调查|調查|声明|聲明|文章))|一(?:[名位个個些家份项項篇]|部分)|其(?!中)|有(?:人|些|官[员員]|[专專]家|[学學]者|媒[体體])"
)


@cache
def _issued() -> re.Pattern[str]:
    """A document and who issued it when: 审计署今年发布的一份报告."""
    return re.compile(rf"的(?:一[份项項篇])?[^的，在]{{0,10}}{alternation(load('zh')['documents'])}$")


# 李说: some texts use a surname alone.
_SURNAMES = frozenset(
    "他她它我王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹彭曾肖蕭田董袁潘蔡蒋蔣余于杜叶葉程苏蘇魏吕呂丁任卢盧姚沈钟鍾崔谭譚陆陸范汪廖石金贾賈韦韋夏付方白邹鄒孟熊秦邱江尹薛闫閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯朴文安"
)
_COMMA = re.compile(r"(?<!\d),|,(?!\d)")
# （新华社北京11月18日电）· 中新社上海5月2日电（记者 王小明） · 本报讯
_DATELINE = re.compile(
    r"[（(【]?(?:[^，。（）()【】\n]{2,20}(?:\d{1,2}日|[今昨]日)?[电電]|本[报報][讯訊]|[^，。（）()【】\n]{2,8}[讯訊](?=[）)】 ]))"
    r"(?:[）)】]|\s|[（(][^（）()\n]{2,20}[）)]){1,4}"
)
# Between a cue and its quotation; a noun needs a colon: 表示反对意见：“…”.
_GAP = re.compile(r"^[^，,]{0,6}[：:]\s*$|^[ ：:，,“了着道過过]+$")
_CONTINUES = re.compile(r"[：:，,]\s*\S")
_LATIN = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž.'’-]*")
_BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)")
_LONGEST_SPEAKER = 34  # characters; a word in Latin letters counts two

# Signs that a phrase is not a noun phrase, or not one that speaks.
_NO_SPEAKER = re.compile(
    "|".join(
        (
            # words inside: verbs and conjunctions
            r"[強调調示出][了调調]|[认認]为|認為|(?<![但凡总總])是|[没沒]有|不能|可以|[应應][该該]|如果|因[为為]|[虽雖]然|可能|[将將]会|[卻却]因|无法|無法"
            r"|拒[绝絕]|要求|[曾已]被|被列|了(?!解|[^，]{0,40}的)|(?<![少中上大])[将將](?!军|軍|[领領]|士|[来來]|$)|[帮幫]助|提到|重申|同意|[请請]求|/",
            # at the beginning: prepositions, adverbs and verbs
            r"^(?:[对對]|在|[为為]了|[关關][于於]|被|把|由|或|若|除|而|但|并|並|[的之以“「『]|根?[据據依]|仍|已|再|不|截[至止]|到目前|呼[吁籲]|[检檢]查|公布"
            r"|[发發]布|累[计計]|新增|[当當](?![局地事选選晚天]))",
            # at the end: particles and verbs
            r"(?:[的了着著和与與得不未没时時后後中里裡来來获獲做听聽]|[报報]称?|(?<![海机機])[关關]|一些|[做作发發][出布佈表]|涉嫌|[为為]止|[他她们們][会會])$",
            # the whole: dates, and adverbs such as 老实说
            r"^(?:(?:[周週]|星期|[礼禮]拜)[一二三四五六日天末]|\d{1,4}[年月日]|[昨今明][日天晚])$",
            r"^(?:老[实實]|坦白|坦率|[简簡][单單]|[总總][的之体體]|一般|[严嚴]格|[准準][确確]|[确確]切|[换換]句[话話]|具[体體]|[反倒][过過])(?:[来來地])?$",
        )
    )
)


# What belongs to the sentence before, if the text has no blank between them, or an odd quotation mark.
_JOINT = re.compile(r"[^\"]*[\u4e00-\u9fff][.?!](?=[\u4e00-\u9fff])|[^\"]*\"(?=[^\"]+$)")

# Characters of a quotation that may be a name before its noun, with its marks: fewer if another quotation follows.
_LONGEST_QUOTED_NAME, _SHORT_QUOTED_NAME = 16, 7


def read_chinese(sentence: str, offset: int, last: Range | None, people: People) -> list[Statement]:
    """Return the statements of a Chinese sentence; `last` is the last speaker."""
    patterns = cue_patterns("zh")
    found: list[Statement] = []
    taken: set[int] = set()
    sentence = _COMMA.sub("，", sentence)
    dateline = _DATELINE.match(sentence)
    if dateline:
        sentence = " " * dateline.end() + sentence[dateline.end() :]
    # “…”，她说，“…”: the cue belongs to both, also to the first.
    interrupted = patterns["after"].match(sentence)
    if interrupted and not patterns["more"].match(sentence, interrupted.end()):
        interrupted = None
    first = 0  # where the first statement that announces a quotation begins
    if HEAD in sentence:
        for key in ("after", "before") if interrupted else ("before", "after"):
            for match in patterns[key].finditer(sentence):
                q = match.span("q")
                if q[0] in taken or (
                    key == "before"
                    and q[1] - q[0] < 9
                    and match["cue"] in ("称", "稱", "提到", "宣布", "问", "介绍", "答", "说", "预计", "相信", "希望")
                ):
                    continue
                behind = sentence[q[1] : q[1] + 1]
                longest_name = _LONGEST_QUOTED_NAME if patterns["more"].match(sentence, match.end()) is None else _SHORT_QUOTED_NAME
                if key == "after" and q[1] - q[0] < longest_name and q[1] == match.start("np") and _CONTINUES.match(sentence, match.end()):
                    continue  # “警察局”发言人说：…: a name
                if key == "before" and match["cue"] in ("告诉", "告訴") and behind in ("，", "：", ":"):
                    continue  # 告诉“法新社”，…: a hearer
                subject = _chinese_phrase(sentence, match.span("np"))
                if subject is None:
                    continue
                content = [q]
                rest = sentence[q[1] :].strip(" ，。,.！!？?；;")
                if key == "before" and match.end("cue") < q[0] and _GAP.sub("", sentence[match.end("cue") : q[0]]):
                    continue  # 表示这是“…”的: the clause, not only the quotation
                if key == "before" and rest and sentence[q[0] - 1] not in "：:，," and rest[0] not in "并同他她但":
                    continue
                more = patterns["more"].match(sentence, match.end())
                if key == "after" and more and more.start("q") not in taken:
                    content.append(more.span("q"))
                taken.update(start for start, _ in content)
                first = match.start("np") if key == "before" and not found else first
                found.append(combined(content, match.span("cue"), subject, offset, 0.85))
            if found:
                break
    if found:
        return [*_reported(sentence, offset, first - 1), *found] if first > _SHORTEST_BEFORE else found
    body = len(sentence.rstrip("。！？!?；; ."))
    according = patterns["according"].search(sentence)
    if according and _cites(according):
        start = skip_spaces(sentence, according.end())
        source = according.start("np"), according.start("np") + len(according["np"].rstrip("的 "))
        if re.search(r"(?:[发發][布佈表]|公[布佈]|[进進]行|[开開]展)$", according["np"]):
            source = source[0], according.end("tail")  # 根据本周发布的报告
        if body - start > 3 and len(_BRACKETS.sub("", sentence[slice(*source)])) <= 30:
            return [combined([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
        return []
    found = _reported(sentence, offset, body)
    if found:
        return found
    tail = patterns["tail"].search(sentence)
    if tail and tail.start() > 5:
        subject = _chinese_phrase(sentence, tail.span("np"))
        if subject:
            start = skip_spaces(sentence, 0)
            return [combined([(start, tail.start())], tail.span("cue"), subject, offset, 0.7, direct=False)]
    return []


_SHORTEST_BEFORE = 12  # characters of a statement before another that announces a quotation
_NO_SOURCE = re.compile(r"\s*(?:[的之]|并|並|其中)")


def _cites(according: re.Match[str]) -> bool:
    """Return whether a formula names a source: 据X报道, or 据X with a word for a source."""
    data, np = load("zh"), according["np"]
    if _NO_SOURCE.match(np) or (len(np) < 2 and not according["tail"]):
        return False
    if according["tail"]:
        return not np.startswith(tuple(data["not_speakers"])) or _POINTING.match(np) is not None
    return any(term in np for key in SOURCE_LISTS for term in data[key])


def _reported(sentence: str, offset: int, body: int) -> list[Statement]:
    """Read statements clause by clause: X表示，… · X…，并指出… · …，X则认为….

    A clause whose verb has no subject of its own continues the speaker of the clause before it.
    """
    found: list[tuple[Range, Range, int]] = []  # speaker, cue, start of the content
    ends: list[int] = []
    for clause in _CLAUSE.finditer(sentence, 0, body):
        cue = _reporting_verb(sentence, clause.start(), clause.end(), body)
        if cue is None:
            continue
        before = sentence[clause.start() : cue[0]]
        bare = _CHINESE_TAIL.sub("", _JOINING.sub("", before.strip(" ”」』"))).strip() == ""
        subject = None if bare else _chinese_phrase(sentence, (clause.start(), cue[0]))
        if found:
            contrast = sentence[clause.start() - 1] in "；;" or _CONTRAST.match(before)
            if not ((bare and _JOINED.search(before)) or (subject and contrast)):
                continue
        if subject is None:
            subject = found[-1][0] if found else _first_subject(sentence, clause.start()) if bare else None
        if subject is None:
            continue
        if found:
            ends.append(clause.start() - 1)
        found.append((subject, cue, skip_spaces(sentence, cue[1] + (sentence[cue[1] : cue[1] + 1] in ("：", ":")))))
    ends.append(body)
    return [
        combined([(start, end)], cue, subject, offset, 0.7, direct=False)
        for (subject, cue, start), end in zip(found, ends, strict=False)
        if end - start > 3
    ]


def _reporting_verb(sentence: str, start: int, end: int, body: int) -> Range | None:
    """Return the first verb in a clause that reports what follows it."""
    for match in cue_patterns("zh")["verb"].finditer(sentence, start, end):
        cue = match["cue"]
        gap = sentence[match.end() : match.end() + 1] in ("，", ",", "：", ":")
        if _BLOCKED.search(sentence, max(start, match.start() - 3), match.start()) or body - match.end() < 4:
            continue
        if not gap and (
            (cue in _NEEDS_COMMA and (cue != "指" or match.start() > start))
            or _NOMINAL.match(sentence, match.end())
            or end - match.end() < 4
        ):
            continue
        plain = gap or len(cue) > 2 or _CLAUSAL.match(sentence, match.end())
        if not plain and (cue not in _FREE or (cue in ("称", "稱") and _NAMING.match(sentence, match.end(), end))):
            continue
        if cue in _FINDS and not _finds(sentence[start : match.start()]):
            continue
        if cue.startswith("表") and _FEELING.match(sentence, match.end()):
            continue
        return match.span("cue")
    return None


# What only a document or research does when it reports: 调查显示, 科学家发现.
_FINDS = frozenset("显示 顯示 发现 發現 表明".split())


def _finds(before: str) -> bool:
    data = load("zh")
    terms = (*data["documents"], *data["groups"], "研究", "测试", "測試", "实验", "實驗", "分析")
    return _CHINESE_TAIL.sub("", before).rstrip("们們员員").removesuffix("人").endswith(terms)


def _first_subject(sentence: str, limit: int) -> Range | None:
    """Return the subject of the clauses before `limit`.

    It precedes the first predicate of a sentence.
    """
    for clause in _CLAUSE.finditer(sentence, 0, limit):
        start, end = clause.span()
        opening = _CHINESE_START.match(sentence[start:end])
        if opening and opening.end() < end - start:
            start += opening.end()
        if sentence[start : start + 1] in ("他", "她", "它"):
            return start, start + (2 if sentence[start + 1 : start + 2] in ("们", "們") else 1)
        predicate = _PREDICATE.search(sentence, min(start + 2, end), end)
        if predicate is None and (len(sentence[start:end]) > 24 or end - start < 2 or _ADVERBIAL.match(sentence, start)):
            continue
        subject = _chinese_phrase(sentence, (start, predicate.start() if predicate else end))
        if subject:
            return subject
    return None


_CLAUSE = re.compile(r"[^，,；;：:。！？!?\n]+")
_JOINING = re.compile(
    r"^(?:(?:但|而|并|並|且|并且|並且|同时|同時|又|也|还|還|亦|另|另外|此外|随后|隨後|接着|接著|后|後|因此|不过|不過|然而|其中|於是|于是)\s?)*(?:[在于於][^，]{1,16}(?:中|上|时|時|前|后|後|里|裡))?"
)
_JOINED = re.compile(r"[并並且但而也还還又亦另]|同[时時]|[后後]来?|接[着著]")
_CONTRAST = re.compile(r"但|而|不[过過]|然而|另一|.{2,12}[则則]|.{2,10}也|.{2,10}[还還]")
# No report: 不认为 · 被认为 · 的报道 · 可能认为
_BLOCKED = re.compile(
    r"(?:不|没|沒|未|[没沒]有|[份项項篇]|[联聯]合|[发發][表布佈]|被|所|的|之|可能|[应應][该該]|可以|[拒][绝絕]|能[够夠]?|无法|無法|想|要|如|若|[难難]以|以"
    r"|(?<![后後])[来來]|(?<![数數证證论論])[据據]|[传傳]|听|聽|般|(?<![周週拜期])一|令人|使人|[让讓]人)$"
)
# A noun or a particle after the verb: 表示的 · 强调了重要性
_NOMINAL = re.compile(
    r"\s?(?:的|姓名|身份|身分|了(?!解)|[过過](?!去|[，,：:])|着|著|之[为為]|[为為作成]|[书書]|[会會](?=上)|中(?:的|$)|者|人士|度$)"
)
_PREDICATE = re.compile(
    r"[在於于向对對将將把被是有已曾正也都就从從以用跟仍並并與与]|反[对對]|支持|公布|發布|发布|釋出|释出|接受|[参參]加|出席|[形][容]|否[认認]|批[评評]|抨[击擊]|起草|感[谢謝]|因|[开開]始|[举舉]行|宣布|[现現]|[抵到][达達]"
    r"|[访訪][问問]|[发發]表|[计計][划劃]|[决決]定|[长長]期|[进進]行|希望|要求|推出|[质質]疑|[谴譴][责責]|[指][责責控]|.了(?!解)|呼[吁籲]|[签簽]署|提出|[没沒]|不|完成|[获獲]得|[当當][选選]"
    r"|[会會][见見]|警告|拒[绝絕]|[赞讚][扬揚]|[试試][图圖]|打算|承[认認]|援引|告[诉訴]"
)
_ADVERBIAL = re.compile(r"[在当當於于]|\d|此外|另外|[随隨][后後]|目前|[这這那]|但|不[过過]|然而|[对對]")

_FEELING = re.compile(
    r"(?:了|出)?(?:强烈|强力|热烈|衷心|诚挚|非常|十分|深切|严重)?(?:反对|反對|欢迎|歡迎|遗憾|遺憾|感谢|感謝|支持|满意|滿意|关切|關切|哀悼|祝贺|祝賀|谴责|譴責|同意|担忧|愤怒|憤怒|赞同|贊同|理解|尊重|不满"
    r"|不滿|抗议|抗議|慰问|慰問|敬意|歉意|[谢謝]意|[怀懷]疑|[关關]注|同情|[异異][议議]|[认認]同|肯定|[尊]敬|悲痛|震[惊驚]|[赞讚]|[异異][义義])"
)

_NEEDS_COMMA = frozenset(
    "介绍 介紹 回应 回應 批评 批評 评论 評論 呼吁 呼籲 说明 說明 解释 解釋 提到 谈到 談到 提及 回答 答 问 問 披露 澄清 质疑 質疑 "
    "談及 谈及 回忆 回憶 主张 主張 建议 建議 重申 担心 擔心 怀疑 懷疑 感叹 感嘆 补充 補充 警告 指 写道 直言 坦言 反驳 反駁 "
    "预计 預計 估计 估計 希望 "
    "称之为 稱之為 称其为 稱其為 爆料 抱怨 提醒 感慨 大喊 高呼".split()
)
_FREE = frozenset("表示 认为 認為 说 說 指出 相信 称 稱 声称 聲稱 宣称 宣稱 坚称 堅稱 辩称 辯稱 谎称 謊稱".split())
_NAMING = re.compile(r"[^，]{1,20}?(?:[为為]|[作做])(?!了)|[^，]{0,5}$")  # 称他为英雄: a name, no report
_CLAUSAL = re.compile(
    r"[自他她它对對这這该該]|[^，]{0,24}(?:可以|[将將会會已是有不没沒能需在被要仍无無正受遭到让讓了使来來得太]|可能|[应應][该該]|[计計][划劃]|[为為])"
)
