"""Turns evidence dataclasses into the JSON bodies that the store keeps, and back.

A field may have another key on disk than its name in the code: rows that were written under the
older names stay readable. Decoding is lenient, because rows outlive releases: a missing key gives
the field's default, an unknown key is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from typing import Any, TypeVar

Evidence = TypeVar("Evidence")


def stored(
    key: str = "",
    *,
    default: object = None,
    load: Callable[[Any], object] | None = None,
    always: bool = False,
) -> Any:
    """Returns a dataclass field with its place in the JSON body.

    `key` is the key on disk, the field's name by default. `load` converts the JSON value, for
    instance a list into a tuple. A field that still has its default is left out of the body, unless
    it is `always` written. A `default` of type `dict` gives each instance a new empty one.
    """
    metadata = {"key": key, "load": load, "always": always}
    if default is dict:
        return field(default_factory=dict, metadata=metadata)

    return field(default=default, metadata=metadata)


def encode(evidence: object) -> dict[str, Any]:
    """Returns the JSON body of an evidence dataclass."""
    assert is_dataclass(evidence)
    body = {}

    for part in fields(evidence):
        value = getattr(evidence, part.name)
        if part.metadata.get("always") or value != _default(part):
            body[_key(part)] = _plain(value)

    return body


def decode(kind: type[Evidence], body: Mapping[str, Any]) -> Evidence:
    """Returns the evidence of that kind that a JSON body holds."""
    assert is_dataclass(kind)
    values = {}

    for part in fields(kind):
        value = body.get(_key(part))
        if value is None:
            continue

        load = part.metadata.get("load")
        values[part.name] = value if load is None else load(value)

    return kind(**values)


def _key(part: Field[Any]) -> str:
    return str(part.metadata.get("key") or part.name)


def _default(part: Field[Any]) -> object:
    return part.default if part.default_factory is MISSING else part.default_factory()


def _plain(value: object) -> object:
    """Returns the value in JSON's own types: nested evidence as objects, tuples as lists."""
    if is_dataclass(value):
        return encode(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]

    return value
