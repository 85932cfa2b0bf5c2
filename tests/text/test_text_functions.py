"""Every function that takes a text takes linear time on hostile ones, and ends in no bug."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest

import bot
import router
import workers
from evals.bench.parts.hostile import UNITS
from router.errors import BeagleError
from tests.fixtures.patterns.timing import cpu_seconds

NAMES = """
text markdown quote typed content message words label body sentence line title heading expression
raw plain answer value_text cleaned question
"""
PARAMETERS = frozenset(NAMES.split())
"""Names of a first parameter that holds what a person or a model wrote."""
REFUSALS = (BeagleError, ValueError, RecursionError, ParseError)
"""What a function may raise where the text is none that it takes."""
NOT_OF_PEOPLE = {
    "router.encoder": "opens what a setting names",
    "router.store": "runs on a database",
    "workers.mining.admin_corrections": "reads vectors that Beagle stored",
    "workers.llm": "talks to a model server",
    "workers.training": "reads names of files and weights",
    "bot.cli": "reads what an operator types",
    "bot.demo": "plays a script",
}
SHORT, LONG = 3_000, 12_000
MAX_GROWTH = 10.0
"""Four times the text may take ten times as long; quadratic is sixteen."""
FAST_SECONDS = 0.03
"""Shorter times say more about the machine than about the growth."""


def text_functions() -> Iterator[tuple[str, Callable[[str], Any]]]:
    """Returns each function of the product that can be called with nothing but texts."""
    for package in (router, workers, bot):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if any(info.name.startswith(prefix) for prefix in NOT_OF_PEOPLE):
                continue
            if "migrations" in info.name or info.name.endswith("__main__"):
                continue

            module = importlib.import_module(info.name)
            for name, function in vars(module).items():
                if _takes_a_text(function, info.name):
                    yield f"{info.name}.{name}", _with_the_same(function)


def _takes_a_text(function: object, module: str) -> bool:
    if not isinstance(function, types.FunctionType) or function.__module__ != module:
        return False

    required = _required(function)
    if not required or required[0].name not in PARAMETERS:
        return False

    return all(parameter.annotation in ("str", str) for parameter in required)


def _required(function: Callable[..., object]) -> list[inspect.Parameter]:
    first, *others = inspect.signature(function).parameters.values() or [None]
    return [
        each for each in (first, *others) if each and (each is first or each.default is each.empty)
    ]


def _with_the_same(function: Callable[..., Any]) -> Callable[[str], Any]:
    """Returns a function that hands one text over as every text that the function compares."""
    count = len(_required(function))
    return lambda text: function(*[text] * count)


FUNCTIONS = dict(text_functions())


def attempt(function: Callable[[str], Any], text: str) -> float:
    """Returns the CPU seconds of one call, of which the result is used up."""

    def call() -> None:
        try:
            result = function(text)
            if isinstance(result, Iterator):
                for _ in result:
                    pass
        except REFUSALS:
            pass

    return cpu_seconds(call)


def grows(function: Callable[[str], Any], unit: str) -> bool:
    long = attempt(function, unit * (LONG // len(unit)))
    if long < FAST_SECONDS:
        return False

    short = attempt(function, unit * (SHORT // len(unit)))
    return long > MAX_GROWTH * max(short, FAST_SECONDS / 4)


def test_the_functions_are_found():
    """A walk that finds nothing would prove nothing."""
    expected = {
        "router.text.redact.redact",
        "router.text.normalise.normalise",
        "bot.ui.rich_text.from_markdown",
        "bot.replies.stream.escape_markdown",
        "workers.mining.llm_naming.clean_label",
        "workers.knowledge.sources.slack_message.plain_text",
        "workers.prompting.free_text.invents",
    }

    assert expected <= FUNCTIONS.keys()
    assert len(FUNCTIONS) > 40


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_text_function_grows_no_faster_than_its_text(name):
    function = FUNCTIONS[name]
    slow = []
    for unit in UNITS:
        # A pause of the machine looks the same once, but not three times.
        if all(grows(function, unit) for _ in range(3)):
            slow.append(unit)

    assert slow == []
