"""Says whether a regular expression takes linear time on every text, by its shape alone.

Python's `re` backtracks: `^(a+)+$` takes exponential time, `a*a*b` quadratic. The rules here refuse
every such shape, and some harmless ones, which can be written in another way:

- only a pattern that begins with `^` may repeat without a limit (a search starts at every place);
- what is repeated a varying number of times is a sequence of single characters or classes;
- a repeat, an optional part or an alternative that may end at several places must be the last
  choice of the pattern: it is tried again for each of them, with all that comes after it.

Kirrage, Rathnayake, Thielecke, "Static Analysis for Regular Expression Denial-of-Service Attacks",
2013, arxiv.org/abs/1301.0849.
"""

from __future__ import annotations

import re
import re._constants as codes  # type: ignore[import-not-found]  # CPython's own, without stubs
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Sequence
from typing import Any

MAX_PATTERN = 500
MAX_REPEAT = 200
"""Times that something may be repeated in a pattern that is not anchored."""
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
SINGLE = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)
SAMPLES = "".join(map(chr, range(0x250))) + "ſ—“”…€\u2028中あ"
"""Every class of a pattern that people write differs from another one within these characters."""
CATEGORIES = {
    codes.CATEGORY_DIGIT: frozenset(filter(str.isdecimal, SAMPLES)),
    codes.CATEGORY_SPACE: frozenset(filter(str.isspace, SAMPLES)),
    codes.CATEGORY_WORD: frozenset(filter(str.isalnum, SAMPLES)) | {"_"},
}
CATEGORIES |= {
    codes.CATEGORY_NOT_DIGIT: frozenset(SAMPLES) - CATEGORIES[codes.CATEGORY_DIGIT],
    codes.CATEGORY_NOT_SPACE: frozenset(SAMPLES) - CATEGORIES[codes.CATEGORY_SPACE],
    codes.CATEGORY_NOT_WORD: frozenset(SAMPLES) - CATEGORIES[codes.CATEGORY_WORD],
}
Item = tuple[Any, Any]
"""An operation of a parsed pattern and its argument."""


def slow_reason(pattern: str) -> str | None:
    """Returns why the pattern may be slow, or is none; None for one that takes linear time."""
    if len(pattern) > MAX_PATTERN:
        return f"it has {len(pattern)} characters; at most {MAX_PATTERN}"

    try:
        parsed = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"it is no pattern ({error})"

    if parsed.state.flags & ~re.UNICODE:
        return "it sets flags; write what they do"

    tree = list(parsed)
    is_anchored = bool(tree) and tree[0][0] is codes.AT and "BEGINNING" in str(tree[0][1])
    return _Shape(is_anchored).problem(tree)


class _Shape:
    """Walks one pattern from left to right.

    `_is_open` after a choice that may be tried again: no further choice may follow it.
    """

    def __init__(self, is_anchored: bool) -> None:
        self._is_anchored = is_anchored
        self._is_open = False

    def problem(self, items: Sequence[Item], after: frozenset[str] = frozenset()) -> str | None:
        """Returns what is wrong with a sequence that is followed by one of `after`."""
        for number, (code, argument) in enumerate(items):
            found = self._item_problem(code, argument, _first(items[number + 1 :], after))
            if found is not None:
                return found

        return None

    def _item_problem(self, code: Any, argument: Any, rest: frozenset[str]) -> str | None:
        if code in REPEATS:
            return self._repeat_problem(argument, rest)
        if code is codes.BRANCH:
            return self._branch_problem([list(branch) for branch in argument[1]], rest)
        if code is codes.SUBPATTERN and not argument[1] and not argument[2]:
            return self.problem(list(argument[-1]), rest)
        if code is codes.AT or code in SINGLE:
            return None

        return f"it uses {str(code).lower()}; write it with classes and repeats"

    def _repeat_problem(self, argument: tuple[int, int, Any], rest: frozenset[str]) -> str | None:
        least, most, body = argument[0], argument[1], list(argument[2])
        if not self._is_anchored and most > MAX_REPEAT:
            return (
                f"it repeats more than {MAX_REPEAT} times and does not begin with '^'; begin it "
                "with '^' or limit the repeat, such as {0,80}"
            )
        if most > 1 and not _is_fixed(body):
            return "it repeats what itself repeats or has alternatives; repeat single characters"

        overlaps = bool(_first(body, frozenset()) & rest)
        if least != most and (problem := self._choice_problem(is_open=overlaps)) is not None:
            return problem

        return self.problem(body, rest) if most == 1 else None

    def _branch_problem(
        self, branches: Sequence[Sequence[Item]], rest: frozenset[str]
    ) -> str | None:
        seen: set[str] = set()
        overlaps = False
        for branch in branches:
            first = _first(branch, rest)
            overlaps = overlaps or bool(seen & first)
            seen |= first

        problem = self._choice_problem(is_open=overlaps)
        problems = (self.problem(branch, rest) for branch in branches)
        return problem or next(filter(None, problems), None)

    def _choice_problem(self, *, is_open: bool) -> str | None:
        if self._is_open:
            return (
                "a repeat or an alternative can end at several places, and another one follows it; "
                "let each be followed by a character that it cannot match"
            )

        self._is_open = is_open
        return None


