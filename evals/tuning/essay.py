"""The essay's comparison: a small tuned model, a prompted one and a linear head."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from evals.tuning import essay_page
from evals.tuning.essay_data import (
    KEY,
    Task,
    TaskSizes,
    chat_examples,
    few_shot,
    find_data,
    read_task,
    tuned_prompt,
)
from evals.tuning.essay_parts import run_parts
from evals.tuning.progress import print_progress
from evals.tuning.served import Contender, ServedAnswer, Shape, ask_server, serving
from router.config import Settings, read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.statistics import mean_interval
from router.text.printable import print_line
from workers.llm.litellm_client import open_model
from workers.llm.local.server import LocalModelServer
from workers.llm.local.weights import NAME, find_weights
from workers.paths._linear_head_model import LinearHead
from workers.ports import ModelCall
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import TrainedModel, TrainingOptions

OUTPUT_TOKENS = 24
PAGE = Path("docs/essay.md")
ROWS, EPOCHS = 75, 2
RATE = 1.6e-3
"""Chosen on training rows used neither for training nor for tests (see RESULTS.md)."""
QUICK = TaskSizes(dev=10, test=10)
"""Rows of each label in the quick form, with `--labels`; `--rows` sets the training rows."""


def main(
    data: Annotated[
        Path | None,
        typer.Argument(help="A CSV file with the columns split, text and label, or its folder."),
    ] = None,
    labels: Annotated[
        int, typer.Option(help="So many labels with few rows each; 0 for the whole data.")
    ] = 0,
    draw: Annotated[
        bool, typer.Option("--draw", help="Draw the labels by chance instead of the file's first.")
    ] = False,
    rows: Annotated[
        int, typer.Option(help="With --labels: training rows of each label, or all there are.")
    ] = ROWS,
    shots: Annotated[int, typer.Option(help="Examples that the prompted model is shown.")] = 24,
    uncached: Annotated[
        int, typer.Option(help="Rows asked again with nothing kept in the server's cache.")
    ] = 12,
    usd_per_cpu_hour: Annotated[
        float, typer.Option(help="What a processor hour costs, for the local models.")
    ] = 0.04,
    epochs: int = EPOCHS,
    seed: int = 0,
    page: Annotated[
        Path | None, typer.Option(help="Write table and chart to this Markdown file.")
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Measure the page's other parts, too, those that are missing."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --all: measure every part anew.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Train a head and an adapter and compare them with prompting.

    Takes minutes with --labels 12, hours with all 77 labels of BANKING77.
    """
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    if every:
        page = page or PAGE
        run_parts(settings, page, again=again)

    data = find_data(data)
    sizes = TaskSizes(labels, rows, QUICK.dev, QUICK.test, draw) if labels else TaskSizes()
    task = read_task(data, sizes, seed)
    work = (
        settings.data
        / "training"
        / _run_name(len(task.labels), draw, seed, epochs, rows if labels else 0, RATE)
    )

    head, tuned = _train(settings, task, work, epochs, seed)
    contenders = list(_contenders(settings, task, head, tuned, (shots, uncached)))
    _add_prices(contenders, usd_per_cpu_hour)
    report = {
        "data": data.name,
        "labels": len(task.labels),
        "options": _options_text(
            {"labels": labels, "draw": draw, "rows": rows, "epochs": epochs, "seed": seed}
        ),
        "rows": {"train": len(task.train), "dev": len(task.dev), "test": len(task.test)},
        "base": NAME,
        "frontier": None if settings.model == "local" else settings.model,
        "usd_per_cpu_hour": usd_per_cpu_hour,
        "seed": seed,
        "machine": f"{platform.machine()}, {settings.local_threads} threads of the model",
        "date": time.strftime("%Y-%m-%d"),
        "training": {"head": _training_cost(head), "tuned": _training_cost(tuned)},
        "contenders": contenders,
    }

    if page is not None:
        essay_page.write(page, report)

    print_line(json.dumps(report) if as_json else essay_page.table(report))


def _train(
    settings: Settings, task: Task, work: Path, epochs: int, seed: int
) -> tuple[TrainedModel, TrainedModel]:
    """Returns the linear head and the adapter, trained on the same examples."""
    examples = chat_examples(task)
    head = train_in_subprocess(
        "head", examples, settings.encoder_cache, work / "head", TrainingOptions(seed=seed)
    )
    options = TrainingOptions(
        rank=16,
        alpha=32,
        learning_rate=RATE,
        epochs=epochs,
        evaluations_per_epoch=2,
        patience=3,
        seed=seed,
        threads=settings.local_threads,
    )
    weights = find_weights(settings.data)
    tuned = train_in_subprocess("lora", examples, weights, work / "lora", options, print_progress)

    return head, tuned


def _run_name(*values: float) -> str:
    """Returns a folder name from all that decides the result of training.

    A checkpoint of another run would be refused.
    """
    return "-".join(["essay", *(f"{value:g}" for value in values)])


def _options_text(options: Mapping[str, Any]) -> str:
    """Returns the options that reproduce these figures, without those at their default."""
    defaults = {"labels": 0, "draw": False, "rows": ROWS, "epochs": EPOCHS, "seed": 0}
    return " ".join(
        f"--{name}" if value is True else f"--{name} {value}"
        for name, value in options.items()
        if value != defaults[name]
    )


