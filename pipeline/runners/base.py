"""The definition of a runner, and a runner that is ready for a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class KafkaReading:
    """The way Beam's Kafka connector runs on a runner.

    Attributes:
        service_arguments: arguments of the expansion service.
        staged: whether the runner sends the connector's jar to its machines. Otherwise the jar is there already.
        job_server_option: the option that names the jar of a job server, if that server needs the connector on its class path.
    """

    service_arguments: tuple[str, ...] = ()
    staged: bool = False
    job_server_option: str = ""


@dataclass(frozen=True, slots=True)
class PubSubReading:
    """The way a runner reads Pub/Sub.

    Attributes:
        beam_name: Beam's runner for it, if that is not the usual one.
        leased: whether this process pulls the messages, and holds their leases until their files exist.
    """

    beam_name: str = ""
    leased: bool = False


@dataclass(frozen=True, slots=True)
class ClusterJobs:
    """Access to the jobs of a cluster without Beam.

    It is for clusters for which Beam's own access is not sufficient.

    Attributes:
        cancel: cancels a job, given Beam's result and options. Raises OSError or ValueError.
        reference: plain data by which a later process finds the job; None if it cannot.
        running: given such data, describes the job and how to cancel it; "" if it is not running. Raises OSError or ValueError.
    """

    cancel: Callable[[Any, Mapping[str, Any]], None]
    reference: Callable[[Any, Mapping[str, Any]], dict[str, str] | None]
    running: Callable[[Mapping[str, Any]], str]


def no_preset(_options: Mapping[str, Any]) -> dict[str, Any]:
    """No defaults: Beam's own apply."""
    return {}


def any_place(_output: str, _inputs: Sequence[str]) -> None:
    """Accept every output and input."""


def no_options() -> None:
    """Declare nothing: Beam has all the options of the runner."""


@dataclass(frozen=True, slots=True)
class RunnerDefinition:
    """The definition of a runner.

    To add one: a module with a definition, and a line in `newsbeam.runners.registry`.

    Attributes:
        name: the value of `--runner`.
        beam_name: Beam's name of the runner.
        preset: given the options of the command line, returns defaults for Beam's options. Raises RunnerUnavailable.
        local: whether this command's own worker processes do the work, on this machine.
        retryable: whether a failed job is submitted again as long as each attempt finishes more parts.
        kafka: how it reads Kafka; None if it cannot.
        pubsub: how it reads Pub/Sub; None if it cannot.
        check_places: raises RunnerUnavailable if the runner cannot reach the output or an input.
        show_dry_run: prints the job of a dry run, given Beam's result; None if the runner has no dry run.
        declare_options: makes options known that Beam's Python half does not declare.
        cluster: access to the jobs of its cluster.
    """

    name: str
    beam_name: str
    preset: Callable[[Mapping[str, Any]], dict[str, Any]] = no_preset
    local: bool = False
    retryable: bool = False
    kafka: KafkaReading | None = None
    pubsub: PubSubReading | None = None
    check_places: Callable[[str, Sequence[str]], None] = any_place
    show_dry_run: Callable[[Any], None] | None = None
    declare_options: Callable[[], object] = no_options
    cluster: ClusterJobs | None = None

    def reads(self, kind: str) -> bool:
        """Tell whether a stream can read a kind of source: "kafka" or "pubsub"."""
        return {"kafka": self.kafka, "pubsub": self.pubsub}[kind] is not None


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner that is ready for a job.

    It has all of Beam's options: those of its preset, and those of the command line.
    """

    definition: RunnerDefinition
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def beam_name(self) -> str:
        """Beam's name of the runner."""
        return self.definition.beam_name

    @property
    def local(self) -> bool:
        """True if this command's own worker processes do the work."""
        return self.definition.local