def _is_fixed(items: Sequence[Item]) -> bool:
    """Returns whether a sequence matches texts of one length only, in one way."""
    for code, argument in items:
        if code is codes.SUBPATTERN:
            if not _is_fixed(list(argument[-1])):
                return False
        elif code in REPEATS:
            if argument[0] != argument[1] or argument[1] > MAX_REPEAT:
                return False
            if not _is_fixed(list(argument[2])):
                return False
        elif code not in SINGLE:
            return False

    return True


def _first(items: Sequence[Item], after: frozenset[str]) -> frozenset[str]:
    """Returns the characters with which a match of the sequence, or what follows, may begin."""
    found: set[str] = set()
    for code, argument in items:
        if code is codes.AT:
            continue
        if code in SINGLE:
            return frozenset(found | _characters(code, argument))
        if code is codes.SUBPATTERN:
            part = _first(list(argument[-1]), frozenset())
            is_optional = _may_be_empty(list(argument[-1]))
        elif code is codes.BRANCH:
            branches = [list(branch) for branch in argument[1]]
            part = frozenset().union(*(_first(branch, frozenset()) for branch in branches))
            is_optional = any(map(_may_be_empty, branches))
        elif code in REPEATS:
            part = _first(list(argument[2]), frozenset())
            is_optional = argument[0] == 0 or _may_be_empty(list(argument[2]))
        else:
            return frozenset(SAMPLES)

        found |= part
        if not is_optional:
            return frozenset(found)

    return frozenset(found | after)


def _may_be_empty(items: Sequence[Item]) -> bool:
    for code, argument in items:
        if code in SINGLE:
            return False
        if code in REPEATS and argument[0] > 0 and not _may_be_empty(list(argument[2])):
            return False
        if code is codes.SUBPATTERN and not _may_be_empty(list(argument[-1])):
            return False
        if code is codes.BRANCH and not any(_may_be_empty(list(part)) for part in argument[1]):
            return False

    return True


def _characters(code: Any, argument: Any) -> frozenset[str]:
    """Returns those of the sample characters that a single-character item matches."""
    if code is codes.ANY:
        return frozenset(SAMPLES)
    if code is codes.LITERAL:
        # Outside of the samples, too: two literals are equal or not.
        return frozenset(chr(argument))
    if code is codes.NOT_LITERAL:
        return frozenset(SAMPLES) - {chr(argument)}

    negated = argument[0][0] is codes.NEGATE
    found: set[str] = set()
    for kind, value in argument:
        if kind is codes.LITERAL:
            found.add(chr(value))
        elif kind is codes.RANGE:
            found.update(map(chr, range(value[0], min(value[1], value[0] + 0x2000) + 1)))
        elif kind is codes.CATEGORY:
            found |= CATEGORIES[value]

    return frozenset(SAMPLES) - found if negated else frozenset(found)
