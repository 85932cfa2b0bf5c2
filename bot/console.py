"""The terminal for commands: people's, models' and files' words cannot control it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

from router.text.printable import printable


class CleanConsole(Console):
    """Rich's console; each text is printable before rich adds its own styles."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Prints like rich; texts cannot hold control characters."""
        super().print(*map(_clean, objects), **options)


class CleanProgress(Progress):
    """A progress bar on standard error whose descriptions are printable, and no markup."""

    def __init__(self) -> None:
        super().__init__(transient=True, console=CleanConsole(stderr=True))

    def add_task(self, description: str, *arguments: Any, **options: Any) -> TaskID:
        """Adds a task like rich."""
        return super().add_task(_plain(description), *arguments, **options)

    def update(self, task_id: TaskID, **options: Any) -> None:
        """Updates a task like rich."""
        description = options.get("description")
        if description is not None:
            options["description"] = _plain(description)

        super().update(task_id, **options)


def _clean(value: Any) -> Any:
    return printable(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    # A description is one line of markup.
    return " ".join(printable(text).split()).replace("[", "\\[")
