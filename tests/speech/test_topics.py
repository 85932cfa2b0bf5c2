import pytest

from router.speech.topics import topic_of


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("do you keep the things I write? I mean, do you store my messages", "privacy"),
        ("who else can see what I ask you", "privacy"),
        ("is our conversation confidential?", "privacy"),
        ("can my manager read this", "privacy"),
        ("please erase all my data", "forget"),
        ("wipe everything you have stored about me", "forget"),
        ("remove me from the mailing list", None),
        ("delete the second paragraph", None),
        ("I think that I am burnt out", "distress"),
        ("somebody in my team keeps humiliating me", "distress"),
        ("my brother passed away this morning", "distress"),
        ("sometimes I do not want to wake up any more", "distress"),
        ("I wish I were dead", "distress"),
        ("i dont want to live like this", "distress"),
        ("my laptop died this morning", None),
        ("I lost my sister's ticket", None),
        ("I do not want to live in the city any more", None),
        ("the customer was depressed about the price", None),
        ("how do I report a bug", None),
    ],
)
def test_messages_about_privacy_and_cries_for_help_are_recognised(text, topic):
    assert topic_of(text) == topic


def test_a_long_text_is_about_something_of_its_own():
    assert topic_of("I am burnt out. " + "The report is long. " * 30) is None
