"""Searches the team's documents, as far as everybody who reads the answer may read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.knowledge.retrieval import found, passages
from workers.tools import ToolError, Use

HELP = "Searches the company's documents for a few words and gives the best passages, numbered."
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"query": {"type": "string", "maxLength": 120}},
    "required": ["query"],
    "additionalProperties": False,
}
READ_ONLY = True
TOP = 3


def run(use: Use) -> str:
    """The passages, numbered on from those found before in the same answer."""
    query = str(use.args.get("query", "")).strip()
    if not query:
        raise ToolError("the query is empty; give a few words")
    if use.context.search is None:
        raise ToolError("no documents have been read into this workspace")

    known = {hit.chunk for hit in use.hits}
    hits = found(use.context, query, None, use.work.request, TOP)

    fresh = [hit for hit in hits if hit.chunk not in known]
    if not fresh:
        return "Nothing new was found."

    start = len(use.hits)
    use.hits.extend(fresh)
    return "\n\n".join(
        passages([hit]).replace("[1]", f"[{number}]", 1)
        for number, hit in enumerate(fresh, start + 1)
    )
