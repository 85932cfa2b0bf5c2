"""Evaluates an arithmetic expression without running code."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from workers.tools import ToolCall, ToolError

HELP = (
    "Works out an arithmetic expression like (1200 * 1.19) / 3; "
    "knows + - * / // % **, round, abs, min, max and sqrt."
)
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"expression": {"type": "string", "maxLength": 120}},
    "required": ["expression"],
    "additionalProperties": False,
}
READ_ONLY = True
MAX_VALUE = 1e15
MAX_CHARACTERS = 200
MAX_BASE = 1e6
MAX_EXPONENT = 64
"""A power beyond these limits could take minutes and gigabytes."""

OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "round": round,
    "abs": abs,
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
}


def run(call: ToolCall) -> str:
    """Returns the expression and its value in up to twelve digits."""
    expression = str(call.args.get("expression", ""))
    return f"{expression} = {evaluate(expression):.12g}"


def evaluate(expression: str) -> float:
    """Returns the value of an expression.

    Raises ToolError for anything but arithmetic, and for numbers above 10^15.
    """
    if len(expression) > MAX_CHARACTERS:
        raise ToolError(
            f"the expression has {len(expression)} characters; at most {MAX_CHARACTERS}"
        )

    try:
        return float(_value(ast.parse(_normalise(expression), mode="eval").body))
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ToolError(
            f"{expression!r} is no arithmetic expression; use numbers and + - * / ( )"
        ) from error
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ToolError(f"{expression!r} cannot be worked out: {error}") from error


def _normalise(expression: str) -> str:
    """Rewrites `12% of 350` and `1,250.50` in Python's syntax."""
    text = re.sub(r"(?<!\d)(\d++(?:\.\d++)?)\s*+%\s*+of\b", r"\1 / 100 *", expression.strip())
    # In a function call a comma separates arguments, not thousands.
    if not re.search(r"[a-z]\s*\(", text):
        text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)

    return text


def _value(node: ast.AST) -> float:
    """Evaluates a syntax tree; only the node types listed here are known."""
    # Not isinstance: True is an int, too.
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _bounded(node.value)

    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left = _value(node.left)
        right = _value(node.right)
        if isinstance(node.op, ast.Pow) and (abs(right) > MAX_EXPONENT or abs(left) > MAX_BASE):
            raise ToolError("a power may have a base up to a million and an exponent up to 64")
        return _bounded(OPERATORS[type(node.op)](left, right))

    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
        return _bounded(OPERATORS[type(node.op)](_value(node.operand)))

    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        function = FUNCTIONS.get(node.func.id)
        if function is not None:
            arguments = [_value(argument) for argument in node.args]
            return _bounded(function(*arguments))

    raise ToolError("only numbers, + - * / // % ** ( ) and round, abs, min, max, sqrt are known")


def _bounded(value: Any) -> float:
    if isinstance(value, complex) or not math.isfinite(value) or abs(value) > MAX_VALUE:
        raise ToolError("the numbers get too large or are not real")

    return float(value)
