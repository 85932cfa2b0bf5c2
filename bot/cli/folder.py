"""Folders of command files as a Typer group: a file's name is the word that a person types.

A module with a function `main` is a command. A module or sub-package with a constant `GROUP`, the
names of packages, is a group of the commands in those packages. Anything else is no command.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

TYPER_OPTIONS: dict[str, Any] = {"add_completion": False, "pretty_exceptions_enable": False}


@dataclass(frozen=True)
class Command:
    """A command's module, and the first line of its help."""

    module: str
    help_line: str


def commands_of(*packages: str) -> dict[str, Command]:
    """Returns the commands in some packages by their names, without importing them."""
    commands = {}
    for package in packages:
        folder = importlib.import_module(package)
        for file in pkgutil.iter_modules(folder.__path__, f"{package}."):
            name = file.name.rpartition(".")[2]
            help_line = None if name.startswith("_") else _help_line(file.name)
            if help_line is not None:
                commands[name] = Command(file.name, help_line)

    return commands


def command_group(
    packages: Sequence[str], help_text: str, options: Callable[..., None] | None = None
) -> typer.Typer:
    """Returns the Typer group of some folders; it imports a command's file when the command runs.

    `options` declares what may stand before the command.
    """
    group = type("Group", (CommandFolder,), {"packages": packages})
    app = typer.Typer(cls=group, help=help_text, no_args_is_help=True, **TYPER_OPTIONS)
    app.callback()(options or _no_options)
    return app


class CommandFolder(TyperGroup):
    """A group that knows its commands by their files and imports only the one that runs."""

    packages: ClassVar[Sequence[str]]

    @cached_property
    def by_name(self) -> dict[str, Command]:
        """The commands by their names; reading the files of a folder takes some time."""
        return commands_of(*self.packages)

    def list_commands(self, ctx: Any) -> list[str]:
        """Returns the names of all commands in alphabetical order."""
        return sorted(self.by_name)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a command with a name and a help line only: enough for `--help`."""
        cmd_name = _file_name(cmd_name)
        if cmd_name not in self.by_name:
            return None

        return TyperCommand(cmd_name, help=self.by_name[cmd_name].help_line)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Returns the command to run, imported now; an error names those like an unknown one."""
        name = _file_name(args[0]) if args else ""
        if name in self.by_name:
            return args[0], _load(name, self.by_name[name]), args[1:]

        # Typer suggests from this mapping, which is empty here because nothing was registered.
        self.commands = {name: TyperCommand(name) for name in self.by_name}
        return super().resolve_command(ctx, args)


def _file_name(word: str) -> str:
    """Returns the file of a typed word: a hyphen, as in `import-dspy`, is an underscore there."""
    return word.replace("-", "_")


def _load(name: str, command: Command) -> Any:
    module = importlib.import_module(command.module)
    group = getattr(module, "GROUP", None)
    if group is not None:
        return get_command(command_group(group, command.help_line))

    single = typer.Typer(**TYPER_OPTIONS)
    single.command(name=name)(module.main)
    return get_command(single)


def _help_line(module: str) -> str | None:
    """Returns the first line of a command's help; None for a module that is no command."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return None

    documented = _documented(ast.parse(Path(spec.origin).read_text("utf-8")))
    if documented is None:
        return None

    return (ast.get_docstring(documented) or "").partition("\n")[0]


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
