"""newsbeam: raw web documents to clean, annotated JSONL.

Public are this module, `newsbeam.transforms.document` and `newsbeam.transforms.processor`, which
plug-ins import. All other modules may change in any version.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__: str


def __getattr__(name: str) -> str:
    """Look the version up when somebody asks.

    `importlib.metadata` takes a third of the time of `newsbeam --help`.
    """
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("newsbeam")
