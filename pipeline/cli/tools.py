"""The commands that write no records: explain, view, sample, report and others."""

from __future__ import annotations

from newsbeam.cli.options import (
    Parser,
    add_recipe_option,
    add_row_options,
    load_recipe,
    parse_row_options,
    port_number,
    positive_float,
    positive_int,
    score,
)
from newsbeam.console.terminal import escape_controls
from newsbeam.errors import CommandLineError


def explain_command(arguments: list[str]) -> int:
    """Carry out `newsbeam explain`; the exit status."""
    parser = Parser("newsbeam explain", description="Show what each processor did to one document, and why.", allow_abbrev=False)
    parser.add_argument("file", metavar="FILE", help="a document, a file with several, or the output folder of a run")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-n", "--record", type=positive_int, default=1, metavar="N", help="the N-th document (default: the first)")
    which.add_argument("--id", metavar="ID", help="the record with this id, or with an id that begins so: sha256:…")
    which.add_argument("--url", metavar="URL", help="the record with this url")
    add_recipe_option(parser, "without it, a record is shown as it is")
    add_row_options(parser)
    known = parser.parse_args(arguments)
    rows = parse_row_options(known)
    from newsbeam.tools import explain

    wanted = explain.Wanted(known.record, known.id or "", known.url or "")
    return explain.explain(known.file, wanted, load_recipe(known.recipe), rows, as_it_is=known.recipe is None)


def view_command(arguments: list[str]) -> int:
    """Carry out `newsbeam view`; the exit status."""
    about = "Show records as a page in a browser: text with annotations, statements, chains, counts, samples to label."
    parser = Parser("newsbeam view", description=about, allow_abbrev=False)
    parser.add_argument("inputs", metavar="DIR|FILE", nargs="+", help="the output folder of a run, or one of its files")
    parser.add_argument("--port", type=port_number, default=8765, metavar="N", help="port on this machine (default: 8765; 0: any free one)")
    parser.add_argument("--save", metavar="FILE", help="write the page as one HTML file instead, which needs no server")
    parser.add_argument("--compare", metavar="DIR", help="records of another run over the same documents")
    parser.add_argument("--labels", metavar="FILE", default="labels.jsonl", help="file for labels of samples (default: labels.jsonl)")
    known = parser.parse_args(arguments)
    from newsbeam.view import run

    if known.save is not None:
        if known.compare is not None:
            raise CommandLineError("--compare needs the server; leave out --save")
        return run.save(known.inputs, known.save)
    return run.serve(known.inputs, known.port, known.labels, known.compare)


def sample_command(arguments: list[str]) -> int:
    """Carry out `newsbeam sample`; the exit status."""
    parser = Parser("newsbeam sample", description="Print records drawn at random, one line of JSON each.", allow_abbrev=False)
    parser.add_argument("input", metavar="DIR|FILE", help="the output folder of a run, or one of its files")
    parser.add_argument("-n", "--count", type=positive_int, default=20, metavar="N", help="number of records (default: 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed draws the same records (default: 1)")
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help="only these, such as language=ko")
    known = parser.parse_args(arguments)
    from newsbeam.reports import tables

    return tables.sample(known.input, known.count, known.seed, known.where)


def report_command(arguments: list[str]) -> int:
    """Carry out `newsbeam report`; the exit status."""
    parser = Parser("newsbeam report", description="Count what is in the records of a run.", allow_abbrev=False)
    parser.add_argument("inputs", metavar="DIR|FILE", nargs="+", help="the output folder of a run, or one of its files")
    parser.add_argument("--to", metavar="FILE", help="write to FILE.html or FILE.md (default: the terminal)")
    known = parser.parse_args(arguments)
    from newsbeam.reports import tables

    return tables.report(known.inputs, known.to)


def diff_command(arguments: list[str]) -> int:
    """Carry out `newsbeam diff`; the exit status."""
    about = "Compare two runs over the same documents, by id. Exit status: 0 if they are the same, 1 if not."
    parser = Parser("newsbeam diff", description=about, allow_abbrev=False)
    parser.add_argument("first", metavar="A", help="the output folder of a run, or one of its files")
    parser.add_argument("second", metavar="B", help="the other one")
    parser.add_argument("--id", metavar="ID", help="show what differs in the document with this id, or whose id begins so")
    known = parser.parse_args(arguments)
    from newsbeam.reports import tables

    return tables.diff(known.first, known.second, known.id)


