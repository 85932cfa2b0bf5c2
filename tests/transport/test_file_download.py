"""A file comes from Slack's own hosts only, and a sign-in page is no file."""

from __future__ import annotations

import http.server
import threading
from contextlib import contextmanager

import pytest
from slack_sdk import WebClient

from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.directory import SlackDirectory, parse_file
from bot.transport.file_download import FileSource, download, is_file_host
from router.errors import FileError, PathError

TEAM = seed_data.TEAM_ID


class FileHost:
    """A stand-in of a file host: what it answers each path with, and who asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.tokens: list[str] = []
        self.url = ""
        self.drips = threading.Event()


@contextmanager
def file_host():
    state = FileHost()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Prints nothing."""

        def do_GET(self) -> None:
            state.tokens.append(self.headers.get("Authorization", ""))
            status, headers, body = state.answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def host():
    with file_host() as running:
        yield running


def source(host, path="/files-pri/F1/a.png", media_type="image/png", size=5):
    return FileSource(host.url + path, "xoxb-1", f"{host.url}/api/", media_type, size)


def reason(error) -> str:
    return error.value.reason


def test_a_file_comes_with_the_token(host):
    host.answers["/files-pri/F1/a.png"] = (200, {"Content-Type": "image/png"}, b"bytes")
    assert download(source(host), 5) == b"bytes"
    assert host.tokens == ["Bearer xoxb-1"]


def test_a_file_that_is_larger_than_slack_said_is_not_read_to_its_end(host):
    host.answers["/files-pri/F1/a.png"] = (200, {"Content-Type": "image/png"}, b"x" * 500_000)
    with pytest.raises(FileError) as error:
        download(source(host), 5)
    assert reason(error) == "large"


def test_a_file_that_comes_too_slowly_is_tried_again_later(host):
    host.answers["/files-pri/F1/a.png"] = (200, {"Content-Type": "image/png"}, b"bytes")
    with pytest.raises(PathError) as error:
        download(source(host), 5, seconds=-1.0)
    assert error.value.retry


@pytest.mark.parametrize(
    "location", ["/?redir=%2Ffiles-pri%2FF1", "https://x.slack.com/signin?x=1", "/files.html"]
)
def test_a_redirect_to_the_sign_in_page_is_no_file(host, location):
    host.answers["/files-pri/F1/a.png"] = (302, {"Location": location}, b"")
    with pytest.raises(FileError) as error:
        download(source(host), 100)
    assert reason(error) == "sign_in"
    assert "files:read" in str(error.value)


def test_a_redirect_to_another_file_of_slack_s_is_followed_and_a_circle_ends(host):
    host.answers["/files-pri/F1/a.png"] = (302, {"Location": "/files-pri/F1/b.png"}, b"")
    host.answers["/files-pri/F1/b.png"] = (200, {"Content-Type": "image/png"}, b"bytes")
    assert download(source(host), 5) == b"bytes"

    host.answers["/files-pri/F1/b.png"] = (302, {"Location": "/files-pri/F1/a.png"}, b"")
    with pytest.raises(FileError):
        download(source(host), 5)


def test_no_redirect_takes_the_token_to_another_host(host):
    with file_host() as other:
        target = {"Location": f"{other.url}/files-pri/F1/a.png"}
        host.answers["/files-pri/F1/a.png"] = (302, target, b"")
        other.answers["/files-pri/F1/a.png"] = (200, {}, b"bytes")
        with pytest.raises(FileError) as error:
            download(source(host), 5)
        assert reason(error) == "elsewhere"
        assert other.tokens == []


