"""A reviewed dataset in chat format.

Examples for our trainers, and files in the layout of a Hugging Face data set.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from router.text.special_tokens import defuse_tokens
from workers.datasets.build import BULK_SUFFIX, DatasetExample
from workers.datasets.splits import Split
from workers.ports import Message
from workers.training.trainers import ChatExample

SPLITS: Sequence[Split] = ("train", "dev", "test")
HUB_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
"""The names of the splits on Hugging Face."""


def chat_examples(rows: Sequence[DatasetExample], prompt: str) -> list[ChatExample]:
    """Returns the reviewed rows of train and dev as the server will see them; never a test row."""
    examples = []
    for row in rows:
        # A test row that was learned would measure nothing.
        if not row.usable or row.split == "test":
            continue

        messages = [*system_messages(prompt), _user_message(row)]
        examples.append(ChatExample(messages, answer_text(row.answer), row.split))

    return examples


def system_messages(prompt: str) -> list[Message]:
    """Returns what comes before a person's message: one system message, or none."""
    return [{"role": "system", "content": prompt}] if prompt.strip() else []


def answer_text(value: object) -> str:
    """Returns an answer as it is learned: a text as it is, anything else as JSON.

    The JSON has no spaces, which saves a third of the tokens. A chat template's control tokens lose
    their meaning: a trainer would learn what follows one as another turn.
    """
    text = value
    if not isinstance(text, str):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    return defuse_tokens(text)


def export_dataset(
    folder: Path, name: str, rows: Sequence[DatasetExample], prompt: str, card: Mapping[str, Any]
) -> list[Path]:
    """Writes `data/<split>.jsonl` in chat format and a README.md with the data card.

    Returns the files. They hold reviewed rows only, and nobody's id. A split without rows has no
    file.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    files = {}

    for split in SPLITS:
        path = folder / "data" / f"{HUB_SPLITS[split]}.jsonl"
        lines = []
        for row in rows:
            if row.usable and row.split == split:
                answer: Message = {"role": "assistant", "content": answer_text(row.answer)}
                messages = [*system_messages(prompt), _user_message(row), answer]
                lines.append(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")

        # A file of an earlier export must not stay where the split is empty now.
        path.unlink(missing_ok=True)
        if lines:
            path.write_text("".join(lines), "utf-8")
            files[HUB_SPLITS[split]] = path

    # Only how many they were: the card names nobody.
    reviewers = {row.by.removesuffix(BULK_SUFFIX) for row in rows if row.by}
    figures = {
        "hash": name,
        **card,
        "review": dict(Counter(row.review for row in rows)),
        "reviewers": len(reviewers),
    }
    readme = folder / "README.md"
    readme.write_text(dataset_card(name, figures, files), "utf-8")

    return [*files.values(), readme]


def dataset_card(name: str, figures: Mapping[str, Any], files: Mapping[str, Path]) -> str:
    """Returns the data card: the front matter that hubs read, then how the rows came about."""
    data_files = ""
    table = ""
    checksums = ""

    for key, value in figures.items():
        table += f"| {key} | {json.dumps(value, ensure_ascii=False)} |\n"

    for split, path in files.items():
        data_files += f"  - split: {split}\n    path: data/{path.name}\n"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        checksums += f"| data/{path.name} | SHA-256 {digest} |\n"

    return (
        f"---\npretty_name: {json.dumps(f'Dataset {name}')}\ntask_categories:\n- text-generation\n"
        f"configs:\n- config_name: default\n  data_files:\n{data_files}---\n\n# Dataset {name}\n\n"
        "Requests to a Slack bot with their reviewed answers. Secrets and personal data are "
        "masked, people who opted out are not in it, and nobody is in two splits.\n\n"
        f"| | |\n|---|---|\n{table}{checksums}"
    )


def _user_message(row: DatasetExample) -> Message:
    return {"role": "user", "content": defuse_tokens(row.text)}
