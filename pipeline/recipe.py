"""Recipes: which processors run, in which order, with which options. YAML in, a checked `Recipe` out."""

from __future__ import annotations

import difflib
import os
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import yaml

from pipeline import files
from transforms import processor as registry
from transforms.fields import USUAL_NAMES, RowOptions
from transforms.processor import Chain, Processor, ProcessorNotFound, installed, is_option

if TYPE_CHECKING:
    from transforms.boilerplate.site import Counts

DEFAULT = """\
processors:
  - boilerplate
  - length
  - language
  - translation
  - attribution
"""
"""The recipe of a run without `--recipe`: clean, drop what is empty, annotate."""


UNENDING = (
    "site_template counts over all pages before the first is cleaned, so it needs an input that ends and can be read twice; "
    "take it out of the recipe, or run over files"
)
"""Why a recipe with `site_template` is refused where the input has no end."""


class RecipeError(ValueError):
    """A recipe is wrong. The message names the file, the line, what is wrong and what was probably meant."""


@dataclass(frozen=True)
class SiteOptions:
    """From how many pages of a site on, and on what share (0..1) of the others, a text that recurs is template."""

    min_pages: int = 5
    share: float = 0.3

    def __post_init__(self) -> None:
        if self.min_pages < 3:
            raise ValueError("min_pages is at least 3: fewer pages tell nothing")
        if not 0 < self.share <= 1:
            raise ValueError("share lies between 0 and 1")


@dataclass(frozen=True)
class Recipe:
    """A checked recipe, as plain data: it pickles, and any worker builds the same chain from it.

    `edit_again`: records of newsbeam's own are edited by the processors that have edited them before.
    """

    source: str = ""
    steps: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    text: str = ""
    site_template: SiteOptions | None = None
    edit_again: bool = False

    def chain(self, version: str = "", added: str = "", counts: Counts | None = None, rows: RowOptions = USUAL_NAMES) -> Chain:
        """The processors, built; `counts` is what was counted for `site_template` over all pages of the run, `rows` how rows are read.

        Raises ProcessorNotFound where a worker lacks what the launcher has.
        """
        processors = [find(name)(**dict(options)) for name, options in self.steps]
        if counts is not None and self.site_template is not None:
            from transforms.boilerplate.site import SiteTemplate  # with all of its package

            at = next(taking(processors))
            template = SiteTemplate(counts, self.site_template.min_pages, self.site_template.share)
            taker: Any = processors[at]
            processors[at] = replace(taker, template=template)
        processed_by = " ".join([f"newsbeam v{version}", *(name for name, _ in self.steps)])
        return Chain(tuple(processors), added, processed_by, rows, self.edit_again)


def taking(processors: Sequence[Processor]) -> Iterator[int]:
    """The places of the processors that take a site's template, of which the first is given it.

    Such a one has a method `site_texts` (the texts of a document that may recur) and a field `template` (a SiteTemplate or None).
    """
    return (at for at, processor in enumerate(processors) if hasattr(processor, "site_texts"))


def find(name: str) -> type[Processor]:
    """The class of the processor `name`; a `package.module:Class` may lie in the current folder. Raises ProcessorNotFound.

    The current folder is put on the module search path only for such a recipe, and last: a file there hides nothing that is installed.
    """
    if ":" in name and name not in installed():
        with suppress(OSError):  # the folder may be gone
            if (here := os.getcwd()) not in sys.path:
                sys.path.append(here)
    return registry.find(name)


def parse(text: str, name: str = "recipe") -> Recipe:
    """The recipe in `text`; `name` is what messages call it. Raises RecipeError."""
    try:
        return _parse(text, name)
    except RecursionError:
        raise RecipeError(f"{name}: nested too deeply. A recipe is a list of processors with their options.") from None


