"""The bot as people meet it beside the answers: figures, homes, settings of a channel, edits, Stop, shortcuts."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.admins import Admins
from bot.listeners import channel_settings
from bot.listeners import home_view as home
from bot.listeners.answer_actions import reason_question
from bot.listeners.assistant import AssistantPane
from bot.listeners.channel_settings import ChannelSettings
from bot.listeners.onboarding import Onboarding, welcome
from bot.routing.service import apply_default_route
from bot.sandbox.block_kit import check_message, check_view
from bot.ui import stats as figures
from bot.ui.texts import home as texts
from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from router.evidence_codec import decode
from router.store.usage.stats import Period, RouteStats
from router.store.workspace.channel_rules import ChannelRule
from router.types import Candidate, Outcome

ADMIN = "UADA"


def period(routes=3, **over):
    found = [
        RouteStats(f"route_{n}", ("rag",), 10, 1 / routes, 0.5, 2.0, 0.01, 1) for n in range(routes)
    ]
    values = {"requests": 12, "answered": 10, "asked": 1, "out_of_scope": 1, "failed": 0, "corrected": 2,
              "not_found": 1, "usd": 0.02, "tokens": 900, "p50_seconds": 0.5, "p95_seconds": 2.0, "routes": found,
              "days": [1, 0, 4, 8]}  # fmt: skip

    return Period(**(values | over))


@dataclass
class Calls:
    """A client that keeps what it was asked."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, name):
        return lambda **how: self.made.append((name, how))


@pytest.fixture
def admins(store, clock):
    return Admins(Settings(_env_file=None, admins=(ADMIN,)), store.audit, clock)


@pytest.mark.parametrize("routes", [0, 1, 20, 45])
def test_statistics_fit_into_slacks_limits_in_every_form(routes):
    shown = figures.render_stats("7d", period(routes), {"Used today": "$1"})
    while shown is not None:
        assert check_message(shown.blocks).details == []
        assert len(shown.text) <= 4000
        shown = shown.fallback


def test_where_the_newest_blocks_are_refused_a_table_is_next_and_then_words():
    shown = figures.render_stats("7d", period(), {})
    kinds = [
        [b["type"] for b in one.blocks] for one in (shown, shown.fallback, shown.fallback.fallback)
    ]
    assert {"data_visualization", "data_table"} <= set(kinds[0])
    assert kinds[1] == ["header", "section", "table", "actions"]
    assert kinds[2] == ["section"]


def test_long_route_names_stay_apart_on_the_axis():
    assert figures.unique_labels(["a" * 30, "a" * 31]) == ["a" * 19 + "…", "a" * 17 + "…2"]


def test_the_file_has_a_line_for_each_route_and_no_formula():
    routes = [RouteStats("=cmd", ("rag",), 10, 1.0, 0.5, 2.0, 0.01, 1)]
    lines = figures.as_csv(
        period(routes=1).__class__(**{**vars_of(period()), "routes": routes})
    ).splitlines()
    assert lines[1].startswith("'=cmd,rag,10,1.0")


def vars_of(found):
    return {name: getattr(found, name) for name in found.__slots__}


def known(**over):
    values = {
        "month": period(1),
        "recent": (),
        "offers": (),
        "is_opted_out": False,
        "at": 1_800_000_000.0,
    }
    return home.MemberHome(**(values | over))


def running(candidates=()):
    return home.AdminHome(
        period(),
        1.0,
        20.0,
        [home.RouteState("triage", "prompt", is_live=True)],
        candidates,
        2,
        3.0,
        1,
    )


RECORD = {
    "count": 41,
    "people": 7,
    "weekly": [5, 9, 12, 15],
    "change": 0.73,
    "money": None,
    "gates": [{"name": "privacy", "passed": False, "figure": "f" * 400, "limit": "5"}],
    "recommendation": "improve the prompt",
    "structure": {"answers": 3},
    "examples": [],
}
CANDIDATE = Candidate(
    "c1",
    "T1",
    "reset *passwords* <!here>",
    "d" * 500,
    "digested",
    evidence=decode(CandidateEvidence, RECORD),
)


@pytest.mark.parametrize("of", [None, running(), running([CANDIDATE] * 12)])
def test_a_home_fits_into_slacks_limits(of, make_request):
    recent = [home.RecentRequest(make_request("x" * 3000), "triage")]
    assert check_view(home.render_home(known(admin=of, recent=recent)), "home") == []
    assert check_view(home.render_home(known(admin=of, recent=recent), framed=False), "home") == []


def test_members_see_nothing_of_the_workspace_and_admins_do():
    assert texts.HOME_SPEND not in repr(home.render_home(known()))
    assert texts.HOME_SPEND in repr(home.render_home(known(admin=running())))


def test_a_home_that_says_the_same_is_not_new_because_time_went_by():
    assert home.fingerprint(home.render_home(known())) == home.fingerprint(
        home.render_home(known(at=1_800_099_000.0))
    )


def settings_of(store, admins):
    return ChannelSettings(store, admins, lambda: ["handbook", "triage"])


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
    acks, client = [], Calls()
    panel.save(ack=lambda **how: acks.append(how), client=client, **asked)
    return acks[0], client


