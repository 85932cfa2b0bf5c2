"""What a model may use while it answers: one file per tool, its name is the tool's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from router.errors import PathError
from router.index import Hit
from workers.context import Context, Work


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool: for which request, with which arguments.

    The tool appends the passages it finds to `hits`, so that the answer can cite them. `key` is the
    idempotency key of a confirmed call: the same for each try.
    """

    context: Context
    work: Work
    args: Mapping[str, Any]
    hits: list[Hit] = field(default_factory=list)
    key: str = ""


@dataclass(frozen=True, slots=True)
class ToolProposal:
    """A change that waits for a person: the summary they read, the arguments `run` will get.

    What depends on the thread or the time is worked out here, so that `run` does what was read.
    """

    summary: str
    args: Mapping[str, Any]


class ToolError(ValueError):
    """The tool cannot do that; the message is for the model, which may try something else."""


class Tool(Protocol):
    """A module of this folder.

    `HELP` tells the model in one sentence what it gives, `ARGUMENTS` is the strict JSON Schema of
    its arguments. `READ_ONLY` says that it changes nothing; only such tools run without a person's
    consent. The others are a `WritingTool`.
    """

    HELP: str
    ARGUMENTS: Mapping[str, Any]
    READ_ONLY: bool

    def run(self, call: ToolCall) -> str:
        """Returns the result as text, from what every reader of the answer may see.

        Raises ToolError.
        """
        ...


class WritingTool(Tool, Protocol):
    """A tool that changes something.

    Its `run` is called after a person's consent, maybe twice, and acts once for each `key`.
    """

    def propose(self, call: ToolCall) -> ToolProposal:
        """Returns the change for the person who decides, and changes nothing. Raises ToolError."""
        ...


def tool_names() -> list[str]:
    """Returns the names of all tools in alphabetical order."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if not file.stem.startswith("_"))


def get_tool(name: str) -> Tool:
    """Returns the tool of that name. Raises PathError naming the known tools."""
    if name not in tool_names():
        raise PathError(
            f"using tool {name!r}: there is none; known: {', '.join(tool_names())}; "
            "correct the route's `tools`",
            retry=False,
        )

    return cast(Tool, import_module(f"{__name__}.{name}"))
