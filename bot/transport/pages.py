"""Lists of Slack's that come in pages, each of which says where the next one begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def pages(method: Callable[..., Any], most: int, **arguments: Any) -> Iterator[Any]:
    """Yields the pages that a listing method of Slack's returns: all of them, or `most`."""
    cursor = ""
    for _ in range(most):
        page = method(cursor=cursor, **arguments)
        yield page
        cursor = next_cursor(page)
        if not cursor:
            return


def next_cursor(page: Any) -> str:
    """Returns where the next page begins; empty after the last one."""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
