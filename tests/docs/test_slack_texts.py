"""Every sentence that people read in Slack is in `bot/ui/texts`, ready for translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"
TEXTS = BOT / "ui" / "texts"
ELSEWHERE = ("cli/", "demo/", "sandbox/", "transport/", "slack_app.py", "app.py")
"""Parts whose words nobody reads in Slack: the terminal, the demo's script, the imitation of Slack,
and what operators read on the health pages, during installation and in the log."""
WORD = re.compile(r"[^\W\d_]{2,}")


def sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """String literals of three words or more, with their lines; an f-string counts as a whole.

    Left out: docstrings and other bare strings, error messages (arguments of an `...Error`, and
    `doing`, which begins one), the arguments of log calls, types in `cast`, and the one-line `HELP`
    of a sub-command, which belongs to its file as its name does.
    """
    skipped: set[int] = set()

    for node in ast.walk(tree):
        bare = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if bare or is_error_or_log(node) or is_named(node, "HELP", "doing"):
            skip(node, skipped)

    for node in ast.walk(tree):
        if id(node) in skipped:
            continue

        text = ""
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            text = "…".join(str(part) for part in parts)
            skip(node, skipped)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value

        if len(WORD.findall(text)) >= 3 and " " in text:
            yield node.lineno, text


def skip(node: ast.AST, skipped: set[int]) -> None:
    skipped.update(id(part) for part in ast.walk(node))


def is_error_or_log(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False

    called = ast.unparse(node.func)
    return called == "cast" or called.endswith("Error") or "log." in called


def is_named(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names


def test_every_sentence_for_slack_is_among_the_texts() -> None:
    found = []

    for path in sorted(BOT.rglob("*.py")):
        name = path.relative_to(BOT).as_posix()
        if name.startswith(ELSEWHERE) or TEXTS in path.parents:
            continue

        for line, text in sentences(ast.parse(path.read_text("utf-8"))):
            found.append(f"{name}:{line}: {text[:60]!r}")

    assert not found, "move these to bot/ui/texts: " + "; ".join(found)


def test_the_rule_sees_a_sentence_and_lets_the_exceptions_pass() -> None:
    tree = ast.parse(
        '"""A module of three words."""\n'
        'HELP = "what it may cost"\n'
        'raise ValueError("reading a file: none found")\n'
        'self._log.info("it was not read")\n'
        'reply("I could not read it")\n'
        'name = f"the file {path} is read"\n'
    )

    assert {line for line, _ in sentences(tree)} == {5, 6}
