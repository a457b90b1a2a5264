"""Who said what in thirty languages, against statements derived from the trees of Universal Dependencies.

    python tests/bench/attribution_ud.py build TREEBANKS DIR      # DIR/xx.tune.jsonl and DIR/xx.held.jsonl for each language
    python tests/bench/attribution_ud.py score DIR [--languages de fr] [--part tune|held] [--misses 20] [--reliability] [--news]

TREEBANKS holds one folder a treebank, as the repositories of Universal Dependencies do (UD_German-GSD or German-GSD). They are
fetched, never committed; PUD is refused, because it judges. Files named `test` make the held part, all others the tuning part.

A reporting verb (`attribution_ud.yaml`) with a subject and a clausal complement or a parataxis is a statement; so is a formula of
"according to" with its source. Sentences stand alone, each as a text of its own, and sentences without a statement are left out
but for the count of false alarms. A gold is optional, neither missed nor wrong, where the tree does not decide: no subject, a
relative pronoun as subject, a subject in the first or second person, a negated verb or one that is not indicative, a parataxis
without a verb, a statement inside another's content, an "according to" without a name or of a part of the sentence.

The scorer is `../shared/bench/attribution/score.py`: soft who-what F1, in which contents and sources agree by half of their words.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from newsbeam.transforms.attribution.dispatch import statements
from newsbeam.transforms.attribution.english.combine import statements as english
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.scores import calibrated

HERE = Path(__file__).resolve().parent
SCORER = HERE.parents[2] / "shared/bench/attribution/score.py"
CODES = {
    "Arabic": "ar", "Chinese": "zh", "Croatian": "hr", "Czech": "cs", "Dutch": "nl", "English": "en", "Finnish": "fi", "French": "fr",
    "Galician": "gl", "German": "de", "Greek": "el", "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu", "Icelandic": "is",
    "Indonesian": "id", "Italian": "it", "Japanese": "ja", "Korean": "ko", "Norwegian": "nb", "Persian": "fa", "Polish": "pl",
    "Portuguese": "pt", "Romanian": "ro", "Russian": "ru", "Spanish": "es", "Swedish": "sv", "Thai": "th", "Turkish": "tr",
    "Ukrainian": "uk", "Vietnamese": "vi",
}  # fmt: skip
Span = tuple[int, int]


@dataclass
class Word:
    """A word of a tree: number, form, lemma, class, head, relation, features, and where it stands in the text."""

    id: int
    form: str
    lemma: str
    upos: str
    head: int
    relation: str
    features: str
    span: Span
    subtype: str = ""


def trees(path: Path) -> Iterator[tuple[str, str, list[Word]]]:
    """The sentences of a CoNLL-U file: id, text, words."""
    meta: dict[str, str] = {}
    rows: list[list[str]] = []
    for line in [*path.read_text("utf-8").split("\n"), ""]:
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            meta[key.strip()] = value.strip()
        elif line:
            rows.append(line.split("\t"))
        elif rows:
            words = _aligned(rows, meta.get("text", ""))
            if words:
                yield meta.get("sent_id", ""), meta["text"], words
            meta, rows = {}, []


def _aligned(rows: list[list[str]], text: str) -> list[Word]:
    words: list[Word] = []
    at, joined, span = 0, 0, (0, 0)
    for row in rows:
        number = row[0]
        if "." in number:
            continue
        if "-" not in number and int(number) <= joined:
            pass  # one of the words of a contraction, which share its span
        else:
            start = text.find(row[1], at)
            if start < 0 or start - at > 3:
                return []
            span = (start, start + len(row[1]))
            at = span[1]
        if "-" in number:
            joined = int(number.split("-")[1])
            continue
        if not row[6].isdigit():
            return []
        relation, _, subtype = row[7].partition(":")
        words.append(Word(int(number), row[1], row[2], row[3], int(row[6]), relation, row[5], span, subtype))
    return words


class Tree:
    """A sentence with its words by head."""

    def __init__(self, words: list[Word]) -> None:
        self.words = {word.id: word for word in words}
        self.children: dict[int, list[Word]] = defaultdict(list)
        for word in words:
            self.children[word.head].append(word)

    def below(self, top: int, but: frozenset[int] = frozenset()) -> set[int]:
        """The words of a subtree, without the subtrees in `but`."""
        todo, seen = [top], {top}
        while todo:
            for child in self.children[todo.pop()]:
                if child.id not in seen and child.id not in but:
                    seen.add(child.id)
                    todo.append(child.id)
        return seen

    def spans(self, ids: set[int]) -> list[list[int]]:
        """The words as runs of the text, without punctuation at their edges but for quotation marks."""
        runs: list[list[int]] = []
        for number in sorted(ids):
            if runs and runs[-1][1] == number - 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        made = []
        for first, last in runs:
            while first <= last and self._edge(first):
                first += 1  # noqa: PLW2901
            while last >= first and self._edge(last):
                last -= 1  # noqa: PLW2901
            if first <= last and any(self.words[n].upos != "PUNCT" for n in range(first, last + 1)):
                made.append([self.words[first].span[0], self.words[last].span[1]])
        return made

    def _edge(self, number: int) -> bool:
        word = self.words[number]
        return word.upos == "PUNCT" and word.form not in "\"“”„«»‘’「」『』''"


def gold(tree: Tree, rules: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a tree."""
    made: list[dict[str, Any]] = []
    for word in tree.words.values():
        if _reports(tree, word, rules):
            made += _verb(tree, word, rules)
        elif word.lemma in rules["according"] or word.form.lower() in rules["according"]:
            made += _according(tree, word, rules)
    for item in made:
        inside = any(
            other is not item and other["_content"] >= item["_content"] | item["_cue"] and other["_content"] != item["_content"]
            for other in made
        )
        item["optional"] = item["optional"] or inside
    return [{key: value for key, value in item.items() if key[0] != "_"} for item in made]


