"""The essay's evaluation: task sampling and unrounded figures."""

from __future__ import annotations

from typing import Any

import pytest

from evals.routes import token_bill
from evals.tuning import essay_page
from evals.tuning.essay_data import TaskSizes, chat_examples, few_shot, find_data, read_task
from evals.tuning.essay_parts import Part, run_parts
from router.config import Settings
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


def test_one_section_of_the_page_is_written_and_the_others_stay(tmp_path):
    page = tmp_path / "essay.md"
    page.write_text("# Title\n", "utf-8")
    essay_page.write_section(page, "one", "first")
    essay_page.write_section(page, "two", "second")
    essay_page.write_section(page, "one", "changed")
    text = page.read_text("utf-8")
    assert text.startswith("# Title\n\n<!-- one -->\nchanged\n")
    assert "first" not in text
    assert text.endswith("<!-- two -->\nsecond\n<!-- end of two -->\n")


def test_the_comparison_leaves_other_sections_in_place(tmp_path):
    page = tmp_path / "essay.md"
    essay_page.write_section(page, "two", "second")
    essay_page.write(page, REPORT)
    essay_page.write(page, REPORT)
    text = page.read_text("utf-8")
    assert text.count("# The essay's claim, measured") == 1
    assert "<!-- two -->\nsecond\n" in text


def test_parts_that_are_done_are_not_measured_again(tmp_path):
    settings = Settings(_env_file=None, data=tmp_path / "data")
    measured: list[str] = []
    written: list[Any] = []

    def part(name: str, error: Exception | None = None) -> Part:
        def measure(_: Settings) -> dict[str, str]:
            measured.append(name)
            if error is not None:
                raise error

            return {"name": name}

        return Part(measure, lambda _, report: written.append(report["name"]))

    broken = {"a": part("a"), "b": part("b", KeyboardInterrupt())}
    with pytest.raises(KeyboardInterrupt):
        run_parts(settings, tmp_path / "page.md", parts=broken)

    run_parts(settings, tmp_path / "page.md", parts={"a": part("a"), "b": part("b")})
    assert measured == ["a", "b", "b"]
    assert written == ["a", "a", "b"]
    run_parts(settings, tmp_path / "page.md", again=True, parts={"a": part("a")})
    assert measured[3:] == ["a"]


def test_the_token_bill_counts_every_part_and_what_a_cache_keeps(tmp_path):
    settings = Settings(_env_file=None, data=tmp_path / "data")
    report = token_bill.measure(settings, rows=1)
    bills = {bill["route"]: bill for bill in report["routes"]}
    assert bills["reply"]["tokens"]["few_shot"] > 0
    assert bills["reply"]["cacheable"] > bills["reply"]["tokens"]["system"]
    # The nearest examples differ from message to message.
    assert bills["incident"]["cacheable"] == bills["incident"]["tokens"]["system"]
    for bill in bills.values():
        assert bill["input"] == pytest.approx(sum(bill["tokens"].values()), abs=0.3)
        assert bill["usd_per_1k_cached"] <= bill["usd_per_1k"]

    page = tmp_path / "essay.md"
    token_bill.write_page(page, report)
    assert "| `reply` |" in page.read_text("utf-8")
    assert (tmp_path / "images" / "token-bill.svg").read_text("utf-8").count("<text") > len(bills)
