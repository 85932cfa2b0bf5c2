"""Rejects instructions that a model wrote where they cannot be served, or must not be."""

from __future__ import annotations

from collections.abc import Iterable

from router.catalog.rules import rule_texts
from router.text.redact import redact
from router.text.templates import check_template, escape_fences, variables_in

COPIED_WORDS = 7
"""A run of so many words that is also in an example was copied from it."""


def rejection_reason(
    old: str, new: str, examples: Iterable[str], max_rules: int, max_words: int
) -> str | None:
    """Returns why `new` must not replace `old`, in words; None where it may.

    `examples` are texts that people wrote. They are data: a sentence of one that became an
    instruction would let anybody whose message is an example speak to the model in our name.
    """
    if not new.strip():
        return "it is empty"
    if _words(new) == _words(old):
        return "it says the same as before"

    return (
        _template_problem(old, new)
        or _size_problem(old, new, max_rules, max_words)
        or _privacy_problem(old, new, examples)
    )


def _template_problem(old: str, new: str) -> str | None:
    """Returns why the text cannot be filled in as the template before it was."""
    if escape_fences(new) != new:
        return "it holds characters that nobody sees, or looks like a fence of ours"

    try:
        check_template(new, variables_in(old))
        variables = variables_in(new)
    except ValueError as error:
        return str(error)

    if variables != variables_in(old):
        return (
            f"it speaks of {_listed(variables)}; "
            f"the instructions before it speak of {_listed(variables_in(old))}"
        )

    # A loop or a comment could hide text from whoever reads the prompt.
    for tag in ("{%", "{#"):
        if tag in new and tag not in old:
            return "it holds template commands, which the instructions before it do not"

    return None


def _size_problem(old: str, new: str, max_rules: int, max_words: int) -> str | None:
    """Returns why the text is too long for a narrow task."""
    words = len(new.split())
    if words >= max_words:
        return f"it has {words} words; fewer than {max_words} keep a task narrow"

    # Fewer rules than before are always welcome, however many are left.
    rules = len(rule_texts(new))
    if rules >= max_rules and rules > len(rule_texts(old)):
        return f"it has {rules} rules; fewer than {max_rules} keep a task narrow"

    return None


def _privacy_problem(old: str, new: str, examples: Iterable[str]) -> str | None:
    """Returns whose words or data the text gives away; the reason does not repeat them."""
    if redact(new) != new and redact(old) == old:
        return "it names somebody's data"

    # What the old instructions said already was written by the author of the route.
    copied = _runs(new) - _runs(old)
    if any(_runs(text) & copied for text in examples):
        return f"it repeats an example, {COPIED_WORDS} words in a row"

    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no variable"


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


def _runs(text: str) -> set[str]:
    """Returns every run of `COPIED_WORDS` words (n-gram) in the text."""
    words = _words(text)
    runs = set()
    for start in range(len(words) - COPIED_WORDS + 1):
        runs.add(" ".join(words[start : start + COPIED_WORDS]))

    return runs
