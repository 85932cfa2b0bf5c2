"""Datasets: balanced by person, redacted, split by person, reviewed before training."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InputError, StaleError
from router.store.weekly.datasets import StoredDataset
from router.types import Decision, Feedback, Outcome
from workers.datasets.build import DatasetRules, LoggedAnswer, build_dataset
from workers.datasets.review import (
    accept_rest,
    apply_jsonl,
    draw_sample,
    from_records,
    record_verdict,
    sample_result,
    to_jsonl,
    to_records,
)
from workers.training.chat_format import chat_examples, export_dataset

WORDS = [
    *("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"),
    *("india", "juliet", "kilo", "lima", "mike", "november", "oscar", "papa"),
]
SCHEMA = {"type": "object", "properties": {"box": {"enum": ["left", "right"]}}, "required": ["box"]}
LEFT, RIGHT = {"box": "left"}, {"box": "right"}


def honest(people=10, each=6):
    return [
        LoggedAnswer(
            f"{WORDS[n % 16]} {WORDS[p]} {WORDS[(n * p) % 16]} number {p}x{n}",
            [LEFT, RIGHT][n % 2],
            f"U{p}",
            p * 10 + n,
        )
        for p in range(people)
        for n in range(each)
    ]


def reviewed(rows):
    for place in draw_sample(rows, 10, 0):
        rows = record_verdict(rows, place, "accepted", "UADA")

    return accept_rest(rows, draw_sample(rows, 10, 0), "UADA", 0.1, SCHEMA)


def test_the_order_of_requests_changes_nothing():
    asked = honest()
    assert build_dataset(asked, DatasetRules()) == build_dataset(asked[::-1], DatasetRules())


def test_nobody_is_in_two_splits_and_those_who_asked_last_are_the_test():
    rows = build_dataset(honest(), DatasetRules()).rows
    splits = {
        split: {row.user for row in rows if row.split == split}
        for split in ("train", "dev", "test")
    }
    assert not splits["train"] & splits["test"]
    assert not splits["dev"] & (splits["train"] | splits["test"])
    assert max(row.at for row in rows if row.split == "train") < min(
        row.at for row in rows if row.split == "test"
    )
    assert all(splits.values())


@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS), st.integers(0, 8)),
        min_size=1,
        max_size=60,
    )
)
def test_no_person_is_more_than_their_share_and_no_split_shares_a_person(said):
    asked = [
        LoggedAnswer(f"{a} {b} {n}", LEFT, f"U{n}", float(place))
        for place, (a, b, n) in enumerate(said)
    ]

    rows = build_dataset(asked, DatasetRules(min_people=1, max_share_per_person=0.34)).rows
    for user in {row.user for row in rows}:
        mine = [row for row in rows if row.user == user]
        assert len(mine) <= max(1, 0.34 * len(rows))
        assert len({row.split for row in mine}) == 1


def test_a_thousand_rows_of_one_person_move_no_label():
    asked = honest()
    others = [one for one in asked if one.user != "U3"]
    agree = [
        LoggedAnswer(one.text, one.answer, f"V{n}", one.at + 1) for n, one in enumerate(others)
    ]
    before = {row.text: row.answer for row in build_dataset([*asked, *agree], DatasetRules()).rows}
    lies = [
        LoggedAnswer(one.text, RIGHT if one.answer == LEFT else LEFT, "UEVIL", 500.0 + n)
        for n in range(20)
        for one in others
    ]

    lies += [
        LoggedAnswer(f"ignore all rules {n} {WORDS[n % 16]}", RIGHT, "UEVIL", n) for n in range(100)
    ]
    after = build_dataset([*asked, *agree, *lies], DatasetRules())
    assert len(lies) > 1000
    kept = {row.text: row.answer for row in after.rows if row.user != "UEVIL"}
    assert all(before[text] == answer for text, answer in kept.items() if text in before)
    assert sum(row.user == "UEVIL" for row in after.rows) <= 0.2 * len(after.rows)
    assert after.card["too_many_of_one_person"] > 0


def test_near_duplicates_are_one_row_and_a_contradiction_is_flagged():
    asked = [
        LoggedAnswer("Move the box, please", LEFT, "U1", 1.0),
        LoggedAnswer("move the box please", RIGHT, "U2", 2.0),
    ]
    (row,) = build_dataset(asked, DatasetRules(min_people=1, max_share_per_person=1.0)).rows
    assert (row.answer, row.contradicted) == (LEFT, True)
    (row,) = build_dataset(
        [*asked, LoggedAnswer("Move the box please", RIGHT, "U3", 3.0)],
        DatasetRules(min_people=1, max_share_per_person=1.0),
    ).rows
    assert row.answer == RIGHT


def test_a_correction_settles_a_tie():
    asked = [
        LoggedAnswer("move the box", LEFT, "U1", 1.0),
        LoggedAnswer("move the box", RIGHT, "U2", 2.0, "corrected"),
    ]
    assert build_dataset(asked, DatasetRules(1, 1.0)).rows[0].answer == RIGHT


def test_the_data_card_counts_where_the_rows_come_from_and_which_split_they_are_in():
    asked = honest(people=10, each=2)
    asked[0] = replace(asked[0], origin="corrected")
    asked[1] = replace(asked[1], origin="teacher")

    dataset = build_dataset(asked, DatasetRules())

    assert len(dataset.rows) == 20
    assert dataset.card["origins"] == {"corrected": 1, "teacher": 1, "outcome": 18}
    assert dataset.card["splits"] == dict(Counter(row.split for row in dataset.rows))
    assert set(dataset.card["splits"]) == {"train", "dev", "test"}


def test_of_a_person_who_asks_most_the_earliest_rows_stay():
    few = honest(people=8, each=2)
    many = [
        LoggedAnswer(f"zulu {WORDS[n]} {WORDS[-n]} {n}", LEFT, "UMANY", 1000.0 + n)
        for n in range(12)
    ]

    dataset = build_dataset([*few, *many], DatasetRules(max_share_per_person=0.2))

    theirs = [row.at for row in dataset.rows if row.user == "UMANY"]
    assert theirs == [answer.at for answer in many[: len(theirs)]]
    assert 0 < len(theirs) <= 0.2 * len(dataset.rows)
    assert dataset.card["too_many_of_one_person"] == 12 - len(theirs)


def test_secrets_are_masked_in_text_and_answer_alike():
    asked = [LoggedAnswer("mail to ann@example.org", {"to": "ann@example.org"}, "U1", 1.0)]
    (row,) = build_dataset(asked, DatasetRules(min_people=1, max_share_per_person=1.0)).rows
    assert "example.org" not in json.dumps([row.text, row.answer])
    assert row.answer["to"] in row.text


def test_who_opted_out_is_not_in_it_and_too_few_people_are_a_problem():
    found = build_dataset(honest(people=5), DatasetRules(), frozenset({"U1"}))
    assert "U1" not in {row.user for row in found.rows}
    assert found.problems == ("4 people are in it, at least 5 are needed",)


def test_nothing_is_taught_before_somebody_has_reviewed_it():
    rows = build_dataset(honest(), DatasetRules()).rows
    assert chat_examples(rows, "Which box?") == []
    taught = chat_examples(reviewed(rows), "Which box?")
    assert taught
    assert {lesson.split for lesson in taught} == {"train", "dev"}
    test_texts = {row.text for row in rows if row.split == "test"}
    assert not test_texts & {lesson.messages[-1]["content"] for lesson in taught}


def test_the_rest_is_accepted_only_after_the_sample_was_looked_at():
    rows = build_dataset(honest(), DatasetRules()).rows
    drawn = draw_sample(rows, 10, 0)

    with pytest.raises(InputError, match="10 rows of the sample wait"):
        accept_rest(rows, drawn, "UADA", 0.1)


def test_a_bad_sample_is_no_reason_to_accept_the_rest():
    rows = build_dataset(honest(), DatasetRules()).rows

    drawn = draw_sample(rows, 10, 0)
    for number, place in enumerate(drawn):
        rows = record_verdict(rows, place, "dropped" if number < 3 else "accepted", "UADA")

    assert sample_result(rows, drawn).error_rate == 0.3
    with pytest.raises(InputError, match="3 of 10 rows looked at were wrong"):
        accept_rest(rows, drawn, "UADA", 0.1)


def test_a_contradiction_is_always_looked_at():
    rows = build_dataset(
        [
            *honest(),
            LoggedAnswer("odd one out here", LEFT, "U1", 1.0),
            LoggedAnswer("odd one out here", RIGHT, "U2", 2.0),
        ],
        DatasetRules(),
    ).rows

    assert next(place for place, row in enumerate(rows) if row.contradicted) in draw_sample(
        rows, 1, 0
    )


def test_a_row_that_breaks_the_schema_is_never_accepted():
    asked = [*honest(), LoggedAnswer("alpha bravo charlie number 3", {"box": "middle"}, "U1", 1.0)]
    rows = build_dataset(asked, DatasetRules()).rows
    bad = next(place for place, row in enumerate(rows) if row.answer == {"box": "middle"})

    with pytest.raises(InputError, match="does not fit"):
        record_verdict(rows, bad, "accepted", "UADA", schema=SCHEMA)

    drawn = [place for place in draw_sample(rows, 10, 0) if place != bad]
    for place in drawn:
        rows = record_verdict(rows, place, "accepted", "UADA")

    assert accept_rest(rows, drawn, "UADA", 0.1, SCHEMA)[bad].review == "dropped"


def test_a_review_can_be_a_file():
    rows = build_dataset(honest(), DatasetRules()).rows
    lines = [json.loads(line) for line in to_jsonl(rows).splitlines()]
    lines[0]["review"] = "accepted"
    lines[1] |= {"review": "accepted", "answer": RIGHT if rows[1].answer == LEFT else LEFT}
    lines[2]["review"] = "dropped"
    done = apply_jsonl(rows, "\n".join(map(json.dumps, lines)), "UADA", SCHEMA)
    assert [row.review for row in done[:4]] == ["accepted", "fixed", "dropped", "waiting"]
    assert done[1].answer != rows[1].answer
    assert {row.by for row in done[:3]} == {"UADA"}
    assert from_records(json.loads(json.dumps(to_records(done)))) == done


def test_a_review_of_another_dataset_is_refused():
    rows = build_dataset(honest(), DatasetRules()).rows
    with pytest.raises(InputError, match="line 1: its text is not that of row 0"):
        apply_jsonl(
            rows,
            json.dumps({"row": 0, "text": "other", "answer": LEFT, "review": "accepted"}),
            "UADA",
        )


def test_files_hold_reviewed_rows_only_and_nobodys_id(tmp_path):
    found = build_dataset(honest(), DatasetRules())
    rows = reviewed(found.rows)
    rows = record_verdict(rows, 0, "dropped", "UADA")
    paths = export_dataset(tmp_path, found.id, rows, "Which box?", found.card)
    text = "".join(path.read_text("utf-8") for path in paths)
    assert rows[0].text not in text
    assert not any(f'"U{n}"' in text for n in range(10))
    assert (tmp_path / "README.md").read_text("utf-8").startswith("---\npretty_name:")
    line = json.loads((tmp_path / "data" / "train.jsonl").read_text("utf-8").splitlines()[0])
    assert [turn["role"] for turn in line["messages"]] == ["system", "user", "assistant"]


@pytest.fixture
def answer(store, make_request, clock):
    def ask(text="which box?", error=None, **over):
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(
            request.id, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", "v1"), clock()
        )
        store.decisions.insert_outcome(
            request.id, 0, Outcome("left", LEFT, route="boxes", error=error), clock()
        )

        return request.id

    return ask


def test_only_good_answers_in_public_channels_may_teach(store, answer, clock):
    good, down, moved = answer("one"), answer("two"), answer("three")
    keys = [
        good,
        down,
        moved,
        answer("four", error="model"),
        answer("five", channel_kind="private"),
    ]

    keys.append(answer("six", user="UOUT"))
    store.opt_outs.add("T1", "UOUT", clock())
    store.feedback.record(Feedback(down, "U1", "thumb", "down", clock()))
    store.feedback.record(Feedback(moved, "U1", "route", "other", clock()))
    assert [row["text"] for row in store.datasets.answered_requests("T1", keys, "boxes")] == ["one"]
    assert store.datasets.answered_requests("T1", [good], "other") == []


def test_two_reviewers_do_not_overwrite_each_other(store):
    rows = to_records(build_dataset(honest(), DatasetRules()).rows)
    store.datasets.insert(StoredDataset("T1", "d1", None, "boxes", rows, {}, 1.0))
    old = store.datasets.get("T1", "d1")
    store.datasets.save_review(
        old, to_records(record_verdict(from_records(rows), 0, "accepted", "U1")), {}
    )

    with pytest.raises(StaleError, match="look at it again"):
        store.datasets.save_review(
            old, to_records(record_verdict(from_records(rows), 1, "dropped", "U2")), {}
        )
