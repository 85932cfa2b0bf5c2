"""Two bots and two answer workers, each with a folder of its own, on one PostgreSQL."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from bot.demo import sample_data
from bot.demo.stack import LocalStack, StackConfig
from bot.sandbox import seed_data
from bot.sandbox.seed_data import TEAM_ID
from workers.runtime.process_values import now
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
SECONDS = 300.0
MESSAGES = 24
LEADS = re.compile(r"^beagle_leader (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def stack(model, databases):
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        extra = {
            "DATABASE_URL": databases.fresh(),
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_LEASE_SECONDS": "3",
            "BEAGLE_REAPER_INTERVAL_SECONDS": "0.5",
            "BEAGLE_LEADER_LEASE_SECONDS": "3",
            "BEAGLE_ADMINS": seed_data.user_id("ada"),
            "BEAGLE_ADMIN_CHANNEL": seed_data.build_channel("leads", [])["id"],
        }
        workers = {"worker-0": "answer", "worker-1": "answer", "worker-2": "compute"}
        config = StackConfig(
            workers=workers, extra=extra, bots=2, own_folders=True, local_model=False, limits=False
        )
        with LocalStack(Path(folder), config) as running:
            yield running


def until(true):
    return wait_until(true, SECONDS)


def exit_code(process) -> int | None:
    """Returns the code with which the process ended; None while it still runs after a minute."""
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        return None


def leads(stack, name) -> float:
    """Whether the bot says on its health page that it leads; 0 where it does not answer."""
    url = f"http://127.0.0.1:{stack.bots[name].health}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=30) as page:
            return float(LEADS.findall(page.read().decode())[0])
    except OSError:
        return 0.0


def leaders(stack) -> list[str]:
    return [name for name in stack.bots if leads(stack, name)]


def other_than(stack, name) -> str:
    return next(bot for bot in stack.bots if bot != name)


def said_by_beagle(stack, name) -> list[dict]:
    channel = stack.sandbox.actor("ada").channel(name)
    messages = stack.sandbox.call(lambda: list(stack.sandbox.workspace.messages[channel].values()))
    return [message for message in messages if message.get("bot_id")]


def answers(stack, timestamps) -> Counter[str]:
    """How many answers each message has."""
    counts = Counter(message.get("thread_ts") for message in said_by_beagle(stack, "general"))
    return Counter({ts: counts[ts] for ts in timestamps})


def newest_ts(stack) -> str:
    """When the newest digest was posted, empty before."""
    newest = stack.store.digests.newest(TEAM_ID)
    return "" if newest is None else newest.ts or ""


def events(stack, name) -> Counter[str]:
    """What a process has logged, by event."""
    lines = Path(stack.log_path(name)).read_text("utf-8", "replace").splitlines()
    return Counter(json.loads(line)["event"] for line in lines if line.startswith("{"))


def test_both_receive_and_one_of_them_leads(stack) -> None:
    ada = stack.sandbox.actor("ada")
    sent = [ada.say("general", f"@beagle !rewrite sentence {n}") for n in range(MESSAGES)]

    assert until(lambda: min(answers(stack, sent).values()) > 0)
    assert set(answers(stack, sent).values()) == {1}
    decided = {name: events(stack, name)["decided"] for name in stack.bots}
    assert sum(decided.values()) == MESSAGES
    assert min(decided.values()) > 0
    assert until(lambda: len(leaders(stack)) == 1)


def test_of_what_comes_while_the_leader_and_a_worker_are_killed_nothing_is_lost(stack) -> None:
    ada = stack.sandbox.actor("ada")
    sent = []
    for number in range(MESSAGES):
        sent.append(ada.say("general", f"@beagle !rewrite line {number}"))
        if number == MESSAGES // 3:
            stack.kill(next(iter(leaders(stack)), "bot"))
        if number == MESSAGES // 2:
            stack.kill("worker-0")

    # Slack sends again what nobody acknowledged, after a minute.
    assert until(lambda: min(answers(stack, sent).values()) > 0)
    assert until(lambda: stack.store.requests.open_count(0.0)[0] == 0)
    assert set(answers(stack, sent).values()) == {1}
    assert until(stack.ready)
    assert until(lambda: len(leaders(stack)) == 1)


def test_a_frozen_leader_is_replaced_and_does_not_lead_when_it_wakes_up(stack) -> None:
    assert until(lambda: len(leaders(stack)) == 1)
    frozen = leaders(stack)[0]
    other = other_than(stack, frozen)
    process = stack.children[frozen]

    process.send_signal(signal.SIGSTOP)
    try:
        assert until(lambda: leads(stack, other))
    finally:
        process.send_signal(signal.SIGCONT)

    assert until(lambda: events(stack, frozen)["leadership_lost"] > 0)
    assert leaders(stack) == [other]


def test_a_bot_that_is_told_to_end_hands_over_and_loses_nothing(stack) -> None:
    assert until(lambda: len(leaders(stack)) == 1)
    ending = leaders(stack)[0]
    ada = stack.sandbox.actor("ada")
    sent = [ada.say("general", f"@beagle !rewrite word {n}") for n in range(4)]

    process = stack.children[ending]
    process.terminate()
    # One that has to be ended says in its log what it waited for.
    assert exit_code(process) == 0, Path(stack.log_path(ending)).read_text("utf-8")[-8000:]
    sent += [ada.say("general", f"@beagle !rewrite more {n}") for n in range(4)]

    assert until(lambda: leads(stack, other_than(stack, ending)))
    assert until(lambda: min(answers(stack, sent).values()) > 0)
    assert set(answers(stack, sent).values()) == {1}
    stack.start_again(ending)
    assert until(stack.ready)


def test_the_week_is_reported_once_whoever_leads(stack) -> None:
    ada = stack.sandbox.actor("ada")
    samples = sample_data.sample_requests(now(), incidents=30)
    sample_data.load_into(stack.store, TEAM_ID, ada.channel("general"), samples)

    assert until(lambda: stack.store.digests.newest(TEAM_ID) is not None)
    stack.kill(leaders(stack)[0] if leaders(stack) else "bot")

    assert until(lambda: newest_ts(stack))
    # A leader that was killed right after its post has not written it into the log.
    assert sum(events(stack, name)["digest_posted"] for name in stack.bots) <= 1
    texts = {message["ts"]: message["text"] for message in said_by_beagle(stack, "leads")}
    digest = texts[newest_ts(stack)]
    assert list(texts.values()).count(digest) == 1
