"""The overview of an export in words: the Markdown report, and sentences that the page shares."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cli.mining_report.account import (
    asked_sentence,
    bot_lines,
    left_out,
    nearest_lines,
)
from bot.ui.texts import weekly
from router.candidate_evidence import GateOutcome
from router.catalog.version import INCLUDED_MODEL
from router.text.printable import counted, printable
from workers.readiness.evidence import ANSWER_TOKENS, PROMPT_TOKENS, PRUNED_TOKENS, VOLUME_DOUBT
from workers.readiness.exported.overview import Entry, Overview

METHOD = (
    "Personal data was masked first. Messages with the same meaning were grouped, and a classifier "
    "decided which groups are one repeated request and not small talk. A group is shown only if "
    "enough people sent it, often enough, and no single person sent most of it."
)
LOCAL_ONLY = "Everything ran on this machine."
NAMED_BY_MODEL = (
    "Masked examples were sent to the model “{model}” to name the groups; everything else ran on "
    "this machine."
)
LIMITS = (
    "An export contains no answers. Therefore the checks on answers (narrow task, stable answers, "
    f"reviewed examples) cannot be measured yet. The costs assume a prompt of {PROMPT_TOKENS:,} "
    f"tokens, of which {PRUNED_TOKENS} remain after tuning, {ANSWER_TOKENS} tokens for each "
    f"answer, and the present number of requests, plus or minus {VOLUME_DOUBT:.0%}."
)
PROMPT_UNKNOWN = (
    "Whether a prompt is enough cannot be told from an export: it has no answers. Once Beagle is "
    "installed, it tries prompts on the answers that people reviewed."
)
INCLUDED = "the small model that comes with Beagle"
TABLE_HEAD = "| # | request | requests | people | four weeks | advice | tuning would |"
COLUMNS = 7
NEAREST = "What came nearest"
OTHER_BOTS = "What people ask other assistants"
MARKDOWN_SYMBOLS = "\\`*_{}[]<>#|!~"


def render_markdown(overview: Overview) -> str:
    """Returns the report as Markdown."""
    lines = [
        f"# {headline(overview)}",
        "",
        summary(overview),
        "",
        f"**{_escape(conclusion(overview))}**",
        "",
    ]

    if overview.entries:
        lines += [TABLE_HEAD, "|" + "---|" * COLUMNS]
        for entry in overview.entries:
            lines.append(f"| {' | '.join(map(_escape, row(entry)))} |")

    lines += _list(NEAREST, nearest_lines(overview.nearest))
    if overview.entries:
        lines += ["", "## What to do", ""]
    for entry in overview.entries:
        lines += _entry(entry)

    lines += _list(OTHER_BOTS, bot_lines(overview.bots))
    lines += ["", "## Costs", "", cost_sentence(overview)]
    lines += _list("Left out", left_out(overview))
    lines += ["", "## How this was made", "", method(overview), "", LIMITS]

    return "\n".join(lines).rstrip() + "\n"


def _list(title: str, sentences: Sequence[str]) -> list[str]:
    """Returns a section with these sentences; nothing without any."""
    if not sentences:
        return []

    return ["", f"## {title}", "", *(f"- {_escape(sentence)}" for sentence in sentences)]


def headline(overview: Overview) -> str:
    """Returns the result in a few words."""
    count = len(overview.entries)
    if not count:
        return f"Nothing repeats often enough in {counted(overview.messages, 'message')}"

    verb = "repeats" if count == 1 else "repeat"
    return f"{counted(count, 'request')} {verb} in {counted(overview.messages, 'message')}"


def summary(overview: Overview) -> str:
    """Returns where and when the messages are from, and how many of them repeat."""
    share = overview.covered / max(overview.mined, 1)
    people = counted(overview.people, "person", "people")
    return (
        f"{overview.form}, {_period(overview)}: {people} in "
        f"{counted(overview.channels, 'channel')}. {overview.covered:,} of "
        f"{counted(overview.mined, 'message')} ({share:.0%}) are requests that come again and "
        "again."
    )


def _period(overview: Overview) -> str:
    """Returns from when to when the messages are, as far as they have a time."""
    if not overview.last_at:
        return "without times"
    if not overview.first_at:
        return f"up to {weekly.day(overview.last_at)}, some without a time"

    return f"{weekly.day(overview.first_at)} to {weekly.day(overview.last_at)}"


def conclusion(overview: Overview) -> str:
    """Returns the conclusion, for readers who read nothing else."""
    if not overview.entries:
        return "There is nothing to tune here, and nothing that needs a prompt of its own."

    names = []
    for entry in overview.entries:
        if entry.record.recommendation in ("tune", "train a head"):
            names.append(entry.label)

    if names:
        return (
            f"Training may be worth it, as far as an export can show: {', '.join(names)}. Try a "
            "prompt first."
        )

    count = len(overview.entries)
    verb = "deserves" if count == 1 else "deserve"
    requests = counted(count, "request")
    text = f"None of these is worth a fine-tune today. {requests} {verb} a good prompt"

    needed = [
        entry.record.money["calls_needed"] for entry in overview.entries if entry.record.money
    ]
    if needed and None not in needed:
        return f"{text}; tuning pays from about {round_roughly(min(needed)):,} requests a month on."

    return f"{text}."


def round_roughly(value: float) -> int:
    """Returns a number rounded to two digits, so that it does not claim to be exact."""
    size = 10 ** max(len(str(int(value))) - 2, 0)
    return int(round(value / size) * size)


def row(entry: Entry) -> list[str]:
    """Returns an entry's cells in the table."""
    record = entry.record
    return [
        str(entry.number),
        entry.label,
        f"{record.count:,}",
        str(record.people),
        weekly.sparkline(record.weekly),
        weekly.advice(record),
        weekly.a_month(record),
    ]


