#!/usr/bin/env python3
"""Writes what people read about settings, from where they are declared: `.env.example`, the table in operate.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from router.config import Settings, names

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    (ROOT / "router" / "config.py", "Settings"),
    (ROOT / "router" / "weekly_settings.py", "LoopSettings"),
)
"""The files that declare settings, in the order in which people read of them, and the class in
each."""
EXAMPLE = ROOT / ".env.example"
PAGE = ROOT / "docs" / "operate.md"
START, END = "<!-- settings: written by `make docs` -->", "<!-- end of settings -->"
HEAD = """\
# Every setting of Beagle with its default. Copy to .env and uncomment what you change.
# Written by `make docs` from router/config.py and router/weekly_settings.py.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as people see it. `group` is the heading that it stands under."""

    name: str
    default: str
    said: str
    group: str


def settings() -> list[Setting]:
    """Every setting in the order of its file, with the sentence that stands below it there."""
    variables = {field: name for name, field in names().items()}
    found = []

    for path, name in SOURCES:
        source = path.read_text("utf-8")

        body = next(
            node
            for node in ast.parse(source).body
            if isinstance(node, ast.ClassDef) and node.name == name
        )
        for group, field, said in _described(body, source.splitlines()):
            found.append(
                Setting(
                    variables[field], _default(Settings.model_fields[field].default), said, group
                )
            )

    return found


def example(known: list[Setting]) -> str:
    """The text of `.env.example`."""
    lines, group = [HEAD.rstrip()], ""
    for setting in known:
        if setting.group != group:
            group = setting.group
            lines += ["", f"## {group}"]

        lines += [f"# {setting.said}", f"#{setting.name}={setting.default}"]

    return "\n".join(lines) + "\n"


def table(known: list[Setting]) -> str:
    """The table of docs/operate.md."""
    lines, group = [], ""
    for setting in known:
        if setting.group != group:
            group = setting.group
            lines += [
                "",
                f"**{group}**",
                "",
                "| setting | default | what it does |",
                "|---|---|---|",
            ]

        default = f"`{setting.default}`" if setting.default else ""
        lines.append(f"| `{setting.name}` | {default} | {setting.said} |")

    return "\n".join(lines).strip() + "\n"


def page(text: str, known: list[Setting]) -> str:
    """`text` with the table between its two marks."""
    before, rest = text.split(START, 1)
    _, after = rest.split(END, 1)
    return f"{before}{START}\n{table(known)}{END}{after}"


def _described(body: ast.ClassDef, lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Group, field and sentence of each setting; the group is the nearest comment line above."""
    for node, after in zip(body.body, [*body.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue

        said = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            said = " ".join(str(after.value.value).split())

        above = [line.strip("# ") for line in lines[: node.lineno] if line.startswith("    # ")]
        yield above[-1] if above else "", node.target.id, said


def _default(value: object) -> str:
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
