"""What Beagle does by itself with a candidate: one file a state, its name is the state that the candidate stands in."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from router.lifecycle import STATES, State
from router.types import Candidate
from workers.context import Context
from workers.training.tune import Train

Evidence = Mapping[str, Any]
Next = tuple[State, Evidence] | None


class Standing(Protocol):
    """A module of this folder. Running it twice is safe: it may be killed at any point and begun again."""

    def run(self, context: Context, one: Candidate, train: Train) -> Next:
        """Where the candidate goes from here, with the evidence for that edge; None while it waits.

        Raises BeagleError where something is missing: then it waits too, and the log says for what.
        """
        ...


def moving() -> tuple[State, ...]:
    """The states from which Beagle may go on by itself; the others wait for a person, or are over."""
    files = {file.stem for file in Path(__file__).parent.glob("*.py")}
    return tuple(state for state in STATES if state in files)


def get_step(state: State) -> Standing | None:
    """What is done in that state; None where a person is waited for, or nothing is to be done."""
    return cast(Standing, import_module(f"{__name__}.{state}")) if state in moving() else None
