"""One run on this machine's side: look at the input, refuse what cannot be, build the graph, wait, say what came out."""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import sys
import traceback
import zlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import orjson
import zstandard

from pipeline import dataflow, engines, files, find, folder, read, recipe, report, streams
from pipeline.console import say
from pipeline.folder import Refused
from pipeline.inputs.formats.archive import MEMBER
from pipeline.inputs.statuses import OK_STATUSES
from pipeline.pool import cores
from pipeline.progress import NOW
from pipeline.worker import Setup, now
from pipeline.write import COMPRESSED, Job, count_parts, discard_damaged, finished_parts
from transforms.fields import RowOptions

SMALL_BYTES = 512 << 10
"""Less input than this is done by one worker before a second one would have started."""


def run(arguments: argparse.Namespace, beam_options: dict[str, Any]) -> int:
    """`newsbeam run`. Returns the exit status; raises Refused."""
    engine = engine_of(arguments, beam_options, arguments.inputs)
    if beam_options:
        files.filesystems(beam_options)
    try:
        chosen = recipe.load(arguments.recipe)
        if dataflow.is_dry(beam_options):
            return _dry_run(arguments, engine, chosen)
        found = find.find(arguments.inputs, arguments.output)
    except (recipe.RecipeError, find.InputError) as error:
        raise Refused(str(error)) from error
    for note in found.notes:
        say(note)
    return _go(arguments, engine, chosen, read.share_out(found.sources))


def replay(arguments: argparse.Namespace, beam_options: dict[str, Any]) -> int:
    """`newsbeam replay`. Returns the exit status; raises Refused."""
    if dataflow.is_dry(beam_options):
        raise Refused("--dry_run is for `newsbeam run`: what is to be done again stands in the bucket, which a dry run does not touch")
    engine = engine_of(arguments, beam_options, [arguments.inputs])
    earlier = arguments.inputs
    if files.names_in(files.join(earlier, folder.STREAMED)):
        what = "each dead letter holds its message (`payload`, base64), or names an object (`origin`)"
        raise Refused(f"{earlier} was made of messages: {what}; send those again, or run over the objects")
    with folder.locked(earlier) if files.is_occupied(files.join(earlier, folder.STATE)) else nullcontext():
        _finish_swap(earlier)
    if not files.exists(files.join(earlier, folder.MANIFEST)):
        raise Refused(f"{earlier} is not the output folder of a finished run: it holds no manifest.json")
    manifest = folder.load(files.join(earlier, folder.MANIFEST), "get it back from a copy, or run over the inputs again")
    try:
        text = arguments.recipe or manifest["recipe"]["text"]
        chosen = recipe.load(arguments.recipe) if arguments.recipe else recipe.parse(text, f"{earlier}/manifest.json")
        if arguments.http_status == OK_STATUSES:
            given = manifest.get("options", {}).get("http_status", OK_STATUSES)
            arguments.http_status = tuple((low, high) for low, high in given)
        if arguments.rows == RowOptions():
            options = manifest.get("options", {})
            arguments.rows = RowOptions(tuple(options.get("fields", {}).items()), tuple(options.get("keep_fields", ())))
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{earlier}/manifest.json does not say by which recipe it was made; name one with --recipe") from error
    except recipe.RecipeError as error:
        raise Refused(str(error)) from error
    wanted: dict[str, set[int]] = {}
    collections: dict[str, str] = {}
    for letter in _dead_letters(earlier):
        path, number = read.place_of(letter["origin"])
        # A name may hold a "#" itself: what is not there without its tail is a file of that whole name.
        if number and not files.remote(path) and not os.path.exists(path) and os.path.exists(letter["origin"]):
            path, number = letter["origin"], 0
        path = find.named(path)
        # A container that broke off is taken up again from there on: -n means "n and all that follow".
        wanted.setdefault(path, set()).add(-number if letter["form"] == "file" else number)
        # What lies in an archive is read out of that.
        outer = path if os.path.exists(path) else path.partition(MEMBER)[0]
        collections[outer] = letter["source"]
    sources = [find.source_at(path, collections[path]) for path in collections]
    only = tuple((path, frozenset(numbers)) for path, numbers in wanted.items())
    shares = [read.replace_only(share, only) for share in read.share_out(sources)]
    if arguments.output is None:
        arguments.output = _replay_folder(earlier, arguments.resume)
    say(f"{sum(map(len, wanted.values()))} dead letters of {earlier}; results go to {arguments.output}")
    return _go(arguments, engine, chosen, shares)


