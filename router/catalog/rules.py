"""Finds the rules in a prompt, and whether any example exercises them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from router.catalog.catalog import Route
from router.catalog.version import PromptStep
from router.text.normalise import BETWEEN_SENTENCES

BULLET = re.compile(r"\A\s*+(?:[-*•]|\d++[.)])\s+(?P<rule>.+)")
ORDER = re.compile(
    r"\b(?:must|never|always|do not|don't|only|should|unless|except|if|avoid|make sure|ensure)\b",
    re.I,
)
WORD = re.compile(r"[a-z][a-z'-]{2,}")
STEM_LETTERS = 5
STOP_WORD_LIST = """
about above after again all also and any are because been before being but can could does each
every for from give has have how into its keep make more most must never not now off only other
out over put read reply said say should some such take tell text than that the their them then
there these they this those too under until use used using very was way were what when where which
while who will with word words would write you your always message answer unless except ensure
avoid sure
"""
STOP_WORDS = frozenset(re.findall(r"\w+", STOP_WORD_LIST))


@dataclass(frozen=True, slots=True)
class PromptRule:
    """One rule of a prompt. `exercised` tells whether an example has a content word of it."""

    text: str
    exercised: bool


def prompt_rules(route: Route) -> tuple[PromptRule, ...]:
    """Returns the rules of a route's prompts, in order: list items, and sentences with an order.

    Only a list item can be unexercised: an order like "be brief" applies to every example.
    """
    version = route.version
    texts = [version.prompt]
    texts += [step.prompt for step in version.steps if isinstance(step, PromptStep)]

    stems = _example_stems(route)
    return tuple(rule for text in texts for rule in _rules(text, stems))


def rule_texts(text: str) -> tuple[str, ...]:
    """Returns the rules of one text, in order."""
    return tuple(rule.text for rule in _rules(text, set()))


def shares_content(rule: str, text: str) -> bool:
    """Returns whether a text has a content word of the rule, whatever its ending."""
    return bool(_content_stems(rule) & _content_stems(text))


def is_rule_line(line: str) -> bool:
    """Returns whether a line is a list item or holds an order."""
    return bool(BULLET.match(line) or ORDER.search(line))


def _rules(text: str, example_stems: set[str]) -> Iterator[PromptRule]:
    for line in text.splitlines():
        item = BULLET.match(line)
        if item:
            stems = _content_stems(item["rule"])
            exercised = not stems or bool(stems & example_stems)
            yield PromptRule(item["rule"].strip(), exercised)
            continue

        for sentence in BETWEEN_SENTENCES.split(line.strip()):
            if ORDER.search(sentence):
                yield PromptRule(sentence, exercised=True)


def _example_stems(route: Route) -> set[str]:
    """Returns the stems of all content words in the route's messages, answers and reasoning."""
    texts = list(route.utterances)
    for row in route.rows:
        # A structured answer counts with its values: they often are the words of a rule.
        answer = json.dumps(row.answer, ensure_ascii=False)
        texts += [row.text, row.thread, row.reasoning, answer]

    stems: set[str] = set()
    for text in texts:
        stems |= _content_stems(text)

    return stems


def _content_stems(text: str) -> set[str]:
    """Returns the stems of a text's words, without stop words.

    A stem is the first letters of a word: enough to match "refund" with "refunded", in every
    language that inflects at the end.
    """
    words = WORD.findall(text.lower())
    return {word[:STEM_LETTERS] for word in words if word not in STOP_WORDS}
