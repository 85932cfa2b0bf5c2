"""What a column of an attached table adds up to is worked out by Beagle, or not at all."""

from __future__ import annotations

import pytest

from workers import texts

COSTS = "Item,Amount\nChairs,120.50\nDesks,79.50\nLamps,\n"
TWO = "Item,Quantity,Price\nChairs,2,120.50\nDesks,1,79.50\n"
REACT = ({"do": "react", "tools": ["calculator"], "max_steps": 2, "must_use": True},)


@pytest.fixture
def desk(make_desk):
    return make_desk(kind="tools", steps=REACT, models=("local",))


def answer(desk, question, table, name="costs.csv"):
    return desk.answer(question, desk.share(name, table, "text/csv"))


@pytest.mark.parametrize(
    "question",
    [
        "what is the total of this?",
        "add up the amounts in the attached file please",
        "how much is this in all",
        "sum of the amount column",
    ],
)
def test_the_one_column_of_numbers_is_added_up_without_a_model(desk, question):
    outcome = answer(desk, question, COSTS)

    result = "The 2 numbers in the column “Amount” of “costs.csv” add up to 200.00."
    assert (outcome.text, outcome.error, desk.model.calls) == (result, None, [])


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("total of the price column?", "200.00"),
        ("the total quantity", "3"),
        ("average price", "100"),
    ],
)
def test_the_question_names_the_column(desk, question, value):
    assert f" {value}." in answer(desk, question, TWO).text


def test_of_several_columns_the_person_is_asked_which_and_may_name_it(desk):
    asked = answer(desk, "what is the total of this?", TWO)

    assert asked.text == texts.COLUMN_WHICH.format(file="costs.csv", names="“Quantity”, “Price”")
    assert asked.error is None


def test_the_name_of_the_column_is_an_answer_to_that(desk, store):
    file = desk.share("costs.csv", TWO, "text/csv")
    desk.answer("what is the total of this?", file, ts="1.0", event_id="E1", id="r1")

    named = desk.answer("the price", ts="2.0", event_id="E2", id="r2", thread_ts="1.0")

    assert named.text.endswith("“Price” of “costs.csv” add up to 200.00.")


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("Name;Betrag\na;1.250,50 €\nb;49,50 €\n", "1300.00 €"),
        ('Name,Amount\na,"1,250"\nb,"2,000"\n', "3250"),
        ("Name,Amount\na,$5\nb,$-2.5\n", "2.5 $"),
        ("Name,Amount\na,(5.00)\nb,7\n", "2.00"),
        ("Name\tAmount\na\t5\nb\t7\n", "12"),
        ("5\n7\n8\n", "20"),
        ("No,Amount\n1,5\n2,7\n3,8\n", "20"),
        ("Date,Year,Amount\n2026-03-01,2026,5\n2026-03-02,2026,7\n", "12"),
        ("sep=;\nName;Amount\na;5\nb;7\n", "12"),
        ("Name,Amount\na,5\nb,7\nTotal,12\n", "12"),
    ],
)
def test_a_number_is_read_as_the_table_writes_it(desk, table, value):
    name = "costs.tsv" if "\t" in table else "costs.csv"

    outcome = answer(desk, "what is the total?", table, name)

    assert f"add up to {value}." in outcome.text
    assert ("own row “Total”" in outcome.text) == ("Total" in table)


@pytest.mark.parametrize(
    ("question", "table"),
    [
        ("what is the total of this?", "Name,Amount\na,5\nb,pending\n"),
        ("what is the total of this?", "Name,Amount\na,€5\nb,$5\n"),
        ("what is the total of this?", "Name;Amount\na;1,250\nb;2,000\n"),
        ("what is the total of this?", "Name,Amount\na,1.250\nb,2.000\n"),
        ("what is the total of this?", "Name,Amount\na,1,250.00\nb,5\n"),
        ("what is the total of this?", "Name,Amount\na,5\nTotal,5\nb,7\nTotal,7\n"),
        ("what is the total of this?", "Name,Who\na,Tom\nb,Ann\n"),
        ("what is the total of this?", 'Name,Amount\na,"5\n'),
        ("what is the total for desks?", COSTS),
        ("total for March please", COSTS),
        ("what is the total without lamps", COSTS),
        ("what is the total plus 19% VAT", COSTS),
        ("which amount is the highest?", COSTS),
    ],
)
def test_what_is_not_clear_gets_no_figure_and_the_file_is_spoken_of(desk, question, table):
    outcome = answer(desk, question, table)

    assert (outcome.text, outcome.error, desk.model.calls) == ("", "weak_table", [])


def test_a_table_that_a_model_would_read_half_of_is_added_up_as_a_whole(make_desk):
    desk = make_desk(kind="tools", steps=REACT, models=("local",), limits={"input_tokens": 60})
    rows = "".join(f"item {number},1.5\n" for number in range(1000))

    outcome = answer(desk, "what is the total of this?", f"Item,Amount\n{rows}")

    assert outcome.text == (
        "The 1,000 numbers in the column “Amount” of “costs.csv” add up to 1500.0."
    )