def _reports(tree: Tree, word: Word, rules: dict[str, Any]) -> bool:
    if word.upos not in ("VERB", "AUX", "NOUN", "ADJ"):
        return False
    if word.form in rules.get("say_not", ()):
        return False
    if word.lemma in rules.get("say", ()):
        return word.upos == "VERB" or word.lemma != "mean"
    for stem in rules.get("say_form", ()):
        # 稱, but not 稱為; 說, but not 說明
        if word.form == stem or (len(stem) > 1 and (word.form.startswith(stem) or word.lemma.startswith(stem))):
            return True
    light = rules.get("light", {})
    return any(child.form in light and word.lemma.startswith(light[child.form]) for child in tree.children[word.id])


def _subject(tree: Tree, verb: Word) -> Word | None:
    for child in tree.children[verb.id]:
        if child.relation == "nsubj":
            return None if child.subtype == "pass" else child
    if verb.relation == "conj" and verb.head in tree.words:
        subject = _subject(tree, tree.words[verb.head])
        # "Fraga … e din que": a plural verb shares no subject in the singular, unless that names several
        if subject is None or _number(subject) in ("", _number(verb)) or not _number(verb) or _several(tree, subject):
            return subject
    return None


def _number(word: Word) -> str:
    return next((feature for feature in ("Number=Sing", "Number=Plur") if feature in word.features), "")


def _several(tree: Tree, noun: Word) -> bool:
    return any(child.relation == "conj" for child in tree.children[noun.id])