def _replay_folder(earlier: str, resume: bool) -> str:
    """Where the results of a replay go: the first free folder, or the one where an earlier replay was cut short."""
    number = 1
    while files.is_occupied(output := files.join(earlier, f"replay-{number}")):
        if resume and files.exists(files.join(output, folder.STATE, folder.PLAN)):
            return output
        number += 1
    return files.join(earlier, f"replay-{number - 1}") if resume and number > 1 else output


def _dead_letters(earlier: str) -> Iterator[dict[str, Any]]:
    """The dead letters of a run, each with `origin`, `form` and `source`. Raises Refused where they are damaged."""
    for name in files.names_in(earlier, "dead-letters-"):
        if name.endswith(".tmp"):
            continue
        path, number = files.join(earlier, name), 0
        try:
            with files.read(path) as stream, streams.unpacked(stream) as unpacked:
                for line in unpacked:
                    number += 1
                    if line.strip():
                        letter = orjson.loads(line)
                        if not all(isinstance(letter[key], str) for key in ("origin", "form", "source")):
                            raise ValueError("its origin, form or source is not a text")
                        yield letter
        except (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error, zstandard.ZstdError) as error:
            cure = "take the line out or get the file back from a copy"
            raise Refused(f"{path} is damaged at line {max(number, 1)} ({error}); {cure}, or run over the inputs again") from error


def engine_of(
    arguments: argparse.Namespace, beam_options: dict[str, Any], inputs: Sequence[str], streaming: bool = False
) -> engines.Engine:
    """Where the run goes. Raises Refused where that is not to be had, or could not reach what is to be read and written."""
    if dataflow.is_dry(beam_options) and arguments.runner != "dataflow":
        raise Refused(f"--dry_run is for --runner dataflow; --runner {arguments.runner} would run")
    try:
        engines.check_places(arguments.runner, arguments.output or inputs[0], inputs)
        return engines.choose(arguments.runner, beam_options, streaming)
    except engines.Missing as error:
        raise Refused(str(error)) from error


def _dry_run(arguments: argparse.Namespace, engine: engines.Engine, chosen: recipe.Recipe) -> int:
    """Print the job that Dataflow would be sent. The inputs are not looked at: one share stands for what they will be."""
    check_places(arguments.output)
    files.quiet_beam()
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline.graph import run_shares

    sources = [find.Source(path, 0, find.folder_name(path)) for path in arguments.inputs]
    pipeline = beam.Pipeline(runner=engine.runner, options=PipelineOptions.from_dictionary(engine.options))
    run_shares(pipeline, read.share_out(sources), _job(arguments, chosen, sources, 1), spread=True, dry=True)
    dataflow.show(pipeline.run())
    return 0


def _job(arguments: argparse.Namespace, chosen: recipe.Recipe, sources: Sequence[find.Source], workers: int) -> Job:
    return Job(
        setup=Setup(chosen, arguments.added or now(), arguments.time_limit, version("newsbeam"), rows=arguments.rows),
        output=arguments.output.removeprefix("file://"),
        format="parquet" if arguments.format == "parquet" else COMPRESSED[arguments.compress],
        workers=arguments.workers or workers,
        max_bytes=arguments.max_document_mb << 20,
        statuses=arguments.http_status,
        name=sources[0].source if sources else "newsbeam",
    )


def _go(arguments: argparse.Namespace, engine: engines.Engine, chosen: recipe.Recipe, shares: list[read.Share]) -> int:
    size = sum(share.size for share in shares)
    sources = [source for share in shares for source in share.sources]
    job = _job(arguments, chosen, sources, cores() if engine.local and size > SMALL_BYTES else 1)
    check_places(job.output)
    plan = _plan(job, sources)
    with folder.locked(job.output):
        try:
            ready = _prepare(job, plan, arguments, shares)
        except OSError as error:
            raise Refused(f"--output {job.output} cannot be written to: {error.strerror or error}") from error
        if ready is None:
            with files.read(files.join(job.output, "manifest.json")) as stream:
                return _status(orjson.loads(stream.read()), arguments.max_failed)
        return _run_graph(ready, shares, engine, size, arguments.max_failed)


