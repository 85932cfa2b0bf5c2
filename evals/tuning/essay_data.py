"""The essay's task: classify messages into one of many labels."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evals.tuning.served import compact
from router.errors import InputError
from workers.ports import Message
from workers.training.trainers import ChatExample

BRIEF = "Name the intent."
RULES = "Name the intent of the customer's message as JSON. The intents:"
KEY = "intent"
MIN_LABELS = 2
FILE = "banking77.csv"
DATA_FOLDERS = (Path(), Path("data"), Path("shared", "data"), Path("..", "shared", "data"))
"""Folders that are searched if no path is given."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A message and its correct label."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Task:
    """Three disjoint splits: `dev` is taken from the training rows, `test` from the file."""

    labels: tuple[str, ...]
    train: tuple[LabelledText, ...]
    dev: tuple[LabelledText, ...]
    test: tuple[LabelledText, ...]

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of an answer: an object with one label."""
        return {
            "type": "object",
            "properties": {KEY: {"enum": list(self.labels)}},
            "required": [KEY],
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class TaskSizes:
    """How much of the data is used: the number of labels, and the rows of each; 0 means all.

    `dev` rows are taken from the training rows.

    With `draw` the labels are drawn at random, otherwise the file's first ones are used.
    """

    labels: int = 0
    train: int = 0
    dev: int = 3
    test: int = 0
    draw: bool = False


def find_data(path: Path | None) -> Path:
    """Returns the file `path`, the file in the folder `path`, or the nearest known one.

    Raises InputError if there is none.
    """
    candidates = [path] if path is not None else [candidate / FILE for candidate in DATA_FOLDERS]
    for candidate in candidates:
        file = candidate / FILE if candidate.is_dir() else candidate
        if file.is_file():
            return file

    raise InputError(
        f"finding the data: no file {', '.join(map(str, candidates))}; "
        f"give the path of {FILE} (PolyAI, CC BY 4.0) or of "
        "another CSV file with the columns split, text and label"
    )


def read_task(path: Path, sizes: TaskSizes, seed: int) -> Task:
    """Reads a task from a CSV file with the columns split, text and label.

    Labels and rows are chosen by the seed.

    Raises InputError if the file has other columns or fewer labels.
    """
    rows: dict[str, dict[str, list[str]]] = {"train": defaultdict(list), "test": defaultdict(list)}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if not {"split", "text", "label"} <= set(reader.fieldnames or ()):
            raise InputError(
                f"reading {path.name}: found the columns {reader.fieldnames}; "
                "expected split, text and label"
            )

        for row in reader:
            if row["split"] in rows:
                rows[row["split"]][row["label"]].append(row["text"].strip())

    known = [label for label in rows["train"] if label in rows["test"]]
    rng = random.Random(seed)  # noqa: S311  # draws a sample; nothing secret hangs on it

    if sizes.draw and 0 < sizes.labels < len(known):
        labels = sorted(rng.sample(sorted(known), sizes.labels))
    else:
        labels = sorted(known[: sizes.labels or None])

    if len(labels) < MIN_LABELS:
        raise InputError(
            f"reading {path.name}: found {len(labels)} labels in both splits; expected two or more"
        )

    train, dev, test = [], [], []
    for label in labels:
        shuffled = rng.sample(rows["train"][label], len(rows["train"][label]))
        dev += [LabelledText(text, label) for text in shuffled[: sizes.dev]]
        rest = shuffled[sizes.dev :]
        train += [LabelledText(text, label) for text in rest[: sizes.train or None]]
        tested = rng.sample(rows["test"][label], len(rows["test"][label]))
        test += [LabelledText(text, label) for text in tested[: sizes.test or None]]

    for split in (train, dev, test):
        rng.shuffle(split)

    return Task(tuple(labels), tuple(train), tuple(dev), tuple(test))


def chat_examples(task: Task) -> list[ChatExample]:
    """Returns training examples: a prompt that names no label, the message, the answer."""

    def chat_example(row: LabelledText, split: Literal["train", "dev"]) -> ChatExample:
        return ChatExample(
            [*tuned_prompt(), {"role": "user", "content": row.text}],
            compact({KEY: row.label}),
            split,
        )

    return [
        *(chat_example(row, "train") for row in task.train),
        *(chat_example(row, "dev") for row in task.dev),
    ]


def tuned_prompt() -> list[Message]:
    """Returns the whole prompt of a tuned model, which has learnt the labels."""
    return [{"role": "system", "content": BRIEF}]


def few_shot(task: Task, shots: int) -> list[Message]:
    """Returns rules, labels and `shots` examples, balanced over the labels."""
    by_label: dict[str, list[LabelledText]] = defaultdict(list)
    for row in task.train:
        by_label[row.label].append(row)

    rounds = max(map(len, by_label.values()))
    chosen = [
        rows[turn] for turn in range(rounds) for rows in by_label.values() if turn < len(rows)
    ][:shots]

    return [{"role": "system", "content": f"{RULES}\n{', '.join(task.labels)}"}, *as_turns(chosen)]


def as_turns(rows: Sequence[LabelledText]) -> list[Message]:
    """Returns each row as a user turn and an assistant turn."""
    messages: list[Message] = []
    for row in rows:
        messages.append({"role": "user", "content": row.text})
        messages.append({"role": "assistant", "content": compact({KEY: row.label})})

    return messages
