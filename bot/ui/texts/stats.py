"""Texts of `/beagle stats`."""

from __future__ import annotations

from bot.ui.counted import Counted

TITLE = "Beagle, last {span}"
CAPTION = "Routes, last {span}"
HEAD = ("Route", "Kind", "Requests", "Share", "p50", "p95", "Cost", "Corrected")
REQUESTS = "Requests"
ANSWERED = "Answered"
LATENCY = "Latency p50 / p95"
SECONDS_PAIR = "{p50:.1f} s / {p95:.1f} s"
COST = "Cost"
EACH = "{usd} ({each} an answer)"
EACH_AND_OTHER = "{usd} ({each} an answer; {other} for other work, such as trials and tests)"
SIMULATED = Counted(
    "Simulated, made up for the demo: {count:request|requests} behind these figures, of people "
    "who do not exist."
)
OTHER_WORK = "other work"
"""What models cost beside answers: failed requests, tests, names of candidates, trials."""
CORRECTED = "Corrected"
NOT_FOUND = "Not found"
NO_ROUTE = "Asked back / out of scope / other"
ASKED_ANSWERED = "{asked} ({answered} then answered)"
FAILED = "Failed"
FAILED_HOW = "`/beagle stats failed` lists the newest requests that failed (admins)."
BAD_ANSWERS = "*Why answers were bad, as people said:* {reasons}"
BAD_ANSWER = "{reason} {count}"
FAILED_NONE = "No request failed in the last 30 days."
FAILED_TITLE = Counted(
    "The newest {count:request that failed|requests that failed} in the last 30 days. Words are "
    "shown where everybody here may read them, masked, and not of people who opted out."
)
FAILED_ITEM = "{at}, {route}: {why}"
FAILED_NO_ROUTE = "no route"
FAILED_PRIVATE = "(the words are not for you to read)"
IN_WORDS = "Last {span}: {figures}. {routes}"
SPANS = "I know the periods {spans}."
USED = "Used today, until {when}"
OF = "{used} of {most}"
OF_REQUESTS = Counted("{used} of {most:request|requests}")
STOPPED = "Stopped by a limit"
STOPPED_BY = Counted("{people:person|people}, {channels:channel|channels}")
