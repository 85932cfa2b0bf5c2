"""An overview in words: the Markdown report, and the phrases that it shares with the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.ui.blocks import money
from workers.readiness.evidence import ANSWER_TOKENS, PROMPT_TOKENS, PRUNED_TOKENS, VOLUME_DOUBT
from workers.readiness.export_overview import Entry, Overview

BARS = "▁▂▃▄▅▆▇█"
ADVICE = {
    "keep the prompt": "Keep the prompt",
    "improve the prompt": "Improve the prompt",
    "add retrieval": "Add retrieval",
    "train a head": "Train a head",
    "tune": "Tune",
    "not yet": "Not yet",
}
FIRST_PROMPT = "Write a prompt first"
MARKS = {True: "✓", False: "✗", None: "–"}
HOW = (
    "Personal data was masked before anything else. Messages that mean the same were grouped, a gate judged which "
    "groups are one repeated request and not chatter, and a group is shown only where enough people asked, often "
    "enough, and nobody asked most of it."
)
HERE = "Everything ran on this machine."
NAMED = "Masked examples were sent to the model “{model}” for names; everything else ran on this machine."
LIMITS = (
    "An export has no answers, so that the gates about answers (narrow, stable, data) cannot be measured yet, and the "
    f"money assumes a prompt of {PROMPT_TOKENS:,} tokens, {PRUNED_TOKENS} once it is tuned in, {ANSWER_TOKENS} tokens "
    f"of answer, and as many requests a month as now, give or take {VOLUME_DOUBT:.0%}."
)


def markdown(seen: Overview) -> str:
    """The report as Markdown."""
    lines = [f"# {headline(seen)}", "", summary(seen), "", f"**{in_short(seen)}**", ""]
    if seen.entries:
        lines += [
            "| # | request | requests | people | four weeks | advice | tuning saves, a month |",
            "|" + "---|" * 7,
        ]
        lines += [f"| {' | '.join(map(_cell, row(entry)))} |" for entry in seen.entries]

    lines += ["", "## What to do", ""] + [line for entry in seen.entries for line in _entry(entry)]
    lines += ["## Money", "", money_words(seen), ""]
    lines += [
        "## Left out",
        "",
        *[f"- {said}" for said in left_out(seen)],
        "",
        "## How this was made",
        "",
        how(seen),
        "",
        LIMITS,
    ]

    return "\n".join(lines).rstrip() + "\n"


def headline(seen: Overview) -> str:
    """What was found, in a few words."""
    count = len(seen.entries)
    if not count:
        return f"Nothing repeats enough in {seen.messages:,} messages"

    return f"{count} request{'s' * (count > 1)} repeat{'s' * (count == 1)} in {seen.messages:,} messages"


def summary(seen: Overview) -> str:
    """From where and when it is, and how much of it repeats."""
    share = seen.covered / max(seen.mined, 1)
    return (
        f"{seen.form}, {day(seen.first_at)} to {day(seen.last_at)}: {seen.people:,} people in {seen.channels:,} "
        f"channel{'s' * (seen.channels != 1)}. {seen.covered:,} of {seen.mined:,} messages ({share:.0%}) ask for "
        "something that comes again and again."
    )


def in_short(seen: Overview) -> str:
    """The bottom line, for whoever reads nothing else."""
    if not seen.entries:
        return "There is nothing to tune here, and nothing that needs a prompt of its own."

    tune = [
        entry
        for entry in seen.entries
        if entry.record["recommendation"] in ("tune", "train a head")
    ]
    if tune:
        names = ", ".join(entry.label for entry in tune)
        return f"Worth training for, as far as an export can say: {names}. A prompt comes first even there."

    verb = "deserves" if len(seen.entries) == 1 else "deserve"
    said = f"Nothing here is worth a fine-tune today. {_counted(len(seen.entries), 'request')} {verb} a good prompt"

    needs = [
        entry.record["money"]["calls_needed"] for entry in seen.entries if entry.record["money"]
    ]
    if needs and None not in needs:
        return (
            f"{said}; tuning would begin to pay at about {about(min(needs)):,} of one kind a month."
        )

    return f"{said}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def about(value: float) -> int:
    """A number that does not claim to be exact: two digits count."""
    size = 10 ** max(len(str(int(value))) - 2, 0)
    return int(round(value / size) * size)


def row(entry: Entry) -> list[str]:
    """An entry's line of the table."""
    record = entry.record
    return [
        str(entry.number),
        entry.label,
        f"{record['count']:,}",
        str(record["people"]),
        sparkline(record["weekly"]),
        advice(record),
        a_month(record),
    ]


