"""A folder of command files as a Typer group: a file's name is the word that a person types.

A module with a function `main` is a command. A module or sub-package with a constant `GROUP`, the
name of a package, is a group of the commands in that package. Anything else is no command.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

TYPER_OPTIONS: dict[str, Any] = {"add_completion": False, "pretty_exceptions_enable": False}


def command_names(package: str) -> dict[str, str]:
    """Returns a package's commands with the first line of their help, without importing them."""
    names = {}
    folder = importlib.import_module(package)
    for module in pkgutil.iter_modules(folder.__path__):
        if module.name.startswith("_"):
            continue

        spec = importlib.util.find_spec(f"{package}.{module.name}")
        if spec is None or spec.origin is None:
            continue

        tree = ast.parse(Path(spec.origin).read_text("utf-8"))
        documented = _documented(tree)
        if documented is not None:
            names[module.name] = (ast.get_docstring(documented) or "").partition("\n")[0]

    return names


def command_group(
    package: str, help_text: str, options: Callable[..., None] | None = None
) -> typer.Typer:
    """Returns the Typer group of a folder; it imports a command's file when the command runs.

    `options` declares what may stand before the command.
    """
    group = type("Group", (CommandFolder,), {"package": package})
    app = typer.Typer(cls=group, help=help_text, no_args_is_help=True, **TYPER_OPTIONS)
    app.callback()(options or _no_options)
    return app


class CommandFolder(TyperGroup):
    """A group that knows its commands by their files and imports only the one that runs."""

    package: ClassVar[str]

    @cached_property
    def names(self) -> dict[str, str]:
        """The commands and their help lines; reading the files of a folder takes some time."""
        return command_names(self.package)

    def list_commands(self, ctx: Any) -> list[str]:
        """Returns the names of all commands in alphabetical order."""
        return sorted(self.names)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a command with a name and a help line only: enough for `--help`."""
        cmd_name = _file_name(cmd_name)
        if cmd_name not in self.names:
            return None

        return TyperCommand(cmd_name, help=self.names[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Returns the command to run, imported now; an error names those like an unknown one."""
        name = _file_name(args[0]) if args else ""
        if name in self.names:
            return args[0], _load(self.package, name, self.names[name]), args[1:]

        # Typer suggests from this mapping, which is empty here because nothing was registered.
        self.commands = {name: TyperCommand(name) for name in self.names}
        return super().resolve_command(ctx, args)


def _file_name(word: str) -> str:
    """Returns the file of a typed word: a hyphen, as in `import-dspy`, is an underscore there."""
    return word.replace("-", "_")


def _load(package: str, name: str, help_text: str) -> Any:
    module = importlib.import_module(f"{package}.{name}")
    group = getattr(module, "GROUP", None)
    if group is not None:
        return get_command(command_group(group, help_text))

    single = typer.Typer(**TYPER_OPTIONS)
    single.command(name=name)(module.main)
    return get_command(single)


def _documented(tree: ast.Module) -> ast.Module | ast.FunctionDef | None:
    """Returns the node whose docstring is the command's help; None in another module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "main":
            return node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GROUP":
            return tree

    return None


def _no_options() -> None:
    """Does nothing: a group has no options, but Typer recognises a group by its callback."""
