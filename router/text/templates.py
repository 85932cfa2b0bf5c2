"""Prompt templates: sandboxed Jinja in which people's text is only ever a value, never a template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = ("message", "thread", "passages", "today")
"""What a prompt may speak of; the names that earlier steps give with `into` come on top."""

FILTERS = ("default", "indent", "join", "lower", "tojson", "trim", "truncate", "upper")
BUILDERS = ("range", "dict", "lipsum", "cycler", "joiner", "namespace")

# Characters that people do not see but models read: tags, variation selectors, zero width,
# bidirectional marks.
INVISIBLE = re.compile(
    "[\U000e0000-\U000e0fff\ufe00-\ufe0e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]"
)
FENCE = re.compile(
    r"<(?=\s*/?\s*(?:message|thread|passages?|tool|system|assistant|user)\b)|<\|", re.IGNORECASE
)


def check_template(source: str, extra: Iterable[str] = ()) -> None:
    """Returns when `source` is a template that uses only allowed names.

    Raises ValueError naming what is not allowed. Attribute walks and calls are refused here
    already, so that a bad file is found when it is loaded and not when somebody asks.
    """
    environment = _environment()
    try:
        tree = environment.parse(source)
    except TemplateError as error:
        raise ValueError(f"the template cannot be read: {error}; check the braces") from error

    allowed = {*VARIABLES, *extra}

    unknown = meta.find_undeclared_variables(tree) - allowed
    if unknown:
        raise ValueError(
            f"unknown variable {min(unknown)!r}; allowed: {', '.join(sorted(allowed))}"
        )

    for node in tree.find_all(
        (nodes.Call, nodes.Getattr, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    ):
        raise ValueError(
            f"line {node.lineno}: {type(node).__name__.lower()} is not allowed; use variables and filters"
        )


def names_in(source: str) -> frozenset[str]:
    """The variables that a template speaks of. Raises ValueError where it is none."""
    try:
        return frozenset(meta.find_undeclared_variables(_environment().parse(source)))
    except TemplateError as error:
        raise ValueError(f"the template cannot be read: {error}; check the braces") from error


def render(source: str, values: Mapping[str, str]) -> str:
    """`source` with `values` filled in; invisible characters and look-alikes of our fences are defused in the values.

    Raises ValueError when a variable is missing.
    """
    try:
        return (
            _template(source)
            .render({name: defuse(value) for name, value in values.items()})
            .strip()
        )
    except TemplateError as error:
        raise ValueError(
            f"rendering a prompt: {error}; allowed: {', '.join(sorted(values))}"
        ) from error


def defuse(text: str) -> str:
    """`text` without characters nobody sees, and unable to close the fence that a prompt put around it."""
    return FENCE.sub(lambda found: found[0].replace("<", "‹"), INVISIBLE.sub("", text))


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=False
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}

    for name in BUILDERS:
        environment.globals.pop(name, None)

    return environment


@lru_cache(maxsize=512)
def _template(source: str) -> Template:
    return _environment().from_string(source)
