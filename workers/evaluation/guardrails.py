"""When a version may be let in, and when it is taken back by itself."""

from __future__ import annotations

from router.config import Settings
from router.store.versions.trials import Record

FEWEST = 20
"""Answers below which nothing can be told from chance."""


ALIKE = 0.95
"""How much of the live version's agreement with itself a version in shadow is expected to reach."""
HOUR = 3600.0


def seen_enough(settings: Settings, calls: int, seconds: float) -> bool:
    """Whether a version that ran beside the live one so often, for so long, may be let in."""
    waited = bool(settings.shadow_hours) and seconds >= settings.shadow_hours * HOUR
    return calls >= settings.shadow_calls or (
        waited and calls >= min(FEWEST, settings.shadow_calls)
    )


def apart(beside: Record, twice: Record) -> bool:
    """Whether a version says less of what the live one says than the live one itself does when it is asked again."""
    return bool(beside.calls and twice.calls) and beside.agreed < ALIKE * twice.agreed


def why_back(settings: Settings, new: Record, old: Record) -> str | None:
    """The reason to take the new version back, in words; None while there is none, or too little is known."""
    if new.calls < FEWEST:
        return None
    if new.valid < settings.rollback_valid:
        return f"only {new.valid:.1%} of {new.calls} answers came in the right shape; {settings.rollback_valid:.0%} must"

    if new.corrected > old.corrected + settings.rollback_corrected:
        return (
            f"{new.corrected:.1%} of {new.calls} answers were corrected, {old.corrected:.1%} before; "
            f"at most {100 * settings.rollback_corrected:.0f} points more may be"
        )

    for name, mine, theirs in (("seconds", new.seconds, old.seconds), ("USD", new.usd, old.usd)):
        if old.calls and theirs > 0 and mine > settings.rollback_times * theirs:
            return f"an answer takes {mine:.3g} {name}, {theirs:.3g} before; at most {settings.rollback_times:g} times"

    return None
