"""The essay's evaluation: task sampling and unrounded figures."""

from __future__ import annotations

import pytest

from evals.tuning import essay_page
from evals.tuning.essay_data import TaskSizes, chat_examples, few_shot, find_data, read_task
from router.errors import InputError

ROWS = [
    f"{split},{label} {split} {n},{label}"
    for split in ("train", "test")
    for label in "abcd"
    for n in range(12)
]
ONE = {
    "accuracy": 0.5,
    "ci95": [0.4, 0.6],
    "prompt_tokens": 800.0,
    "usd_per_1k": 0.06,
    "cpu_ms": 5400.0,
    "cpu_ms_cached": 330.0,
    "p50_ms": 5000.0,
    "p50_ms_cached": 300.0,
}
TUNED = ONE | {
    "accuracy": 0.975,
    "prompt_tokens": 20.0,
    "cpu_ms": 380.0,
    "cpu_ms_cached": 250.0,
    "p50_ms": 500.0,
}
REPORT = {
    "data": "rows.csv",
    "labels": 12,
    "options": "--labels 12",
    "rows": {"train": 300, "dev": 36, "test": 120},
    "base": "small",
    "frontier": None,
    "usd_per_cpu_hour": 0.04,
    "seed": 0,
    "machine": "two cores",
    "date": "2026-11-24",
    "training": {
        "tuned": {
            "cpu_seconds": 300,
            "seconds": 400,
            "steps": 9,
            "parameters": 5000,
            "device": "cpu",
        }
    },
    "contenders": [{"name": "prompted"} | ONE, {"name": "tuned"} | TUNED],
}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["split,text,label", *ROWS]), "utf-8")
    return path


def test_no_row_is_in_two_splits_and_the_seed_chooses_the_rows(data):
    task = read_task(data, TaskSizes(labels=2, train=5, dev=3, test=4), 0)
    splits = [{row.text for row in rows} for rows in (task.train, task.dev, task.test)]
    assert [len(rows) for rows in splits] == [10, 6, 8]
    assert len(set.union(*splits)) == 24
    assert read_task(data, TaskSizes(labels=2, train=5, dev=3, test=4), 0) == task
    assert all(" test " in row.text for row in task.test)
    assert task.labels == ("a", "b")
    assert read_task(data, TaskSizes(labels=2, train=5, dev=3, test=4), 1).train != task.train


def test_test_rows_are_never_taught(data):
    task = read_task(data, TaskSizes(), 0)
    taught = {lesson.messages[-1]["content"] for lesson in chat_examples(task)}
    shown = {turn["content"] for turn in few_shot(task, 24)}
    assert not (taught | shown) & {row.text for row in task.test}


def test_examples_in_the_prompt_are_shared_out_evenly(data):
    task = read_task(data, TaskSizes(labels=3), 0)
    said = [turn["content"] for turn in few_shot(task, 6) if turn["role"] == "assistant"]
    assert sorted(said) == sorted([f'{{"intent":"{label}"}}' for label in task.labels] * 2)


def test_another_table_is_refused_in_words(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(InputError, match="expected split, text and label"):
        read_task(tmp_path / "x.csv", TaskSizes(), 0)


def test_the_page_shows_both_ratios_and_says_which_model_was_not_asked(tmp_path):
    essay_page.write(tmp_path / "essay.md", REPORT)
    page = (tmp_path / "essay.md").read_text("utf-8")
    assert "40x fewer prompt tokens, 14.2x less server CPU" in page
    assert "1.3x less CPU once the shared prefix is cached (330 against 250 ms)" in page
    assert "no frontier model was asked" in page
    assert "| tuned | 97.5% |" in page
    assert "tuned" in (tmp_path / "images" / "essay.svg").read_text("utf-8")


def test_the_data_is_found_where_it_usually_lies_or_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"give the path of banking77.csv"):
        find_data(None)

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "banking77.csv").write_text("split,text,label\n", "utf-8")
    assert (
        find_data(None).resolve()
        == find_data(tmp_path / "data")
        == tmp_path / "data" / "banking77.csv"
    )

    assert find_data(tmp_path / "data" / "banking77.csv").name == "banking77.csv"
    with pytest.raises(InputError, match="no file"):
        find_data(tmp_path / "other.csv")
