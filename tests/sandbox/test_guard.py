"""The sandbox answers its owner only, with headers that keep foreign content out."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote, urlsplit

import pytest
from aiohttp import web

from bot.sandbox.actor import Actor
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.sandbox.web.guard import OWN_PATHS, STRICT_HEADERS, TOKEN_HEADER
from bot.sandbox.workspace_proxy import WorkspaceProxy

SAMPLES = {"method": "auth.test", "channel": "C0GENERAL00", "digits": "1700000000000000"}
POLICY_PARTS = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")


class Answer:
    """What the server sent: status, headers and the beginning of the body."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        is_stream = response.headers.get_content_type() == "text/event-stream"
        self.text = "" if is_stream else response.read(20_000).decode("utf-8", "replace")


def ask(url: str, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
    address = urlsplit(url)
    with closing(http.client.HTTPConnection("127.0.0.1", address.port, timeout=60)) as connection:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, fields)
        return Answer(connection.getresponse())


def paths(app: web.Application) -> Iterator[tuple[str, str]]:
    """Every route's method and a path that it answers."""
    for route in app.router.routes():
        assert route.resource is not None
        path = re.sub(
            r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\})?)?\}",
            lambda match: SAMPLES.get(match[1], "x"),
            route.resource.canonical,
        )
        path = path.replace("/p{digits}", f"/p{SAMPLES['digits']}")
        for method in ("GET", "POST") if route.method == "*" else (route.method,):
            yield method, path


def assert_strict(answer: Answer) -> None:
    policy = answer.headers["Content-Security-Policy"] or ""
    assert not [part for part in POLICY_PARTS if part not in policy]
    assert "unsafe" not in policy
    for name, value in STRICT_HEADERS.items():
        if name != "Content-Security-Policy":
            assert answer.headers[name] == value


def test_every_answer_of_every_route_has_the_strict_headers(sandbox: Sandbox) -> None:
    routes = list(paths(sandbox.build_app()))
    token = {TOKEN_HEADER: sandbox.context.page_token, "Content-Type": "application/json"}
    tried = [*routes, ("GET", "/nowhere"), ("PUT", "/"), ("DELETE", "/sandbox/state")]

    assert {"/", "/sandbox/state", "/oauth/v2/authorize", "/api/auth.test"} <= {p for _, p in tried}
    for method, path in tried:
        for headers in ({}, token, {"Host": "evil.example"}, {"Origin": "null"}):
            body = "{}" if method == "POST" else None
            assert_strict(ask(sandbox.url, method, path, body, **headers))


def test_the_address_of_several_workspaces_has_them_too(sandbox: Sandbox) -> None:
    with WorkspaceProxy() as proxy:
        proxy.sandboxes.append(sandbox)
        for method, path in [*paths(proxy.build_app()), ("GET", "/nowhere")]:
            assert_strict(ask(proxy.url, method, path, "" if method == "POST" else None))

        chosen = ask(proxy.url, "GET", f"/oauth/v2/authorize?team={sandbox.workspace.team['id']}")
        assert chosen.status == 200
        assert_strict(chosen)


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 32])
def test_nobody_without_this_runs_token_reads_or_acts(
    sandbox: Sandbox, ada: Actor, token: str
) -> None:
    own = [(m, p) for m, p in paths(sandbox.build_app()) if p.startswith(OWN_PATHS)]
    assert len(own) >= 9
    for method, path in own:
        body = json.dumps({"user": "ada", "channel": "general", "text": "owned"})
        headers = {"Content-Type": "application/json", TOKEN_HEADER: quote(token)}
        for place in (path, f"{path}?token={quote(token)}"):
            answer = ask(sandbox.url, method, place, body if method == "POST" else None, **headers)
            assert answer.status == 403
            assert method == "HEAD" or json.loads(answer.text)["error"] == "no_token"

    assert sandbox.call(lambda: len(sandbox.workspace.messages["C0GENERAL00"])) == 0


