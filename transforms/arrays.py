"""Learned weights as they lie in the package: `weights/*.npz` beside the module that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
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


def load_arrays(package: str, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of the file `name` in the folder `weights` of `package`. Raises FileNotFoundError where there is none."""
    with np.load(BytesIO((files(package) / "weights" / name).read_bytes()), allow_pickle=False) as data:
        return {key: data[key] for key in data.files}
