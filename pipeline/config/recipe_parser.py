"""Parsing of recipes in YAML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml

from newsbeam.config.recipe import DEFAULT, Recipe, SiteOptions, find, template_processors
from newsbeam.errors import RecipeError
from newsbeam.storage import filesystem
from newsbeam.suggestions import did_you_mean
from newsbeam.transforms.processor import Chain, Processor, ProcessorNotFound, installed, is_option


def parse(text: str, name: str = "recipe") -> Recipe:
    """Parse a recipe; `name` is used in messages. Raises RecipeError."""
    try:
        return _parse(text, name)
    except RecursionError:
        raise RecipeError(f"{name}: nested too deeply. A recipe is a list of processors with their options.") from None


def _parse(text: str, name: str) -> Recipe:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RecipeError(f"{name}:{line}: invalid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{name}: invalid YAML: {error}") from error
    if not isinstance(root, yaml.MappingNode):
        raise RecipeError(f"{name}:1: a recipe is a mapping with the key `processors`, like {{processors: [boilerplate, language]}}")
    source, steps, nodes, site, edit_again = "", None, [], None, False
    site_node: yaml.Node = root
    for key, value in mapping_items(root, name):
        if key.value == "source":
            source = to_python(value, name)
            if not isinstance(source, str) or not source:
                raise _error(name, value, "`source` must be a string, the collection's name")
            if filesystem.printable(source) != source:
                raise _error(name, value, f"`source` has an unpaired surrogate: {filesystem.printable(source)}; write the whole character")
        elif key.value == "processors":
            if not isinstance(value, yaml.SequenceNode):
                raise _error(name, value, "`processors` must be a list with one `- name` per line")
            nodes = value.value
            steps = tuple(_step(node, name) for node in nodes)
        elif key.value == "site_template":
            site, site_node = _site_options(value, name), key
        elif key.value == "edit_again":
            edit_again = convert(value, bool, "edit_again", name)
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
        except Exception as error:  # a __post_init__ of a third party may raise any exception
            raise _error(name, node, f"{step}: {error}") from error
    if site and next(template_processors(built), None) is None:
        raise _error(
            name, site_node, "`site_template` needs a processor that uses one, such as `boilerplate`; add it, or remove `site_template`"
        )
    return recipe


def load(path: str | Recipe | None) -> Recipe:
    """Load the recipe in a file, or the default one.

    A recipe stays as it is. Raises RecipeError.
    """
    if isinstance(path, Recipe):
        return path
    if path is None:
        return parse(DEFAULT, "the default recipe")
    try:
        with filesystem.read(path) as stream:
            return parse(stream.read().decode(), path)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8; a recipe is YAML in UTF-8") from error


def _site_options(node: yaml.Node, name: str) -> SiteOptions | None:
    if not isinstance(node, yaml.MappingNode):
        value = to_python(node, name)
        if not isinstance(value, bool):
            raise _error(name, node, "`site_template` must be true, false, or {min_pages: 5, share: 0.3}")
        return SiteOptions() if value else None
    known = _options(SiteOptions)
    options: dict[str, Any] = {}
    for key, value in mapping_items(node, name):
        if key.value not in known:
            hint = did_you_mean(str(key.value), known, f"its options are {', '.join(known)}")
            raise _error(name, key, f"site_template has no option {key.value!r}; {hint}")
        options[key.value] = convert(value, known[key.value], f"site_template.{key.value}", name)
    try:
        return SiteOptions(**options)
    except ValueError as error:
        raise _error(name, node, f"site_template: {error}") from error


def _step(node: yaml.Node, name: str) -> tuple[str, tuple[tuple[str, Any], ...]]:
    options: list[tuple[str, Any]] = []
    title = node
    if isinstance(node, yaml.MappingNode):
        pairs = mapping_items(node, name)
        if len(pairs) != 1:
            raise _error(name, node, "an entry has one processor: `- name: {option: value}`")
        title, body = pairs[0]
        if isinstance(body, yaml.ScalarNode) and body.tag.endswith(":null"):
            body = yaml.MappingNode("tag:yaml.org,2002:map", [], body.start_mark, body.end_mark)
        if not isinstance(body, yaml.MappingNode):
            raise _error(name, body, f"the options of {title.value!r} must be a mapping: `- {title.value}: {{option: value}}`")
        cls = _class(title, name)
        known = _options(cls)
        for key, value in mapping_items(body, name):
            if key.value not in known:
                hint = did_you_mean(str(key.value), known, f"its options are {', '.join(known)}" if known else "it has no options")
                raise _error(name, key, f"{title.value} has no option {key.value!r}; {hint}")
            options.append((key.value, convert(value, known[key.value], f"{title.value}.{key.value}", name)))
    elif isinstance(node, yaml.ScalarNode):
        _class(node, name)
    else:
        raise _error(name, node, "an entry must be a processor's name, or `name: {option: value}`")
    return title.value, tuple(options)


def _class(node: yaml.Node, name: str) -> type[Processor]:
    if not isinstance(node, yaml.ScalarNode) or not isinstance(node.value, str):
        raise _error(name, node, "a processor's name must be a string")
    try:
        return find(node.value)
    except ProcessorNotFound as error:
        raise _error(name, node, str(error) + _meant(node.value, installed())) from error


def _options(cls: type) -> dict[str, Any]:
    if not is_dataclass(cls):
        return {}
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls) if field.init and is_option(field)}


def convert(node: yaml.Node, declared: Any, what: str, name: str) -> Any:
    """Convert a YAML node to the type that an option declares.

    Raises RecipeError if it is of another type.
    """
    value = to_python(node, name)
    try:
        return msgspec.convert(value, declared)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: a surrogate from an escape in the YAML
        choices = get_args(declared) if get_origin(declared) is Literal else ()
        expected = " or ".join(map(repr, choices)) or getattr(declared, "__name__", declared)
        raise _error(name, node, f"{what} is {expected}, not {value!r}") from error
    except TypeError:  # a type that msgspec does not know is the processor's to check
        return value


def to_python(node: yaml.Node, name: str) -> Any:
    """Return the value of a YAML node. Raises RecipeError."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        raise _error(name, node, f"invalid value {getattr(node, 'value', node)!r}: {error}") from error
    finally:
        loader.dispose()


def mapping_items(node: yaml.MappingNode, name: str) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the keys and values of a YAML mapping.

    Raises RecipeError for a repeated key.
    """
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            raise _error(name, key, f"duplicate key {key.value!r}")
        seen.add(str(key.value))
    return list(node.value)


def _error(name: str, node: yaml.Node, message: str) -> RecipeError:
    return RecipeError(f"{name}:{node.start_mark.line + 1}: {message}")


def _meant(word: Any, known: Iterable[str]) -> str:
    hint = did_you_mean(str(word), known)
    return f"; {hint}" if hint else ""
