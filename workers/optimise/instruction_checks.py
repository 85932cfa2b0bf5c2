"""Refuses instructions that a model wrote where they cannot be served, or must not be."""

from __future__ import annotations

from collections.abc import Iterable

from router.catalog.lint import orders
from router.text.redact import redact
from router.text.templates import check_template, defuse, names_in

COPIED_WORDS = 7
"""So many words in a row that stand in an example were taken from it."""


def refusal(
    old: str, new: str, shown: Iterable[str], most_rules: int, most_words: int
) -> str | None:
    """Why `new` may not take the place of `old`, in words; None where it may. `shown` are texts that people wrote.

    What people wrote is data: a sentence of it that became an instruction would let anybody who is
    in the examples speak to the model in our name.
    """
    if not new.strip():
        return "it is empty"
    if _words(new) == _words(old):
        return "it says the same as before"
    if defuse(new) != new:
        return "it holds characters that nobody sees, or looks like a fence of ours"

    try:
        check_template(new, names_in(old))
        kept = names_in(new)
    except ValueError as error:
        return str(error)

    if kept != names_in(old):
        return f"it speaks of {_listed(kept)}; the instructions before it speak of {_listed(names_in(old))}"
    if ("{%" in new and "{%" not in old) or ("{#" in new and "{#" not in old):
        return "it holds template commands, which the instructions before it do not"
    if len(new.split()) >= most_words:
        return f"it has {len(new.split())} words; fewer than {most_words} keep a task narrow"

    rules = len(orders(new))
    if rules >= most_rules and rules > len(orders(old)):
        return f"it has {rules} rules; fewer than {most_rules} keep a task narrow"
    if redact(new) != new and redact(old) == old:
        return "it names somebody's data"

    return (
        f"it repeats an example, {COPIED_WORDS} words in a row"
        if _copied(old, new, shown)
        else None
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no variable"


def _copied(old: str, new: str, shown: Iterable[str]) -> bool:
    """Whether `new` took a run of words from an example that `old` had not. What was taken is told to nobody."""
    taken = _runs(new) - _runs(old)
    return any(_runs(text) & taken for text in shown)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


def _runs(text: str) -> set[str]:
    words = _words(text)
    if len(words) < COPIED_WORDS:
        return set()
    return {" ".join(words[at : at + COPIED_WORDS]) for at in range(len(words) - COPIED_WORDS + 1)}