def check_places(output: str) -> None:
    """Can there be such an output? Raises Refused."""
    try:
        if files.remote(output):
            files.check_scheme(output)
    except files.MissingExtra as error:
        raise Refused(str(error)) from error
    except ValueError as error:
        raise Refused(f"--output {output}: no filesystem is installed for {output.partition('://')[0]}://") from error
    if os.path.exists(output) and not os.path.isdir(output):
        raise Refused(f"--output {output} is a file; name a folder")


def _plan(job: Job, sources: Sequence[find.Source]) -> dict[str, Any]:
    """What has to be the same for one run to go on with what another began."""
    listing = hashlib.sha256()
    for source in sources:
        listing.update(f"{source.path}\0{source.size}\n".encode("utf-8", "surrogateescape"))
    return {
        "the inputs": listing.hexdigest(),
        "the recipe": job.recipe.text,
        "the version": job.setup.version,
        "the limits": [job.max_bytes, job.setup.time_limit],
        "--http-status": [list(one) for one in job.statuses],
        "added": job.setup.added,
        "--field or --keep-fields": [dict(job.setup.rows.paths), list(job.setup.rows.keep)],
    }


def _prepare(job: Job, plan: dict[str, Any], arguments: argparse.Namespace, shares: Sequence[read.Share]) -> Job | None:
    """Make the output folder ready; the job, with what an earlier try laid down, or None where there is nothing left to do."""
    folder.check_state(job.state)
    _finish_swap(job.output)
    folder.check_command(job.output, "run")
    folder.check_strangers(job.output)
    manifest = folder.read_manifest(job.output)
    saved = _saved_plan(job, manifest, arguments)
    if arguments.resume and saved is None and manifest is not None:
        say(f"{job.output} is finished; nothing to resume")
        print(manifest["account"])
        folder.clear_state(job.output)  # of a run that was killed before it had written its plan
        return None
    if (manifest is not None or saved is not None) and not (arguments.overwrite or arguments.resume):
        raise Refused(_taken(job, manifest, saved))
    if manifest is not None and folder.is_edited(job.output, folder.card_of(manifest)):
        say(f"{job.output}/{folder.CARD} is not as newsbeam wrote it: it will be kept as {folder.CARD}.bak")
    if arguments.resume and saved is not None:
        return _resumed(job, plan, saved, arguments, shares)
    folder.clear_state(job.output)
    folder.make_state(job.state)
    files.make_folder(job.parts)
    job = replace(job, run=uuid4().hex)
    with files.whole(files.join(job.state, folder.PLAN)) as stream:
        stream.write(orjson.dumps({**plan, "run": job.run}))
    return job


def _finish_swap(output: str) -> None:
    if folder.finish(output):
        say(f"{output}: the results of the run before were complete, and are in their places now")


def _taken(job: Job, manifest: dict[str, Any] | None, saved: dict[str, Any] | None) -> str:
    """Why a run is refused where neither --overwrite nor --resume is given."""
    if saved is None:
        return f"{job.output} holds results already ({folder.MANIFEST}); use --overwrite to replace them"
    what = "results, and a run over them that was cut short" if manifest is not None else "a run that was cut short"
    if not saved:
        return f"{job.output} holds {what}, whose plan is damaged; use --overwrite to start again"
    kept = count_parts(job, {})[1]
    return f"{job.output} holds {what}; use --overwrite to replace it or --resume to go on ({kept:,} documents are kept)"


def _resumed(job: Job, plan: dict[str, Any], saved: dict[str, Any], arguments: argparse.Namespace, shares: Sequence[read.Share]) -> Job:
    """The job that goes on with what is saved. Raises Refused where it would not be the same."""
    if arguments.added is None:
        plan = {**plan, "added": saved.get("added", "")}
    if changed := [what for what in plan if plan[what] != saved.get(what)]:
        raise Refused(f"{' and '.join(changed)} changed since the run in {job.output} began; use --overwrite to start again")
    for name in files.names_in(job.parts):
        if name.endswith(".tmp"):
            files.delete(files.join(job.parts, name))
    # A file that was written to since, to the same size: what was made of it is made again, so that no two states of it are mixed.
    numbers = read.changed_shares(shares, files.join(job.state, "shares"))
    again = discard_damaged(job, {part for part in finished_parts(job) if part.partition("-")[0] in numbers})
    if again:
        say(f"{again:,} finished parts are done again: they are damaged, or their inputs were changed")
    return replace(job, setup=replace(job.setup, added=plan["added"]), run=saved.get("run", ""))


