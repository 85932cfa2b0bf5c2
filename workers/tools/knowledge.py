"""Searches the documents that everybody who reads the answer may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.knowledge.retrieval import format_passages, search
from workers.tools import ToolCall, ToolError

HELP = "Searches the company's documents for a few words and gives the best passages, numbered."
ARGUMENTS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"query": {"type": "string", "maxLength": 120}},
    "required": ["query"],
    "additionalProperties": False,
}
READ_ONLY = True
TOP = 3


def run(call: ToolCall) -> str:
    """Returns passages, numbered on from those of earlier calls for the same answer."""
    query = str(call.args.get("query", "")).strip()
    if not query:
        raise ToolError("the query is empty; give a few words")

    # The model may search several times; a passage keeps its first number.
    known = {hit.chunk for hit in call.hits}
    hits = search(call.context, query, None, call.work, TOP)

    new = [hit for hit in hits if hit.chunk not in known]
    if not new:
        return "Nothing new was found."

    first_number = len(call.hits) + 1
    call.hits.extend(new)

    texts = []
    for number, hit in enumerate(new, first_number):
        texts.append(format_passages([hit]).replace("[1]", f"[{number}]", 1))

    return "\n\n".join(texts)
