"""Prompt templates: sandboxed Jinja. People's text is only ever a value, never a template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = ("message", "thread", "passages", "today")
"""The variables that every prompt may use. Names that earlier steps define with `into` come on
top."""

FILTERS = ("default", "indent", "join", "lower", "tojson", "trim", "truncate", "upper")
REMOVED_GLOBALS = ("range", "dict", "lipsum", "cycler", "joiner", "namespace")
"""Jinja's own globals: `range` alone could make a prompt of any length."""

# Characters that people do not see but models read: tags, variation selectors, zero width,
# bidirectional marks.
INVISIBLE = re.compile(
    "[\U000e0000-\U000e0fff\ufe00-\ufe0e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\u00ad]"
)
# What prompts are fenced with: XML-like tags, and the `<|…|>` tokens of chat templates.
FENCE = re.compile(
    r"<(?=\s*/?\s*(?:message|thread|passages?|tool|system|assistant|user)\b)|<\|", re.IGNORECASE
)

_FORBIDDEN_NODES = (
    nodes.Call,
    nodes.Getattr,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
)


def check_template(source: str, extra: Iterable[str] = ()) -> None:
    """Returns when `source` is a template that uses only `VARIABLES`, `extra` names and FILTERS.

    Raises ValueError naming what is not allowed. Attribute access and calls are refused here
    already, so that a bad file is found when it is loaded and not when somebody asks.
    """
    tree = _parse(source)
    allowed = {*VARIABLES, *extra}

    unknown = meta.find_undeclared_variables(tree) - allowed
    if unknown:
        raise ValueError(
            f"unknown variable {min(unknown)!r}; allowed: {', '.join(sorted(allowed))}"
        )

    for node in tree.find_all(_FORBIDDEN_NODES):
        raise ValueError(
            f"line {node.lineno}: {type(node).__name__.lower()} is not allowed; "
            "use variables and filters"
        )


def variables_in(source: str) -> frozenset[str]:
    """Returns the variables that a template uses. Raises ValueError where it cannot be parsed."""
    return frozenset(meta.find_undeclared_variables(_parse(source)))


def render(source: str, values: Mapping[str, str]) -> str:
    """Returns `source` with `values` filled in, each passed through `escape_fences`.

    Raises ValueError when a variable is missing.
    """
    escaped = {name: escape_fences(value) for name, value in values.items()}
    try:
        return _template(source).render(escaped).strip()
    except TemplateError as error:
        raise ValueError(
            f"rendering a prompt: {error}; allowed: {', '.join(sorted(values))}"
        ) from error


def escape_fences(text: str) -> str:
    """Returns `text` without invisible characters, and unable to close the fence around it.

    A defence against prompt injection: what people write cannot end the part of the prompt that
    quotes them.
    """
    return FENCE.sub(lambda match: match[0].replace("<", "‹"), INVISIBLE.sub("", text))


def _parse(source: str) -> nodes.Template:
    try:
        return _environment().parse(source)
    except TemplateError as error:
        raise ValueError(f"the template cannot be read: {error}; check the braces") from error


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=False
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}

    for name in REMOVED_GLOBALS:
        environment.globals.pop(name, None)

    return environment


@lru_cache(maxsize=512)
def _template(source: str) -> Template:
    return _environment().from_string(source)
