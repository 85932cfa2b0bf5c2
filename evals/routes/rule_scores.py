"""What the evaluations of a route's rules share: its rules, prompts without them, and scores."""

from __future__ import annotations

from collections.abc import Sequence

from router.catalog.catalog import Route
from router.catalog.route_file import ExampleRow
from router.catalog.rules import prompt_rules
from router.catalog.version import Version
from router.errors import RouteError
from workers.context import Context
from workers.evaluation.metrics import ScoringRule, score
from workers.evaluation.run import answer_of, run_rows


def rule_texts(route: Route) -> list[str]:
    """Returns the rules that stand in the route's prompt, in its order.

    Raises RouteError where there are none.
    """
    texts = [rule.text for rule in prompt_rules(route) if rule.text in route.version.prompt]
    if not texts:
        raise RouteError(
            f"measuring the rules of route {route.name!r}: its prompt has none; "
            "rules are list items and orders"
        )

    return texts


def without_rule(prompt: str, rule: str) -> str:
    """Returns the prompt without the line or sentence of that rule."""
    lines = [
        line
        for line in prompt.splitlines()
        if line.strip().lstrip("-*•0123456789.) ").strip() != rule
    ]

    shortened = "\n".join(lines)
    return shortened if shortened != prompt else prompt.replace(rule, "", 1)


def row_scores(
    context: Context, version: Version, rows: Sequence[ExampleRow], rule: ScoringRule
) -> list[float]:
    """Returns how right the version's answer to each row is, 0-1."""
    results = run_rows(context, version, rows)
    return [score(rule, answer_of(result, rule), result.row.answer) for result in results]
