"""What Beagle does by itself with a candidate.

One file a state, and the file's name is the state's.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from router.lifecycle import STATES, State
from router.lifecycle_evidence import TransitionEvidence
from router.types import Candidate
from workers.context import Context
from workers.training.tune import TrainingRunner

Transition = TransitionEvidence | None
"""The evidence of the step to take, whose class names the next state; None while it waits."""


class StateHandler(Protocol):
    """A module of this folder.

    Running it twice is safe: it may be killed at any point and begin again.
    """

    def run(self, context: Context, candidate: Candidate, train: TrainingRunner) -> Transition:
        """Returns the step that the candidate takes from here, None while it waits.

        Raises BeagleError where something is missing. The candidate then waits too, and the log
        says for what.
        """
        ...


def automatic_states() -> tuple[State, ...]:
    """Returns the states from which Beagle may take the next step by itself.

    In the others a candidate waits for a person, or is at its end.
    """
    files = {file.stem for file in Path(__file__).parent.glob("*.py")}
    return tuple(state for state in STATES if state in files)


def get_handler(state: State) -> StateHandler | None:
    """Returns the handler of that state.

    None where the candidate waits for a person, or nothing is left to do.
    """
    if state not in automatic_states():
        return None

    return cast(StateHandler, import_module(f"{__name__}.{state}"))