def test_every_route_of_the_page_needs_the_token_or_one_of_slacks(sandbox: Sandbox) -> None:
    # A new route must be sorted into one of these.
    static = re.compile(r"/(static/.*|favicon\.ico)?")
    slacks_own = re.compile(r"/(api|link|actions|upload|oauth|archives|files-pri)/.*")
    for _, path in paths(sandbox.build_app()):
        assert static.fullmatch(path) or slacks_own.fullmatch(path) or path.startswith(OWN_PATHS)


def test_each_run_has_a_token_of_its_own_which_no_text_shows(sandbox: Sandbox) -> None:
    other = Sandbox(SandboxConfig())

    assert other.context.page_token != sandbox.context.page_token
    assert len(sandbox.context.page_token) >= 32
    assert sandbox.context.page_token not in repr(sandbox.context)
    assert sandbox.page_url == f"{sandbox.url}#token={sandbox.context.page_token}"


def test_keys_of_slacks_own_addresses_cannot_be_guessed(sandbox: Sandbox) -> None:
    # Two sandboxes with one seed are alike in everything else.
    twin = Sandbox(SandboxConfig())
    for kind in ("response", "oauth", "socket", "upload"):
        ours = sandbox.call(lambda kind=kind: sandbox.context.short_lived_tokens.issue(kind))
        assert ours != twin.context.short_lived_tokens.issue(kind)


def test_a_file_is_for_the_bot_and_the_owner(sandbox: Sandbox, ada: Actor) -> None:
    ada.upload("general", "notes.txt", "secret words")
    file = sandbox.call(lambda: next(iter(sandbox.workspace.files.values())))
    path = urlsplit(file["url_private"]).path

    assert ask(sandbox.url, "GET", path).status == 302
    # Slack gives a wrong token its sign-in page, and calls that a success.
    refused = ask(sandbox.url, "GET", path, Authorization="Bearer x")
    assert (refused.status, "Sign in" in refused.text) == (200, True)
    assert "secret words" not in refused.text
    assert ask(sandbox.url, "GET", f"{path}?token={sandbox.context.page_token}").status == 200
    assert ask(sandbox.url, "GET", path, Authorization=f"Bearer {sandbox.bot_token}").status == 200


REDIRECTS = [
    "javascript://127.0.0.1/%0aalert(1)",
    "JavaScript://localhost/%0aalert(1)",
    "data://127.0.0.1/,x",
    "vbscript://127.0.0.1/",
    "file://localhost/etc/passwd",
    "//127.0.0.1/",
    "/there",
    "http:127.0.0.1",
    "http:///there",
    "http://127.0.0.1@evil.example/",
    "http://evil.example:80@127.0.0.1/",
    "http://127.0.0.1.evil.example/",
    "http://evil.example/127.0.0.1",
    "http://127.0.0.1\\@evil.example/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:x/",
    "http://[::1/",
    "\x01http://127.0.0.1/",
    " http://127.0.0.1/",
    "java\nscript://127.0.0.1/",
    "ht\ttp://127.0.0.1/",
    "http://①②⑦.0.0.1/",
]


@pytest.mark.parametrize("address", REDIRECTS)
def test_the_consent_page_leads_to_pages_of_this_machine_only(
    sandbox: Sandbox, address: str
) -> None:
    answer = ask(sandbox.url, "GET", f"/oauth/v2/authorize?redirect_uri={quote(address, safe='')}")

    assert (answer.status, answer.text) == (400, "bad_redirect_uri")


@pytest.mark.parametrize(
    "address", ["", "http://127.0.0.1:3000/slack", "https://localhost/x", "http://[::1]:80/"]
)
def test_the_consent_page_leads_back_to_the_app(sandbox: Sandbox, address: str) -> None:
    answer = ask(sandbox.url, "GET", f"/oauth/v2/authorize?redirect_uri={quote(address, safe='')}")

    assert answer.status == 200
    assert f'<a href="{address}?code=' in answer.text


def test_where_nobody_may_install_the_consent_page_gives_no_code() -> None:
    with Sandbox(SandboxConfig(installs=False)) as demo:
        answer = ask(demo.url, "GET", "/oauth/v2/authorize")

    assert (answer.status, answer.text) == (403, "installing_disabled")
