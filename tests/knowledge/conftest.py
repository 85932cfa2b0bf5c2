"""Fixtures that tests of the knowledge base share."""

from __future__ import annotations

from tests.fixtures.knowledge import answer, encoder, folder, index, ingested, member, origin, page

__all__ = ["answer", "encoder", "folder", "index", "ingested", "member", "origin", "page"]