def cost_sentence(overview: Overview) -> str:
    """Returns what was compared, and whether tuning pays for any of the requests."""
    if not overview.compared:
        return "No price is known for the models in question, so nothing is claimed."

    paying = sum(entry.record.tuning_pays for entry in overview.entries)
    result = "None of them would"
    if paying:
        result = f"{paying} of {len(overview.entries)} would"

    compared, tuned = _compared(overview.compared), _tuned(overview.tuned)
    return (
        f"If each request had a prompt on {compared}, would {tuned} pay for itself within a year, "
        f"including review and training? {result}. Prices are from litellm's list."
    )


def _compared(model: str) -> str:
    return INCLUDED if model == INCLUDED_MODEL else model


def _tuned(model: str) -> str:
    return f"a tuned version of {INCLUDED}" if model == INCLUDED_MODEL else f"a tuned {model}"


def gate_sentence(gate: GateOutcome) -> str:
    """Returns what a check found; of a prompt, what an export without answers can tell."""
    if gate.name == "prompt first" and gate.passed is None:
        return PROMPT_UNKNOWN

    return weekly.gate_sentence(gate)


def repeats_example(entry: Entry) -> bool:
    """Returns whether the definition only repeats one of the examples below it."""
    return any(example in entry.definition for example in entry.record.examples)


def gate_counts(gates: Sequence[GateOutcome]) -> str:
    """Returns how many checks passed, did not pass, and were not measured."""
    parts = []
    for outcome, name in ((True, "passed"), (False, "not passed"), (None, "not measured")):
        count = sum(gate.passed is outcome for gate in gates)
        if count:
            parts.append(f"{count} {name}")

    return ", ".join(parts)


def method(overview: Overview) -> str:
    """Returns how the report was made, and what left the machine for it."""
    if not overview.sent_to:
        return f"{METHOD} {LOCAL_ONLY}"

    return f"{METHOD} {NAMED_BY_MODEL.format(model=overview.sent_to)}"


def volume_sentence(entry: Entry) -> str:
    """Returns how many people sent the request how often."""
    record = entry.record
    requests, people = counted(record.count, "request"), counted(record.people, "person", "people")
    return f"{requests} by {people}, nobody sent more than {record.largest_share:.0%} of them."


def _entry(entry: Entry) -> list[str]:
    record = entry.record
    lines = [
        f"### {entry.number}. {_escape(entry.label)}",
        "",
        f"**{weekly.advice(record)}.** {volume_sentence(entry)}",
        "",
    ]

    asked = asked_sentence(entry.asked)
    if asked:
        lines += [_escape(asked), ""]
    if not repeats_example(entry):
        lines += [_escape(entry.definition), ""]

    lines += [f"> {_escape(example)}\n" for example in record.examples]
    for gate in record.gates:
        mark = weekly.MARKS[gate.passed]
        lines.append(f"- {mark}, {weekly.gate_title(gate)}: {gate_sentence(gate)}")

    return [*lines, ""]


def _escape(text: str) -> str:
    """Returns people's words as one line in which nothing is Markdown."""
    flat = printable(" ".join(text.split()))
    return "".join(f"\\{char}" if char in MARKDOWN_SYMBOLS else char for char in flat)
