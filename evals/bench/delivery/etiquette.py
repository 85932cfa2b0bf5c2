"""Keeps twenty threads of one channel busy, and looks whether Slack ever had to refuse a post."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

import typer

from bot.demo.stack import LocalStack
from bot.sandbox.seed_data import HUMANS
from evals.bench.stacks.message_stack import (
    CHANNEL,
    TEXT,
    message_stack,
    post_messages,
    wait_for_all,
)
from evals.figures import print_figures
from router.log import set_up_logs
from workers.runtime.processes import wait_until

MODEL_SECONDS = 0.05
WAIT_SECONDS = 900.0
LONG_RUN_SECONDS = 60.0
BURST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """A message to Beagle, by its own ts and its thread's."""

    ts: float
    thread: str


def main(
    threads: Annotated[int, typer.Option(help="How many threads are busy at once.")] = 20,
    turns: Annotated[int, typer.Option(help="Questions in each thread.")] = 3,
    stats: Annotated[int, typer.Option(help="How often /beagle stats is typed meanwhile.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count refused posts, and posts a second, in a channel with many busy threads."""
    set_up_logs("auto", "error")
    with message_stack(MODEL_SECONDS, 1, limits=True, requests_per_minute="0") as stack:
        start = time.monotonic()
        roots = post_messages(stack, 0, threads, 1.0)
        questions = [Question(float(ts), ts) for ts in roots] + _follow_up(stack, roots, turns)
        typed = _type_stats(stack, stats)
        wait_for_all(stack, WAIT_SECONDS)
        stats_count = _wait_for_stats(stack, stats)
        figures = {
            "threads": threads,
            "questions": len(questions),
            **_figures(_answers(stack), questions),
            "refused_by_slack": stack.sandbox.call(
                lambda: stack.sandbox.context.error_counts["ratelimited"]
            ),
            "stats_typed": stats,
            "stats_shown": stats_count,
            "stats_ack_max_ms": round(max(typed, default=0.0) * 1000),
            "seconds": round(time.monotonic() - start, 1),
        }

    print_figures(figures, as_json=as_json, width=18)

    is_polite = figures["lost"] == figures["refused_by_slack"] == 0 and stats_count == stats
    raise typer.Exit(0 if is_polite else 1)


def _follow_up(stack: LocalStack, roots: Sequence[str], turns: int) -> list[Question]:
    """Has everybody ask again in their thread; returns these questions."""
    questions = []
    for turn in range(1, turns):
        for number, root in enumerate(roots):
            person = stack.sandbox.actor(HUMANS[number % len(HUMANS)][0])
            text = TEXT.format(n=1_000 * turn + number)
            ts = person.say(CHANNEL, f"@beagle {text}", root)
            questions.append(Question(float(ts), root))

    return questions


def _type_stats(stack: LocalStack, count: int) -> list[float]:
    """Has people type `/beagle stats` all at once; returns the seconds to each acknowledgement."""

    def type_it(number: int) -> float:
        person = stack.sandbox.actor(HUMANS[number % len(HUMANS)][0])
        start = time.monotonic()
        person.slash(CHANNEL, "/beagle", "stats")
        return time.monotonic() - start

    with ThreadPoolExecutor(max_workers=max(count, 1)) as pool:
        return list(pool.map(type_it, range(count)))


def _wait_for_stats(stack: LocalStack, count: int) -> int:
    """Returns how many of the statistics were shown to whoever typed the command."""

    def count_replies() -> int:
        people = [stack.sandbox.actor(name) for name, _, _ in HUMANS]
        return sum(len(person.ephemerals(CHANNEL)) for person in people)

    wait_until(lambda: count_replies() >= count, WAIT_SECONDS / 10)
    return count_replies()


def _answers(stack: LocalStack) -> list[Question]:
    """Returns the bot's messages in the channel, in order of time."""
    channel = stack.sandbox.actor("ada").channel(CHANNEL)
    messages = stack.sandbox.call(lambda: list(stack.sandbox.workspace.messages[channel].values()))
    answers = []
    for message in messages:
        if message.get("bot_id") and message.get("subtype") != "tombstone":
            answers.append(Question(float(message["ts"]), str(message.get("thread_ts"))))

    return sorted(answers, key=lambda answer: answer.ts)


def _figures(answers: Sequence[Question], questions: Sequence[Question]) -> dict[str, float]:
    stamps = [answer.ts for answer in answers]
    asked = Counter(question.thread for question in questions)
    answered = Counter(answer.thread for answer in answers)
    first, last = min(question.ts for question in questions), max(stamps, default=0.0)
    return {
        "lost": sum(max(0, asked[thread] - answered[thread]) for thread in asked),
        "surplus": sum(max(0, answered[thread] - asked[thread]) for thread in asked),
        "posts_in_busiest_minute": _busiest(stamps, LONG_RUN_SECONDS),
        "posts_in_busiest_second": _busiest(stamps, BURST_SECONDS),
        "posts_a_second": round(len(stamps) / max(last - first, 1.0), 2),
        "longest_wait_seconds": round(last - first, 1),
    }


def _busiest(stamps: Sequence[float], seconds: float) -> int:
    """Returns the most posts within so many seconds."""
    return max(
        (sum(start <= other < start + seconds for other in stamps) for start in stamps), default=0
    )
