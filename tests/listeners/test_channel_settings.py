"""Admins set what Beagle reads, answers and spends in a channel."""

from __future__ import annotations

import threading

import pytest

from bot.admins import Admins
from bot.listeners import channel_settings
from bot.listeners.channel_settings import ChannelSettings
from bot.sandbox.block_kit import check_view
from router.config import Settings
from router.store.workspace.channel_rules import ChannelRule
from tests.fixtures.slack_client import RecordingClient

ADMIN = "UADA"


@pytest.fixture
def admins(store, clock):
    return Admins(Settings(_env_file=None, admins=(ADMIN,)), store.audit, clock)


def channel_settings_of(store, admins):
    return ChannelSettings(store, admins, lambda _: ["handbook", "triage"])


def submitted(rule, user=ADMIN, **said):
    values = {"hears": "all", "routes": ["triage"], "default_route": "triage", "usd": "2.5"} | said
    state = {
        "hears": {"hears": {"selected_option": {"value": values["hears"]}}},
        "routes": {"routes": {"selected_options": [{"value": one} for one in values["routes"]]}},
        "default_route": {"default_route": {"selected_option": {"value": values["default_route"]}}},
        "usd": {"usd": {"value": values["usd"]}},
    }

    view = channel_settings.settings_dialog(rule, ["handbook", "triage"]) | {
        "state": {"values": state}
    }
    return {"body": {"team": {"id": rule.team}, "user": {"id": user}}, "view": view}


def save(panel, asked):
    acks, client = [], RecordingClient()
    panel.save(ack=lambda **how: acks.append(how), client=client, **asked)
    return acks[0], client


def test_an_admin_sets_a_channel_and_the_channel_gets_a_notice(store, admins):
    ack, client = save(
        channel_settings_of(store, admins), submitted(store.channel_rules.for_channel("T1", "C1"))
    )
    assert ack == {}
    assert store.channel_rules.for_channel("T1", "C1") == ChannelRule(
        "T1", "C1", "all", ("triage",), "triage", 2.5, 1
    )
    assert [name for name, _ in client.calls] == ["chat_postMessage"]
    assert [act.outcome for act in store.audit.for_subject("T1", "C1")] == ["applied"]


def test_nobody_else_sets_a_channel_and_the_attempt_is_kept(store, admins):
    ack, _ = save(
        channel_settings_of(store, admins),
        submitted(store.channel_rules.for_channel("T1", "C1"), user="UEVE"),
    )
    assert "hears" in ack["errors"]
    assert store.channel_rules.for_channel("T1", "C1").version == 0
    assert [(act.user, act.outcome) for act in store.audit.for_subject("T1", "C1")] == [
        ("UEVE", "refused")
    ]


def test_a_removed_admin_s_open_dialog_is_worth_nothing(store, clock):
    before = submitted(store.channel_rules.for_channel("T1", "C1"))
    removed = Admins(Settings(_env_file=None, admins=()), store.audit, clock)
    ack, _ = save(channel_settings_of(store, removed), before)
    assert "errors" in ack
    assert store.channel_rules.for_channel("T1", "C1").version == 0


def test_ten_admins_at_once_are_applied_once_and_each_has_a_row(store, admins):
    panel, asked = (
        channel_settings_of(store, admins),
        submitted(store.channel_rules.for_channel("T1", "C1")),
    )

    threads = [threading.Thread(target=save, args=(panel, asked)) for _ in range(10)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    outcomes = sorted(act.outcome for act in store.audit.for_subject("T1", "C1"))
    assert outcomes == ["applied"] + ["late"] * 9
    assert store.channel_rules.for_channel("T1", "C1").version == 1


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"usd": "-1"}, "usd"),
        ({"usd": "nan"}, "usd"),
        ({"default_route": "handbook"}, "default_route"),
    ],
)
def test_what_cannot_be_set_is_said_at_its_question(store, admins, said, where):
    ack, _ = save(
        channel_settings_of(store, admins),
        submitted(store.channel_rules.for_channel("T1", "C1"), **said),
    )
    assert set(ack["errors"]) == {where}


def test_the_dialog_of_a_channel_is_one_that_slack_takes():
    for routes in ([], ["a"], [f"route_{n}" for n in range(150)]):
        assert (
            check_view(channel_settings.settings_dialog(ChannelRule("T", "C"), routes), "modal")
            == []
        )


def test_what_an_admin_lets_a_channel_spend_holds_there_and_nowhere_else(store, admins):
    from router.errors import BudgetError
    from workers.llm.budget import Budget
    from workers.ports import Payer

    save(
        channel_settings_of(store, admins),
        submitted(store.channel_rules.for_channel("T1", "C1"), usd="0.5"),
    )
    budget = Budget(
        Settings(_env_file=None), store.spend, admins.now, store.channel_rules.daily_cap_usd
    )
    budget.reserve(Payer("T1", "C1", "U1"), 0.4)
    budget.reserve(Payer("T1", "C2", "U1"), 0.4)
    budget.reserve(Payer("T1", "C2", "U1"), 0.4)

    with pytest.raises(BudgetError, match=r"this channel's daily cap of \$0.50"):
        budget.reserve(Payer("T1", "C1", "U1"), 0.4)