def export_command(arguments: list[str]) -> int:
    """Carry out `newsbeam export`; the exit status."""
    about = "Write who said what, a row per statement. An SQLite database has the documents as well."
    parser = Parser("newsbeam export", description=about, allow_abbrev=False)
    parser.add_argument("inputs", metavar="DIR|FILE", nargs="+", help="the output folder of a run, or one of its files")
    parser.add_argument("--to", metavar="FILE", required=True, help="FILE.csv, FILE.parquet or FILE.sqlite")
    parser.add_argument("--min-score", type=score, default=0.0, metavar="N", help="leave out statements with lower scores (default: 0)")
    known = parser.parse_args(arguments)
    from newsbeam.reports import export

    return export.export(known.inputs, known.to, known.min_score)


def schema_command(arguments: list[str]) -> int:
    """Carry out `newsbeam schema`; the exit status."""
    about = "Print the schema of a record, or of a recipe, for other tools."
    parser = Parser("newsbeam schema", description=about, allow_abbrev=False)
    which = parser.add_mutually_exclusive_group(required=True)
    for name, use in _SCHEMAS.items():
        which.add_argument(f"--{name}", dest="name", action="store_const", const=name, help=use)
    known = parser.parse_args(arguments)
    from newsbeam.reports import schemas

    print(schemas.SCHEMAS[known.name]())
    return 0


_SCHEMAS = {
    "json": "JSON Schema",
    "arrow": "columns of Arrow and Parquet",
    "polars": "Python for the schema of polars.read_ndjson",
    "spark": "DDL for the schema of spark.read.json",
    "bigquery": "schema file for bq load",
    "recipe": "JSON Schema of recipes, for editors",
}


def list_command(arguments: list[str]) -> int:
    """Carry out `newsbeam list`; the exit status."""
    about = "List the installed processors with their packages and options."
    Parser("newsbeam list", description=about, allow_abbrev=False).parse_args(arguments)
    from newsbeam.tools import processors

    processors.list_processors()
    return 0


def check_command(arguments: list[str]) -> int:
    """Carry out `newsbeam check`; the exit status."""
    parser = Parser("newsbeam check", description="Validate a recipe.", allow_abbrev=False)
    parser.add_argument("recipe", metavar="RECIPE", help="recipe (YAML)")
    recipe = load_recipe(parser.parse_args(arguments).recipe)
    if recipe.steps:
        print("recipe is valid: " + escape_controls(" → ".join(name for name, _ in recipe.steps)))
    else:
        print("recipe is valid, but has no processors: text is not changed")
    return 0


def plan_command(arguments: list[str]) -> int:
    """Carry out `newsbeam plan`; the exit status."""
    about = "Estimate cores, hours and memory for a number of documents from the rate of one core."
    parser = Parser("newsbeam plan", description=about, allow_abbrev=False)
    parser.add_argument(
        "documents", metavar="DOCUMENTS", nargs="*", default=["1M", "100M", "3B"], help="number of documents (default: 1M 100M 3B)"
    )
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--sample", metavar="INPUT", nargs="+", help="sample documents; processed locally on one core to measure the rate")
    one.add_argument("--rate", type=positive_float, metavar="N", help="documents per second and core, if known")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--hours", type=positive_float, default=24.0, metavar="N", help="time to finish in (default: 24)")
    other.add_argument("--cores", type=positive_int, default=0, metavar="N", help="number of cores")
    add_recipe_option(parser)
    known = parser.parse_args(arguments)
    from newsbeam.tools import sizing

    try:
        counts = [sizing.parse_count(text) for text in known.documents]
        worker_mb = 300
        if known.sample:
            sizing.limit_blas_threads()
            sample = sizing.measure(known.sample, load_recipe(known.recipe), 32 << 20)
            known.rate, worker_mb = sample.rate, sample.worker_mb
            failed = f" ({sample.failed:,} of them failed)" if sample.failed else ""
            print(f"{sample.documents:,} documents{failed}: {sample.rate:,.1f} per second on one core, {worker_mb:,} MB per worker")
        print(sizing.table([sizing.plan(count, known.rate, known.hours, known.cores, worker_mb) for count in counts]))
    except (ValueError, OverflowError) as error:
        raise CommandLineError(str(error)) from error
    return 0
