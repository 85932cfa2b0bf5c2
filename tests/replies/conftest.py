"""Fixtures that tests of replies share."""

from __future__ import annotations

from tests.fixtures.delivery import make_context, post_request, replies, sandbox

__all__ = ["make_context", "post_request", "replies", "sandbox"]
