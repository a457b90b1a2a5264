"""Load data files of the package: YAML, and weights in `weights/*.npz`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

import orjson
import yaml

if TYPE_CHECKING:  # commands that need no numpy read word lists
    from numpy.typing import NDArray


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit numpy's matrix products to one thread.

    For small matrices, threads cost far more than they gain. The setting belongs to the process: it
    is restored afterwards, and not touched if it is 1 (as in newsbeam's workers).
    """
    blas = _blas()
    if blas is None or all(library.num_threads == 1 for library in blas.lib_controllers):
        yield
        return
    with blas.limit(limits=1):
        yield


@cache
def _blas() -> Any:
    with suppress(ImportError):  # slower without it, but correct
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController().select(user_api="blas")
    return None


def parse_yaml(text: str | bytes) -> Any:
    """Parse YAML with every scalar as a string.

    The words "on", "no" and "y" are not booleans.
    """
    return yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - builds nothing but strings, lists and mappings


@cache
def load_yaml(package: str, name: str) -> Any:
    """Load the data file `name` of `package`, every scalar as a string.

    Raises FileNotFoundError if it does not exist.
    """
    return parse_yaml((files(package) / name).read_bytes())


def load_typed_yaml(package: str, name: str) -> Any:
    """Load the data file `name` of `package`, with numbers and booleans.

    Raises FileNotFoundError if it does not exist.
    """
    return yaml.load((files(package) / name).read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def data_names(package: str, folder: str, suffix: str) -> frozenset[str]:
    """List the data files with `suffix` in a folder of `package`, without the suffix."""
    return frozenset(file.name.removesuffix(suffix) for file in (files(package) / folder).iterdir() if file.name.endswith(suffix))


def load_json(package: str, name: str) -> Any:
    """Load the JSON file `name` of `package`.

    Raises FileNotFoundError if it does not exist.
    """
    return orjson.loads((files(package) / name).read_bytes())


def load_arrays(package: str, name: str) -> dict[str, NDArray[Any]]:
    """Load the arrays of `weights/name` in `package`.

    Raises FileNotFoundError if it does not exist.
    """
    import numpy as np

    with np.load(BytesIO((files(package) / "weights" / name).read_bytes()), allow_pickle=False) as data:
        return {key: data[key] for key in data.files}
