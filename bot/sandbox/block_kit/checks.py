"""Small checks that are put together into the shape of a block; each says what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]
"""Takes a value and its JSON pointer; yields a sentence for each thing wrong with it."""

COMMON = ("type", "block_id")


def wrong(sentence: str, path: str) -> str:
    """A complaint in the form that Slack gives it."""
    return f"{sentence} [json-pointer:{path}]"


def string(most: int, least: int = 1) -> Check:
    """A text of `least` to `most` characters."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield wrong("must be a string", path)
        elif len(value) > most:
            yield wrong(f"must be less than {most + 1} characters", path)
        elif len(value) < least:
            yield wrong(f"must be more than {least - 1} characters", path)

    return check


def whole(low: int, high: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any, path: str) -> Iterator[str]:
        if type(value) is not int or not low <= value <= high:
            yield wrong(f"must be an integer from {low} to {high}", path)

    return check


def number(value: Any, path: str) -> Iterator[str]:
    """Any number that JSON can carry."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield wrong("must be a number", path)


def boolean(value: Any, path: str) -> Iterator[str]:
    """Yes or no."""
    if not isinstance(value, bool):
        yield wrong("must be a boolean", path)


def anything(_: Any, __: str) -> Iterator[str]:
    """Whatever stands here is fine."""
    return iter(())


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, path: str) -> Iterator[str]:
        if value not in allowed:
            yield wrong(f"must be one of {', '.join(allowed)}", path)

    return check


def array(item: Check, least: int, most: int) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield wrong("must be an array", path)
        elif len(value) > most:
            yield wrong(f"no more than {most} items allowed", path)
        elif len(value) < least:
            yield wrong(f"must provide at least {least} items", path)
        else:
            for place, one in enumerate(value):
                yield from item(one, f"{path}/{place}")

    return check


def fields(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    any_of: tuple[str, ...] = (),
) -> Check:
    """An object with these fields and no others; at least one of `any_of`, where that is given."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield wrong("must be an object", path)
            return

        for name in required:
            if name not in value:
                yield wrong(f"missing required field: {name}", path)

        if any_of and not any(value.get(name) for name in any_of):
            yield wrong(f"one of {', '.join(any_of)} is required", path)

        for name, one in value.items():
            if name in known:
                yield from known[name](one, f"{path}/{name}")
            elif name not in COMMON:
                yield wrong(f"invalid additional property: {name}", path)

    return check


def kind(known: Mapping[str, Check], what: str) -> Check:
    """An object whose `type` says which check it has to pass."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield wrong("must be an object", path)
        elif not isinstance(value.get("type"), str) or value["type"] not in known:
            yield wrong(f"unsupported {what}: {value.get('type')!r}", path)
        else:
            yield from known[value["type"]](value, path)

    return check


def later(find: Callable[[], Check]) -> Check:
    """A check that is not there yet when this one is made: for shapes that hold themselves."""

    def check(value: Any, path: str) -> Iterator[str]:
        yield from find()(value, path)

    return check
