"""`beagle dataset`: export for trainers, and reviews that come back as a file."""

from __future__ import annotations

import hashlib
import json

import pytest
import yaml
from pydantic import SecretStr

from bot.cli.dataset.export import export_rows
from bot.cli.dataset.review import apply_review
from bot.cli.dataset.rows import write_rows
from router.errors import InputError, StaleError


@pytest.fixture
def files(rollout, tmp_path):
    rollout.run_until_waiting()
    settings = rollout.context.settings.model_copy(
        update={
            "admins": ("UADA",),
            "database_url": SecretStr(f"sqlite:///{tmp_path / 'beagle.db'}"),
        }
    )

    def run(action, place, by="UADA", rest=False):
        if action == "review":
            return apply_review(settings, "T1:c1", place, by, rest=rest)

        return {"rows": write_rows, "export": export_rows}[action](settings, "T1:c1", place)

    return run


def edited(file, change):
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for number, line in enumerate(lines):
        line.update(change(number, line))

    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def test_a_review_of_every_row_in_a_file_ends_the_review(files, rollout, tmp_path):
    files("rows", tmp_path / "rows.jsonl")
    edited(tmp_path / "rows.jsonl", lambda n, _: {"review": "dropped" if n == 0 else "accepted"})
    assert "training begins" in files("review", tmp_path / "rows.jsonl")
    assert rollout.state == "reviewed"
    rows = rollout.store.datasets.newest_for_candidate("T1", "T1:c1").rows
    assert {row["by"] for row in rows} == {"UADA"}
    assert rows[0]["review"] == "dropped"
    acts = [
        (act.user, act.action, act.outcome)
        for act in rollout.store.audit.for_subject("T1", "T1:c1")
    ]
    assert ("UADA", "rollout_review", "applied") in acts


def test_half_a_review_is_kept_and_the_rest_waits(files, rollout, tmp_path):
    files("rows", tmp_path / "rows.jsonl")
    edited(tmp_path / "rows.jsonl", lambda n, _: {"review": "accepted"} if n < 3 else {})
    assert "3 rows decided" in files("review", tmp_path / "rows.jsonl")
    assert rollout.state == "dataset"


def test_nobody_but_an_admin_reviews_and_the_try_is_noted(files, rollout, tmp_path):
    files("rows", tmp_path / "rows.jsonl")
    with pytest.raises(InputError, match="'UBOB' is no admin"):
        files("review", tmp_path / "rows.jsonl", by="UBOB")

    assert rollout.store.datasets.newest_for_candidate("T1", "T1:c1").rows[0]["review"] == "waiting"
    assert [(act.user, act.outcome) for act in rollout.store.audit.for_subject("T1", "T1:c1")][
        -1
    ] == (
        "UBOB",
        "refused",
    )


def test_the_rest_is_accepted_by_the_same_rules_as_in_slack(files, rollout, tmp_path):
    files("rows", tmp_path / "rows.jsonl")
    with pytest.raises(InputError, match="20 rows of the sample wait"):
        files("review", tmp_path / "rows.jsonl", rest=True)

    assert rollout.state == "dataset"


def test_a_review_after_the_fact_is_refused(files, rollout, tmp_path):
    files("rows", tmp_path / "rows.jsonl")
    rollout.accept_dataset()

    with pytest.raises((InputError, StaleError), match="is reviewed"):
        files("review", tmp_path / "rows.jsonl")


def test_what_leaves_can_be_loaded_by_the_usual_tools(files, rollout, tmp_path):
    rollout.accept_dataset()
    folder = tmp_path / "out"
    files("export", folder)
    readme = (folder / "README.md").read_text("utf-8")
    front = yaml.safe_load(readme.split("---")[1])
    (config,) = front["configs"]
    assert {one["split"] for one in config["data_files"]} == {"train", "validation", "test"}

    for one in config["data_files"]:
        body = (folder / one["path"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() in readme

        for line in body.decode().splitlines():
            assert [turn["role"] for turn in json.loads(line)["messages"]] == [
                "system",
                "user",
                "assistant",
            ]

    assert rollout.store.datasets.newest_for_candidate("T1", "T1:c1").id in readme
    assert "UADA" not in readme


def test_an_unknown_dataset_is_refused_in_words(rollout, tmp_path):
    with pytest.raises(InputError, match="there is none"):
        export_rows(rollout.context.settings, "nope", tmp_path)
