"""Build the weights file: tables, languages by script, and weights of n-grams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.language.model import UNSUPPORTED
from newsbeam.transforms.language.train import corpus
from newsbeam.transforms.language.train.alphabet import alphabet
from newsbeam.transforms.language.train.fit import Fitted, Plan, fit, whole_numbers
from newsbeam.transforms.language.train.refine import refine

# N-grams to fit per script, and those of the Latin script that ship.
_PLANS = {
    "Latn": Plan(grams=420_000),
    "Cyrl": Plan(grams=70_000),
    "Arab": Plan(grams=30_000),
    "Deva": Plan(grams=15_000),
    "Hani": Plan(grams=30_000, sentences=30_000, fragments=0),
    "Hebr": Plan(grams=5_000),
    "Beng": Plan(grams=5_000),
    "Ethi": Plan(grams=5_000),
    "Tibt": Plan(grams=5_000),
}
_SHIP = {"Latn": 370_000}
# Refined weights are multiples of these: they need less space.
_STEPS = {"Latn": 2}
_REFINED = Plan(grams=0, sentences=6_000, texts=4_000, fragments=500, rounds=1, batch=4_096)
# Handicap of a language, in units of the model, when a text is close to another: relatives of
# languages that are far more frequent on the web, and languages that are rare there.
_BEHIND = {"Latn": {"ms": -30, "bs": -30, "nn": -24, "sr": -12, "gl": 0}}
_BEHIND_RARE = -24
_BEHIND_UNSUPPORTED = {"Latn": -24}
_BEHIND_UNSUPPORTED_ELSEWHERE = -48
# Texts of a language relative to others: what is rare on the web must not win doubtful cases.
_RARE = 0.35
_PRIORS = {
    "Latn": dict.fromkeys(
        "sr br fj fo fy gd gl ha ht ig jv ku lb ln mg mt ny oc om rw sm su tk to ty uz wo "
        "qaa qab qad qae qaf qag qah qai qaj".split(), _RARE
    ),
    "Cyrl": dict.fromkeys("ba ky tg tt qbb".split(), _RARE),
    "Arab": dict.fromkeys("ku ps sd ug qbc".split(), _RARE),
    "Deva": {"ne": _RARE, "qba": _RARE},
    "Hebr": {"yi": _RARE},
    "Beng": {"as": _RARE},
    "Ethi": {"ti": _RARE},
    "Tibt": {"dz": _RARE},
}  # fmt: skip


def build(folder: Path, bench: list[str], out: Path, only: list[str] | None, again: Path | None) -> None:
    """Fit the scripts and write `out`.

    With `only`, the weights of other scripts are taken from `out`. With `again`, the weights of that file are refined.
    """
    leave_out = frozenset(corpus.key(text) for text in bench)
    tables = alphabet()
    arrays: dict[str, NDArray[Any]] = {}
    if only and out.is_file():
        with np.load(out, allow_pickle=False) as before:
            arrays = {name: before[name] for name in before.files}
    if again:
        with np.load(again, allow_pickle=False) as before:
            shipped = {name: before[name] for name in before.files}
        arrays = shipped | arrays
    for script, plan in _PLANS.items():
        if only and script not in only:
            continue
        priors = _PRIORS.get(script, {})
        if again:
            top = np.cumsum(shipped[f"{script}_keys"], dtype=np.uint32)
            fitted = refine(tables, script, folder, _REFINED, priors, leave_out, top, shipped[f"{script}_rows"])
        else:
            fitted = fit(tables, script, folder, plan, priors, leave_out)
        arrays |= _packed(script, fitted, _SHIP.get(script, plan.grams))
    arrays |= {"kind": tables.kind, "fold": tables.fold, "han": tables.han}
    handicaps = [_handicap(script, language) for script, languages in tables.scripts.items() for language in languages]
    arrays["priors"] = np.array(handicaps, np.int16)
    arrays["scripts"] = np.array([" ".join([script, *languages]) for script, languages in tables.scripts.items()])
    np.savez_compressed(out, allow_pickle=False, **arrays)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


def _handicap(script: str, language: str) -> int:
    if UNSUPPORTED.fullmatch(language):
        return _BEHIND_UNSUPPORTED.get(script, _BEHIND_UNSUPPORTED_ELSEWHERE)
    return _BEHIND.get(script, {}).get(language, _BEHIND_RARE if language in _PRIORS.get(script, {}) else 0)


def _packed(script: str, fitted: Fitted, most: int) -> dict[str, NDArray[Any]]:
    """Select the `most` most informative n-grams.

    They are sorted by the upper half of the key, and stored as differences. If a script has to give up n-grams, weights of one unit are
    dropped as well: they need a third of the space and matter very little.
    """
    rows = whole_numbers(fitted.weights)
    if script in _STEPS:
        rows = (np.rint(rows / _STEPS[script]) * _STEPS[script]).clip(-126, 126).astype(np.int8)
    if most < len(rows):
        rows[np.abs(rows) <= 1] = 0
    spread = np.square(rows, dtype=np.int64).sum(axis=1)
    telling = np.flatnonzero(spread)
    telling = telling[np.argsort(-spread[telling], kind="stable")[:most]]
    top = (fitted.keys[telling] >> np.uint64(32)).astype(np.uint32)
    order = np.argsort(top, kind="stable")
    return {f"{script}_keys": np.diff(top[order], prepend=np.uint32(0)).astype(np.uint32), f"{script}_rows": rows[telling][order]}
