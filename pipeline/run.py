"""One run on this machine's side: look at the input, refuse what cannot be, build the graph, wait, say what came out."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any

import orjson

from pipeline import dataflow, engines, files, find, read, recipe, report, streams
from pipeline.console import say
from pipeline.folder import STREAMED, WATCHED
from pipeline.inputs.formats.archive import MEMBER
from pipeline.inputs.statuses import OK_STATUSES
from pipeline.pool import cores
from pipeline.worker import Setup, now
from pipeline.write import COMPRESSED, Job, count_parts, finished_parts
from transforms.fields import RowOptions

SMALL_BYTES = 512 << 10
"""Less input than this is done by one worker before a second one would have started."""

_OURS = re.compile(
    r"(?:documents|dropped|dead-letters)(?:-\w+)?-\d{5}-of-\d{5}\.(?:jsonl(?:\.gz|\.zst)?|parquet)(?:\.\w+\.tmp)?"
    r"|manifest(?:-\w+)?\.json|README\.md"
)
"""The files of a run, which another run replaces: nothing else in the output folder is ever touched."""


class Refused(ValueError):
    """The run cannot begin as asked; the message says why and what would help."""


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
    if files.names_in(files.join(earlier, STREAMED)):
        what = "each dead letter holds its message (`payload`, base64), or names an object (`origin`)"
        raise Refused(f"{earlier} was made of messages: {what}; send those again, or run over the objects")
    try:
        with files.read(files.join(earlier, "manifest.json")) as stream:
            manifest = orjson.loads(stream.read())
    except (OSError, orjson.JSONDecodeError) as error:
        raise Refused(f"{earlier} is not the output folder of a finished run: {error}") from error
    try:
        chosen = recipe.load(arguments.recipe) if arguments.recipe else recipe.parse(manifest["recipe"]["text"], f"{earlier}/manifest.json")
        if arguments.http_status == OK_STATUSES:
            arguments.http_status = tuple((low, high) for low, high in manifest["options"].get("http_status", OK_STATUSES))
        if arguments.rows == RowOptions():
            fields = manifest["options"].get("fields", {})
            arguments.rows = RowOptions(tuple(fields.items()), tuple(manifest["options"].get("keep_fields", ())))
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
    sources = [find.Source(path, os.path.getsize(path) if os.path.exists(path) else 0, collections[path]) for path in collections]
    only = tuple((path, frozenset(numbers)) for path, numbers in wanted.items())
    shares = [read.replace_only(share, only) for share in read.share_out(sources)]
    if arguments.output is None:
        number = 1
        while os.path.exists(output := files.join(earlier, f"replay-{number}")) and not arguments.resume:
            number += 1
        arguments.output = output
    say(f"{sum(map(len, wanted.values()))} dead letters of {earlier}; results go to {arguments.output}")
    return _go(arguments, engine, chosen, shares)


def _dead_letters(folder: str) -> Iterator[dict[str, Any]]:
    for name in files.names_in(folder):
        if name.startswith("dead-letters-") and not name.endswith(".tmp"):
            with files.read(files.join(folder, name)) as stream:
                unpacked = streams.unpacked(stream)
                yield from (orjson.loads(line) for line in unpacked if line.strip())


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
    with locked(job.output):
        try:
            ready = _prepare(job, plan, arguments)
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


@contextmanager
def locked(output: str) -> Iterator[None]:
    """One run at a time in one output folder of this machine: the folder is made where it is missing. Raises Refused."""
    if files.remote(output):
        yield
        return
    lock = os.path.join(output, ".newsbeam-lock")
    try:
        os.makedirs(output, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(f"--output {output} cannot be written to: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # One that ends takes the file with it: what is locked then is nobody's any more.
            if not os.path.exists(lock) or not os.path.samestat(os.fstat(descriptor), os.stat(lock)):
                raise BlockingIOError
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise Refused(f"another run is writing to {output}" + (f": process {holder}" if holder else "")) from error
        os.pwrite(descriptor, b"%-19d\n" % os.getpid(), 0)
        try:
            yield
        finally:
            files.delete(lock)  # the folder may have been taken away meanwhile
    finally:
        os.close(descriptor)


def _prepare(job: Job, plan: dict[str, Any], arguments: argparse.Namespace) -> Job | None:
    """Make the output folder ready; the job, with what an earlier try laid down, or None where there is nothing left to do."""
    if not files.remote(job.output) and os.path.exists(os.path.join(job.output, WATCHED)):
        raise Refused(f"{job.output} belongs to `newsbeam watch`; name another folder")
    if files.names_in(files.join(job.output, STREAMED)):
        raise Refused(f"{job.output} belongs to runs over messages (--source); name another folder")
    there = [name for name in files.names_in(job.output) if _OURS.fullmatch(name)]
    saved = _saved_plan(job)
    if arguments.resume and saved is None and "manifest.json" in there:
        with files.read(files.join(job.output, "manifest.json")) as stream:
            say(f"{job.output} is finished; nothing to resume")
            print(orjson.loads(stream.read())["account"])
        return None
    if (there or saved is not None) and not (arguments.overwrite or arguments.resume):
        what = "a run that was cut short" if saved is not None else f"results already ({there[0]})"
        raise Refused(f"{job.output} holds {what}; use --overwrite to replace it" + (" or --resume to go on" if saved is not None else ""))
    if arguments.resume and saved is not None:
        if arguments.added is None:
            plan = {**plan, "added": saved["added"]}
        if changed := [what for what in plan if plan[what] != saved.get(what)]:
            raise Refused(f"{' and '.join(changed)} changed since the run in {job.output} began; use --overwrite to start again")
        for folder in (job.output, job.parts):
            for name in files.names_in(folder):
                if name.endswith(".tmp"):
                    files.delete(files.join(folder, name))
        return replace(job, setup=replace(job.setup, added=plan["added"]))
    for name in there if arguments.overwrite else ():
        files.delete(files.join(job.output, name))
    files.delete(job.state)
    files.make_folder(job.parts)
    with files.whole(files.join(job.state, "plan.json")) as stream:
        stream.write(orjson.dumps(plan))
    return job


def _saved_plan(job: Job) -> dict[str, Any] | None:
    if "plan.json" not in files.names_in(job.state):
        return None
    with files.read(files.join(job.state, "plan.json")) as stream:
        plan: dict[str, Any] = orjson.loads(stream.read())
        return plan


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
        say(what)
        say(f"what is finished is kept: go on with --resume --output {job.output}")
        if not interrupted:
            say("(NEWSBEAM_DEBUG=1 shows the traceback)")
        return 1
    try:
        with files.read(files.join(job.output, "manifest.json")) as stream:
            manifest = orjson.loads(stream.read())
    except OSError:
        say(f"submitted; the results will be in {job.output}")
        return 0
    files.delete(job.state)
    report.summary(manifest, job.output)
    return _status(manifest, max_failed)


def _status(manifest: dict[str, Any], max_failed: report.Allowance) -> int:
    """The exit status of a finished run, with a word on standard error where it is not 0."""
    trouble = report.trouble(manifest, max_failed)
    if trouble:
        say(trouble)
    return 1 if trouble else 0


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
