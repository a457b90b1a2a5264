"""The convolutional network of the English tagger, in integer arithmetic.

Weights and activations are integers stored as float32. Products and sums stay below 2**24, where
float32 is exact, so a matrix product has the same bits on every machine, in every order of
summation and with every library. `train` checks the bound and rejects weights that violate it.
Between layers, values are rounded to 8 bits: 0..255 represents 0..4.

The first part reads the complete document. The input of a token is the sum of its word vector, its
ending vector and its features. Four iterated dilated convolutions (Strubell et al. 2017) give each
token a context of fifteen tokens on either side. One matrix then scores the cues.

The second part reads `reach` tokens on either side of each cue, with their positions relative to
it, and labels them as source, content or neither (as in semantic role labelling). Two cues may
therefore share a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MAX_ACTIVATION = 255.0  # maximum activation
_BATCH_TOKENS = 512  # tokens per batch; fits into the cache of a core
_BATCH_CUES = 12  # cues per batch


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear layer: `weight` (inputs, outputs) and `bias` (outputs).

    In layers that feed an activation, both are integers divided by 2**shift, which float32
    represents exactly. The bias includes a half, so that truncation rounds. The weights of a
    convolution include the identity, which makes it residual.
    """

    weight: Floats
    bias: Floats
    dilation: int = 0

    def __call__(self, values: Floats) -> Floats:
        """Apply the layer, without activation."""
        out: Floats = values @ self.weight
        out += self.bias
        return out


def _activate(sums: Floats) -> Floats:
    """Convert sums to activations 0..255, in place."""
    sums.clip(0, MAX_ACTIVATION, out=sums)
    return np.floor(sums, out=sums)


def _convolve(layer: Layer, values: Floats, inside: Floats | None) -> Floats:
    """Apply one residual convolution along the last axis but one.

    `inside` (same shape, last axis 1) is 0 outside the text.
    """
    rows, length, width = values.shape
    step = min(layer.dilation, length)
    joined = np.empty((rows, length, 3 * width), np.float32)
    joined[:, :step, :width] = 0
    joined[:, step:, :width] = values[:, : length - step]
    joined[:, :, width : 2 * width] = values
    joined[:, : length - step, 2 * width :] = values[:, step:]
    joined[:, length - step :, 2 * width :] = 0
    sums = _activate(layer(joined.reshape(rows * length, 3 * width))).reshape(rows, length, width)
    if inside is not None:
        sums *= inside
    return sums


