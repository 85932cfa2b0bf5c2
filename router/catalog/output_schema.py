"""Checks and completes the output schema of a route, so that every model server can enforce it."""

from __future__ import annotations

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import JsonValue

from router.catalog.version import Schema
from router.text.linear_pattern import slow_reason

MAX_DEPTH = 6
# Servers disagree on the meaning of these keywords, or they refer to another file.
UNSUPPORTED_KEYWORDS = (
    "$ref",
    "$dynamicRef",
    "$id",
    "if",
    "then",
    "else",
    "not",
    "patternProperties",
    "unevaluatedProperties",
)
SCHEMA_KEYWORDS = ("items", "additionalProperties")
SCHEMA_LIST_KEYWORDS = ("anyOf", "oneOf", "allOf", "prefixItems")


def strict_schema(schema: Schema) -> Schema:
    """Returns `schema` in the form that constrained decoding needs.

    In every object, all properties are required and no others are allowed, unless the author wrote
    something else. Raises ValueError when it is not a JSON Schema of an object, or uses a keyword
    that model servers do not enforce alike.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(
            f"key 'output': {error.message} at {list(error.path)!r}; expected a JSON Schema"
        ) from error

    if schema.get("type") != "object" or not schema.get("properties"):
        raise ValueError(
            "key 'output': expected `type: object` with `properties`; "
            "wrap a single value in an object"
        )

    return _strict_object(schema, depth=0)


def _make_strict(schema: JsonValue, depth: int) -> JsonValue:
    """Returns one sub-schema in strict form; a boolean schema stays as it is."""
    return _strict_object(schema, depth) if isinstance(schema, dict) else schema


def _strict_object(schema: Schema, depth: int) -> Schema:
    if depth > MAX_DEPTH:
        raise ValueError(f"key 'output': nested deeper than {MAX_DEPTH} levels; flatten the answer")

    for keyword in UNSUPPORTED_KEYWORDS:
        if keyword in schema:
            raise ValueError(
                f"key 'output': {keyword!r} is not enforced alike by model servers; "
                "write the shape out"
            )

    pattern = schema.get("pattern")
    slow = slow_reason(pattern) if isinstance(pattern, str) else None
    if slow is not None:
        # It is matched against whatever a model writes.
        raise ValueError(f"key 'output': pattern {pattern!r:.80} may take too long: {slow}")

    strict = dict(schema)

    properties = strict.get("properties")
    if isinstance(properties, dict):
        # A property may have the name of a keyword, so its name is not looked at.
        strict["properties"] = {
            name: _make_strict(part, depth + 1) for name, part in properties.items()
        }
        strict.setdefault("additionalProperties", False)
        strict.setdefault("required", list(properties))

    for keyword in SCHEMA_KEYWORDS:
        if keyword in strict:
            strict[keyword] = _make_strict(strict[keyword], depth + 1)

    for keyword in SCHEMA_LIST_KEYWORDS:
        parts = strict.get(keyword)
        if isinstance(parts, list):
            strict[keyword] = [_make_strict(part, depth + 1) for part in parts]

    return strict