def _saved_plan(job: Job, manifest: dict[str, Any] | None, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The plan of a run that was cut short; {} where it is damaged, and None where there is none, or where that run is finished."""
    path = files.join(job.state, folder.PLAN)
    if not files.exists(path):
        return None
    try:
        plan = folder.load(path, "use --overwrite to start again")
    except Refused:
        if arguments.resume:
            raise
        return {}
    return None if manifest is not None and plan.get("run", "") == manifest.get("run") else plan


def _run_graph(job: Job, shares: list[read.Share], engine: engines.Engine, size: int, max_failed: report.Allowance) -> int:
    debug = bool(os.environ.get("NEWSBEAM_DEBUG"))
    # The error comes up here as well, and is told below: Beam's own account of it is a page of traceback.
    files.quiet_beam(logging.ERROR if debug else logging.CRITICAL)
    finished = finished_parts(job)
    while error := _try(job, shares, engine, size, finished):
        if debug:
            traceback.print_exception(error)
        # Ctrl-C inside a bundle comes out of Beam as an error of its own.
        interrupted = isinstance(error, KeyboardInterrupt) or engines.told(error) == "KeyboardInterrupt"
        before, finished = finished, finished_parts(job)
        if engine.again and not interrupted and len(finished) > len(before):
            # A machine was lost, say, and the engine has no leave to try again. What fails always ends here: nothing is new then.
            say(engines.told(error))
            say(f"going on from {len(finished)} finished parts")
            continue
        what = "interrupted" if interrupted else f"the run failed: {engines.told(error)}"
        say(f"{what}")
        say(f"{_kept(job, engine)}")
        if not interrupted:
            say("(NEWSBEAM_DEBUG=1 shows the traceback)")
        return 1
    manifest = folder.read_manifest(job.output)
    if not folder.is_manifest(manifest) or manifest.get("run") != job.run:  # none yet, or that of the results to be replaced
        say(f"submitted; the results will be in {job.output}")
        return 0
    folder.clear_state(job.output)
    report.summary(manifest, job.output)
    return _status(manifest, max_failed)


def _status(manifest: dict[str, Any], max_failed: report.Allowance) -> int:
    """The exit status of a finished run, with a word on standard error where it is not 0."""
    trouble = report.trouble(manifest, max_failed)
    if trouble:
        say(trouble)
    return 1 if trouble else 0


def _kept(job: Job, engine: engines.Engine) -> str:
    """What is left of a run that ended before its time, and how to go on: the truth, whatever it is."""
    parts, documents = count_parts(job, {})
    old = f"; the earlier results in {job.output} are as they were" if folder.read_manifest(job.output) is not None else ""
    if parts or job.counts.rpartition("/")[2] in files.names_in(job.state):
        lost = f", {NOW.begun - NOW.kept:,} that were begun are not" if engine.local and NOW.begun > NOW.kept else ""
        return f"{documents:,} documents are kept{lost}: go on with --resume --output {job.output}{old}"
    if not engine.local:
        return f"no document is kept so far: go on with --resume --output {job.output}{old}"
    folder.clear_state(job.output)
    return f"0 of {NOW.begun:,} documents that were begun are kept: start again with the same command{old}"


def _try(job: Job, shares: list[read.Share], engine: engines.Engine, size: int, finished: Sequence[str]) -> BaseException | None:
    """Run the graph once, over `size` bytes without the parts that are `finished`; what it failed with."""
    passes = 1 if job.recipe.site_template is None else 2
    bar = report.progress_bar(passes * size) if engine.local else report.waiting(engine.runner, partial(count_parts, job, {}))
    try:
        with bar if sys.stderr.isatty() else nullcontext():
            import apache_beam as beam  # the slow import, under the bar
            from apache_beam.options.pipeline_options import PipelineOptions

            from pipeline.graph import run_shares

            pipeline = beam.Pipeline(runner=engine.runner, options=PipelineOptions.from_dictionary(engine.options))
            spread = not engine.local or int(engine.options.get("direct_num_workers") or 1) != 1
            run_shares(pipeline, shares, job, finished, spread)
            engines.wait(pipeline.run(), engine)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - each runner raises what it likes; the user is told
        return error
    return None
