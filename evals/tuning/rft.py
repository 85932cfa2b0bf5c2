"""Reinforcement fine-tuning of the included model: what it adds to a short supervised training."""

from __future__ import annotations

import dataclasses
import json
import platform
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from evals import triage
from evals.tuning.progress import print_progress
from evals.tuning.served import Contender, Shape, ask_server, compact, serving
from router.catalog.reward import RewardCheck
from router.config import Settings, read_settings
from router.log import set_up_logs
from router.statistics import mean_interval
from router.text.printable import print_line
from workers.llm.local.weights import NAME, find_weights
from workers.ports import Message
from workers.training.reward import RewardSpec
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import (
    ChatExample,
    ReinforcementOptions,
    TrainedModel,
    TrainingOptions,
)

FIELDS = ("queue", "urgency")
PROMPT: Message = {"role": "system", "content": "Sort the support message."}
SCHEMA = {
    "type": "object",
    "properties": {
        "queue": {"enum": list(triage.QUEUES)},
        "urgency": {"enum": list(triage.URGENCIES)},
    },
    "required": list(FIELDS),
    "additionalProperties": False,
}
REWARD = RewardSpec(
    (RewardCheck(check="schema"), RewardCheck(check="fields", fields=FIELDS, weight=3.0)), SCHEMA
)
OUTPUT_TOKENS = 24


@dataclasses.dataclass(frozen=True, slots=True)
class RftSizes:
    """How much is trained and asked; see the command's options."""

    supervised: int = 64
    epochs: int = 3
    prompts: int = 400
    steps: int = 120
    dev: int = 32
    tested: int = 100

    @property
    def answers(self) -> int:
        """How many answers the reinforcement writes."""
        defaults = ReinforcementOptions(reward={}, start="")
        return self.steps * defaults.prompts * defaults.group


