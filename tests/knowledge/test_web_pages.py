"""Web pages: only public addresses, checked after DNS lookup and after each redirect."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workers.knowledge.formats import SourceError
from workers.knowledge.ingest import DocumentOrigin
from workers.knowledge.ingest_web_pages import PageReading, ingest_pages
from workers.knowledge.sources import web
from workers.knowledge.sources.web import FetchedPage, Validators, check_url, fetch, is_public

INWARD = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.5",
    "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
    "2001:db8::1", "fd00:ec2::254",
    "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "::ffff:0:7f00:1", "::ffff:0:808:808",
    "fec0::1", "feff::1", "192.0.0.8", "192.0.0.1", "192.0.0.170", "192.88.99.1",
    "::808:808", "100::1", "5f00::1", "3fff::1", "2001:20::1", "2001:10::1", "4000::1",
    "2001:0:7f00:1::", "2001:0:808:808:0:0:80ff:fffe", "::ffff:192.0.0.8", "2002:c058:6301::",
]  # fmt: skip

REFUSED = [
    "file:///etc/passwd", "ftp://example.com/", "gopher://example.com", "javascript:alert(1)",
    "data:text/html,x", "//x.y", "http://", "http:///x",
    "https://user@example.com/", "https://user:pass@example.com/",
    "http://example.com:22/", "http://example.com:6379/", "http://example.com:99999/",
    "http://example.com:x/", "http://exa mple.com/",
    "http://example.com\\@evil.example/", "http://example.com/\r\nHost: x",
    "http://[::1", "http://[v1.x]/", "",
    "https://example.com:443\\.evil.example",
]  # fmt: skip

SPELLINGS = [
    "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/", "http://localhost/",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:0:0:1]/", "http://127.0.0.1./",
]  # fmt: skip


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        if self.headers.get("If-None-Match", "-") == headers.get("ETag"):
            status, body = 304, b""
        self.send_response(status)

        for name, value in headers.items():
            self.send_header(name, value)

        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def site(monkeypatch):
    """A loopback site that counts as public under any name on port 80."""
    server = HTTPServer(("127.0.0.1", 0), Site)
    server.pages = {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setattr(
        "workers.knowledge.sources.web.PORTS", {"http": server.server_port, "https": 443}
    )
    yield server.pages
    server.shutdown()
    thread.join()
    server.server_close()


NONE = Validators()


def get(url, addresses=("127.0.0.1",), known=NONE):
    return fetch(url, known, lambda host, port: addresses, lambda address: address == "127.0.0.1")


@pytest.mark.parametrize("address", INWARD)
def test_an_inward_address_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"]
)
def test_an_address_of_the_open_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("url", REFUSED)
def test_a_strange_address_is_refused_unasked(url):
    with pytest.raises(SourceError):
        check_url(url)


@pytest.mark.parametrize("url", SPELLINGS)
def test_every_spelling_of_this_machine_is_refused(url):
    with pytest.raises(SourceError):
        fetch(url)


def test_one_inward_address_among_many_is_enough_to_refuse():
    with pytest.raises(SourceError, match=r"169\.254\.169\.254"):
        fetch(
            "http://example.com/",
            Validators(),
            lambda host, port: ["93.184.216.34", "169.254.169.254"],
        )


def test_a_page_is_read(site):
    site["/a"] = (200, {"Content-Type": "text/html; charset=utf-8"}, b"<p>tide")
    page = get("http://example.com/a")
    assert (page.data, page.suffix) == (b"<p>tide", ".html")


def test_a_page_that_has_not_changed_is_not_sent_again(site):
    headers = {"Content-Type": "text/html", "ETag": '"v1"'}
    site["/a"] = (200, headers, b"<p>tide")
    first = get("http://example.com/a")
    again = get("http://example.com/a", known=first.validators)
    site["/a"] = (200, headers | {"ETag": '"v2"'}, b"<p>ebb")

    assert (again.is_unchanged, again.data, again.validators) == (True, b"", first.validators)
    assert get("http://example.com/a", known=first.validators).data == b"<p>ebb"


def test_the_mark_of_one_page_is_not_shown_to_another(site):
    site["/a"] = (302, {"Location": "/b"}, b"")
    site["/b"] = (200, {"Content-Type": "text/html", "ETag": '"v1"'}, b"<p>tide")
    known = Validators("http://example.com/elsewhere", '"v1"', "")

    assert get("http://example.com/a", known=known).data == b"<p>tide"


@pytest.mark.parametrize("mark", ["x" * 257, "a\x80b"])
def test_an_odd_mark_is_forgotten(mark):
    assert web._validator(mark) == ""


def test_a_server_that_says_unchanged_unasked_is_refused(site):
    site["/a"] = (304, {}, b"")

    with pytest.raises(SourceError, match="status 304"):
        get("http://example.com/a")


def test_the_connection_goes_to_the_address_that_was_checked(site):
    site["/a"] = (200, {"Content-Type": "text/plain"}, b"x")
    asked = []

    def look_up(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    fetch("http://rebind.example/a", Validators(), look_up, lambda address: address == "127.0.0.1")
    assert asked == ["rebind.example"]


def test_a_redirect_inward_is_refused(site):
    site["/a"] = (302, {"Location": "http://metadata.example/"}, b"")

    def look_up(host, port):
        return ["169.254.169.254"] if host == "metadata.example" else ["127.0.0.1"]

    with pytest.raises(SourceError, match="not on the open internet"):
        fetch("http://example.com/a", Validators(), look_up, lambda address: address == "127.0.0.1")


def test_a_redirect_to_a_file_is_refused(site):
    site["/a"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(SourceError, match="only http and https"):
        get("http://example.com/a")


def test_a_circle_of_redirects_ends(site):
    site["/a"] = (302, {"Location": "/a"}, b"")
    with pytest.raises(SourceError, match="redirects"):
        get("http://example.com/a")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, {}, b""), "status 404"),
        ((200, {"Content-Type": "image/png"}, b"x"), "image/png"),
        ((200, {"Content-Type": "text/html"}, b"x" * (5 * 1024 * 1024 + 1)), "larger than"),
    ],
)
def test_what_is_no_page_is_refused(site, answer, why):
    site["/a"] = answer
    with pytest.raises(SourceError, match=why):
        get("http://example.com/a")


def test_listed_pages_are_found_and_pruned_when_no_longer_listed(index, member):
    pages = {
        "https://a.example/x": b"<h1 id=tides>Tides</h1><p>High tide at noon.",
        "https://a.example/y": b"<p>Low tide at six.",
    }

    def fetch_page(url, known):
        if url not in pages:
            raise SourceError(f"fetching {url!r}: status 503")
        return FetchedPage(url, pages[url], ".html")

    def ingest(*urls):
        reading = PageReading(0.0, fetch_page)
        return ingest_pages(index, urls, DocumentOrigin("T1", "web"), reading)[0]

    assert ingest(*pages).changed == 2
    assert index.search("high tide", None, member)[0].url == "https://a.example/x#tides"
    assert ingest(*pages).changed == 0
    del pages["https://a.example/y"]
    kept = ingest("https://a.example/x", "https://a.example/y")
    assert (len(kept.skipped), kept.pruned) == (1, 0)
    assert ingest("https://a.example/x").pruned == 1


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
BEGINNINGS = {
    "the status line": b"HTTP/1.1 2",
    "a header": HEADERS + b"X-Long: ",
    "a body without a length": HEADERS + b"\r\n",
    "a body with a length": HEADERS + b"Content-Length: 4000\r\n\r\n",
    "a chunked body": HEADERS + b"Transfer-Encoding: chunked\r\n\r\n4000\r\n",
}


@pytest.fixture
def drip(monkeypatch):
    """A server that sends a beginning and then a byte now and then, far inside every time-out."""
    stopped = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(
        "workers.knowledge.sources.web.PORTS", {"http": server.getsockname()[1], "https": 443}
    )

    def serve(beginning):
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(beginning)
            for _ in range(4000):
                if stopped.wait(0.02):
                    return

                connection.sendall(b"a")

    threads = []

    def start(beginning):
        threads.append(threading.Thread(target=serve, args=(beginning,)))
        threads[-1].start()

    yield start
    stopped.set()
    for thread in threads:
        thread.join()

    server.close()


@pytest.mark.parametrize("name", sorted(BEGINNINGS))
def test_a_server_that_never_ends_is_left_after_the_deadline(drip, name):
    drip(BEGINNINGS[name])

    with pytest.raises(SourceError, match="it took too long"):
        fetch("http://example.com/", Validators(), lambda *_: ["127.0.0.1"], lambda _: True, 0.3)


def test_a_deadline_holds_for_all_redirects_together(site):
    site["/a"] = (302, {"Location": "/a"}, b"")

    with pytest.raises(SourceError, match=r"took too long|timed out"):
        fetch("http://example.com/a", Validators(), lambda *_: ["127.0.0.1"], lambda _: True, 0.0)


def test_a_page_is_read_in_the_encoding_and_format_that_its_server_and_name_say(index, member):
    headers = {
        "content-type": "text/html; charset=Shift_JIS",
        "last-modified": "Wed, 01 May 2024 00:00:00 GMT",
    }
    pages = {
        "https://a.example/x": web._page(
            "https://a.example/x", headers, "<h1>X</h1><p>酒店費用は八百元。".encode("shift_jis")
        ),
        "https://a.example/notes.md": web._page(
            "https://a.example/notes.md", {"content-type": "text/plain"}, b"# Notes\n\nHigh tide."
        ),
    }

    reading = PageReading(9.0, lambda url, known: pages[url])
    ingest_pages(index, list(pages), DocumentOrigin("T1", "web"), reading)

    page = index.search("酒店費用", None, member)[0]
    assert (page.body, page.updated_at) == ("酒店費用は八百元。", 1714521600.0)
    assert index.search("tide", None, member)[0].title == "Notes"


def test_a_page_to_sign_in_is_left_out_and_named(index):
    page = FetchedPage("https://a.example/x", b"<p>Log in<input type=password>", ".html")

    reading = PageReading(9.0, lambda url, known: page)
    summary, _ = ingest_pages(index, [page.url], DocumentOrigin("T1", "web"), reading)

    assert "sign in" in summary.skipped[0][1]