def _verb(tree: Tree, verb: Word, rules: dict[str, Any]) -> list[dict[str, Any]]:
    children = tree.children[verb.id]
    subject = _subject(tree, verb)
    clauses = [child for child in children if child.relation == "ccomp"]
    if not clauses:
        # one that reports itself holds no content: "si ripetono le stesse proiezioni, conferma Agostinucci"
        clauses = [child for child in children if child.relation == "parataxis" and "clauses_only" not in rules]
        clauses = [child for child in clauses if not (_reports(tree, child, rules) and _subject(tree, child))]
    if clauses:
        content = set().union(*(tree.below(clause.id) for clause in clauses))
    elif verb.relation == "acl" and (said := [child for child in children if child.relation == "obj" and "VerbForm" in child.features]):
        content = set().union(*(tree.below(clause.id) for clause in said))  # optional, as it has no subject: …diğini belirten X
    elif verb.relation == "parataxis" and verb.head in tree.words and "clauses_only" not in rules:
        content = tree.below(verb.head, frozenset([verb.id]))
    else:
        return []
    source = _noun_phrase(tree, subject) if subject else set()
    content -= source | {verb.id}
    spans = tree.spans(content)
    if not spans or sum(end - start for start, end in spans) < 4:
        return []
    negated = any("Polarity=Neg" in child.features and child.relation in ("advmod", "aux") for child in children)
    relative = subject is not None and ("PronType=Rel" in subject.features or "PronType=Int" in subject.features)
    spoken = subject is not None and _first_or_second(subject, rules)
    mood = any(
        feature in verb.features for feature in ("Mood=Imp", "Mood=Sub", "Mood=Cnd", "VerbForm=Ger", "VerbForm=Conv", "VerbForm=Inf")
    )
    passive = any(child.subtype == "pass" or (child.relation == "expl" and child.subtype == "pv") for child in children)
    fragment = bool(clauses) and clauses[0].relation == "parataxis" and not any(_is_clause(tree, clause) for clause in clauses)
    condition = any(child.relation == "mark" and child.form.lower() in rules.get("if", ()) for child in children)
    opening = min((tree.words[number] for number in content), key=lambda word: word.span).form
    other = opening.startswith(tuple(rules.get("content_not", ()))) or not opening.startswith(tuple(rules.get("content_begins", [""])))
    return [
        {
            "source": tree.spans(source)[:1],
            "cue": [list(verb.span)],
            "content": spans,
            "optional": subject is None
            or subject.span == verb.span
            or negated
            or relative
            or spoken
            or mood
            or passive
            or fragment
            or condition
            or other
            or "Polarity=Neg" in verb.features
            or "Voice=Pass" in verb.features,
            "_content": content,
            "_cue": {verb.id},
        }
    ]


def _first_or_second(subject: Word, rules: dict[str, Any]) -> bool:
    features = subject.features
    return "Person=1" in features or "Person=2" in features or subject.form.lower() in rules.get("first", ())


def _is_clause(tree: Tree, word: Word) -> bool:
    return word.upos in ("VERB", "AUX") or any(child.relation in ("cop", "nsubj") for child in tree.children[word.id])


def _noun_phrase(tree: Tree, noun: Word) -> set[int]:
    """A noun phrase without its relative clauses and what else hangs on it as a sentence."""
    clauses = frozenset(
        child.id
        for child in tree.words.values()
        if child.relation in ("acl", "parataxis", "case", "ccomp", "discourse") and child.head == noun.id
    )
    return tree.below(noun.id, clauses)


def _according(tree: Tree, word: Word, rules: dict[str, Any]) -> list[dict[str, Any]]:
    if word.relation in ("case", "fixed", "mark", "cc"):
        top = tree.words.get(word.head)
        while top is not None and top.relation == "fixed":
            top = tree.words.get(top.head)
        if top is not None and top.relation in ("case", "mark"):
            top = tree.words.get(top.head)
        noun = top
    else:
        top = word
        noun = next((child for child in tree.children[word.id] if child.relation in ("nmod", "compound", "obl", "det")), None)
    if top is None or noun is None or top.head not in tree.words or top.upos == "VERB":
        return []
    behind = tree.words.get(word.id + 1)
    following = rules.get("according_next", [])
    if following and (behind is None or behind.form not in following):
        return []  # による, but not によると
    source = tree.below(noun.id) - ({word.id} | {child.id for child in tree.children[noun.id] if child.relation == "case"})
    for child in tree.children[noun.id]:
        if child.relation in ("case", "acl", "punct"):
            source -= tree.below(child.id)
    content = tree.below(top.head, frozenset([top.id]))
    spans = tree.spans(content)
    if not spans or not source:
        return []
    return [
        {
            "source": tree.spans(source)[:1],
            "cue": [list(word.span)],
            "content": spans,
            "optional": tree.words[top.head].upos not in ("VERB", "ADJ", "AUX", "NOUN")
            or tree.words[top.head].relation != "root"
            or not any(tree.words[n].upos == "PROPN" for n in source)
            or noun.lemma.lower().startswith(tuple(rules.get("standards", ["\ue000"]))),
            "_content": content,
            "_cue": {word.id},
        }
    ]


