"""Sentences of the report that account for all that was read, and for what came nearest."""

from __future__ import annotations

from collections.abc import Sequence

from router.text.printable import counted
from workers.mining.exports import Export
from workers.readiness.exported.askers import Demand
from workers.readiness.exported.nearest import NearGroup
from workers.readiness.exported.other_bots import AskedBot
from workers.readiness.exported.overview import Overview
from workers.readiness.exported.window import DAY
from workers.readiness.money_text import dollars

PRIVATE = (
    "message of private channels and direct messages is",
    "messages of private channels and direct messages are",
)
HOUR = 3600.0
MINUTE = 60.0
MAX_BOTS = 8
"""Of more bots only these are named, and the rest are counted."""


def left_out(overview: Overview) -> list[str]:
    """Returns what the report does not show, in counts: with what it shows, all that was read."""
    lines = [f"{counted(count, 'group')}: {rule}" for rule, count in overview.withheld.items()]
    if overview.older and overview.window is not None:
        days = counted(round(overview.window / DAY), "day")
        lines.append(
            f"{counted(overview.older, 'message')} older than {days} before the newest; "
            "`--window all` reads them too"
        )

    unusable = overview.messages - overview.mined
    if unusable > 0:
        lines.append(
            f"{counted(unusable, 'message')} without a word, or repeated by one person within "
            "the hour"
        )
    if overview.skipped:
        lines.append(f"{counted(overview.skipped, 'line')} that could not be read")
    if overview.export is not None:
        lines += _of_export(overview.export)
    if overview.private:
        lines.append(f"{counted(overview.private, *PRIVATE)} counted, but not quoted")

    return lines or ["nothing"]


def _of_export(export: Export) -> list[str]:
    lines = []
    named = list(export.bots.items())
    for name, count in named[:MAX_BOTS]:
        lines.append(f"{counted(count, 'message')} of the bot “{name}”")
    if len(named) > MAX_BOTS:
        rest = sum(count for _, count in named[MAX_BOTS:])
        lines.append(f"{counted(rest, 'message')} of {counted(len(named) - MAX_BOTS, 'more bot')}")

    for name, count in export.forms.items():
        lines.append(
            f"{counted(count, 'submission')} of the form “{name}” are read as the messages of "
            "those who filled it in"
        )
    if export.events:
        lines.append(f"{counted(export.events, 'notice')} of Slack: joins, leaves, deletions")
    if export.without_text:
        lines.append(f"{counted(export.without_text, 'message')} without text, such as files")
    if export.outsiders:
        lines.append(f"{counted(export.outsiders, 'message')} by people of other companies")

    return [*lines, *export.notes]


def nearest_lines(groups: Sequence[NearGroup]) -> list[str]:
    """Returns a sentence for each group that came nearest, with what stopped it."""
    lines = []
    for group in groups:
        label = f"“{group.label}”" if group.label else "A group whose words may not be quoted"
        reasons = "; ".join(group.stopped_by)
        lines.append(
            f"{label}: {counted(group.requests, 'message')} by "
            f"{counted(group.people, 'person', 'people')}. Not shown, because {reasons}."
        )

    return lines


def asked_sentence(asked: Demand | None) -> str:
    """Returns where a request is asked, how soon it is answered, and what that takes of people."""
    if asked is None:
        return ""

    parts = []
    if asked.channels:
        places = ", ".join(f"{name} ({count:,})" for name, count in asked.channels)
        parts.append(f"Asked in {places}.")
    if asked.median_seconds is not None:
        people = counted(asked.answerers, "person", "people")
        parts.append(
            f"Somebody answered {asked.answered:,} of them in the thread, half of these within "
            f"{duration(asked.median_seconds)}; {people} did."
        )
    if asked.most_answers:
        parts.append(f"The most that one person answered is {asked.most_answers:,}.")
    if asked.monthly_hours:
        parts.append(
            f"People spend about {asked.monthly_hours:,.1f} hours a month on it "
            f"({dollars(asked.monthly_usd)}), an estimate by the settings."
        )

    return " ".join(parts)


def bot_lines(bots: Sequence[AskedBot]) -> list[str]:
    """Returns a sentence for each other assistant that people asked."""
    lines = []
    for bot in bots:
        text = (
            f"“{bot.name}”: asked {counted(bot.requests, 'time')} by "
            f"{counted(bot.people, 'person', 'people')}."
        )
        if bot.labels:
            text += f" What repeats ({bot.repeated:,}): {', '.join(bot.labels)}."
        if bot.monthly_usd is not None:
            text += (
                f" A month of it costs {dollars(bot.monthly_usd)} at the list price of {bot.model}"
            )
            text += f", {dollars(bot.here_usd)} here." if bot.here_usd is not None else "."

        lines.append(text)

    return lines


def duration(seconds: float) -> str:
    """Returns a duration in the unit that suits it."""
    if seconds < MINUTE:
        return counted(round(seconds), "second")
    if seconds < HOUR:
        return counted(round(seconds / MINUTE), "minute")
    if seconds < 2 * DAY:
        return counted(round(seconds / HOUR), "hour")

    return counted(round(seconds / DAY), "day")
