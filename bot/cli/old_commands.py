"""Command lines of release 0.1, still understood for one release, with one warning on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from router.text.printable import print_line

RENAMED = {
    ("route",): ["decide"],
    ("eval", "fit_gate"): ["eval", "fit_request_gate"],
}
"""The first words of an old command -> the words that replace them."""


def translate(arguments: Sequence[str]) -> list[str]:
    """Returns the command line in today's words; one that is not old comes back unchanged."""
    new = _today(list(arguments))
    if new != list(arguments):
        old = " ".join(arguments[: max(len(key) for key in RENAMED)])
        print_line(
            f"beagle: `beagle {old}` is an old form and will be removed; "
            f"use `beagle {' '.join(new)}`",
            file=sys.stderr,
        )

    return new


def _today(arguments: list[str]) -> list[str]:
    if arguments[:1] == ["work"]:
        return ["worker", "--queue", *arguments[1:]]

    if arguments[:1] == ["demo"] and "--script" in arguments:
        story = "rollout" if "--road" in arguments else "tour"
        rest = [word for word in arguments[1:] if word not in ("--script", "--road")]
        return ["demo", "--scripted", story, *rest]

    for old, new in RENAMED.items():
        if tuple(arguments[: len(old)]) == old:
            return [*new, *arguments[len(old) :]]

    return arguments
