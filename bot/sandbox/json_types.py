"""The type of a JSON object, as Slack's Web API sends and receives them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""Slack's objects are deep and differ by type, so their values are not typed any further."""
