"""Learned weights as they lie in the package: `weights/*.npz` beside the module that reads them."""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray


def load_arrays(package: str, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of the file `name` in the folder `weights` of `package`. Raises FileNotFoundError where there is none."""
    with np.load(BytesIO((files(package) / "weights" / name).read_bytes()), allow_pickle=False) as data:
        return {key: data[key] for key in data.files}
