"""Files from a message to a model and back, through a loopback Slack and real processes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from bot.demo.stack import LocalStack, StackConfig
from tests.attachments.conftest import png
from tests.fixtures.slack import assert_everything_acknowledged
from workers.llm.fake_server import count_pictures

pytestmark = pytest.mark.chaos
SECONDS = 300.0
ANSWER = "A clearer sentence."


@pytest.fixture(scope="module")
def stack(model):
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        extra = {
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_VISION_MODELS": "openai/stand-in",
        }
        config = StackConfig(
            workers={"worker-0": "answer"}, extra=extra, local_model=False, limits=False
        )
        model.sees = True
        with LocalStack(Path(folder), config) as running:
            yield running
            assert_everything_acknowledged(running.sandbox)
        model.sees = False


@pytest.fixture
def ada(stack):
    return stack.sandbox.actor("ada")


def wait_for(ada, channel, ts, words, number=1):
    """Returns the thread's answer of that number, once it holds the words."""
    place = ada.channel(channel)

    def complete(workspace):
        answers = [m for m in workspace.thread(place, ts) if m.get("bot_id")]
        return dict(answers[number - 1]) if has(answers) else None

    def has(answers):
        return len(answers) >= number and words in answers[number - 1]["text"]

    return ada.wait_until(complete, SECONDS)


def newest_words(model):
    content = model.requests[-1]["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


@pytest.mark.parametrize("channel", ["general", "dm"])
@pytest.mark.parametrize("stub", [False, True])
def test_a_picture_reaches_the_model_from_every_place(ada, model, channel, stub):
    text = "@beagle !rewrite what is on this picture?"
    ts = ada.ask_about(channel, "shot.png", png(), text, stub=stub)
    wait_for(ada, channel, ts, ANSWER)
    assert sum(map(count_pictures, model.requests[-1]["messages"])) == 1


def test_a_text_file_is_read_and_asked_about_again_in_its_thread(ada, model):
    ts = ada.ask_about("general", "notes.md", "The walrus is away.", "@beagle !rewrite read this")
    wait_for(ada, "general", ts, ANSWER)
    assert "The walrus is away." in newest_words(model)

    ada.say("general", "@beagle !rewrite and who is away?", thread_ts=ts)
    wait_for(ada, "general", ts, ANSWER, 2)
    assert "The walrus is away." in newest_words(model)


def test_a_file_that_nobody_can_read_is_told_and_can_be_left_out(ada, model):
    before = len(model.requests)
    ts = ada.ask_about("general", "all.zip", b"PK\x03\x04", "@beagle !rewrite the vpn is down")
    answer = wait_for(ada, "general", ts, "I cannot read “all.zip”")
    assert len(model.requests) == before

    ada.click("general", answer["ts"], "answer_without_files")
    wait_for(ada, "general", ts, ANSWER)
    assert "which you cannot see" in newest_words(model)


def test_a_file_without_a_word_is_asked_about(ada, model):
    ts = ada.ask_about("dm", "notes.md", "The walrus is away.", "")
    wait_for(ada, "dm", ts, "I have your file")

    ada.say("dm", "!rewrite make this clearer", thread_ts=ts)
    wait_for(ada, "dm", ts, ANSWER, 2)
    assert "The walrus is away." in newest_words(model)


def test_a_forwarded_file_of_a_closed_channel_is_not_read_for_everybody(ada, model):
    ada.invite_bot("leads")
    secret = ada._sandbox.actor("grace")
    ts = secret.ask_about("leads", "pay.csv", "walrus,9000", "the figures")
    sent = ada.forward("general", "leads", ts, "@beagle !rewrite sum this up")
    wait_for(ada, "general", sent, "not everybody here may see it")

    alone = ada.forward("dm", "leads", ts, "!rewrite sum this up")
    wait_for(ada, "dm", alone, ANSWER)
    assert "walrus,9000" in newest_words(model)


def test_nothing_of_a_file_is_left_in_the_data_folder(stack, ada, model):
    ts = ada.ask_about("general", "notes.md", "An unforgettable zeugma.", "@beagle !rewrite this")
    wait_for(ada, "general", ts, ANSWER)
    assert "zeugma" in json.dumps(model.requests[-1])
    files = [path for path in Path(stack.folder).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"zeugma" in path.read_bytes()]
