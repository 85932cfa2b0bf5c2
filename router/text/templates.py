"""Prompt templates: sandboxed Jinja. People's text is only ever a value, never a template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.filters import do_indent
from jinja2.sandbox import ImmutableSandboxedEnvironment

from router.text.special_tokens import defuse_tokens

VARIABLES = ("message", "letter_order", "letter_text", "thread", "passages", "today")
"""The variables that every prompt may use. Names that earlier steps define with `into` come on
top. `letter_order` and `letter_text` are the message in two parts; the order may be empty."""

FILTERS = ("default", "indent", "join", "lower", "tojson", "trim", "truncate", "upper")
TESTS = ("defined", "undefined", "none", "string", "in", "eq", "ne", "true", "false")
MAX_SOURCE = 100_000
"""Characters of a template."""
MAX_NODES = 2_000
MAX_LOOP_ITEMS = 50
MAX_RENDERED = 2_000_000
"""Characters that one filter or one whole prompt may make; no model reads as much."""

# Characters that people do not see but models read: tags, variation selectors, zero width,
# bidirectional marks.
INVISIBLE = re.compile(
    "[\U000e0000-\U000e0fff\ufe00-\ufe0e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\u00ad]"
)
# What prompts are fenced with. Possessive, so that a long run of spaces is read once.
FENCE = re.compile(
    r"<(?=\s*+/?+\s*+(?:message|thread|passages?|tool|system|assistant|user)\b)", re.IGNORECASE
)

_ALLOWED_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Filter,
    nodes.Keyword,
    nodes.Test,
    nodes.If,
    nodes.CondExpr,
    nodes.For,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Concat,
    nodes.Getitem,
    nodes.Slice,
)
"""What a template may consist of. Nothing here multiplies, repeats or reaches into an object."""


def check_template(source: str, extra: Iterable[str] = ()) -> None:
    """Returns when `source` is a template that uses only `VARIABLES`, `extra` names and FILTERS.

    Raises ValueError naming what is not allowed, so that a bad file is found when it is loaded and
    not when somebody asks. Whatever could take memory or time out of proportion is refused before
    any part of it is evaluated: Jinja computes constant expressions while it compiles.
    """
    tree = _parse(source)
    _check_nodes(tree)
    _check_loops(tree)

    allowed = {*VARIABLES, *extra}
    unknown = _undeclared(tree) - allowed
    if unknown:
        raise ValueError(
            f"unknown variable {min(unknown)!r}; allowed: {', '.join(sorted(allowed))}"
        )

    # Wrong arguments of a filter show only when it runs.
    render(source, dict.fromkeys(allowed, "word"))


def _check_nodes(tree: nodes.Template) -> None:
    """Raises ValueError at the first part that is not on the lists."""
    for number, node in enumerate(tree.find_all(nodes.Node)):
        if number > MAX_NODES:
            raise ValueError(f"it has more than {MAX_NODES} parts; make it simpler")

        name = type(node).__name__.lower()
        known = isinstance(node, _ALLOWED_NODES)
        if not known:
            raise ValueError(
                f"line {node.lineno}: {name} is not allowed; use variables, filters and if"
            )
        if isinstance(node, nodes.Getitem) and not _is_position(node.arg):
            raise ValueError(
                f"line {node.lineno}: only positions such as [0] or [:100] are allowed"
            )
        if isinstance(node, nodes.Name) and node.name == "self":
            # Jinja declares this one itself.
            raise ValueError(f"line {node.lineno}: unknown variable 'self'; use another name")
        if isinstance(node, nodes.Filter):
            _check_name("filter", node.name, FILTERS, node.lineno)
        if isinstance(node, nodes.Test):
            _check_name("test", node.name, TESTS, node.lineno)


def _is_position(node: nodes.Node) -> bool:
    # A name in brackets would reach the attributes of an object.
    if isinstance(node, nodes.Neg):
        node = node.node

    return isinstance(node, nodes.Slice) or (
        isinstance(node, nodes.Const) and isinstance(node.value, int)
    )


def _check_name(sort: str, name: str, allowed: Sequence[str], line: int) -> None:
    if name not in allowed:
        raise ValueError(f"line {line}: unknown {sort} {name!r:.60}; allowed: {', '.join(allowed)}")


def _check_loops(tree: nodes.Template) -> None:
    """Raises ValueError for a loop inside a loop, or over anything but a short list.

    Every variable is a text, so a loop over one would run for each character of a message.
    """
    for loop in tree.find_all(nodes.For):
        if any(inner is not loop for inner in loop.find_all(nodes.For)):
            raise ValueError(f"line {loop.lineno}: a loop inside a loop is not allowed")

        items = loop.iter.items if isinstance(loop.iter, nodes.List | nodes.Tuple) else None
        if items is None or len(items) > MAX_LOOP_ITEMS:
            raise ValueError(
                f"line {loop.lineno}: a loop needs a list of at most {MAX_LOOP_ITEMS} items that "
                "is written out, such as ['a', 'b']"
            )


def variables_in(source: str) -> frozenset[str]:
    """Returns the variables that a template uses. Raises ValueError where it cannot be parsed."""
    tree = _parse(source)
    _check_nodes(tree)
    return frozenset(_undeclared(tree))


def render(source: str, values: Mapping[str, str]) -> str:
    """Returns `source` with `values` filled in, each passed through `escape_fences`.

    Raises ValueError when a variable is missing or the result is longer than `MAX_RENDERED`.
    """
    escaped = {name: escape_fences(value) for name, value in values.items()}
    parts = []
    length = 0
    try:
        # Piece by piece, so that a prompt without end is noticed before it fills the memory.
        for part in _template(source).generate(escaped):
            length += len(part)
            _check_length(length)
            parts.append(part)
    except Exception as error:
        # A template is a program of its author: whatever it raises is a fault of the template.
        raise ValueError(
            f"rendering a prompt: {error or type(error).__name__}; "
            f"allowed: {', '.join(sorted(values))}"
        ) from error

    return "".join(parts).strip()


def escape_fences(text: str) -> str:
    """Returns `text` without invisible characters, and unable to close the fence around it.

    A defence against prompt injection: what people write cannot end the part of the prompt that
    quotes them, neither with our own tags nor with the control tokens of a model's chat template.
    """
    visible = INVISIBLE.sub("", text)
    return defuse_tokens(FENCE.sub(lambda match: match[0].replace("<", "‹"), visible))


def _parse(source: str) -> nodes.Template:
    if len(source) > MAX_SOURCE:
        raise ValueError(f"it has {len(source)} characters; at most {MAX_SOURCE} are allowed")

    try:
        return _environment().parse(source)
    except (TemplateError, RecursionError, SyntaxError, ValueError) as error:
        raise ValueError(f"the template cannot be read: {error}; check the braces") from error


def _undeclared(tree: nodes.Template) -> set[str]:
    try:
        return meta.find_undeclared_variables(tree)
    except (TemplateError, RecursionError, SyntaxError, ValueError) as error:
        raise ValueError(f"the template cannot be read: {error}; make it simpler") from error


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=False
    )
    filters = {name: _bounded(environment.filters[name]) for name in FILTERS}
    filters["join"] = _bounded(_join)
    filters["indent"] = _bounded(_indent)
    environment.filters = filters
    environment.tests = {name: environment.tests[name] for name in TESTS}
    # Jinja's own globals: `range` alone could make a prompt of any length.
    environment.globals.clear()

    return environment


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the filter so that a chain of it cannot double a text again and again."""

    # `wraps` also copies the mark by which Jinja passes its context.
    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        _check_length(len(result) if isinstance(result, str) else 0)
        return result

    return run


def _join(value: object, separator: str = "") -> str:
    """Joins the items of a list, or the characters of a text."""
    items = [str(item) for item in value] if isinstance(value, str | list | tuple) else [str(value)]
    _check_length(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def _indent(value: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    """Indents each line but the first; `width` is a number of spaces or a text."""
    lines = value.count("\n") + 1
    _check_length(len(value) + lines * (width if isinstance(width, int) else len(width)))
    return do_indent(value, width, first, blank)


def _check_length(characters: int) -> None:
    """Raises ValueError for a text that no model could read."""
    if characters > MAX_RENDERED:
        raise ValueError(f"more than {MAX_RENDERED} characters; shorten the template")


@lru_cache(maxsize=512)
def _template(source: str) -> Template:
    return _environment().from_string(source)
