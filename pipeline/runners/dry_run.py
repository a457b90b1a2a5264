"""A dry run: describe a Dataflow job without submitting it.

`--dry_run=True` builds the whole job as Beam would submit it and prints it. It reads nothing, writes nothing and requires no
credentials. It does not know the inputs either: one work unit stands for all of them.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import orjson


def is_dry(given: Mapping[str, Any]) -> bool:
    """Tell whether Beam's options ask for a dry run.

    Beam takes any word for the value, "False" included.
    """
    return str(given.get("dry_run", False)).lower() not in ("false", "0", "no", "")


def show(result: Any) -> None:
    """Print the job of a dry run, given Beam's result."""
    print(orjson.dumps(described(result.job), option=orjson.OPT_INDENT_2).decode())


def described(job: Any) -> dict[str, Any]:
    """Describe the job of a dry run (`result.job`) as plain data.

    Its stages are in the order of the work.

    A stage is the work between two shuffles, which is done document by document.
    """
    from apache_beam import version as beam
    from apache_beam.portability.api import beam_runner_api_pb2 as protos
    from apache_beam.utils.proto_utils import parse_Bytes

    components = job.proto_pipeline.components
    images = {parse_Bytes(one.payload, protos.DockerPayload).container_image for one in components.environments.values()}
    chosen = job.options.get_all_options(drop_default=True)
    return {
        "job": job.proto.name,
        "type": job.proto.type_.name.removeprefix("JOB_TYPE_").lower(),
        "containers": sorted(images),
        "needs in the container": {"python": ".".join(platform.python_version_tuple()[:2]), "apache-beam": beam.__version__},
        "stages": _stages(components),
        "options": {name: chosen[name] for name in sorted(chosen) if name not in ("dry_run", "beam_plugins")},
    }


def _stages(components: Any) -> list[dict[str, Any]]:
    leaves = {name: one for name, one in components.transforms.items() if not one.subtransforms and (one.inputs or one.outputs)}
    maker = {output: name for name, one in leaves.items() for output in one.outputs.values()}
    ready: dict[str, int] = {}
    stages: list[dict[str, Any]] = []

    def stage_of(name: str) -> int:
        """The number of the stage of a transform.

        Adds that stage and those before it to the list.
        """
        if name in ready:
            return ready[name]
        one = leaves[name]
        kind = one.spec.urn.split(":")[2]
        sides, shuffled = _par_do(one) if kind == "pardo" else ([], kind == "group_by_key")
        before = [stage_of(maker[collection]) for tag, collection in sorted(one.inputs.items()) if tag not in sides]
        if len(before) == 1 and not shuffled:
            ready[name] = before[0]
            stages[before[0]]["steps"].append(one.unique_name)
        else:
            ready[name] = len(stages)
            begins = "a shuffle" if shuffled else {"flatten": "several stages", "impulse": "nothing"}.get(kind, kind)
            stages.append({"begins with": begins, "after": sorted(set(before)), "steps": [one.unique_name]})
        waits = {stage_of(maker[one.inputs[tag]]) for tag in sides}
        stages[ready[name]]["after"] = sorted(waits.union(stages[ready[name]]["after"]))
        return ready[name]

    for name in leaves:
        stage_of(name)
    return stages


def _par_do(transform: Any) -> tuple[list[str], bool]:
    """The tags of its side inputs, and whether it keeps state by key.

    State by key shuffles the input.
    """
    from apache_beam.portability.api import beam_runner_api_pb2 as protos
    from apache_beam.utils.proto_utils import parse_Bytes

    payload = parse_Bytes(transform.spec.payload, protos.ParDoPayload)
    return sorted(payload.side_inputs), bool(payload.state_specs or payload.timer_family_specs)
