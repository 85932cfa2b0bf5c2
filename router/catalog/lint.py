"""Finds what is wrong with a route before people do: prompts that grow into towers, examples that teach nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from router.catalog.catalog import Catalog, Route
from router.catalog.version import PromptStep, ReactStep

MOST_RULES = 20
MOST_WORDS = 1000
"""About two pages. A task that needs more to be told is not narrow, and no model follows it
reliably."""
FEW_TESTS = 10
FEW_LESSONS = 12
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(?P<rule>.+)$")
ORDER = re.compile(
    r"\b(?:must|never|always|do not|don't|only|should|unless|except|if|avoid|make sure|ensure)\b",
    re.I,
)
PLAIN = """about above after again all also and any are because been before being but can could does each every for
from give has have how into its keep make more most must never not now off only other out over put read reply said say
should some such take tell text than that the their them then there these they this those too under until use used using
very was way were what when where which while who will with word words would write you your always message answer unless
except ensure avoid sure"""
STOP = frozenset(re.findall(r"\w+", PLAIN))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a prompt; `exercised` says whether any example touches what it speaks of."""

    text: str
    exercised: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen in one route. `warnings` are sentences with what to do about them."""

    route: str
    words: int
    rules: tuple[Rule, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        idle = [rule.text for rule in self.rules if not rule.exercised]
        counts = {"route": self.route, "words": self.words, "rules": len(self.rules)}
        return counts | {"never_exercised": idle, "warnings": list(self.warnings)}


def lint(catalog: Catalog, tools: Collection[str] | None = None) -> list[Finding]:
    """One finding for each route, in name order; the catalogue's own problems come as warnings of the route ''.

    `tools` are the names of the tools there are; without them nobody looks whether a route's tools
    exist.
    """
    found = [_look(route, tools) for _, route in sorted(catalog.routes.items())]
    twice = _said_twice(catalog)
    found = [
        Finding(one.route, one.words, one.rules, (*one.warnings, *twice.get(one.route, ())))
        for one in found
    ]

    return [Finding("", 0, (), tuple(catalog.problems)), *found] if catalog.problems else found


def rules_of(route: Route) -> tuple[Rule, ...]:
    """The rules of a route's prompt, in order: its list items, and the sentences that order something.

    Only list items can be found idle, by their telling words: an order like "be brief" speaks of no
    case at all.
    """
    version = route.version
    seen = _seen(route)
    texts = [
        version.prompt,
        *(step.prompt for step in version.steps if isinstance(step, PromptStep)),
    ]

    return tuple(rule for text in texts for rule in _rules(text, seen))


def orders(text: str) -> tuple[str, ...]:
    """The rules of one text, in order."""
    return tuple(rule.text for rule in _rules(text, set()))


def _rules(text: str, seen: set[str]) -> Iterator[Rule]:
    for line in text.splitlines():
        item = BULLET.match(line)
        if item:
            words = _telling(item["rule"])
            yield Rule(item["rule"].strip(), not words or bool(words & seen))
            continue

        for sentence in re.split(r"(?<=[.!?])\s+", line.strip()):
            if ORDER.search(sentence):
                yield Rule(sentence, exercised=True)


def _look(route: Route, tools: Collection[str] | None) -> Finding:
    version = route.version
    texts = [
        version.role,
        version.prompt,
        *(s.prompt for s in version.steps if isinstance(s, PromptStep)),
    ]

    words = sum(len(text.split()) for text in texts)
    rules = rules_of(route)
    missing = _missing_tools(route, tools) if tools is not None else ()

    return Finding(route.name, words, rules, (*missing, *_warnings(route, words, rules)))


def _missing_tools(route: Route, tools: Collection[str]) -> Iterator[str]:
    for step in route.version.steps:
        for name in step.tools if isinstance(step, ReactStep) else ():
            if name not in tools:
                yield f"tool {name!r} does not exist, so the route cannot answer; known: {', '.join(sorted(tools))}"


def _warnings(route: Route, words: int, rules: tuple[Rule, ...]) -> Iterator[str]:
    if len(rules) > MOST_RULES:
        yield f"{len(rules)} rules; above {MOST_RULES} they start to fight each other: split the route or drop some"
    if words > MOST_WORDS:
        yield f"{words} words of prompt; above {MOST_WORDS} it is a tower: move facts to documents, cases to examples"

    idle = [rule.text for rule in rules if not rule.exercised]
    if idle and route.rows:
        yield f"{len(idle)} rules that no example exercises, the first {idle[0]!r:.80}: add an example or drop the rule"

    tests = sum(row.split == "test" and row.answer is not None for row in route.rows)
    if tests < FEW_TESTS and route.version.kind != "rag":
        yield f"{tests} test rows with an answer; add some until there are {FEW_TESTS}, or a change cannot be judged"

    lessons = len(route.utterances) + sum(row.split == "train" for row in route.rows)
    if lessons < FEW_LESSONS:
        yield f"{lessons} utterances and train examples; the router learns well from {FEW_LESSONS} or more"

    leaked = {row.text for row in route.rows if row.split == "train"} & {
        row.text for row in route.rows if row.split != "train"
    }
    if leaked:
        yield f"{len(leaked)} texts teach and measure at once, the first {min(leaked)!r:.80}: keep them apart"

    yield from _wrong_answers(route)


def _wrong_answers(route: Route) -> Iterator[str]:
    from jsonschema import Draft202012Validator

    if route.version.output is None:
        return

    check = Draft202012Validator(route.version.output)
    wrong = [row for row in route.rows if row.answer is not None and not check.is_valid(row.answer)]
    if wrong:
        yield f"{len(wrong)} example answers do not fit the schema, the first for {wrong[0].text!r:.80}: correct them"


def _said_twice(catalog: Catalog) -> dict[str, list[str]]:
    """Texts that teach the router two routes at once."""
    owner: dict[str, str] = {}
    found: dict[str, list[str]] = {}

    for example in catalog.examples():
        key = " ".join(example.text.lower().split())

        other = owner.setdefault(key, example.route)
        if other != example.route:
            found.setdefault(example.route, []).append(
                f"{example.text!r:.80} also teaches route {other!r}: leave it in one of them"
            )

    return found


def _seen(route: Route) -> set[str]:
    """Every telling word in what examples say and answer; answers in a schema count with their values."""
    texts = [*route.utterances]
    for row in route.rows:
        texts += [row.text, row.thread, row.reasoning, str(row.answer)]

    return {word for text in texts for word in _telling(text)}


def _telling(text: str) -> set[str]:
    return {
        _stem(word) for word in re.findall(r"[a-z][a-z'-]{2,}", text.lower()) if word not in STOP
    }


def _stem(word: str) -> str:
    return word[:5]
