"""What is asked of notes goes to the route that keeps them, however the router reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.ui.texts import explain as texts
from router.catalog.catalog import Route
from router.catalog.version import ReactStep
from router.types import Decision, Score
from workers.prompting.note_words import asked_for_notes, note_to_forget

NOTE_TOOLS = ("note",)


def apply_notes_question(decision: Decision, text: str, usable: Mapping[str, Route]) -> Decision:
    """Returns the decision, or the route that keeps notes where the message is about them.

    A route that is called by its name stays. Only a route that keeps notes and does nothing else
    counts, among the `usable` ones of the person who asked.
    """
    is_about_notes = asked_for_notes(text) is not None or note_to_forget(text) is not None
    if "named" in decision.reason or not is_about_notes:
        return decision

    for name, route in usable.items():
        react = [step for step in route.version.steps if isinstance(step, ReactStep)]
        if react and react[0].tools == NOTE_TOOLS:
            return replace(
                decision,
                verb="route",
                route=name,
                confidence=1.0,
                margin=1.0,
                in_scope=1.0,
                scores=(Score(name, 1.0),),
                reason={"notes": texts.NOTES_QUESTION},
            )

    return decision
