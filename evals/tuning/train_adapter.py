"""Trains the adapter of a built-in route from a seed: made-up and hand-written messages."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evals import incidents, leave, triage
from evals.tuning.progress import print_progress
from router.catalog.catalog import builtin_routes_folder
from router.catalog.route_file import read_route_file, read_rows
from router.config import read_settings
from router.errors import InputError
from router.kinds import ADAPTER_KINDS
from router.text.printable import print_line
from workers.llm.local.weights import find_weights
from workers.training.subprocess import train_in_subprocess
from workers.training.trainers import ChatExample, TrainedModel, TrainingOptions

Row = Mapping[str, Any]
GENERATORS: Mapping[str, Callable[[int], Sequence[Row]]] = {
    "incident": incidents.make_rows,
    "leave": leave.make_rows,
    "triage": triage.make_rows,
}
WRITTEN = Path(__file__).parent / "written"
"""Hand-written messages that train an adapter and do nothing else, a file for each route.

Their authors knew the rules of the record, and no row that measures.
"""
WRITES_ROWS = "leave"
"""The route whose examples are the made-up ones; the others have hand-written ones."""


def main(
    route: Annotated[str, typer.Argument(help="The name of a built-in route.")] = "leave",
    out: Annotated[
        Path | None, typer.Option(help="The route's folder; the built-in one if left out.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Checkpoints and the safetensors adapter go here.")
    ] = None,
    seed: int = 0,
    epochs: int = 3,
    rank: Annotated[int, typer.Option(help="Rank of the adapter; its file grows with it.")] = 6,
    steps: Annotated[int | None, typer.Option(help="Stop after so many steps.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Collect a built-in route's training messages, some made up from SEED, and train its adapter.

    Takes about ten minutes on two cores.

    An interrupted run resumes. The same seed gives the same adapter on the same machine.
    """
    settings = read_settings()
    out = out or builtin_routes_folder() / route
    rows = training_rows(route, out, seed)
    prompt = tuned_prompt(out / "route.md")
    options = TrainingOptions(
        rank=rank,
        alpha=2 * rank,
        epochs=epochs,
        max_steps=steps,
        seed=seed,
        threads=settings.local_threads,
    )
    trained = train_in_subprocess(
        "lora",
        chat_examples(rows, prompt),
        find_weights(settings.data),
        folder or settings.data / f"route-adapter-{route}-{seed}",
        options,
        print_progress,
    )
    assert trained.artifact is not None
    shutil.copyfile(trained.artifact, out / "adapter.gguf")
    cost = _training_cost(trained, out / "adapter.gguf")
    print_line(json.dumps(cost) if as_json else _as_text(cost))


def tuned_prompt(file: Path) -> str:
    """Returns the prompt of a route file's tuned tier, or that of a route that is tuned itself."""
    front, prompt = read_route_file(file)
    own = [tier.prompt for tier in front.tiers if tier.kind in ADAPTER_KINDS and tier.prompt]
    return own[0] if own else prompt


def training_rows(route: str, folder: Path, seed: int) -> list[Row]:
    """Returns made-up and hand-written rows, and the train and dev rows of the route's examples.

    Writes the examples of `leave` with an answer, which are the made-up ones. Raises InputError for
    a route with neither a generator nor hand-written rows.
    """
    if route not in trainable():
        raise InputError(
            f"training an adapter for route {route!r}: no messages are written or made up for it; "
            f"known: {', '.join(trainable())}"
        )

    rows: list[Row] = list(GENERATORS[route](seed)) if route in GENERATORS else []
    file = folder / "examples.jsonl"
    examples = read_rows(file)
    if route == WRITES_ROWS:
        others = [row.model_dump(exclude_unset=True) for row in examples if row.answer is None]
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in [*rows, *others])
        file.write_text("".join(lines), "utf-8")
        return [*rows, *written_rows(route)]

    for row in examples:
        if row.split != "test" and row.answer is not None:
            rows.append({"text": row.text, "answer": row.answer, "split": row.split})

    return [*rows, *written_rows(route)]


def trainable() -> list[str]:
    """Returns the routes that an adapter can be trained for, in alphabetical order."""
    return sorted({*GENERATORS, *(file.stem for file in WRITTEN.glob("*.jsonl"))})


def written_rows(route: str) -> list[Row]:
    """Returns the hand-written rows of a route, in file order; none where there is no file."""
    file = WRITTEN / f"{route}.jsonl"
    if not file.exists():
        return []

    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def chat_examples(rows: Sequence[Row], prompt: str) -> list[ChatExample]:
    """Returns the train and dev rows as chat examples; test rows are left out.

    An answer that is no text is JSON without spaces: a third fewer tokens to write.
    """
    return [
        ChatExample(
            messages=[
                {"role": "system", "content": prompt},
                {"role": "user", "content": row["text"]},
            ],
            answer=_as_answer(row["answer"]),
            split=row["split"],
        )
        for row in rows
        if row["split"] != "test"
    ]


def _as_answer(answer: Any) -> str:
    if isinstance(answer, str):
        return answer

    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _training_cost(trained: TrainedModel, adapter: Path) -> dict[str, object]:
    return {
        "steps": trained.steps,
        "seconds": round(trained.seconds, 1),
        "cpu_seconds": round(trained.cpu_seconds, 1),
        "parameters": trained.parameters,
        "device": trained.device,
        "last_loss": trained.losses[-1],
        "dev_exact": trained.dev_exact,
        "bytes": adapter.stat().st_size,
        "sha256": hashlib.sha256(adapter.read_bytes()).hexdigest(),
    }


def _as_text(cost: dict[str, object]) -> str:
    return "\n".join(f"{name:12} {value}" for name, value in cost.items())
