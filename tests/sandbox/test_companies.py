"""Slack Connect, Enterprise Grid and guests: payloads say of people what real ones were seen to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.companies import Company
from bot.sandbox.element_values import ActionError
from bot.sandbox.limits.token_scopes import BOT_EVENTS
from bot.sandbox.seed_data import TEAM_ID
from bot.sandbox.server import Sandbox, SandboxConfig

Json = dict[str, Any]
SMALL = Company("T0OTHER0001", "Small Partner")
GRID = Company("T0OTHER0002", "Grid Partner", "E0OTHER")
OURS = "E0OURS"


@pytest.fixture
def payloads(sandbox: Sandbox) -> Callable[[], list[Json]]:
    """Everything that the app was sent since the last call."""
    sent: list[Json] = []
    original = sandbox.context.dispatcher.dispatch_event
    sandbox.context.dispatcher.dispatch_event = (  # type: ignore[method-assign]
        lambda payload: (sent.append(payload), original(payload))[1]
    )

    def take() -> list[Json]:
        taken = list(sent)
        sent.clear()
        return taken

    return take


@pytest.fixture
def grace(sandbox: Sandbox) -> Actor:
    return sandbox.actor("grace")


def join_outsider(sandbox: Sandbox, company: Company, name: str, *, host: bool = False) -> Actor:
    """Shares #support with the company, and invites somebody of it."""
    sandbox.add_company(company)
    person = sandbox.add_person(name, company)
    ada = sandbox.actor("ada")
    ada.share_channel("support", company.team, host=host)
    ada.invite("support", name)

    return person


def facts(payload: Json) -> Json:
    """What a payload says of companies: names of fields that are not there are left out."""
    event = payload["event"]
    told = {f"event.{n}": event[n] for n in ("team", "user_team", "source_team") if n in event}
    outer = ("team_id", "enterprise_id", "context_team_id", "context_enterprise_id")
    return told | {name: payload[name] for name in outer if name in payload}


@pytest.mark.parametrize(
    ("company", "host", "mention", "message"),
    [
        (
            SMALL,
            False,
            {"event.team": TEAM_ID, "event.user_team": "T0OTHER0001"},
            {"event.team": "T0OTHER0001", "team_id": "T0OTHER0001", "context_team_id": TEAM_ID},
        ),
        (
            GRID,
            False,
            {"event.team": TEAM_ID, "event.user_team": "E0OTHER"},
            {
                "event.team": "T0OTHER0002",
                "team_id": "T0OTHER0002",
                "enterprise_id": "E0OTHER",
                "context_team_id": TEAM_ID,
            },
        ),
        (
            GRID,
            True,
            {"event.team": TEAM_ID, "event.user_team": "E0OTHER"},
            {
                "event.team": "T0OTHER0002",
                "team_id": "T0OTHER0002",
                "enterprise_id": "E0OTHER",
                "context_team_id": "T0OTHER0002",
                "context_enterprise_id": "E0OTHER",
            },
        ),
    ],
    ids=["a workspace", "Grid", "Grid, whose channel it is"],
)
def test_a_mention_by_another_company_comes_as_two_events_that_say_different_things(
    sandbox: Sandbox,
    payloads: Callable[[], list[Json]],
    company: Company,
    host: bool,
    mention: Json,
    message: Json,
) -> None:
    outsider = join_outsider(sandbox, company, "nils", host=host)
    payloads()

    outsider.say("support", "@beagle hello")

    first, second = payloads()
    assert facts(first) == {
        **mention,
        "event.source_team": mention["event.user_team"],
        "team_id": TEAM_ID,
    }
    assert facts(second) == message
    assert first["is_ext_shared_channel"] is second["is_ext_shared_channel"] is True
    assert {p["authorizations"][0]["team_id"] for p in (first, second)} == {TEAM_ID}