def _parse(text: str, name: str) -> Recipe:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RecipeError(f"{name}:{line}: no valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{name}: no valid YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise RecipeError(f"{name}:1: a recipe is a mapping with the key `processors`, like {{processors: [boilerplate, language]}}")
    source, steps, nodes, site, edit_again = "", None, [], None, False
    site_node: yaml.Node = root
    for key, value in _pairs(root, name):
        if key.value == "source":
            source = _plain(value, name)
            if not isinstance(source, str) or not source:
                raise _error(name, value, "`source` is the collection's name, a string")
            if files.shown(source) != source:
                raise _error(name, value, f"`source` has half a character in it: {files.shown(source)}; write the whole character")
        elif key.value == "processors":
            if not isinstance(value, yaml.SequenceNode):
                raise _error(name, value, "`processors` is a list, one `- name` a line")
            nodes = value.value
            steps = tuple(_step(node, name) for node in nodes)
        elif key.value == "site_template":
            site, site_node = _site_options(value, name), key
        elif key.value == "edit_again":
            edit_again = _typed(value, bool, "edit_again", name)
        else:
            raise _error(
                name, key, f"unknown key {key.value!r}" + _meant(key.value, ["source", "processors", "site_template", "edit_again"])
            )
    if steps is None:
        raise RecipeError(f"{name}:1: the key `processors` is missing")
    recipe = Recipe(source, steps, text, site, edit_again)
    built: list[Processor] = []
    for node, (step, options) in zip(nodes, steps, strict=True):
        try:
            built.append(find(step)(**dict(options)))
            Chain(tuple(built))
        except Exception as error:  # a third party's __post_init__ may raise anything
            raise _error(name, node, f"{step}: {error}") from error
    if site and next(taking(built), None) is None:
        raise _error(name, site_node, "`site_template` is for a processor that takes one, as `boilerplate` does; there is none here")
    return recipe


def load(path: str | None) -> Recipe:
    """The recipe in a file; without one, the default. Raises RecipeError."""
    if path is None:
        return parse(DEFAULT, "the default recipe")
    try:
        with files.read(path) as stream:
            return parse(stream.read().decode(), path)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: a recipe is YAML in UTF-8; this is not") from error


def _site_options(node: yaml.Node, name: str) -> SiteOptions | None:
    if not isinstance(node, yaml.MappingNode):
        value = _plain(node, name)
        if not isinstance(value, bool):
            raise _error(name, node, "`site_template` is true, false, or {min_pages: 5, share: 0.3}")
        return SiteOptions() if value else None
    known = _options(SiteOptions)
    options: dict[str, Any] = {}
    for key, value in _pairs(node, name):
        if key.value not in known:
            there = f"; its options: {', '.join(known)}"
            raise _error(name, key, f"site_template has no option {key.value!r}" + (_meant(key.value, known) or there))
        options[key.value] = _typed(value, known[key.value], f"site_template.{key.value}", name)
    try:
        return SiteOptions(**options)
    except ValueError as error:
        raise _error(name, node, f"site_template: {error}") from error


def _step(node: yaml.Node, name: str) -> tuple[str, tuple[tuple[str, Any], ...]]:
    options: list[tuple[str, Any]] = []
    title = node
    if isinstance(node, yaml.MappingNode):
        pairs = _pairs(node, name)
        if len(pairs) != 1:
            raise _error(name, node, "one processor an entry: `- name: {option: value}`")
        title, body = pairs[0]
        if isinstance(body, yaml.ScalarNode) and body.tag.endswith(":null"):
            body = yaml.MappingNode("tag:yaml.org,2002:map", [], body.start_mark, body.end_mark)
        if not isinstance(body, yaml.MappingNode):
            raise _error(name, body, f"the options of {title.value!r} are a mapping: `- {title.value}: {{option: value}}`")
        cls = _class(title, name)
        known = _options(cls)
        for key, value in _pairs(body, name):
            if key.value not in known:
                there = f"; its options: {', '.join(known)}" if known else "; it has no options"
                raise _error(name, key, f"{title.value} has no option {key.value!r}" + (_meant(key.value, known) or there))
            options.append((key.value, _typed(value, known[key.value], f"{title.value}.{key.value}", name)))
    elif isinstance(node, yaml.ScalarNode):
        _class(node, name)
    else:
        raise _error(name, node, "an entry is a processor's name, or `name: {option: value}`")
    return title.value, tuple(options)


def _class(node: yaml.Node, name: str) -> type[Processor]:
    if not isinstance(node, yaml.ScalarNode) or not isinstance(node.value, str):
        raise _error(name, node, "a processor's name is a string")
    try:
        return find(node.value)
    except ProcessorNotFound as error:
        raise _error(name, node, str(error) + _meant(node.value, list(installed()))) from error


def _options(cls: type) -> dict[str, Any]:
    if not is_dataclass(cls):
        return {}
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls) if field.init and is_option(field)}


def _typed(node: yaml.Node, wanted: Any, what: str, name: str) -> Any:
    """The node's value, if it is of the type that the processor's field declares."""
    value = _plain(node, name)
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        if any(_fits(value, one) for one in arguments):
            return value
    elif origin in (tuple, list, Sequence) or wanted in (tuple, list):
        items = arguments[0] if arguments else object
        if isinstance(value, list) and all(_fits(item, items) for item in value):
            return tuple(value)
    elif _fits(value, wanted):
        return float(value) if wanted is float else value
    described = " or ".join(map(repr, arguments)) if origin is Literal else getattr(wanted, "__name__", str(wanted))
    raise _error(name, node, f"{what} is {described}, not {value!r}")


def _fits(value: Any, wanted: Any) -> bool:
    if typing.get_origin(wanted) is Literal:
        return value in typing.get_args(wanted)
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted) if isinstance(wanted, type) else True


def _plain(node: yaml.Node, name: str) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        raise _error(name, node, f"{getattr(node, 'value', node)!r} cannot be read: {error}") from error
    finally:
        loader.dispose()


def _pairs(node: yaml.MappingNode, name: str) -> list[tuple[yaml.Node, yaml.Node]]:
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            raise _error(name, key, f"{key.value!r} stands here twice")
        seen.add(str(key.value))
    return list(node.value)


def _error(name: str, node: yaml.Node, message: str) -> RecipeError:
    return RecipeError(f"{name}:{node.start_mark.line + 1}: {message}")


def _meant(word: str, known: Sequence[str] | Iterator[str] | dict[str, Any]) -> str:
    near = difflib.get_close_matches(str(word), list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
