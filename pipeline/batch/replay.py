"""`newsbeam replay`: dead letters are read again."""

from __future__ import annotations

import argparse
import os
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import orjson
import zstandard

from newsbeam.batch.plan import finish_swap
from newsbeam.batch.run import start
from newsbeam.config import recipe_parser
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.inputs import compression, discovery, reader, work_units
from newsbeam.inputs.statuses import OK_STATUSES
from newsbeam.inputs.work_units import MEMBER
from newsbeam.outputs import folder, lock
from newsbeam.runners import dry_run
from newsbeam.runners.registry import engine_of
from newsbeam.storage import filesystem, output_layout
from newsbeam.transforms.fields import RowOptions


def replay(arguments: argparse.Namespace, beam_options: dict[str, Any]) -> int:
    """`newsbeam replay`. Returns the exit status; raises UsageError."""
    if dry_run.is_dry(beam_options):
        raise UsageError("--dry_run is for `newsbeam run`: what is to be done again stands in the bucket, which a dry run does not touch")
    engine = engine_of(arguments, beam_options, [arguments.inputs])
    earlier = arguments.inputs
    if filesystem.list_names(filesystem.join(earlier, output_layout.STREAM_STATE_DIR)):
        what = "each dead letter holds its message (`payload`, base64), or names an object (`origin`)"
        raise UsageError(f"{earlier} was made of messages: {what}; send those again, or run over the objects")
    with lock.locked(earlier) if filesystem.is_occupied(filesystem.join(earlier, output_layout.STATE)) else nullcontext():
        finish_swap(earlier)
    if not filesystem.exists(filesystem.join(earlier, output_layout.MANIFEST)):
        raise UsageError(f"{earlier} is not the output folder of a finished run: it holds no manifest.json")
    manifest = folder.load(filesystem.join(earlier, output_layout.MANIFEST), "get it back from a copy, or run over the inputs again")
    try:
        text = arguments.recipe or manifest["recipe"]["text"]
        chosen = recipe_parser.load(arguments.recipe) if arguments.recipe else recipe_parser.parse(text, f"{earlier}/manifest.json")
        if arguments.http_status == OK_STATUSES:
            given = manifest.get("options", {}).get("http_status", OK_STATUSES)
            arguments.http_status = tuple((low, high) for low, high in given)
        if arguments.rows == RowOptions():
            options = manifest.get("options", {})
            arguments.rows = RowOptions(tuple(options.get("fields", {}).items()), tuple(options.get("keep_fields", ())))
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{earlier}/manifest.json does not say by which recipe it was made; name one with --recipe") from error
    wanted: dict[str, set[int]] = {}
    collections: dict[str, str] = {}
    for letter in _dead_letters(earlier):
        path, number = reader.place_of(letter["origin"])
        # A name may hold a "#" itself: what is not there without its tail is a file of that whole name.
        if number and not filesystem.is_remote(path) and not os.path.exists(path) and os.path.exists(letter["origin"]):
            path, number = letter["origin"], 0
        path = discovery.printable_input(path)
        # A container that broke off is taken up again from there on: -n means "n and all that follow".
        wanted.setdefault(path, set()).add(-number if letter["form"] == "file" else number)
        # What lies in an archive is read out of that.
        outer = path if os.path.exists(path) else path.partition(MEMBER)[0]
        collections[outer] = letter["source"]
    sources = [discovery.source_at(path, collections[path]) for path in collections]
    only = tuple((path, frozenset(numbers)) for path, numbers in wanted.items())
    shares = [work_units.select_records(share, only) for share in work_units.plan_work_units(sources)]
    if arguments.output is None:
        arguments.output = _replay_folder(earlier, arguments.resume)
    print_note(f"{sum(map(len, wanted.values()))} dead letters of {earlier}; results go to {arguments.output}")
    return start(arguments, engine, chosen, shares)


def _replay_folder(earlier: str, resume: bool) -> str:
    """Where the results of a replay go: the first free folder, or the one where an earlier replay was cut short."""
    number = 1
    while filesystem.is_occupied(output := filesystem.join(earlier, f"replay-{number}")):
        if resume and filesystem.exists(filesystem.join(output, output_layout.STATE, output_layout.PLAN)):
            return output
        number += 1
    return filesystem.join(earlier, f"replay-{number - 1}") if resume and number > 1 else output


def _dead_letters(earlier: str) -> Iterator[dict[str, Any]]:
    """The dead letters of a run, each with `origin`, `form` and `source`. Raises UsageError where they are damaged."""
    for name in filesystem.list_names(earlier, "dead-letters-"):
        if name.endswith(".tmp"):
            continue
        path, number = filesystem.join(earlier, name), 0
        try:
            with filesystem.read(path) as stream, compression.unpacked(stream) as unpacked:
                for line in unpacked:
                    number += 1
                    if line.strip():
                        letter = orjson.loads(line)
                        if not all(isinstance(letter[key], str) for key in ("origin", "form", "source")):
                            raise ValueError("its origin, form or source is not a text")
                        yield letter
        except (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error, zstandard.ZstdError) as error:
            cure = "take the line out or get the file back from a copy"
            raise UsageError(f"{path} is damaged at line {max(number, 1)} ({error}); {cure}, or run over the inputs again") from error
