"""An order of how to answer is told from the mail that it is about, wherever it stands."""

from __future__ import annotations

import pytest

from workers.prompting.letter_order import divide_letter, repeats_order

MAIL = "Dear team, where are the 12 blue chairs? Please tell me when they arrive. Regards, Ann"
LINES = MAIL.replace(", where", ",\n\nwhere").replace(" Regards, Ann", "\n\nRegards,\nAnn")
SHORT_LINES = MAIL.replace(" Regards, Ann", "\nRegards, Ann")
BEFORE = "draft a reply to this mail"
AFTER = "tell her politely that they left on Monday"


def quoted(text: str, mark: str) -> str:
    return "\n".join(f"{mark}{line}" for line in text.split("\n"))


@pytest.mark.parametrize(
    "letter",
    [
        f'"{MAIL}"',
        f"“{MAIL}”",
        f"„{MAIL}“",
        f"«{MAIL}»",
        f"```{MAIL}```",
        f"\n```\n{LINES}\n```\n",
        f"\n{quoted(LINES, '> ')}\n",
        f"\n{quoted(LINES, '&gt; ')}\n",
        f"\n{quoted(SHORT_LINES, '>')}\n",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"),
    [(f"{BEFORE}: ", ""), ("", f" – {AFTER}"), (f"{BEFORE}: ", f" – {AFTER}"), ("", f" {AFTER}.")],
)
def test_a_mail_in_marks_is_told_from_the_order_on_either_side(letter, before, after):
    divided = divide_letter(before + letter + after)

    expected = [part for part in (BEFORE * bool(before), AFTER * bool(after)) if part]
    assert [part.rstrip(".") for part in divided.parts] == expected
    assert " ".join(divided.letter.split()) == MAIL


@pytest.mark.parametrize(
    ("text", "order"),
    [
        (f"Please write a reply. Mail: {MAIL}\n\nTell her that they left.", "write|Tell her"),
        (f"Please write a reply.\nMail:\n{LINES}\n\nTell her that they left.", "write|Tell her"),
        (f"Mail: {SHORT_LINES}\nTell her that they left.", "|Tell her"),
        (f"{LINES}\n\nTell her that they left.", "|Tell her"),
        (f"Tell her that they left.\nHer mail: {MAIL}", "Tell her|"),
        (f"Tell her that they left\n\n{LINES}", "Tell her|"),
        (f"{BEFORE}: {MAIL}", "draft|"),
        (f"{BEFORE}:\n{LINES}\n\nplease say that they left", "draft|say"),
    ],
)
def test_a_mail_without_marks_begins_behind_a_label_a_colon_or_the_line_of_an_order(text, order):
    divided = divide_letter(text)

    assert " ".join(divided.letter.split()) == MAIL
    assert "mail:" not in divided.order.lower()
    for words in filter(None, order.split("|")):
        assert words in divided.order


@pytest.mark.parametrize(
    "text",
    [
        MAIL,
        LINES,
        "Dear team,\n\nthe chairs are late.\n\nPlease reply by Friday.",
        "draft a reply to this customer",
        "",
    ],
)
def test_a_message_without_an_order_is_a_letter_as_a_whole(text):
    divided = divide_letter(text)

    assert divided.parts == ()
    assert divided.letter == text


def test_quoted_words_within_a_letter_or_an_order_divide_nothing():
    within = divide_letter(f'{BEFORE}: Dear team, I said "no blue chairs" and got three. Ann')
    ordered = divide_letter('answer this: "when will the blue chairs arrive?" with "they left"')
    nested = divide_letter(f'"Dear team, the "blue" chairs are late." – {AFTER}')

    assert within.letter == 'Dear team, I said "no blue chairs" and got three. Ann'
    assert ordered.letter == "when will the blue chairs arrive?"
    assert "they left" in ordered.order
    assert nested.letter == 'Dear team, the "blue" chairs are late.'
    assert nested.order == AFTER


def test_a_draft_that_has_the_order_in_it_is_none():
    parts = (BEFORE, AFTER)

    assert repeats_order(f'Thank you. Regards, Ann" – {AFTER}', parts)
    assert not repeats_order("Thank you. They left on Monday. Kind regards", parts)
    assert not repeats_order("They left on Monday", ("they left on Monday",))
