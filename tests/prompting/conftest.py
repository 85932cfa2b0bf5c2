"""What tests of prompting share."""

from __future__ import annotations

from tests.fixtures.delivery import make_context

__all__ = ["make_context"]
