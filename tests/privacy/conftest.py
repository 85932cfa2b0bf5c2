"""Fixtures that tests of privacy share."""

from __future__ import annotations

from tests.fixtures.knowledge import encoder, index, member, page

__all__ = ["encoder", "index", "member", "page"]