def main(
    supervised: Annotated[int, typer.Option(help="Rows of the supervised start.")] = 64,
    epochs: Annotated[int, typer.Option(help="Passes over them.")] = 3,
    rows: Annotated[int, typer.Option(help="Prompts of the reinforcement.")] = 400,
    steps: Annotated[int, typer.Option(help="Steps of the reinforcement.")] = 120,
    dev: Annotated[int, typer.Option(help="Held-out rows that choose the adapter.")] = 32,
    tested: Annotated[int, typer.Option(help="Test rows asked before and after.")] = 100,
    seed: int = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Train for the format, then reinforce with a checkable reward; compare on held-out messages.

    The task is to sort made-up support messages into a queue and an urgency. Test messages are
    made of sentences that no training message has. An interrupted run resumes.
    """
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    sizes = RftSizes(supervised, epochs, rows, steps, dev, tested)
    report = measure(settings, sizes, seed)
    print_line(json.dumps(report) if as_json else _as_text(report))


def measure(settings: Settings, sizes: RftSizes, seed: int = 0) -> dict[str, Any]:
    """Trains both ways and returns the report; an interrupted run resumes."""
    base = find_weights(settings.data)
    name = "-".join(map(str, dataclasses.astuple(sizes)))
    work = settings.data / "training" / f"rft-{name}-{seed}"
    train_rows, held_out, test_rows = task_rows(sizes, seed)
    dev_rows = [chat_example(row, "dev") for row in held_out]
    lessons = [chat_example(row, "train") for row in train_rows]
    prompts = lessons[sizes.supervised : sizes.supervised + sizes.prompts]

    options = TrainingOptions(epochs=sizes.epochs, seed=seed, threads=settings.local_threads)
    start = train_in_subprocess(
        "lora",
        [*lessons[: sizes.supervised], *dev_rows],
        base,
        work / "lora",
        options,
        print_progress,
    )
    reinforcement = ReinforcementOptions(
        reward=REWARD.as_dict(),
        start=str(work / "lora"),
        steps=sizes.steps,
        answer_tokens=OUTPUT_TOKENS,
        evaluation_steps=max(1, sizes.steps // 4),
    )
    reinforced = train_in_subprocess(
        "rft",
        [*prompts, *dev_rows],
        base,
        work / "rft",
        dataclasses.replace(options, reinforcement=reinforcement),
        print_progress,
    )
    before = _measure(settings, start, test_rows)
    after = _measure(settings, reinforced, test_rows)
    return _report(before, after, start, reinforced) | {
        "base": NAME,
        "rows": dataclasses.asdict(sizes) | {"test": len(test_rows)},
        "seed": seed,
        "machine": f"{platform.machine()}, {settings.local_threads} threads",
        "date": time.strftime("%Y-%m-%d"),
    }


def _report(
    before: Sequence[float],
    after: Sequence[float],
    start: TrainedModel,
    reinforced: TrainedModel,
) -> dict[str, Any]:
    details = reinforced.details
    return {
        "before": sum(before) / len(before),
        "after": sum(after) / len(after),
        "before_ci95": list(mean_interval(before)),
        "after_ci95": list(mean_interval(after)),
        "kl": details["kl"],
        "kl_max": details["kl_max"],
        "kl_base": details["kl_base"],
        "gamed": bool(details["gamed"]),
        "rejected": details["rejected"],
        "stopped": details["stopped"],
        "held_out": {"before": details["before"], "after": details["after"]},
        "mean_rewards": details["mean_rewards"],
        "kls": details["kls"],
        "cpu_seconds": {
            "supervised": round(start.cpu_seconds, 1),
            "reinforcement": round(reinforced.cpu_seconds, 1),
        },
        "seconds": {
            "supervised": round(start.seconds, 1),
            "reinforcement": round(reinforced.seconds, 1),
        },
        "steps": reinforced.steps,
    }


def task_rows(
    sizes: RftSizes, seed: int
) -> tuple[list[triage.Row], list[triage.Row], list[triage.Row]]:
    """Returns training rows, and rows of other sentences: those that choose, and test rows."""
    train: list[triage.Row] = []
    held_out: dict[str, triage.Row] = {}
    # Several draws, because one has few held-out rows; a text counts once.
    for number in range(4):
        for row in triage.make_rows(1000 * seed + number):
            if row["split"] == "dev":
                held_out.setdefault(row["text"].casefold(), row)
            elif number == 0:
                train.append(row)

    others = list(held_out.values())
    return train, others[: sizes.dev], others[sizes.dev : sizes.dev + sizes.tested]


def chat_example(row: triage.Row, split: Any) -> ChatExample:
    """Returns a made-up message with the two fields that are to be right."""
    messages = [PROMPT, {"role": "user", "content": row["text"]}]
    return ChatExample(messages, compact(answer_of(row)), split)


def answer_of(row: triage.Row) -> dict[str, str]:
    """Returns the two fields that are to be right."""
    return {name: row["answer"][name] for name in FIELDS}


def _measure(settings: Settings, trained: TrainedModel, rows: Sequence[triage.Row]) -> list[float]:
    """Returns 1 for each row whose whole answer is right, as the model server gives it."""
    assert trained.artifact is not None
    contender = Contender("tuned", [PROMPT], tuned=True, schema=False)
    shape = Shape(SCHEMA, OUTPUT_TOKENS)
    right = []
    with serving(settings, trained.artifact) as model:
        for row in rows:
            answer = ask_server(model, contender, shape, row["text"], use_cache=True).answer
            right.append(float(answer == answer_of(row)))

    return right


def _as_text(report: Mapping[str, Any]) -> str:
    lines = [
        f"before {report['before']:.1%}, after {report['after']:.1%} "
        f"of {report['rows']['test']} held-out messages right",
        f"KL {report['kl']:.3f} nats a token from the start (at most {report['kl_max']:.3f}), "
        f"{report['kl_base']} from the base",
        f"gamed: {report['gamed']}; rejected: {report['rejected']}; stopped: "
        f"{report['stopped'] or 'no'}",
        f"{report['cpu_seconds']} CPU seconds, {report['seconds']} seconds",
    ]
    return "\n".join(lines)


def section(report: Mapping[str, Any]) -> str:
    """Returns the part of the essay's page."""
    low, high = report["before_ci95"]
    low_after, high_after = report["after_ci95"]
    cpu, rows = report["cpu_seconds"], report["rows"]
    return f"""## Reinforcement after supervised training

`beagle eval rft --steps {rows["steps"]} --json`: {report["base"]} sorts made-up support messages
into a queue and an urgency. First {rows["supervised"]} labelled rows for the format, then
{rows["steps"]} steps of GRPO on {rows["prompts"]} prompts whose reward a program checks.
{rows["test"]} test messages are made of other sentences. Seed {report["seed"]},
{report["machine"]}, {report["date"]}.

| | both fields right | 95 % interval | CPU seconds |
|---|---|---|---|
| supervised start | {report["before"]:.1%} | {low:.1%} to {high:.1%} | {cpu["supervised"]:.0f} |
| after reinforcement | {report["after"]:.1%} | {low_after:.1%} to {high_after:.1%} | \
{cpu["reinforcement"]:.0f} |

KL from the start {report["kl"]:.3f} nats a token (at most {report["kl_max"]:.3f}), from the base
{report["kl_base"]}. Gamed: {"yes" if report["gamed"] else "no"}."""