def test_a_colleague_in_a_channel_of_the_other_company_seems_to_be_theirs_in_a_mention(
    sandbox: Sandbox, payloads: Callable[[], list[Json]], grace: Actor
) -> None:
    join_outsider(sandbox, GRID, "nils", host=True)
    payloads()

    grace.say("support", "@beagle hello")

    mention, message = payloads()
    assert facts(mention) == {
        "event.team": "T0OTHER0002",
        "event.user_team": TEAM_ID,
        "event.source_team": TEAM_ID,
        "team_id": "T0OTHER0002",
        "enterprise_id": "E0OTHER",
    }
    assert facts(message) == {
        "event.team": TEAM_ID,
        "team_id": TEAM_ID,
        "context_team_id": "T0OTHER0002",
        "context_enterprise_id": "E0OTHER",
    }


def test_edits_and_deletions_by_another_company_name_it_in_the_message_within(
    sandbox: Sandbox, payloads: Callable[[], list[Json]]
) -> None:
    outsider = join_outsider(sandbox, SMALL, "nils")
    ts = outsider.say("support", "one")
    payloads()

    outsider.edit("support", ts, "two")
    outsider.delete("support", ts)

    changed, deleted = payloads()
    assert changed["event"]["message"]["team"] == "T0OTHER0001"
    assert deleted["event"]["previous_message"]["team"] == "T0OTHER0001"
    assert "team" not in changed["event"]
    assert changed["is_ext_shared_channel"] is True


def test_who_joins_and_leaves_is_said_by_the_channel_s_host(
    sandbox: Sandbox, payloads: Callable[[], list[Json]]
) -> None:
    outsider = join_outsider(sandbox, GRID, "nils", host=True)
    joined = payloads()[-1]
    outsider.leave("support")
    left = payloads()[-1]

    assert (joined["event"]["type"], joined["event"]["team"]) == (
        "member_joined_channel",
        "T0OTHER0002",
    )
    assert (left["event"]["type"], left["event"]["team"]) == ("member_left_channel", "E0OTHER")
    assert joined["team_id"] == left["team_id"] == "T0OTHER0002"


def test_a_channel_says_with_whom_it_is_shared_and_that_it_no_longer_is(
    sandbox: Sandbox, payloads: Callable[[], list[Json]], client: WebClient, ada: Actor
) -> None:
    outsider = join_outsider(sandbox, SMALL, "nils")
    shared = client.conversations_info(channel=ada.channel("support"))["channel"]
    assert (shared["is_ext_shared"], shared["connected_team_ids"]) == (True, [SMALL.team])

    ada.unshare_channel("support", SMALL.team)

    alone = client.conversations_info(channel=ada.channel("support"))["channel"]
    assert (alone["is_shared"], alone["is_ext_shared"]) == (False, False)
    kinds = [payload["event"]["type"] for payload in payloads()]
    assert kinds == ["channel_shared", "member_joined_channel", "channel_unshared"]
    with pytest.raises(ActionError, match="no such channel"):
        outsider.say("support", "still here?")


def test_slack_lists_nobody_of_another_company_but_tells_of_them_who_are_in_a_channel(
    sandbox: Sandbox, client: WebClient
) -> None:
    outsider = join_outsider(sandbox, GRID, "nils")
    far_away = sandbox.add_person("ole", GRID)

    listed = {member["id"] for member in client.users_list()["members"]}
    assert not listed & {outsider.id, far_away.id}

    near = client.users_info(user=outsider.id)["user"]
    assert (near["team_id"], near.get("is_stranger")) == ("T0OTHER0002", None)
    assert near["enterprise_user"]["enterprise_id"] == "E0OTHER"
    assert client.users_info(user=far_away.id)["user"]["is_stranger"] is True


def test_outsiders_press_buttons_but_have_no_commands_shortcuts_home_or_direct_messages(
    sandbox: Sandbox, client: WebClient, line: Callable[[], Any]
) -> None:
    outsider = join_outsider(sandbox, SMALL, "nils")
    ts = outsider.say("support", "hello")

    for refused in (
        lambda: outsider.shortcut("ask_beagle", "support", ts),
        lambda: outsider.open_home(),
        lambda: outsider.dm("hello"),
        lambda: outsider.join("general"),
        lambda: outsider.say("general", "hello"),
    ):
        with pytest.raises(ActionError):
            refused()

    assert outsider.slash("support", "/beagle", "stats") is False
    assert outsider.wait_for_ephemeral("support", "not a valid command")