@dataclass(frozen=True, eq=False)
class Network:
    """All layers of the network.

    The input of the second part is the sum of the encoded token and of three embeddings: `places`
    (2 * reach + 1, width) by the token's distance from the cue, `where` (14, width) by the distance
    of its sentence, and `marked` for the tokens of the cue.
    """

    vectors: Floats
    endings: Floats
    first: Layer
    early: tuple[Layer, ...]
    cue: Layer
    token: Layer
    head: Floats
    places: Floats
    where: Floats
    marked: Floats
    late: tuple[Layer, ...]
    role: Layer

    @property
    def reach(self) -> int:
        """Tokens of context on either side of a cue."""
        return len(self.places) // 2

    def encode(self, words: NDArray[np.int32], endings: NDArray[np.int32], signs: Floats) -> Floats:
        """Encode n tokens: (n, width).

        `words` and `endings` are rows of the embedding tables, `signs` (n, signs) is 0 or 1.
        """
        total = len(words)
        halo = sum(layer.dilation for layer in self.early)
        out = np.empty((total, len(self.first.bias)), np.float32)
        for start in range(0, total, _BATCH_TOKENS):
            stop = min(start + _BATCH_TOKENS, total)
            low, high = max(0, start - halo), min(total, stop + halo)
            values = np.concatenate([self.vectors[words[low:high]], self.endings[endings[low:high]], signs[low:high]], axis=1)
            hidden = _activate(self.first(values))[None]
            for layer in self.early:
                hidden = _convolve(layer, hidden, None)
            out[start:stop] = hidden[0, start - low : stop - low]
        return out

    def cues(self, encoded: Floats) -> Floats:
        """Score each token, (n, 3): no cue, first token, further token."""
        return self.cue(encoded)

    def roles(self, encoded: Floats, cues: list[tuple[int, int]], sentences: NDArray[np.int32], paragraphs: NDArray[np.int32]) -> Floats:
        """Score the tokens around each cue: neither, source, content.

        `cues` are token ranges [start, end); `sentences` and `paragraphs` have one index per token.
        Returns an array (cues, 2 * reach + 1, 3).
        """
        reach = self.reach
        size = 2 * reach + 1
        width = self.places.shape[1]
        tokens = self.token(encoded)
        padded = np.zeros((len(tokens) + 2 * reach, width), np.float32)
        padded[reach : reach + len(tokens)] = tokens
        inside = np.zeros((len(tokens) + 2 * reach, 1), np.float32)
        inside[reach : reach + len(tokens)] = 1
        out = np.empty((len(cues), size, 3), np.float32)
        numbers = np.zeros((2, len(tokens) + 2 * reach), np.int32)
        numbers[0, reach : reach + len(tokens)] = sentences
        numbers[1, reach : reach + len(tokens)] = paragraphs
        around = np.array([start for start, _ in cues])[:, None] + np.arange(size)
        away = numbers[:, around]
        away -= away[:, :, reach, None]
        rows = distance(away[0], away[1])
        for begin in range(0, len(cues), _BATCH_CUES):
            some = cues[begin : begin + _BATCH_CUES]
            taken = around[begin : begin + _BATCH_CUES]
            values = padded[taken]
            edge = some[0][0] < reach or some[-1][0] + reach >= len(tokens)
            within = inside[taken] if edge else None
            values += self.places
            values += self.where[rows[begin : begin + _BATCH_CUES]]
            for row, (start, end) in enumerate(some):
                values[row] += encoded[start : min(end, start + reach)].max(axis=0) @ self.head
                values[row, reach : reach + min(end - start, reach)] += self.marked
            hidden = _activate(values)
            if within is not None:
                hidden *= within
            for layer in self.late:
                hidden = _convolve(layer, hidden, within)
            out[begin : begin + len(some)] = self.role(hidden.reshape(-1, width)).reshape(len(some), size, 3)
        return out


def distance(sentences: NDArray[np.int32], paragraphs: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the rows of `Network.where`.

    The arguments are the distances of a token from its cue in sentences and in paragraphs, negative
    before the cue.
    """
    row: NDArray[np.int32] = np.clip(sentences, -3, 3) + 3 + 7 * (paragraphs != 0)
    return row


def build_network(arrays: dict[str, NDArray[Any]]) -> Network:
    """Build the network from the arrays of a weights file.

    Each layer has `<name>.weight`, `.bias` and `.form` (shift, dilation).
    """

    def layer(name: str) -> Layer:
        shift, dilation = (int(number) for number in arrays[f"{name}.form"])
        weight, bias = arrays[f"{name}.weight"].astype(np.float32), arrays[f"{name}.bias"].astype(np.float32)
        if name in ("cue", "role"):
            return Layer(weight, bias)
        part = np.float32(2.0**-shift)
        weight *= part
        bias = bias * part + np.float32(0.5)
        if dilation:
            width = len(bias)
            weight[width : 2 * width] += np.eye(width, dtype=np.float32)
        return Layer(weight, bias, dilation)

    def layers(name: str) -> tuple[Layer, ...]:
        return tuple(layer(f"{name}{number}") for number in range(sum(key.startswith(name) and key.endswith(".form") for key in arrays)))

    def table(name: str) -> Floats:
        return arrays[name].astype(np.float32)

    part = np.float32(2.0 ** -int(arrays["token.form"][0]))

    return Network(
        table("vectors"),
        table("endings"),
        layer("first"),
        layers("early"),
        layer("cue"),
        layer("token"),
        table("head") * part,
        table("places") * part,
        table("where") * part,
        table("marked") * part,
        layers("late"),
        layer("role"),
    )
