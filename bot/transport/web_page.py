"""The HTML of the pages for a browser: a heading, a text and links. No script, style or image."""

from __future__ import annotations

import html
from collections.abc import Mapping
from types import MappingProxyType

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": (
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # The address of the last page holds Slack's code and our state.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
)
"""The headers of every page."""


def render_page(title: str, text: str, *links: tuple[str, str]) -> str:
    """Returns the page. `links` are pairs of an address and its words; all texts are escaped."""
    paragraphs = [f"<p>{html.escape(text)}</p>"]
    for address, words in links:
        paragraphs.append(f'<p><a href="{html.escape(address)}">{html.escape(words)}</a></p>')

    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title>"
    )
    body = f"<h1>{html.escape(title)}</h1>{''.join(paragraphs)}"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'
