"""Sums are worked out by the calculator and not by a model."""

from __future__ import annotations

import pytest

from workers.paths._sums import has_unproven_figure, needs_exchange_rate, sum_of, with_right_results


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is 19 percent VAT on 240 euros", "19% of 240 = 45.6; with it 285.6"),
        ("whats 19% VAT on 1,249.50 EUR?", "19% of 1249.50 = 237.41; with it 1486.91"),
        ("what is 7% of 12.345 kg", "7% of 12.345 = 0.86415"),
        ("0.0125 EUR * 3", "0.0125 * 3 = 0.0375"),
        ("what is 3 x 49.90 plus 12% service", "3 * 49.90 = 149.7; with 12% more 167.664"),
        ("3 * 49.90 EUR plus 12% tip", "3 * 49.90 = 149.7; with 12% more 167.66"),
        ("2 x 80 + 40 minus 10% discount", "2 * 80 + 40 = 200; with 10% less 180"),
        ("15% of 80", "15% of 80 = 12"),
        ("what's 20% off 50 euros?", "20% of 50 = 10; less that 40"),
        ("split 120 euros by 5", "120 / 5 = 24"),
        ("how much is 3 times 80 euros?", "3 * 80 = 240"),
        ("12.5 plus 2.65 = ?", "12.5 + 2.65 = 15.15"),
        (
            "net 250 euros, how much is that with 20% VAT",
            "250 net + 20% = 300 gross (the 20% are 50)",
        ),
        ("gross 238 at 19% -> net", "238 gross / 1.19 = 200 net (the tax is 38)"),
        ("net of 238 with 19% tax", "238 gross / 1.19 = 200 net (the tax is 38)"),
        ("4 rooms at 95,50 + 3 dinners at 32 = ?", "4 * 95.50 + 3 * 32 = 478"),
        ("2 desks for 1.250 € each and 1 lamp at 49,90", "2 * 1250 + 1 * 49.90 = 2549.9"),
        ("25% of 12k", "25% of 12000 = 3000"),
        ("1.5m minus 10%", "1500000 - 10% = 1350000"),
        ("1.234,50 € + 65,50 €", "1234.50 + 65.50 = 1300"),
        ("what do 8 licences at 7.50 a month cost per year", "8 * 7.50 * 12 = 720"),
        ("14.50 per person for 6 people", "14.50 * 6 = 87"),
        ("the bill was 210 and we were 6, what is that per head?", "210 / 6 = 35"),
        ("the taxi was 48.60, there are 3 of us. how much is it each", "48.60 / 3 = 16.2"),
        ("5 colleagues paid 90 euros together, how much each?", "90 / 5 = 18"),
        ("if 30 people each use their 400 euro budget", "30 * 400 = 12000"),
        ("average of 4, 9 and 11", "(4 + 9 + 11) / 3 = 8"),
        ("convert 90 minutes into hours", "90 minutes = 1.5 hours"),
        ("what percent of 80 is 20", "20 of 80 = 25%"),
        ("subtract 15 percent from 200", "200 - 15% = 170"),
        ("how much is left of 90 after 33.5", "90 - 33.5 = 56.5"),
        ("how much is half of 4,500", "4500 * 1 / 2 = 2250"),
        ("(1200 * 1.19) / 3", "(1200 * 1.19) / 3 = 476"),
        ("1,250 * 2", "1250 * 2 = 2500"),
    ],
)
def test_a_request_that_is_a_sum_is_worked_out(text, answer):
    assert sum_of(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "what is the per diem for 3 days in berlin",
        "call me at 555-1234",
        "2026-11-30",
        "10 / 0",
        "how many sick days do we get",
        "19% of what?",
        "9" * 300,
        "3 nights for 4 people",
        "3 nights at 129 and 2 days",
        "how many working days are between 7 May and 18 May",
        "I drove 250 km, what do I get back?",
        "8 people had a starter and 6 people a dessert, how much each",
    ],
)
def test_other_requests_are_not(text):
    assert sum_of(text) is None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("It is 240 * 1.19 = 244.19 euros.", "It is 240 * 1.19 = 285.6 euros."),
        ("12 x 3 = 36 and 36 + 4 = 41", "12 x 3 = 36 and 36 + 4 = 40"),
        ("10 / 3 = 3.33", "10 / 3 = 3.33"),
        ("a = 5", "a = 5"),
    ],
)
def test_a_wrong_result_in_an_answer_is_put_right(text, right):
    assert with_right_results(text) == right


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("and 25%?", "25% of 640 = 160"),
        ("what about 800?", "15% of 800 = 120"),
        ("and with 3 of them?", None),
        ("thanks a lot", None),
    ],
)
def test_a_follow_up_goes_on_with_the_sum_before_it(text, answer):
    earlier = ("what is 15% of 640",) if answer else ("call 5 people at 9 and 10",)

    assert sum_of(text, earlier) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("no, 5 chairs", "5 * 40 + 2 * 90 = 380"),
        ("make it 3 tables please", "4 * 40 + 3 * 90 = 430"),
        ("and with 6?", None),
        ("with 2 lamps", None),
    ],
)
def test_a_number_of_the_same_things_changes_the_sum_before_it(text, answer):
    assert sum_of(text, ("4 chairs at 40 and 2 tables at 90",)) == answer


def test_a_follow_up_may_turn_a_tax_round():
    earlier = ("net 200, how much with 20% vat",)

    assert sum_of("and if 240 is gross?", earlier) == "240 gross / 1.2 = 200 net (the tax is 40)"


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        ("change 300 dollars into euros", True),
        ("how many pounds are 80 euros", True),
        ("300 dollars in euros at 0.9", False),
        ("what do 3 books at 12 euros cost", False),
    ],
)
def test_currencies_need_a_rate(text, is_needed):
    assert needs_exchange_rate(text) is is_needed


@pytest.mark.parametrize(
    ("answer", "is_unproven"),
    [
        ("It is 285.60 euros.", False),
        ("It is 286 euros, rounded.", False),
        ("240 * 2 = 480 for two.", False),
        ("It is 312 euros.", True),
    ],
)
def test_a_figure_comes_from_the_message_or_the_calculator(answer, is_unproven):
    assert has_unproven_figure(answer, ["240 euros and tax", "240 * 1.19 = 285.6"]) is is_unproven


@pytest.mark.parametrize(
    "text",
    [
        "A ticket is 12 euros, we are 8, how much is that for everybody?",
        "T-shirts for 15 euros, 40 employees get one each, what is the total",
        "A pizza costs 12, we are 3 people and want one each, how much?",
        "licences cost 30, 12 people need one each",
        "a bus ticket is 3.50 and 6 people need one each",
        "8 people take a course at 240, how much is that for everybody",
        "gift cards of 25 for 12 employees, one each",
        "per diem is 28, we are 3, what does each get",
        "mugs for 9 euros, 7 colleagues want a mug each",
        "the lunch menu was 14, we were 5 people and had one each",
        "a room was 90, we were 4 people, how much each",
    ],
)
def test_a_price_for_each_is_never_divided(text: str) -> None:
    result = sum_of(text)

    assert result is None or " / " not in result


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        ("price increase from €3000 to €3300, how many percent", False),
        ("$80 to $92", False),
        ("3 nights at €120 and a taxi to the airport for €30", False),
        ("€50 in euros", False),
        ("how many dollars is €50", True),
        ("€40 in pounds", True),
    ],
)
def test_only_two_currencies_need_a_rate(text: str, is_needed: bool) -> None:
    assert needs_exchange_rate(text) is is_needed
