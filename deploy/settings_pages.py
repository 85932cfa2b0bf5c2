#!/usr/bin/env python3
"""Writes `.env.example` and the table of settings in operate.md from the declarations."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from router.config import Settings, environment_names

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    (ROOT / "router" / "config.py", "Settings"),
    (ROOT / "router" / "setting_groups" / "answers.py", "AnswerSettings"),
    (ROOT / "router" / "setting_groups" / "weekly.py", "WeeklySettings"),
)
"""The files that declare settings, in reading order, and the class in each."""
EXAMPLE = ROOT / ".env.example"
PAGE = ROOT / "docs" / "operate.md"
START, END = "<!-- settings: written by `make docs` -->", "<!-- end of settings -->"
HEAD = """\
# Every setting of Beagle with its default. Copy to .env and uncomment what you change.
# Written by `make docs` from router/config.py and the files of settings beside it.

# No setting of Beagle: the queue's password, for deploy/compose.yaml alone. `openssl rand -hex 24`
# prints a good one.
#VALKEY_PASSWORD=
"""
TABLE_HEAD = ("| setting | default | what it does |", "|---|---|---|")


@dataclass(frozen=True, slots=True)
class Setting:
    """A documented setting. `name` is its environment variable, `group` its heading."""

    name: str
    default: str
    description: str
    group: str


def settings() -> list[Setting]:
    """Returns every setting, in the order of the files."""
    variables = {field: name for name, field in environment_names().items()}
    found = []

    for path, class_name in SOURCES:
        source = path.read_text("utf-8")
        body = _class_node(ast.parse(source), class_name)

        for group, field, description in _described_fields(body, source.splitlines()):
            default = _default_text(Settings.model_fields[field].default)
            found.append(Setting(variables[field], default, description, group))

    return found


def example(settings: Sequence[Setting]) -> str:
    """Returns the text of `.env.example`."""
    lines = [HEAD.rstrip()]
    group = ""

    for setting in settings:
        if setting.group != group:
            group = setting.group
            lines += ["", f"## {group}"]

        lines += [f"# {setting.description}", f"#{setting.name}={setting.default}"]

    return "\n".join(lines) + "\n"


def table(settings: Sequence[Setting]) -> str:
    """Returns the tables for docs/operate.md, one for each group."""
    lines = []
    group = ""

    for setting in settings:
        if setting.group != group:
            group = setting.group
            lines += ["", f"**{group}**", "", *TABLE_HEAD]

        default = f"`{setting.default}`" if setting.default else ""
        lines.append(f"| `{setting.name}` | {default} | {setting.description} |")

    return "\n".join(lines).strip() + "\n"


def page(text: str, settings: Sequence[Setting]) -> str:
    """Returns `text` with the tables between its two marks."""
    before, rest = text.split(START, 1)
    _, after = rest.split(END, 1)
    return f"{before}{START}\n{table(settings)}{END}{after}"


def _class_node(tree: ast.Module, name: str) -> ast.ClassDef:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node

    raise LookupError(f"no class {name!r} in this file")


def _described_fields(body: ast.ClassDef, lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yields group, field and description; the group is the nearest comment line above."""
    for node, following in zip(body.body, [*body.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue

        description = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            description = " ".join(str(following.value.value).split())

        above = [line.strip("# ") for line in lines[: node.lineno] if line.startswith("    # ")]
        yield above[-1] if above else "", node.target.id, description


def _default_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))

    return "" if value is None else str(value)


if __name__ == "__main__":
    everything = settings()
    EXAMPLE.write_text(example(everything), "utf-8")
    PAGE.write_text(page(PAGE.read_text("utf-8"), everything), "utf-8")
