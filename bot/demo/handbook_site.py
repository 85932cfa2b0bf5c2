"""Serves the demo's handbook, so that the links of quoted passages lead somewhere."""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from workers.knowledge.formats import slug

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

STYLE = """
body { font: 17px/1.6 system-ui, sans-serif }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem }
:target { background: #ffe9a8 }"""
PAGE = "<!doctype html><meta charset=utf-8><title>{title}</title><style>{style}</style>{body}"


class HandbookSite:
    """A WSGI application: a folder's Markdown files as pages, with an anchor for each heading."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parser = MarkdownIt("commonmark", {"html": False})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Returns the page of that name; 404 for anything that is no file right in the folder."""
        name = environ.get("PATH_INFO", "/").strip("/") or "index"
        # Looked up in the listing, so no path can lead out of the folder.
        files = {path.stem: path for path in self._folder.glob("*.md")}
        if name not in files:
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]

        body = self._render(files[name].read_text("utf-8"))
        page = PAGE.format(title=html.escape(name), style=STYLE, body=body).encode()
        start_response(
            "200 OK",
            [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))],
        )

        return [page]

    def _render(self, markdown: str) -> str:
        tokens = self._parser.parse(markdown)
        # A heading's text is in the token after it.
        for token, inline in pairwise(tokens):
            if token.type == "heading_open":
                token.attrSet("id", slug(inline.content))

        return str(self._parser.renderer.render(tokens, self._parser.options, {}))
