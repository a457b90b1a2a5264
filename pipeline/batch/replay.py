"""`newsbeam replay`: process the dead letters of an earlier run again."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace

import zstandard

from newsbeam.batch.plan import finish_swap
from newsbeam.batch.run import conclude, start
from newsbeam.config import recipe_parser
from newsbeam.config.recipe import Recipe
from newsbeam.config.settings import DocumentSettings, ReplaySettings
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.inputs import compression, discovery, reader, work_units
from newsbeam.inputs.statuses import OK_STATUSES
from newsbeam.inputs.work_units import MEMBER
from newsbeam.outputs import folder, lock
from newsbeam.runners import dry_run
from newsbeam.runners.registry import select_runner
from newsbeam.storage import filesystem, json_files, output_layout
from newsbeam.storage.manifest import OptionsUsed, RunManifest
from newsbeam.transforms.fields import RowOptions
from newsbeam.workers.site_template import find_template


def replay(settings: ReplaySettings) -> int:
    """Carry out `newsbeam replay`; the exit status. Raises UsageError and RunFailed."""
    earlier, run = settings.folder, settings.run
    if dry_run.is_dry(run.runner.options):
        raise UsageError("--dry_run is not available for replay: a dry run reads nothing, and replay has to read the dead letters")
    runner = select_runner(run.runner, run.output.folder or earlier, [earlier])
    if filesystem.list_names(output_layout.stream_state(earlier)):
        what = "Each dead letter holds its message (`payload`, base64) or names an object (`origin`)"
        raise UsageError(f"{earlier} was written from messages. {what}: send those again, or run over the objects")
    with lock.locked(earlier) if filesystem.is_occupied(output_layout.state_folder(earlier)) else nullcontext():
        finish_swap(earlier)
    if not filesystem.exists(filesystem.join(earlier, output_layout.MANIFEST)):
        raise UsageError(f"{earlier} is not the output folder of a finished run: it has no {output_layout.MANIFEST}")
    manifest = RunManifest.load(filesystem.join(earlier, output_layout.MANIFEST), folder.MANIFEST_CURE)
    chosen = recipe_parser.load(run.documents.recipe) if run.documents.recipe else _earlier_recipe(earlier, manifest)
    documents = _with_earlier_options(run.documents, manifest.options)
    if documents.template is None and documents.recipe is None and output_layout.SITE_COUNTS in manifest.file_names:
        documents = replace(documents, template=earlier)  # dead letters alone are too few pages to count
    chosen, template = find_template(documents.template, chosen)
    wanted: dict[str, set[int]] = {}
    collections: dict[str, str] = {}
    for letter in _dead_letters(earlier):
        path, number = reader.parse_origin(letter.origin)
        # A name may contain "#" itself: if there is no file without the tail, the tail belongs to the name.
        if number and not filesystem.is_remote(path) and not os.path.exists(path) and os.path.exists(letter.origin):
            path, number = letter.origin, 0
        path = discovery.printable_input(path)
        # A container that broke off is read again from that item on: -n means "n and all that follow".
        wanted.setdefault(path, set()).add(-number if letter.form == "file" else number)
        # A member of an archive is read from the archive.
        outer = path if os.path.exists(path) else path.partition(MEMBER)[0]
        collections[outer] = letter.source
    sources = [discovery.source_at(path, collections[path]) for path in collections]
    only = tuple((path, frozenset(numbers)) for path, numbers in wanted.items())
    shares = [work_units.select_records(share, only) for share in work_units.plan_work_units(sources)]
    output = replace(run.output, folder=run.output.folder or _replay_folder(earlier, run.resume))
    print_note(f"{sum(map(len, wanted.values()))} dead letters of {earlier}; results go to {output.folder}")
    run = replace(run, output=output, documents=documents)
    return conclude(start(run, runner, chosen, template, shares), run, output.folder)


def _earlier_recipe(earlier: str, manifest: RunManifest) -> Recipe:
    """The recipe in a manifest. Raises UsageError if there is none."""
    path = filesystem.join(earlier, output_layout.MANIFEST)
    if manifest.recipe is None:
        raise UsageError(f"{path} does not contain the recipe of its run; name one with --recipe")
    return recipe_parser.parse(manifest.recipe.text, path)


def _with_earlier_options(documents: DocumentSettings, options: OptionsUsed) -> DocumentSettings:
    """The settings for a replay.

    The options of the earlier run replace those that the command line leaves at their defaults.
    """
    statuses, rows = documents.statuses, documents.rows
    if statuses == OK_STATUSES:
        statuses = options.http_status or OK_STATUSES
    if rows == RowOptions():
        rows = RowOptions(tuple(options.fields.items()), options.keep_fields)
    return replace(documents, statuses=statuses, rows=rows)


def _replay_folder(earlier: str, resume: bool) -> str:
    """The folder for the results of a replay.

    It is the first free one, or the one of an interrupted replay.
    """
    number = 1
    while filesystem.is_occupied(output := output_layout.replay_folder(earlier, number)):
        if resume and filesystem.exists(output_layout.plan_path(output)):
            return output
        number += 1
    return output_layout.replay_folder(earlier, number - 1) if resume and number > 1 else output


@dataclass(frozen=True)
class _Origin:
    """The fields of a dead letter that say where its document is."""

    origin: str
    form: str
    source: str


def _dead_letters(earlier: str) -> Iterator[_Origin]:
    """The origins of the dead letters of a run. Raises UsageError if one is damaged."""
    for name in filesystem.list_names(earlier, output_layout.file_prefix("dead_letters")):
        if filesystem.is_temporary(name):
            continue
        path, number = filesystem.join(earlier, name), 0
        try:
            with filesystem.read(path) as stream, compression.decompressed(stream) as unpacked:
                for line in unpacked:
                    number += 1
                    if line.strip():
                        yield json_files.decode(_Origin, line)
        except (OSError, EOFError, ValueError, zlib.error, zstandard.ZstdError) as error:
            cure = "Remove the line, restore the file from a copy"
            raise UsageError(f"{path} is damaged at line {max(number, 1)} ({error}). {cure}, or run over the inputs again") from error
