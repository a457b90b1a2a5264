"""The network in floating point, and its training with jax.

It runs in one thread, so the weights are the same in every run on one kind of machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from newsbeam.transforms.attribution.english.encoding import SIGNS
from newsbeam.transforms.attribution.train.corpus import CONTEXT_TOKENS, Chunk, rows, tensors

EARLY, LATE = (1, 2, 4, 8), (1, 2, 4, 8, 16)  # dilations of the convolutions
WIDTH, NARROW = 96, 48  # width of the first and of the second part
VECTOR, ENDING = 64, 16
MAX_ACTIVATION = 4.0  # activations are clipped to this
_DROPOUT = 0.12
_LEARNING_RATE = 2e-3
_TUNING_RATE = 5e-4

Weights = dict[str, Any]


def initialise(key: Any, vectors: np.ndarray[Any, Any], endings: int, trained: int) -> Weights:
    """Initialise the weights.

    `vectors` (words, VECTOR) are fixed; for `trained` words, a difference to them is learned.
    """
    keys = iter(jax.random.split(key, 64))

    def matrix(rows: int, columns: int, gain: float = 1.0) -> Any:
        return jax.random.normal(next(keys), (rows, columns)) * gain / np.sqrt(rows)

    weights: Weights = {
        "endings": jax.random.normal(next(keys), (endings, ENDING)) * 0.3,
        "differences": jnp.zeros((trained, VECTOR)),
        "first": matrix(VECTOR + ENDING + SIGNS, WIDTH, 1.4),
        "first.bias": jnp.zeros(WIDTH),
        "cue": matrix(WIDTH, 3, 0.5),
        "cue.bias": jnp.zeros(3),
        "any": matrix(WIDTH, 3, 0.5),
        "any.bias": jnp.zeros(3),
        "token": matrix(WIDTH, NARROW),
        "token.bias": jnp.zeros(NARROW),
        "head": matrix(WIDTH, NARROW),
        "places": jax.random.normal(next(keys), (2 * CONTEXT_TOKENS + 1, NARROW)) * 0.3,
        "where": jax.random.normal(next(keys), (14, NARROW)) * 0.5,
        "marked": jax.random.normal(next(keys), (NARROW,)) * 0.5,
        "role": matrix(NARROW, 3, 0.5),
        "role.bias": jnp.zeros(3),
    }
    for name, width, count in (("early", WIDTH, len(EARLY)), ("late", NARROW, len(LATE))):
        for number in range(count):
            weights[f"{name}{number}"] = matrix(3 * width, width)
            weights[f"{name}{number}.bias"] = jnp.zeros(width)
    return weights


def _shift(values: Any, by: int) -> Any:
    padding = [(0, 0)] * values.ndim
    length = values.shape[-2]
    padding[-2] = (by, 0) if by > 0 else (0, -by)
    padded = jnp.pad(values, padding)
    return padded[..., :length, :] if by > 0 else padded[..., -by:, :]


def _dropout(key: Any, values: Any, rate: float) -> Any:
    # One mask per range of tokens: one per token would cost more than the products.
    ranges = 16 if values.ndim == 2 else 1
    mask = jax.random.bernoulli(key, 1 - rate, (*values.shape[:-2], ranges, values.shape[-1])) / (1 - rate)
    return values * (jnp.repeat(mask, values.shape[0] // 16, 0) if values.ndim == 2 else mask)


def _activate(values: Any) -> Any:
    return jnp.clip(values, 0, MAX_ACTIVATION)


def _convolutions(weights: Weights, name: str, dilations: tuple[int, ...], hidden: Any, inside: Any, key: Any) -> Any:
    for number, step in enumerate(dilations):
        joined = jnp.concatenate([_shift(hidden, step), hidden, _shift(hidden, -step)], -1)
        joined = _dropout(jax.random.fold_in(key, number), joined, _DROPOUT)
        hidden = _activate(hidden + joined @ weights[f"{name}{number}"] + weights[f"{name}{number}.bias"]) * inside
    return hidden


def _cross_entropy(scores: Any, truth: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), truth[..., None], -1)[..., 0]


def loss(weights: Weights, vectors: Any, row: dict[str, Any], key: Any) -> tuple[Any, Any]:
    """Return the total loss and its parts: cue, role by token, role by cue."""
    keys = jax.random.split(key, 8)
    word = vectors[row["words"]] + weights["differences"][row["trained"]] * (row["trained"] > 0)[:, None]
    word = word * jax.random.bernoulli(keys[0], 0.95, (*word.shape[:-1], 1))
    values = _dropout(keys[1], jnp.concatenate([word, weights["endings"][row["endings"]], row["signs"]], -1), _DROPOUT)
    hidden = _activate(values @ weights["first"] + weights["first.bias"]) * row["inside"]
    encoded = _convolutions(weights, "early", EARLY, hidden, row["inside"], keys[2])
    encoded = _dropout(keys[3], encoded, _DROPOUT)
    inside = row["inside"][:, 0]
    cue = (_cross_entropy(encoded @ weights["cue"] + weights["cue.bias"], row["cue"]) * inside).sum() / 150
    token = (_cross_entropy(encoded @ weights["any"] + weights["any.bias"], row["role"]) * inside).sum() / 1000

    index = row["anchor"][:, None] + jnp.arange(2 * CONTEXT_TOKENS + 1)[None]
    edges = ((CONTEXT_TOKENS, CONTEXT_TOKENS), (0, 0))
    within = jnp.pad(row["inside"], edges)[index]
    head = jnp.max(jnp.where(row["marked"][..., None] > 0, jnp.pad(encoded, edges)[index], 0), 1)
    near = jnp.pad(encoded @ weights["token"], edges)[index] + weights["token.bias"] + weights["places"] + weights["where"][row["where"]]
    near = near + (head @ weights["head"])[:, None] + row["marked"][..., None] * weights["marked"]
    hidden = _convolutions(weights, "late", LATE, _activate(near) * within, within, keys[4])
    scores = _dropout(keys[5], hidden, _DROPOUT) @ weights["role"] + weights["role.bias"]
    role = (_cross_entropy(scores, row["around"]) * within[..., 0] * row["counts"][:, None]).sum() / 500
    return cue + 0.3 * token + role, jnp.stack([cue, token, role])


def _one_step(weights: Weights, vectors: Any, state: Any, row: dict[str, Any], key: Any, rate: Any, count: Any) -> Any:
    """Take one step of Adam with weight decay.

    Gradients are clipped to norm 5. `state` has both moments and the running mean of the weights.
    """
    (_, parts), gradients = jax.value_and_grad(loss, has_aux=True)(weights, vectors, row, key)
    length = jnp.sqrt(sum((slope**2).sum() for slope in gradients.values()))
    clip = jnp.minimum(1.0, 5.0 / length)
    first, second, mean = state
    first = {name: 0.9 * first[name] + 0.1 * gradients[name] * clip for name in weights}
    second = {name: 0.99 * second[name] + 0.01 * (gradients[name] * clip) ** 2 for name in weights}

    def moved(name: str) -> Any:
        by = (first[name] / (1 - 0.9**count)) / (jnp.sqrt(second[name] / (1 - 0.99**count)) + 1e-6)
        decay = 0.02 if weights[name].ndim > 1 and name not in ("differences", "endings") else 0.0
        return weights[name] - rate * (by + decay * weights[name])

    weights = {name: moved(name) for name in weights}
    mean = {name: 0.998 * mean[name] + 0.002 * weights[name] for name in weights}
    return weights, (first, second, mean), parts


_step = jax.jit(_one_step)


def fit(
    parts: list[Chunk],
    vectors: np.ndarray[Any, Any],
    endings: int,
    trained: np.ndarray[Any, Any],
    epochs: int,
    seed: int,
    start: Weights | None = None,
) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
    """Train; yield the running mean of the weights after each epoch.

    The weights include the trained `vectors`. `trained` maps each word to the index of its
    difference, or to 0 if its vector is fixed. Given weights to `start` from are tuned at a lower rate.
    """
    rng = np.random.default_rng(seed)
    key = jax.random.PRNGKey(seed)
    weights = initialise(key, vectors, endings, int(trained.max()) + 1)
    if start is not None:
        weights |= {name: jnp.asarray(start[name]) for name in weights if name in start}
    top_rate = _LEARNING_RATE if start is None else _TUNING_RATE
    fixed = jnp.asarray(vectors)
    zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
    state = (zeros, zeros, weights)
    total = len(rows(parts, np.random.default_rng(seed))) * epochs
    count = 0
    began = time.monotonic()
    for epoch in range(epochs):
        costs = np.zeros(3)
        made = rows(parts, rng)
        for row in made:
            count += 1
            given = tensors(row, rng)
            given["trained"] = trained[given["words"]]
            rate = top_rate * min(1.0, count / 300) * max(0.01, 0.5 * (1 + np.cos(np.pi * min(1.0, count / total))))
            weights, state, costs_now = _step(weights, fixed, state, given, jax.random.fold_in(key, count), rate, count)
            costs += np.asarray(costs_now)
        cue, token, role = costs / len(made)
        print(f"epoch {epoch + 1}: cue {cue:.3f}, token {token:.3f}, role {role:.3f}; {time.monotonic() - began:.0f} s", flush=True)
        mean = {name: np.asarray(value) for name, value in state[2].items()}
        differences = mean.pop("differences")
        mean["vectors"] = vectors + differences[trained] * (trained > 0)[:, None]
        yield mean