def advice(record: Mapping[str, Any]) -> str:
    """The recommendation in the words of the page."""
    if not record["structure"]["answers"] and record["recommendation"] == "improve the prompt":
        return FIRST_PROMPT
    return ADVICE[record["recommendation"]]


def a_month(record: Mapping[str, Any]) -> str:
    """What tuning would save a month, as a range."""
    if record["money"] is None:
        return "no price known"

    low, high = record["money"]["monthly_usd"]["low"], record["money"]["monthly_usd"]["high"]
    return dollars(low) if dollars(low) == dollars(high) else f"{dollars(low)} to {dollars(high)}"


def dollars(usd: float) -> str:
    """An amount with its sign."""
    return (
        f"{'−' if usd < 0 else ''}${abs(usd):,.0f}"
        if abs(usd) >= 1 or usd == 0
        else f"{'−' * (usd < 0)}{money(abs(usd))}"
    )


def sparkline(weekly: Sequence[int]) -> str:
    """The weeks as small bars, oldest first."""
    most = max([*weekly, 1])
    return "".join(BARS[round(count / most * (len(BARS) - 1))] for count in weekly)


def money_words(seen: Overview) -> str:
    """What is compared, and whether anything pays."""
    if not seen.compared:
        return "No price is known for the models in question, so that nothing is claimed."

    pays = [
        entry for entry in seen.entries if entry.record["money"] and entry.record["money"]["pays"]
    ]
    told = f"{len(pays)} of {len(seen.entries)} would pay" if pays else "None of them would pay"
    return (
        f"If each had a prompt on {seen.compared}, would a tuned {seen.tuned} be worth it? {told} within a year, "
        "review and training included. Prices are those of litellm's list."
    )


def left_out(seen: Overview) -> list[str]:
    """What the reader does not see, in counts."""
    said = [f"{count} group{'s' * (count > 1)}: {rule}" for rule, count in seen.withheld.items()]
    if seen.messages > seen.mined:
        said.append(
            f"{seen.messages - seen.mined:,} messages without a word, or repeated by one person within the hour"
        )

    if seen.skipped:
        said.append(f"{seen.skipped:,} lines that could not be read")
    if seen.ignored:
        said.append(f"{seen.ignored:,} lines of bots, joins and leaves, and files without a word")

    if seen.private:
        said.append(
            f"{seen.private:,} messages of private channels and direct messages are counted, and none of them is quoted"
        )

    return said or ["nothing"]


def repeats_example(entry: Entry) -> bool:
    """Whether the definition says no more than the examples below it."""
    return any(example in entry.definition for example in entry.record["examples"])


def gates_in_words(gates: Sequence[Mapping[str, Any]]) -> str:
    """How many came out how."""
    names = {True: "passed", False: "not passed", None: "not measured"}
    counts = {how: sum(gate["passed"] is how for gate in gates) for how in names}
    return ", ".join(f"{count} {names[how]}" for how, count in counts.items() if count)


def how(seen: Overview) -> str:
    """How it was made, and what left the machine for it."""
    return f"{HOW} {NAMED.format(model=seen.sent_to) if seen.sent_to else HERE}"


def day(at: float) -> str:
    """A day that everybody reads alike."""
    return datetime.fromtimestamp(at, UTC).strftime("%-d %B %Y") if at else "an unknown day"


def _entry(entry: Entry) -> list[str]:
    record = entry.record
    told = f"{record['count']:,} requests by {record['people']} people, nobody above {record['most_share']:.0%} of them."
    lines = [f"### {entry.number}. {_cell(entry.label)}", "", f"**{advice(record)}.** {told}", ""]

    if not repeats_example(entry):
        lines += [_cell(entry.definition), ""]

    lines += [f"> {_cell(example)}\n" for example in record["examples"]]
    lines += [
        f"- {MARKS[gate['passed']]} {gate['name']}: {gate['figure']}" for gate in record["gates"]
    ]

    return [*lines, ""]


def _cell(text: str) -> str:
    """People's words as Markdown shows them: nothing in them is markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!~" else c for c in flat)
