"""Finds the rule of a prompt that failed requests speak of, if there is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from router.catalog.rules import rule_texts
from router.catalog.version import PromptStep, Version
from router.store import Store
from router.store.mining.week_requests import WeekRequest
from router.text.terms import stems_of

MIN_SHARE = 0.5
"""A rule is spoken of where so many of the requests have a word of it that few others have."""


def failing_rule(store: Store, team: str, route: str, failed: Sequence[WeekRequest]) -> str:
    """Returns the rule of the live prompt that most of the requests share a word with.

    Empty where none is about them: then a rule is missing.
    """
    live = store.versions.live(team, route) if route else None
    if live is None or not failed:
        return ""

    words = Counter(word for request in failed for word in stems_of(request.text))
    best, best_share = "", MIN_SHARE
    for rule in _rules(Version.model_validate(dict(live.body))):
        share = max((words[word] / len(failed) for word in stems_of(rule)), default=0.0)
        if share >= best_share:
            best, best_share = rule, share

    return best


def _rules(version: Version) -> list[str]:
    texts = [version.prompt]
    texts += [step.prompt for step in version.steps if isinstance(step, PromptStep)]
    return [rule for text in texts for rule in rule_texts(text)]
