"""`newsbeam list`."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from newsbeam.console.terminal import escape_controls
from newsbeam.transforms.processor import ProcessorNotFound, find, installed, is_option


def list_processors() -> None:
    """Print each installed processor: name, effect, distribution and options."""
    console = Console(highlight=False)
    for name, point in installed().items():
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"
        console.print(Text.assemble((escape_controls(name), "bold"), "  ", (escape_controls(f"{origin}, {point.value}"), "dim")))
        try:
            cls = find(name)
        except ProcessorNotFound as error:
            console.print(Text.assemble("  ", ("broken", "red"), f": {escape_controls(str(error))}"))
            continue
        about = " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())
        console.print(Text(f"  {cls.effect}; options: {escape_controls(_options(cls)) or 'none'}"), soft_wrap=True)
        console.print(Text(f"  {escape_controls(about)}"), soft_wrap=True)


def _options(cls: Any) -> str:
    if not is_dataclass(cls):
        return ""
    return ", ".join(
        field.name if field.default is MISSING else f"{field.name}={field.default!r}" for field in fields(cls) if is_option(field)
    )
