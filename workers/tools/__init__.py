"""What a model may use while it answers: one file a tool, its name is the tool's."""

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
class Use:
    """One use of a tool: for whom, with which arguments. Passages it finds go to `hits`, so that they can be cited.

    `key` is the same each time when one confirmed use is tried again: what a writing tool does
    happens once for it.
    """

    context: Context
    work: Work
    args: Mapping[str, Any]
    hits: list[Hit] = field(default_factory=list)
    key: str = ""


class ToolError(ValueError):
    """The tool cannot do that; the message is for the model, which may try something else."""


class Tool(Protocol):
    """A module of this folder.

    `HELP` tells the model in one sentence what it gives, `ARGUMENTS` is the strict JSON Schema of
    its arguments, `READ_ONLY` says that using it changes nothing; only such tools are run without a
    person's consent. One that changes something has `propose` as well.
    """

    HELP: str
    ARGUMENTS: Mapping[str, Any]
    READ_ONLY: bool

    def run(self, use: Use) -> str:
        """What was found, as text. Sees only what the readers of the answer may see. Raises ToolError."""
        ...


class WritingTool(Tool, Protocol):
    """A tool that changes something. `run` comes after a person's yes, maybe twice: it acts once for each `Use.key`."""

    def propose(self, use: Use) -> str:
        """What would be done, as the person reads it who decides; nothing is changed. Raises ToolError."""
        ...


def tool_names() -> list[str]:
    """The tools there are, in alphabetical order."""
    return sorted(
        file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_")
    )


def get_tool(name: str) -> Tool:
    """The tool of that name. Raises PathError naming the tools there are."""
    if name not in tool_names():
        raise PathError(
            f"using tool {name!r}: there is none; known: {', '.join(tool_names())}; correct the route's `tools`",
            retry=False,
        )

    return cast(Tool, import_module(f"{__name__}.{name}"))