def test_a_page_is_a_file_only_where_a_page_was_shared(host):
    page = (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Sign in</html>")
    host.answers["/files-pri/F1/a.png"] = page
    for media_type, size in (("image/png", 20), ("text/plain", 20), ("text/html", 999)):
        with pytest.raises(FileError) as error:
            download(source(host, media_type=media_type, size=size), 100)
        assert reason(error) == "sign_in"

    assert download(source(host, media_type="text/html", size=20), 100) == page[2]


@pytest.mark.parametrize(
    ("status", "why"), [(401, "sign_in"), (403, "sign_in"), (404, "gone"), (410, "gone")]
)
def test_slack_s_refusals_are_told_apart(host, status, why):
    host.answers["/files-pri/F1/a.png"] = (status, {}, b"")
    with pytest.raises(FileError) as error:
        download(source(host), 5)
    assert reason(error) == why


OWN = [
    "https://files.slack.com/files-pri/T1-F1/a.png",
    "https://files.slack-gov.com/files-pri/T1-F1/a.png",
    "https://acme.enterprise.slack.com/files-pri/T1-F1/a.png",
    "https://slack.com/files-pri/T1-F1/a.png",
    "https://files.slack.com:443/files-pri/T1-F1/a.png",
]
FOREIGN = [
    "http://files.slack.com/files-pri/a.png",
    "https://slack.com.evil.example/a.png",
    "https://evilslack.com/a.png",
    "https://evil.example/files.slack.com/a.png",
    "https://files.slack.com@evil.example/a.png",
    "https://user@files.slack.com/a.png",
    "https://files.slack.com:8443/a.png",
    "https://files.slack.com:x/a.png",
    "https://[::1/a.png",
    "file:///etc/passwd",
    "https://docs.google.com/document/1",
    "https://127.0.0.1/a.png",
    "",
]


@pytest.mark.parametrize("url", OWN)
def test_the_token_goes_to_slack_s_file_hosts(url):
    assert is_file_host(url)


@pytest.mark.parametrize("url", FOREIGN)
def test_the_token_goes_to_no_other_host(url):
    with pytest.raises(FileError) as error:
        download(FileSource(url, "xoxb-1", "https://slack.com/api/", "", 0), 5)
    assert reason(error) == "elsewhere"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(SandboxConfig()) as running:
        yield running


def directory(sandbox, token=None):
    client = WebClient(
        token=token or sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[], timeout=60
    )
    return SlackDirectory(lambda _: client)


def test_a_file_of_the_workspace_is_described_and_fetched(sandbox):
    key = sandbox.actor("ada").upload("general", "a.png", b"\x89PNG", stub=True)["id"]
    info = directory(sandbox).file_info(TEAM, key)
    assert (info.name, info.media_type, info.size) == ("a.png", "image/png", 4)
    assert info.channels == {sandbox.actor("ada").channel("general")}
    assert directory(sandbox).file_data(TEAM, info, 100) == b"\x89PNG"
    with pytest.raises(FileError) as error:
        directory(sandbox).file_data(TEAM, info, 3)
    assert reason(error) == "large"


def test_a_token_without_the_scope_is_noticed_at_both_places(sandbox):
    key = sandbox.actor("ada").upload("general", "b.png", b"\x89PNG")["id"]
    info = directory(sandbox).file_info(TEAM, key)
    sandbox.call(lambda: sandbox.context.tokens.add("xoxb-poor", "bot", ("chat:write",)))
    poor = directory(sandbox, "xoxb-poor")
    for ask in (lambda: poor.file_info(TEAM, key), lambda: poor.file_data(TEAM, info, 100)):
        with pytest.raises(FileError) as error:
            ask()
        assert reason(error) == "sign_in"


def test_a_file_of_a_channel_without_beagle_is_not_to_be_seen(sandbox):
    ada = sandbox.actor("ada")
    leads, user = ada.channel("leads"), ada.id
    sandbox.call(lambda: sandbox.workspace.set_members(leads, [user]))
    key = ada.upload("leads", "c.png", b"\x89PNG")["id"]
    for missing in (key, "F0NOWHERE"):
        with pytest.raises(FileError) as error:
            directory(sandbox).file_info(TEAM, missing)
        assert reason(error) == "gone"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"mode": "tombstone"}, "gone"),
        ({"mode": "hidden_by_limit"}, "gone"),
        ({"file_access": "access_denied"}, "gone"),
        ({"file_access": "file_not_found"}, "gone"),
        ({"is_external": True, "url_private": "https://docs.google.com/x"}, "elsewhere"),
        ({}, "elsewhere"),
    ],
)
def test_a_file_object_without_a_file_behind_it_is_told_apart(fields, why):
    with pytest.raises(FileError) as error:
        parse_file("F1", {"id": "F1", "name": "x", **fields})
    assert reason(error) == why
