"""Refine shipped weights by published n-gram models and whole sentences.

The first fit draws most of its texts from lists of words. It leaves two things to gain. A product of
experts: the weights of a multinomial regression and the log-probabilities of a generative model of
n-grams are both sums over the n-grams of a text, so their sum is a set of weights too, and better
than either. And sentences: function words distinguish close languages, in the proportions
in which a sentence has them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.language.model import SCALE
from newsbeam.transforms.language.ngrams import BLANK, Keys, grams
from newsbeam.transforms.language.train import corpus
from newsbeam.transforms.language.train.alphabet import Alphabet
from newsbeam.transforms.language.train.fit import FLOOR, Corpora, Fitted, Floats, Plan, descend, read_all, worth

# Weight of the published log-probability of an n-gram of each length. The short ones are in every text
# and have been fitted well enough. Chosen on the development part of the bench.
_PUBLISHED = (0.0, 0.0, 0.15, 0.3, 0.6)
# Log-probability of a character after an n-gram of the language that never precedes it there.
_UNSEEN = -6.0
# Squares of gradients that the descent assumes to have seen: the larger, the more a text counts for
# the n-grams it has and the less for rare ones.
_SEEN = 2.0
_RATE = 0.15


def refine(
    alphabet: Alphabet,
    script: str,
    folder: Path,
    plan: Plan,
    priors: dict[str, float],
    leave_out: frozenset[str],
    top: NDArray[np.uint32],
    rows: NDArray[np.int8],
) -> Fitted:
    """Return better weights for the n-grams `top`, the upper halves of their keys.

    `rows` are their weights so far.
    """
    languages = alphabet.scripts[script]
    corpora = read_all(alphabet, script, folder, plan, leave_out)
    place = np.minimum(np.searchsorted(top, upper(corpora.keys)), len(top) - 1)
    kept = np.flatnonzero(top[place] == upper(corpora.keys))
    weights: Floats = rows.astype(np.float32) / np.float32(SCALE)
    own = place[kept]
    if len(languages) > weights.shape[1]:
        weights = _with_new(corpora, kept, own, weights, len(languages) - weights.shape[1])
    weights += published(alphabet, script, folder, languages, top, weights)
    fitted = np.ascontiguousarray(weights[own])
    descend(corpora, corpora.matrix[:, kept].tocsr(), fitted, [priors.get(language, 1.0) for language in languages], plan, _SEEN, _RATE)
    weights[own] = fitted
    return Fitted(top.astype(np.uint64) << np.uint64(32), weights)


def _with_new(corpora: Corpora, kept: NDArray[np.int64], own: NDArray[np.int64], weights: Floats, count: int) -> Floats:
    """Append columns for `count` languages that the weights do not have.

    They are what the log shares of the n-grams predict, by a regression over the languages that they have.
    """
    shares, _ = worth(corpora.matrix, corpora.keys, corpora.texts, [])
    logs = np.log(shares[:, kept].toarray().T + FLOOR).astype(np.float32)
    old = weights.shape[1]
    logs -= logs[:, :old].mean(axis=1, keepdims=True)
    mean = weights.mean(axis=1, keepdims=True)
    slope = float(((weights[own] - mean[own]) * logs[:, :old]).sum() / np.square(logs[:, :old]).sum())
    added = np.repeat(mean, count, axis=1)
    added[own] += slope * logs[:, old:]
    print(f"slope of log shares {slope:.3f}")
    return np.concatenate([weights, added], axis=1)


def published(alphabet: Alphabet, script: str, folder: Path, languages: list[str], top: NDArray[np.uint32], weights: Floats) -> Floats:
    """Return the weights that published models add to the n-grams `top`.

    For a language without one, what the others' models would make of its weights: the mean over the
    languages that have one, and the deviation of its weight from theirs, times a regression's slope.
    """
    inside = alphabet.inside(script)
    added = np.zeros_like(weights)
    has = np.zeros(len(languages), np.bool_)
    known = np.zeros(len(top), np.bool_)
    length = np.zeros(len(top), np.int64)
    for number, language in enumerate(languages):
        for order, model in enumerate(corpus.conditional(folder, corpus.folder_of(script, language)), 1):
            folded = [" ".join(parts) for parts in alphabet.words(model.texts, inside)]
            good = [at for at, gram in enumerate(folded) if len(gram) == order and " " not in gram]
            if not good:
                continue
            has[number] = True
            codes = np.frombuffer((" " + " ".join(folded[at] for at in good) + " ").encode("utf-16-le"), np.uint16)
            own = upper(grams(codes)[order :: order + 1, order - 1])
            place = np.minimum(np.searchsorted(top, own), len(top) - 1)
            hit = top[place] == own
            added[place[hit], number] = np.maximum(np.log(model.shares[good][hit]), _UNSEEN) - _UNSEEN
            known[place[hit]] = True
            length[place[hit]] = order
    added *= np.array([0.0, *_PUBLISHED], np.float32)[length][:, None]
    if not has.all() and has.any():
        mean = added[:, has].mean(axis=1, keepdims=True)
        base = weights[:, has].mean(axis=1, keepdims=True)
        deviation = (weights[:, has] - base)[known]
        slope = float((deviation * (added[:, has] - mean)[known]).sum() / np.square(deviation).sum())
        print(f"{script}: slope {slope:.3f}")
        added[:, ~has] = mean + slope * (weights[:, ~has] - base) * known[:, None]
    return added


def upper(keys: Keys) -> NDArray[np.uint32]:
    """Return the upper halves of the keys."""
    top: NDArray[np.uint32] = (keys >> np.uint64(32)).astype(np.uint32)
    return top


__all__ = ["BLANK", "refine"]
