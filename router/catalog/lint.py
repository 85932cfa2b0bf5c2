"""Lints routes: prompts with too many rules, examples that teach or measure nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from router.catalog.catalog import Catalog, Route
from router.catalog.rules import PromptRule, prompt_rules
from router.catalog.version import PromptStep, ReactStep
from router.text.printable import counted

MAX_RULES = 20
MAX_WORDS = 1000
"""About two pages. A task that needs longer instructions is not narrow, and no model follows them
reliably."""
BOTH = ("text both teaches and measures", "texts both teach and measure")
UNFIT = ("example answer does not fit the schema", "example answers do not fit the schema")
MIN_TEST_ROWS = 10
MIN_TRAINING_TEXTS = 12


@dataclass(frozen=True, slots=True)
class LintResult:
    """The result for one route. `warnings` are sentences that say what to do."""

    route: str
    words: int
    rules: tuple[PromptRule, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Returns the result for `--json`."""
        return {
            "route": self.route,
            "words": self.words,
            "rules": len(self.rules),
            "never_exercised": [rule.text for rule in self.rules if not rule.exercised],
            "warnings": list(self.warnings),
        }


def lint_routes(catalog: Catalog, tools: Collection[str] | None = None) -> list[LintResult]:
    """Returns one result for each route, in name order.

    Problems of the catalogue itself come first, as warnings of the route ''. `tools` are the names
    of the known tools; None skips the check that a route's tools exist.
    """
    results = []
    if catalog.problems:
        results.append(LintResult("", 0, (), tuple(catalog.problems)))

    duplicates = _duplicate_examples(catalog)
    for name, route in sorted(catalog.routes.items()):
        result = _lint_route(route, tools)
        warnings = (*result.warnings, *duplicates.get(name, ()))
        results.append(replace(result, warnings=warnings))

    return results


def _lint_route(route: Route, tools: Collection[str] | None) -> LintResult:
    version = route.version
    texts = [version.role, version.prompt]
    texts += [step.prompt for step in version.steps if isinstance(step, PromptStep)]

    words = sum(len(text.split()) for text in texts)
    rules = prompt_rules(route)

    warnings: list[str] = []
    if tools is not None:
        warnings += _missing_tools(route, tools)

    warnings += _prompt_warnings(route, words, rules)
    warnings += _example_warnings(route)

    return LintResult(route.name, words, rules, tuple(warnings))


def _missing_tools(route: Route, tools: Collection[str]) -> Iterator[str]:
    for step in route.version.steps:
        if not isinstance(step, ReactStep):
            continue

        for name in step.tools:
            if name not in tools:
                yield (
                    f"tool {name!r} does not exist, so the route cannot answer; "
                    f"known: {', '.join(sorted(tools))}"
                )


def _prompt_warnings(route: Route, words: int, rules: tuple[PromptRule, ...]) -> Iterator[str]:
    if len(rules) > MAX_RULES:
        yield (
            f"{len(rules)} rules; above {MAX_RULES} they start to contradict each other: "
            "split the route or drop some"
        )

    if words > MAX_WORDS:
        yield (
            f"{words} words of prompt; above {MAX_WORDS} models stop following it: "
            "move facts to documents, cases to examples"
        )

    unexercised = [rule.text for rule in rules if not rule.exercised]
    if unexercised and route.rows:
        yield (
            f"{counted(len(unexercised), 'rule')} that no example exercises, the first "
            f"{unexercised[0]!r:.80}: add an example or drop the rule"
        )


def _example_warnings(route: Route) -> Iterator[str]:
    tests = sum(row.split == "test" and row.answer is not None for row in route.rows)
    # Answers from documents change with the documents, so they have no fixed right answer.
    if tests < MIN_TEST_ROWS and not route.version.traits.retrieves:
        yield (
            f"{counted(tests, 'test row')} with an answer; add some until there are "
            f"{MIN_TEST_ROWS}, or a change cannot be judged"
        )

    train_rows = [example for example in route.examples if example.split == "train"]
    texts = len(route.utterances) + len(train_rows)
    if texts < MIN_TRAINING_TEXTS:
        yield (
            f"{counted(texts, 'utterance or train example', 'utterances and train examples')}; "
            f"the router learns well from {MIN_TRAINING_TEXTS} or more"
        )

    measured = {row.text for row in route.rows if row.split != "train"}
    leaked = {row.text for row in train_rows} & measured
    if leaked:
        yield (f"{counted(len(leaked), *BOTH)}, the first {min(leaked)!r:.80}: keep them apart")

    yield from _wrong_answers(route)


def _wrong_answers(route: Route) -> Iterator[str]:
    from jsonschema import Draft202012Validator

    if route.version.output is None:
        return

    validator = Draft202012Validator(route.version.output)
    rows = [row for row in route.rows if row.answer is not None]
    wrong = [row for row in rows if not validator.is_valid(row.answer)]
    if wrong:
        yield (f"{counted(len(wrong), *UNFIT)}, the first for {wrong[0].text!r:.80}: correct them")


def _duplicate_examples(catalog: Catalog) -> dict[str, list[str]]:
    """Returns warnings, by route, about texts that teach the router two routes."""
    route_of_text: dict[str, str] = {}
    warnings: dict[str, list[str]] = {}

    for example in catalog.training_examples():
        text = " ".join(example.text.lower().split())

        other = route_of_text.setdefault(text, example.route)
        if other != example.route:
            warnings.setdefault(example.route, []).append(
                f"{example.text!r:.80} also teaches route {other!r}: leave it in one of them"
            )

    return warnings
