"""What a route's answer may look like: a JSON Schema of the kind that every model server can enforce."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from router.catalog.version import Schema

DEEPEST = 6
# Keywords whose meaning servers disagree on, or that reach out of the file.
REFUSED = (
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


def strict(schema: Schema) -> Schema:
    """`schema` with what strict decoding needs written out: no other properties, and every property required.

    What the author wrote wins. Raises ValueError when it is no JSON Schema of an object or uses
    what servers do not enforce alike.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(
            f"key 'output': {error.message} at {list(error.path)!r}; expected a JSON Schema"
        ) from error

    if schema.get("type") != "object" or not schema.get("properties"):
        raise ValueError(
            "key 'output': expected `type: object` with `properties`; wrap a single value in an object"
        )

    filled: Schema = _fill(schema, 0)
    return filled


def _fill(schema: Any, depth: int) -> Any:
    """One schema and those below it; names of properties are names, whatever they spell."""
    if not isinstance(schema, dict):
        return schema
    if depth > DEEPEST:
        raise ValueError(f"key 'output': nested deeper than {DEEPEST} levels; flatten the answer")

    for word in REFUSED:
        if word in schema:
            raise ValueError(
                f"key 'output': {word!r} is not enforced alike by model servers; write the shape out"
            )

    filled = dict(schema)

    properties = filled.get("properties")
    if isinstance(properties, dict):
        filled["properties"] = {name: _fill(part, depth + 1) for name, part in properties.items()}
        filled.setdefault("additionalProperties", False)
        filled.setdefault("required", list(properties))

    for word in ("items", "additionalProperties"):
        if word in filled:
            filled[word] = _fill(filled[word], depth + 1)

    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if isinstance(filled.get(word), list):
            filled[word] = [_fill(part, depth + 1) for part in filled[word]]

    return filled
