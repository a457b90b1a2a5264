"""Data files of the package: word lists and rules in YAML, learned weights in `weights/*.npz`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:  # word lists are read by commands that need no numpy
    from numpy.typing import NDArray


@contextmanager
def one_thread() -> Iterator[None]:
    """Have numpy's matrix products made by one thread, in any process: for small ones its threads cost far more than they do.

    The number of threads belongs to the whole process: it is put back, and left alone where it is 1 (as in newsbeam's workers).
    """
    blas = _blas()
    if blas is None or all(library.num_threads == 1 for library in blas.lib_controllers):
        yield
        return
    with blas.limit(limits=1):
        yield


@cache
def _blas() -> Any:
    with suppress(ImportError):  # an environment made before newsbeam wanted it: right all the same, but slow
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController().select(user_api="blas")
    return None


def parse_yaml(text: str | bytes) -> Any:
    """Parse YAML in which every scalar is a string: the words "on", "no" and "y" are no truth values."""
    return yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - builds nothing but strings, lists and mappings


@cache
def load_yaml(package: str, name: str) -> Any:
    """Read the data file `name` of `package`, every scalar as a string. Raises FileNotFoundError where there is none."""
    return parse_yaml((files(package) / name).read_bytes())


def load_typed_yaml(package: str, name: str) -> Any:
    """Read the data file `name` of `package`, with numbers and truth values. Raises FileNotFoundError where there is none."""
    return yaml.load((files(package) / name).read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def load_arrays(package: str, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of the file `name` in the folder `weights` of `package`. Raises FileNotFoundError where there is none."""
    import numpy as np

    with np.load(BytesIO((files(package) / "weights" / name).read_bytes()), allow_pickle=False) as data:
        return {key: data[key] for key in data.files}