def _add_prices(contenders: Sequence[dict[str, Any]], usd_per_cpu_hour: float) -> None:
    """Adds each contender's USD per 1,000 requests, with and without prefix caching."""
    for contender in contenders:
        contender["usd_per_1k"] = contender.get(
            "usd_per_1k", _usd(contender["cpu_ms"], usd_per_cpu_hour)
        )
        contender["usd_per_1k_cached"] = (
            _usd(contender["cpu_ms_cached"], usd_per_cpu_hour)
            if contender["cpu_ms_cached"]
            else None
        )


def _contenders(
    settings: Settings, task: Task, head: TrainedModel, tuned: TrainedModel, counts: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    shots, uncached = counts
    assert tuned.artifact is not None
    assert head.artifact is not None

    if settings.model != "local":
        yield _measure_frontier(settings, task, shots)

    with serving(settings, tuned.artifact) as model:
        yield _measure_served(
            model, Contender("prompted", few_shot(task, shots), tuned=False), task, uncached
        )
        yield _measure_head(settings, task, head.artifact)
        yield _measure_served(model, Contender("tuned", tuned_prompt(), tuned=True), task, uncached)


def _measure_served(
    model: LocalModelServer, contender: Contender, task: Task, uncached: int
) -> dict[str, Any]:
    """Measures a contender on the local server.

    Every row is asked with the server's prompt cache, the first few once more without it.
    """
    shape = Shape(task.schema, OUTPUT_TOKENS)
    ask_server(model, contender, shape, "warm up", use_cache=True)
    answers_cached = [
        ask_server(model, contender, shape, row.text, use_cache=True) for row in task.test
    ]
    answers_uncached = [
        ask_server(model, contender, shape, row.text, use_cache=False)
        for row in task.test[:uncached]
    ]
    answers = [(answer.answer or {}).get(KEY) for answer in answers_cached]

    return _figures(contender.name, task, answers) | {
        "valid": sum(answer.answer is not None for answer in answers_cached) / len(answers_cached),
        "prompt_tokens": float(np.mean([answer.prompt_tokens for answer in answers_cached])),
        "cpu_ms": _median_ms(answers_uncached, lambda answer: answer.cpu_seconds),
        "cpu_ms_cached": _median_ms(answers_cached, lambda answer: answer.cpu_seconds),
        "p50_ms": _median_ms(answers_uncached, lambda answer: answer.wall_seconds),
        "p50_ms_cached": _median_ms(answers_cached, lambda answer: answer.wall_seconds),
    }


def _measure_head(settings: Settings, task: Task, path: Path) -> dict[str, Any]:
    encoder, head = open_encoder("fast", settings.encoder_cache), LinearHead.load(path)
    head.predict(encoder, ["warm up"])
    answers, wall, cpu = [], [], []

    for row in task.test:
        started, used = time.monotonic(), time.process_time()
        answers.append(head.predict(encoder, [row.text])[0].answer[KEY])
        wall.append(time.monotonic() - started)
        cpu.append(time.process_time() - used)

    milliseconds = {"cpu_ms": 1000 * float(np.median(cpu)), "p50_ms": 1000 * float(np.median(wall))}
    same = {f"{name}_cached": value for name, value in milliseconds.items()}
    return (
        _figures("head", task, answers) | {"valid": 1.0, "prompt_tokens": 0.0} | milliseconds | same
    )


def _measure_frontier(settings: Settings, task: Task, shots: int) -> dict[str, Any]:
    """Measures the configured model with the same examples; its CPU time is not visible."""
    model = open_model(settings, None, time.time, lambda: 0.5)
    before, replies, answers = few_shot(task, shots), [], []

    for row in task.test:
        call = ModelCall(
            [*before, {"role": "user", "content": row.text}],
            schema=task.schema,
            output_tokens=OUTPUT_TOKENS,
        )

        reply = model.complete(call)
        replies.append(reply)

        try:
            answers.append(json.loads(reply.text).get(KEY))
        except (ValueError, AttributeError):
            answers.append(None)

    return _figures("frontier", task, answers) | {
        "valid": sum(answer is not None for answer in answers) / len(answers),
        "prompt_tokens": float(
            np.mean([reply.tokens.total - reply.tokens.output for reply in replies])
        ),
        "usd_per_1k": 1000 * float(np.mean([reply.usd for reply in replies])),
        "cpu_ms": None,
        "cpu_ms_cached": None,
        "p50_ms": 1000 * float(np.median([reply.seconds for reply in replies])),
        "p50_ms_cached": None,
    }


def _figures(name: str, task: Task, answers: Sequence[Any]) -> dict[str, Any]:
    right = [float(answer == row.label) for answer, row in zip(answers, task.test, strict=True)]
    return {
        "name": name,
        "accuracy": float(np.mean(right)),
        "ci95": list(mean_interval(right)),
    }


def _median_ms(
    answers_cached: Sequence[ServedAnswer], seconds: Callable[[ServedAnswer], float]
) -> float:
    return round(1000 * float(np.median([seconds(answer) for answer in answers_cached])), 1)


def _usd(milliseconds: float | None, usd_per_cpu_hour: float) -> float | None:
    """Returns USD per 1,000 requests: 1,000 times milliseconds are that many seconds."""
    return None if milliseconds is None else milliseconds * usd_per_cpu_hour / 3600


def _training_cost(trained: TrainedModel) -> dict[str, Any]:
    return {
        "steps": trained.steps,
        "seconds": round(trained.seconds, 1),
        "cpu_seconds": round(trained.cpu_seconds, 1),
        "parameters": trained.parameters,
        "dev_exact": trained.dev_exact,
        "device": trained.device,
    }
