"""The acting user of an action."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.context import SandboxContext
from bot.sandbox.json_types import Json
from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Person:
    """One human of a sandbox: the context and Slack's user object."""

    context: SandboxContext
    user: Json

    @property
    def id(self) -> str:
        """The user id."""
        return str(self.user["id"])

    @property
    def name(self) -> str:
        """The user name."""
        return str(self.user["name"])

    @property
    def workspace(self) -> Workspace:
        """The workspace in which the person acts."""
        return self.context.workspace