def build(treebanks: Path, target: Path) -> None:
    """Write the bench of every language that has a treebank."""
    rules = yaml.safe_load((HERE / "attribution_ud.yaml").read_text("utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for folder in sorted(path for path in treebanks.iterdir() if path.is_dir()):
        name = folder.name.removeprefix("UD_")
        if name.endswith("PUD"):
            raise SystemExit(f"{folder}: PUD judges; leave it out")
        language = CODES.get(name.split("-")[0], "")
        if language not in rules:
            continue
        for path in sorted(folder.glob("*-ud-*.conllu")):
            part = "held" if "test" in path.name else "tune"
            for number, text, words in trees(path):
                if number.startswith(tuple(rules[language].get("skip", ()))):
                    continue
                items = gold(Tree(words), rules[language])
                if len(text) > 20:
                    made[language, part].append(
                        json.dumps(
                            {"doc": f"{name}/{number}", "language": language, "text": text, "attributions": items}, ensure_ascii=False
                        )
                    )
    for (language, part), lines in sorted(made.items()):
        (target / f"{language}.{part}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def predicted(text: str, language: str) -> list[dict[str, Any]]:
    """What newsbeam says of a text in `language`, as the scorer reads it."""
    people = People(text, language)
    return [
        {
            "source": [list(item.speaker)] if item.speaker else [],
            "cue": [list(item.cue)] if item.cue[0] >= 0 else [],
            "content": [list(span) for span in item.content],
            "score": item.score,
        }
        for item in (english(text) if language == "en" else statements(text, language, people))
    ]


def scorer() -> ModuleType:
    """The scorer of the shared bench."""
    spec = importlib.util.spec_from_file_location("score", SCORER)
    if spec is None or spec.loader is None or not SCORER.exists():
        raise SystemExit(f"{SCORER} is not there: the bench needs its scorer")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Build the bench or score on it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build")
    command.add_argument("treebanks", type=Path)
    command.add_argument("target", type=Path)
    command = commands.add_parser("score")
    command.add_argument("bench", type=Path)
    command.add_argument("--languages", nargs="*")
    command.add_argument("--part", choices=("tune", "held"), default="tune")
    command.add_argument("--misses", type=int, default=0, help="sentences to print whose statements are not all right")
    command.add_argument("--reliability", action="store_true", help="also print how often statements are right, by their score")
    command.add_argument("--news", action="store_true", help="only treebanks and documents of news and encyclopedias (`news` of the rules)")
    command.add_argument("--pairs", action="store_true", help="print nothing but language, score and rightness, for train/scores.py")
    command.add_argument("--limit", type=int, default=400, help="sentences with statements a language, at most")
    arguments = parser.parse_args()
    if arguments.command == "build":
        build(arguments.treebanks, arguments.target)
        return
    score = scorer()
    if not arguments.pairs:
        print("      sents  gold    P    R   F1   content-F1  false alarms per 100 other sentences")
    for path in sorted(arguments.bench.glob(f"*.{arguments.part}.jsonl")):
        language = path.name.split(".")[0]
        if not arguments.languages or language in arguments.languages:
            report(score, path, language, arguments)


BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 1.01)


def report(score: ModuleType, path: Path, language: str, arguments: argparse.Namespace) -> None:
    """Print the figures of one language, and the sentences that are not all right."""
    limit, misses = arguments.limit, arguments.misses
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if arguments.news:
        kinds = tuple(yaml.safe_load((HERE / "attribution_ud.yaml").read_text("utf-8"))[language].get("news", [""]))
        rows = [row for row in rows if row["doc"].startswith(kinds)]
    withs = [row for row in rows if any(not item["optional"] for item in row["attributions"])]
    withs = withs[:: max(len(withs) // limit, 1)]
    others = [row for row in rows if not row["attributions"]]
    others = others[:: max(len(others) // limit, 1)]
    hits = {"who-what": 0, "content": 0}
    n_gold = n_predicted = printed = 0
    right: dict[float, list[bool]] = defaultdict(list)
    for row in withs:
        made = predicted(row["text"], language)
        result = judge(score, row, made)
        n_gold += result["gold"]
        n_predicted += result["predicted"]
        for key in hits:
            hits[key] += result[key]
        for index, item in enumerate(made):
            if index in result["left_out"]:
                continue
            if arguments.pairs and item["source"]:
                print(language, item["score"], int(index in result["right"]), sep="\t")
            score_of = calibrated(item["score"], language) if item["source"] and language != "en" else item["score"]
            right[max(low for low in BINS if low <= score_of)].append(index in result["right"])
        if printed < misses and (result["who-what"] < max(result["gold"], result["predicted"])):
            printed += 1
            show(row, made)
    if arguments.pairs:
        return
    alarms = sum(len([item for item in predicted(row["text"], language) if item["source"]]) for row in others)
    p, r = hits["who-what"] / max(n_predicted, 1), hits["who-what"] / max(n_gold, 1)
    f1 = 2 * hits["who-what"] / max(n_predicted + n_gold, 1)
    content = 2 * hits["content"] / max(n_predicted + n_gold, 1)
    print(f"{language:3} {len(withs):6} {n_gold:6}  {p:.2f} {r:.2f} {f1:.3f}  {content:.3f}  {100 * alarms / max(len(others), 1):6.1f}")
    if arguments.reliability:
        for low, high in itertools.pairwise(BINS):
            if right[low]:
                print(f"      score {low:.1f} to {min(high, 1.0):.1f}: {len(right[low]):5}, right {sum(right[low]) / len(right[low]):.2f}")
    sys.stdout.flush()


def judge(score: ModuleType, row: dict[str, Any], made: list[dict[str, Any]]) -> dict[str, Any]:
    """Hits of one sentence: pairs of greatest overlap in content, one to one; optional golds and their partners are left out."""
    doc = score.Doc(row["text"])
    if row["language"] in ("ja", "th", "zh"):  # no blanks: every letter is a word
        doc.tok = [(n, n + 1) for n in range(len(row["text"]))]
        doc.word = [char.isalnum() for char in row["text"]]

    def words(spans: list[list[int]]) -> frozenset[int]:
        return frozenset(n for n, (start, end) in enumerate(doc.tok) if doc.word[n] and any(start < b and a < end for a, b in spans))

    golds = [(words(item["content"]), words(item["source"]), item["optional"]) for item in row["attributions"]]
    guesses = [(words(item["content"]), words(item["source"])) for item in made]
    pairs = sorted(
        ((_dice(g[0], p[0]), _dice(g[1], p[1]), i, j) for i, g in enumerate(golds) for j, p in enumerate(guesses) if g[0] & p[0]),
        key=lambda pair: (-pair[0], -pair[1], golds[pair[2]][2], pair[2]),
    )
    result: dict[str, Any] = {"gold": sum(not item[2] for item in golds), "predicted": len(guesses), "who-what": 0, "content": 0}
    result |= {"right": set(), "left_out": set()}
    used_gold: set[int] = set()
    used: set[int] = set()
    for content, source, i, j in pairs:
        if i in used_gold or j in used:
            continue
        used_gold.add(i)
        used.add(j)
        if golds[i][2]:
            result["predicted"] -= 1
            result["left_out"].add(j)
        elif content >= 0.5:
            result["content"] += 1
            result["who-what"] += source >= 0.5
            if source >= 0.5:
                result["right"].add(j)
    return result


def _dice(a: frozenset[int], b: frozenset[int]) -> float:
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0


def show(row: dict[str, Any], made: list[dict[str, Any]]) -> None:
    """Print a sentence with its golds and what was made of it."""
    text = row["text"]
    print(f"\n{row['doc']}\n{text}")
    for mark, items in (("gold", row["attributions"]), ("made", made)):
        for item in items:
            who, cue, what = (" … ".join(text[a:b] for a, b in item[key]) for key in ("source", "cue", "content"))
            print(f"  {mark}{'?' if item.get('optional') else ' '} [{who}] <{cue}> {what}")


if __name__ == "__main__":
    main()