def test_the_history_of_a_shared_channel_names_the_company_of_outsiders(
    sandbox: Sandbox, client: WebClient, grace: Actor
) -> None:
    outsider = join_outsider(sandbox, GRID, "nils")
    outsider.say("support", "theirs")
    grace.say("support", "ours")

    ours, theirs = client.conversations_history(channel=grace.channel("support"))["messages"]
    assert (theirs["team"], theirs["user_team"]) == ("T0OTHER0002", "E0OTHER")
    assert (ours["team"], ours.get("user_team")) == (TEAM_ID, None)


def test_a_stream_is_for_somebody_of_the_company_that_is_named_as_theirs(
    sandbox: Sandbox, client: WebClient
) -> None:
    outsider = join_outsider(sandbox, GRID, "nils")
    where = {"channel": outsider.channel("support"), "thread_ts": outsider.say("support", "hello")}

    for team in (TEAM_ID, "E0OTHER"):
        with pytest.raises(SlackApiError, match="user_not_found"):
            client.chat_startStream(
                **where, recipient_user_id=outsider.id, recipient_team_id=team, markdown_text="x"
            )

    started = client.chat_startStream(
        **where, recipient_user_id=outsider.id, recipient_team_id=GRID.team, markdown_text="x"
    )
    assert started["ok"]


@pytest.mark.parametrize("single_channel", [False, True])
def test_guests_of_both_kinds_see_their_channels_alone(
    sandbox: Sandbox, client: WebClient, ada: Actor, single_channel: bool
) -> None:
    ada.set_guest("linus", guest=True, single_channel=single_channel)
    linus = sandbox.actor("linus")
    linus.leave("general")

    told = client.users_info(user=linus.id)["user"]
    assert (told["is_restricted"], told["is_ultra_restricted"]) == (True, single_channel)
    linus.say("support", "hello")
    for refused in (lambda: linus.join("general"), lambda: linus.say("general", "hello")):
        with pytest.raises(ActionError, match="no such"):
            refused()


@pytest.fixture
def grid(time: ManualClock) -> Any:
    config = SandboxConfig(clock=time, events=BOT_EVENTS, enterprise=OURS)
    with Sandbox(config) as running:
        yield running


def test_on_grid_the_organisation_is_named_and_its_people_are_colleagues(grid: Sandbox) -> None:
    client = WebClient(token=grid.bot_token, base_url=grid.api_url, retry_handlers=[], timeout=60)
    sister = grid.add_company(Company("T0OURS00002", "Sister", OURS))
    wanda = grid.add_person("wanda", sister)
    ada = grid.actor("ada")
    ada.share_channel("support", sister.team)
    ada.invite("support", "wanda")

    channel = client.conversations_info(channel=ada.channel("support"))["channel"]
    assert (channel["is_org_shared"], channel["is_ext_shared"]) == (True, False)
    assert client.auth_test()["enterprise_id"] == OURS
    assert wanda.id.startswith("W")
    told = client.users_info(user=ada.id)["user"]["enterprise_user"]
    assert told["teams"] == [TEAM_ID]
    assert client.users_info(user=wanda.id)["user"]["enterprise_user"]["teams"] == [sister.team]


def test_a_group_dm_is_a_place_of_its_own(
    sandbox: Sandbox, payloads: Callable[[], list[Json]], client: WebClient, ada: Actor
) -> None:
    group = ada.open_group(["grace"])

    ada.say(group, "@beagle hello")

    message = next(p["event"] for p in payloads() if p["event"]["type"] == "message")
    assert message["channel_type"] == "mpim"
    assert client.conversations_info(channel=group)["channel"]["is_mpim"] is True
    assert len(client.conversations_history(channel=group)["messages"]) == 1
