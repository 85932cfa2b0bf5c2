"""The directory of people, channels and files, with the real client at a loopback Slack."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.directory import SlackDirectory, parse_channel
from bot.transport.file_download import is_file_host
from router.errors import PathError
from router.types import SlackPerson
from workers.affiliation import Affiliation
from workers.knowledge.membership import ReadingRights
from workers.ports import ChannelInfo

TEAM = seed_data.TEAM_ID


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(SandboxConfig()) as running:
        yield running


@pytest.fixture
def client(sandbox):
    return WebClient(
        token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[], timeout=60
    )


@pytest.fixture
def directory(client):
    return SlackDirectory(lambda _: client)


def test_people_are_known_one_by_one_and_in_crowds(directory):
    few = [seed_data.user_id("ada"), seed_data.user_id("mae"), "U0NOBODY"]
    assert directory.people(TEAM, few) == {few[0]: Affiliation(), few[1]: Affiliation()}
    many = [*few[:2], *(f"U{n}" for n in range(30))]
    everybody = directory.people(TEAM, many)
    # The whole list was fetched: those who were not asked about need not be asked about soon.
    assert everybody.keys() >= {*few[:2], seed_data.user_id("grace")}
    assert not any(name in everybody for name in many[2:])


def test_a_channel_is_as_slack_describes_it(directory):
    leads = seed_data.build_channel("leads", [])["id"]
    assert directory.channel_info(TEAM, leads) == ChannelInfo(
        leads, "leads", public=False, shared=False
    )
    assert parse_channel({"id": "C1", "name": "x", "is_ext_shared": True}).shared
    assert set(directory.members(TEAM, leads)) >= {
        seed_data.user_id("ada"),
        seed_data.user_id("grace"),
    }


@pytest.fixture
def crowded():
    """A Slack of its own: so many pages take what its rate limits allow in a minute."""
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


def test_a_channel_of_five_thousand_people_is_read_page_by_page(crowded, store, clock):
    """Who may read what there is asked for on a worker, with the pages that Slack allows."""
    sandbox = crowded
    client = WebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
    directory = SlackDirectory(lambda _: client)
    channel = sandbox.actor("ada").channel("leads")
    before = sandbox.context.call_counts["conversations.members"]

    def crowd():
        people = [f"U0CROWD{number:04}" for number in range(5_000)]
        sandbox.workspace.channels[channel]["members"].extend(people)
        return people

    people = sandbox.call(crowd)
    rights = ReadingRights(store.access, directory, clock, 3_600.0)
    readers = rights.readable(SlackPerson(TEAM, people[-1]), [channel])

    pages = sandbox.context.call_counts["conversations.members"] - before
    assert list(readers) == [channel]
    assert list(rights.readable(SlackPerson(TEAM, "U0OUTSIDER"), [channel])) == []
    assert 25 <= pages <= 30
    assert set(people) <= set(directory.members(TEAM, channel))


def test_what_slack_does_not_say_is_an_error(directory):
    with pytest.raises(PathError, match="channel_not_found"):
        directory.channel_info(TEAM, "C0NOWHERE")


def test_a_shared_file_comes_with_its_bytes_and_only_up_to_a_size(directory, sandbox):
    file = sandbox.actor("ada").upload("general", "a.md", "# A\n\nOne.")["id"]
    got = directory.shared_file(TEAM, file, 100)
    assert (got.name, got.data, got.user) == ("a.md", b"# A\n\nOne.", seed_data.user_id("ada"))

    with pytest.raises(PathError, match="at most"):
        directory.shared_file(TEAM, file, 3)


def test_the_token_is_sent_to_slack_s_own_hosts_only(directory, sandbox):
    file = sandbox.actor("ada").upload("general", "b.md", "# B")["id"]

    def elsewhere():
        sandbox.workspace.files[file]["url_private"] = "https://evil.example/b.md"

    sandbox.call(elsewhere)
    with pytest.raises(PathError, match="it is not stored at Slack"):
        directory.shared_file(TEAM, file, 100)


@pytest.mark.parametrize(
    ("host", "is_slack"),
    [
        ("files.slack.com", True),
        ("files.slack-gov.com", True),
        ("slack-gov.com.evil.example", False),
        ("evilslack-gov.com", False),
    ],
)
def test_files_are_at_slack_or_govslack(host, is_slack):
    assert is_file_host(f"https://{host}/files-pri/T1-F1/a.md") is is_slack
    assert not is_file_host(f"http://{host}/files-pri/T1-F1/a.md")
