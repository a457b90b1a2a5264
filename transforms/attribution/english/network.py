"""The convolutional network behind the English tagger, computed in whole numbers.

Weights and activations are integers held as float32: products and sums stay below 2**24, where float32 is exact, so that a matrix
product gives the same bits on every machine, in every order of summation, with every library (`train` checks that bound and
refuses weights that break it). Between the layers values are rounded to eighths of a byte: 0..255 stands for 0..4.

The first part reads the whole document: a word is its vector, that of its ending and its signs; four convolutions with growing
dilation (iterated dilated convolutions, Strubell et al. 2017) let each token see fifteen others to both sides. From what comes out,
one matrix tells cues. The second part looks at each cue with `reach` tokens to both sides, told where they stand to the cue, and
says which of them are its source and which its content (as in labelling semantic roles), so that two cues may share a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TOP = 255.0  # the greatest activation
_BLOCK = 512  # tokens read at once: what a core keeps near
_CUES = 12  # cues looked at at once


@dataclass(frozen=True, eq=False)
class Layer:
    """`weight` (inputs, outputs) and `bias` (outputs).

    In layers whose sums become activations both are whole numbers divided by 2**shift, which float32 holds as exactly as the whole
    numbers; the bias has a half more, so that rounding is cutting off. A convolution's weights also hold the identity, by which it
    adds its result to what comes in.
    """

    weight: Floats
    bias: Floats
    dilation: int = 0

    def __call__(self, values: Floats) -> Floats:
        """The sums."""
        out: Floats = values @ self.weight
        out += self.bias
        return out


def _activate(sums: Floats) -> Floats:
    """Sums to activations 0..255, in place."""
    np.floor(sums, out=sums)
    np.maximum(sums, 0, out=sums)
    np.minimum(sums, TOP, out=sums)
    return sums


def _convolve(layer: Layer, values: Floats, inside: Floats | None) -> Floats:
    """One residual convolution along the second but last axis; `inside` (same shape but 1 wide) is 0 beyond the text's ends."""
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
    """All layers. To what the second part begins with, `places` (2 * reach + 1, width) adds by a token's distance from the cue, `where`
    (14, width) by that of its sentence, and `marked` where the token is part of the cue."""

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
        """Tokens seen to either side of a cue."""
        return len(self.places) // 2

    def encode(self, words: NDArray[np.int32], endings: NDArray[np.int32], signs: Floats) -> Floats:
        """What is known of each of n tokens, (n, width): `words` and `endings` are numbers of vectors, `signs` (n, signs) 0 or 1."""
        total = len(words)
        halo = sum(layer.dilation for layer in self.early)
        out = np.empty((total, len(self.first.bias)), np.float32)
        for start in range(0, total, _BLOCK):
            stop = min(start + _BLOCK, total)
            low, high = max(0, start - halo), min(total, stop + halo)
            values = np.concatenate([self.vectors[words[low:high]], self.endings[endings[low:high]], signs[low:high]], axis=1)
            hidden = _activate(self.first(values))[None]
            for layer in self.early:
                hidden = _convolve(layer, hidden, None)
            out[start:stop] = hidden[0, start - low : stop - low]
        return out

    def cues(self, encoded: Floats) -> Floats:
        """(n, 3) scores: no cue, a cue's first token, a further token of it."""
        return self.cue(encoded)

    def roles(self, encoded: Floats, cues: list[tuple[int, int]], sentences: NDArray[np.int32], paragraphs: NDArray[np.int32]) -> Floats:
        """(cues, 2 * reach + 1, 3) scores of the tokens around each cue [start, end): neither, source, content.

        `sentences` and `paragraphs` number those of each token.
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
        for begin in range(0, len(cues), _CUES):
            some = cues[begin : begin + _CUES]
            values = np.stack([padded[start : start + size] for start, _ in some])
            edge = some[0][0] < reach or some[-1][0] + reach >= len(tokens)
            within = np.stack([inside[start : start + size] for start, _ in some]) if edge else None
            values += self.places
            away = np.stack([numbers[:, start : start + size] - numbers[:, start + reach, None] for start, _ in some])
            values += self.where[distance(away[:, 0], away[:, 1])]
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
    """The row of `Network.where` for how many sentences and paragraphs a token stands behind (before, if negative) its cue."""
    row: NDArray[np.int32] = np.clip(sentences, -3, 3) + 3 + 7 * (paragraphs != 0)
    return row


def network_of(arrays: dict[str, NDArray[Any]]) -> Network:
    """The network whose layers a weights file holds: per layer `<name>.weight`, `.bias` and `.form` (shift, dilation)."""

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
