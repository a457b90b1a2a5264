"""Word classes by form and by ending, counted in Universal Dependencies.

    python -m newsbeam.transforms.attribution.train tags TREEBANKS

TREEBANKS holds one folder a treebank (UD_German-GSD or German-GSD). The parts named `test` are left out and measured on; PUD is
refused. Writes `weights/tags/xx.json`: `words`, the forms whose class the endings do not give, and `endings`, the class of up to
four last letters. A capital letter in front of an ending keeps words in capitals apart, as in German.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from newsbeam.transforms.attribution.tags import CLOSED, Tags

TARGET = Path(__file__).resolve().parents[1] / "weights" / "tags"
CODES = {
    "Chinese": "zh", "Croatian": "hr", "Czech": "cs", "Dutch": "nl", "Finnish": "fi", "French": "fr", "Galician": "gl", "German": "de",
    "Greek": "el", "Hebrew": "he", "Hungarian": "hu", "Icelandic": "is", "Indonesian": "id", "Italian": "it", "Norwegian": "nb",
    "Persian": "fa", "Polish": "pl", "Portuguese": "pt", "Romanian": "ro", "Russian": "ru", "Spanish": "es", "Swedish": "sv",
    "Turkish": "tr", "Ukrainian": "uk", "Vietnamese": "vi",
}  # fmt: skip
_OPEN = {"NOUN": "n", "PROPN": "p", "ADJ": "j", "ADV": "r", "NUM": "m", "INTJ": "z", "X": "z", "SYM": "z"}
_CLOSED = {"AUX": "x", "DET": "d", "PRON": "o", "ADP": "a", "SCONJ": "s", "CCONJ": "c", "PART": "t"}
_NONFINITE = ("VerbForm=Inf", "VerbForm=Part", "VerbForm=Ger", "VerbForm=Conv", "VerbForm=Sup", "VerbForm=Vnoun")
_SEEN = 2  # times that a form has to occur to be listed
_ENDINGS = 4  # times that an ending has to occur


def observed(path: Path) -> Iterator[tuple[str, str]]:
    """The words of a CoNLL-U file as they are printed, each with its class.

    Contractions are one word.
    """
    pending: tuple[str, int, list[str]] | None = None
    for line in path.read_text("utf-8").split("\n"):
        row = line.split("\t")
        if len(row) < 6 or "." in row[0]:
            continue
        if "-" in row[0]:
            pending = (row[1], int(row[0].split("-")[1]), [])
            continue
        code = _code(row[3], row[5])
        if pending is None:
            if code:
                yield row[1], code
            continue
        pending[2].append(code)
        if int(row[0]) == pending[1]:
            codes = [code for code in pending[2] if code]
            if codes:
                yield pending[0], codes[0] if set(codes) <= {"a", "d"} else codes[-1]
            pending = None


def _code(upos: str, features: str) -> str:
    if upos == "VERB":
        return "i" if any(form in features for form in _NONFINITE) else "v"
    return _OPEN.get(upos) or _CLOSED.get(upos, "")


def build(treebanks: Path) -> None:
    """Count, write one file a language, and print the accuracy.

    It is the number of words of the test parts that each classifies rightly.
    """
    train: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    test: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for folder in sorted(path for path in treebanks.iterdir() if path.is_dir()):
        name = folder.name.removeprefix("UD_")
        if name.endswith("PUD"):
            raise SystemExit(f"{folder}: PUD is not to be trained on")
        language = CODES.get(name.split("-")[0], "")
        for path in sorted(folder.glob("*.conllu")) if language else ():
            pairs = [(form, code) for form, code in observed(path) if any(char.isalpha() for char in form)]
            if "test" in path.name:
                test[language] += pairs
            else:
                train[language].update(pairs)
    TARGET.mkdir(parents=True, exist_ok=True)
    for language in sorted(train):
        data = counted(train[language])
        (TARGET / f"{language}.json").write_text(
            json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n", "utf-8"
        )
        tags = Tags(data["words"], data["endings"])
        right = sum(tags.of(form) == code for form, code in test[language])
        size = (TARGET / f"{language}.json").stat().st_size
        share = right / max(len(test[language]), 1)
        print(f"{language} {len(data['words'])} words, {len(data['endings'])} endings, {size // 1024} kB, {share:.3f} classed rightly")
        sys.stdout.flush()


def counted(pairs: Counter[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The tables of one language."""
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    endings: dict[str, Counter[str]] = defaultdict(Counter)
    for (form, code), count in sorted(pairs.items()):
        forms[form.lower()][code] += count
        if code not in CLOSED:
            mark = "^" if form[0].isupper() else ""
            for size in range(5):
                endings[mark + form.lower()[len(form) - size :] if size else mark][code] += min(count, 8)
    made = {ending: _best(codes) for ending, codes in sorted(endings.items()) if sum(codes.values()) >= _ENDINGS}
    # An ending that says what the shorter one says already is left out.
    made = {ending: code for ending, code in made.items() if len(ending.lstrip("^")) == 0 or Tags({}, made).shorter(ending) != code}
    by_ending = Tags({}, made)
    words = {}
    for form, codes in forms.items():
        code = _best(codes)
        total = sum(codes.values())
        if total < _SEEN or (code not in CLOSED and total < _SEEN + 1):
            continue
        if code in CLOSED or by_ending.of(form) != code:
            words[form] = code
    return {"words": dict(sorted(words.items())), "endings": made}


def _best(codes: Counter[str]) -> str:
    return max(sorted(codes), key=lambda code: codes[code])


if __name__ == "__main__":
    build(Path(sys.argv[1]))
