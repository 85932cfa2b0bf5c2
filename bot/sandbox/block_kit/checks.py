"""Combinators for JSON validation: small checks that combine into the schema of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

Check = Callable[[object, str], Iterator[str]]
"""Takes a value and its JSON pointer; yields a sentence for each problem with it."""

COMMON_PROPERTIES = ("type", "block_id")


def problem(sentence: str, path: str) -> str:
    """Returns an error in Slack's form, with the JSON pointer to the value."""
    return f"{sentence} [json-pointer:{path}]"


def string(maximum: int, minimum: int = 1) -> Check:
    """Accepts a string of `minimum` to `maximum` characters."""

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", path)
        elif len(value) > maximum:
            yield problem(f"must be less than {maximum + 1} characters", path)
        elif len(value) < minimum:
            yield problem(f"must be more than {minimum - 1} characters", path)

    return check


def integer(minimum: int, maximum: int) -> Check:
    """Accepts a whole number from `minimum` to `maximum`."""

    def check(value: object, path: str) -> Iterator[str]:
        # `type` rather than isinstance, because a bool is an int.
        if type(value) is not int or not minimum <= value <= maximum:
            yield problem(f"must be an integer from {minimum} to {maximum}", path)

    return check


def number(value: object, path: str) -> Iterator[str]:
    """Accepts any JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield problem("must be a number", path)


def boolean(value: object, path: str) -> Iterator[str]:
    """Accepts true or false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", path)


def any_value(_: object, __: str) -> Iterator[str]:
    """Accepts everything."""
    return iter(())


def one_of(*allowed: str) -> Check:
    """Accepts one of a few strings."""

    def check(value: object, path: str) -> Iterator[str]:
        if value not in allowed:
            yield problem(f"must be one of {', '.join(allowed)}", path)

    return check


def array(item: Check, minimum: int, maximum: int) -> Check:
    """Accepts a list of `minimum` to `maximum` items."""

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be an array", path)
        elif len(value) > maximum:
            yield problem(f"no more than {maximum} items allowed", path)
        elif len(value) < minimum:
            yield problem(f"must provide at least {minimum} items", path)
        else:
            for index, element in enumerate(value):
                yield from item(element, f"{path}/{index}")

    return check


def object_with(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    any_of: tuple[str, ...] = (),
) -> Check:
    """Accepts an object with these properties and no others, and at least one of `any_of`."""
    properties = {**required, **(optional or {})}

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", path)
            return

        for name in required:
            if name not in value:
                yield problem(f"missing required field: {name}", path)

        if any_of and not any(value.get(name) for name in any_of):
            yield problem(f"one of {', '.join(any_of)} is required", path)

        for name, member in value.items():
            if name in properties:
                yield from properties[name](member, f"{path}/{name}")
            elif name not in COMMON_PROPERTIES:
                yield problem(f"invalid additional property: {name}", path)

    return check


def tagged_union(variants: Mapping[str, Check], name: str) -> Check:
    """Accepts an object that passes the check of its `type`; errors call the union `name`."""

    def check(value: object, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", path)
        elif not isinstance(value.get("type"), str) or value["type"] not in variants:
            yield problem(f"unsupported {name}: {value.get('type')!r}", path)
        else:
            yield from variants[value["type"]](value, path)

    return check


def lazy(build: Callable[[], Check]) -> Check:
    """Delays building a check until it is used, which recursive schemas need."""

    def check(value: object, path: str) -> Iterator[str]:
        yield from build()(value, path)

    return check