def test_an_admin_sets_a_channel_and_the_channel_is_told(store, admins):
    ack, client = save(
        settings_of(store, admins), submitted(store.channel_rules.for_channel("T1", "C1"))
    )
    assert ack == {}
    assert store.channel_rules.for_channel("T1", "C1") == ChannelRule(
        "T1", "C1", "all", ("triage",), "triage", 2.5, 1
    )
    assert [name for name, _ in client.made] == ["chat_postMessage"]
    assert [act.outcome for act in store.audit.for_subject("T1", "C1")] == ["applied"]


def test_nobody_else_sets_a_channel_and_the_attempt_is_kept(store, admins):
    ack, _ = save(
        settings_of(store, admins),
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
    ack, _ = save(settings_of(store, removed), before)
    assert "errors" in ack
    assert store.channel_rules.for_channel("T1", "C1").version == 0


def test_ten_admins_at_once_are_applied_once_and_each_has_a_row(store, admins):
    panel, asked = (
        settings_of(store, admins),
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
        settings_of(store, admins), submitted(store.channel_rules.for_channel("T1", "C1"), **said)
    )
    assert set(ack["errors"]) == {where}


def test_the_dialog_of_a_channel_is_one_that_slack_takes():
    for routes in ([], ["a"], [f"route_{n}" for n in range(150)]):
        assert (
            check_view(channel_settings.settings_dialog(ChannelRule("T", "C"), routes), "modal")
            == []
        )


def test_what_fits_no_route_goes_to_the_channel_s_own(make_decision):
    rule = ChannelRule("T1", "C1", default_route="triage")
    usable = {"triage": object(), "rewrite": object()}
    plain = ChannelRule("T1", "C1")

    assert apply_default_route(make_decision(None), rule, usable).route == "triage"
    assert apply_default_route(make_decision("rewrite"), rule, usable).route == "rewrite"
    assert apply_default_route(make_decision(None), plain, usable).verb == "out_of_scope"
    assert apply_default_route(make_decision(None), rule, {}).verb == "out_of_scope"


def test_only_the_inviter_is_welcomed_and_only_for_the_bot(store):
    client, told = Calls(), Onboarding(lambda _: "UBOT", lambda *_: [])
    told.joined({"user": "UBOT", "channel": "C1", "inviter": "UADA"}, "T1", client)
    told.joined({"user": "UMAE", "channel": "C1", "inviter": "UADA"}, "T1", client)
    told.joined({"user": "UBOT", "channel": "C1"}, "T1", client)
    assert [(name, how["user"]) for name, how in client.made] == [("chat_postEphemeral", "UADA")]
    assert check_message(welcome("C1", []).blocks).details == []


def test_what_was_wrong_is_one_click():
    assert check_message(reason_question("r1").blocks).details == []
    assert len(reason_question("r1").blocks[1]["elements"]) == 4


class Deciders:
    """Wakes nobody; remembers whom it was asked to wake."""

    def __init__(self):
        self.woken = []

    def wake(self, key):
        self.woken.append(key)


def test_stop_takes_the_request_from_its_worker_and_a_worker_says_so(
    store, clock, make_request, make_decision
):
    request = make_request()
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision(), clock())
    lease = store.requests.acquire(request.id, "w1", clock(), 20.0)
    decider, client = Deciders(), Calls()
    event = {"channel": "C1", "thread_ts": request.ts, "user": "U1"}
    AssistantPane(store, decider, clock).stopped(event, "T1", client)
    assert not store.requests.is_current(lease)
    assert store.cancellations.is_cancelled(request.id, 0)
    assert decider.woken == [request.id]
    assert client.made[0][1]["status"] == "active"


def test_a_person_who_opted_out_is_in_nobody_s_lesson(store, clock, make_request):
    from sqlalchemy import select

    from router.store.base.tables import request as table
    from router.store.workspace.opt_outs import takes_part

    for user in ("U1", "U2"):
        store.requests.insert(make_request(user=user), clock())

    store.opt_outs.add("T1", "U1", clock())
    store.opt_outs.add("T1", "U1", clock())

    with store.begin() as connection:
        assert list(connection.execute(select(table.c.user).where(takes_part())).scalars()) == [
            "U2"
        ]

    store.opt_outs.remove("T1", "U1")
    assert not store.opt_outs.is_opted_out("T1", "U1")


def test_figures_count_what_was_not_found(store, clock, make_request, make_decision):
    request = make_request()
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision("handbook"), clock())
    store.decisions.insert_outcome(
        request.id, 0, Outcome("", {"answered": False}, kind="rag", route="handbook"), clock()
    )
    assert store.stats.since("T1", clock() - 10, "U1").not_found == 1
    assert store.stats.since("T1", clock() - 10, "U2").requests == 0


def test_what_an_admin_lets_a_channel_spend_holds_there_and_nowhere_else(store, admins):
    from router.errors import BudgetError
    from workers.llm.budget import Budget
    from workers.ports import Payer

    save(
        settings_of(store, admins),
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


def test_the_router_learns_nothing_from_who_opted_out(store, clock, make_request):
    from router.types import Feedback

    for user in ("U1", "U2"):
        request = make_request(user=user)
        store.requests.insert(request, clock())
        store.feedback.record(Feedback(request.id, "U9", "route", "triage", clock()))

    before = store.labels.fingerprint()
    store.opt_outs.add("T1", "U1", clock())
    assert len(store.labels.all()) == 1
    assert store.labels.fingerprint() != before
