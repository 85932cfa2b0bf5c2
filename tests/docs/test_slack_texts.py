"""Every sentence that people read in Slack is in `bot/ui/texts`, ready for translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ui.counted import Counted

BOT = Path(__file__).parents[2] / "bot"
TEXTS = BOT / "ui" / "texts"
TEXT_FILES = sorted(TEXTS.rglob("*.py"))
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
        if bare or is_error_or_log(node) or is_named(node, "HELP", "ADMIN_HELP", "doing"):
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


COUNT = (
    "answers|calls|candidates|captured|channels|count|days|documents|duplicates|examples|fewest|"
    "hours|left|limit|messages|mined|minutes|passages|people|repeated|requests|rows|total|wanted"
)
UNCOUNTED = re.compile(rf"\{{(?:{COUNT})(?::[^|{{}}]*)?\}} (?:[a-z-]+ )?(?:[a-z-]+s|people)\b")
"""A count that stands before a word in the plural, whatever the count is."""
FORMS = re.compile(r"\{[a-z_]+:[^{}]*\|[^{}]*\}")


def test_no_sentence_says_one_documents() -> None:
    found = []

    for path in TEXT_FILES:
        for line, text in sentences(ast.parse(path.read_text("utf-8"))):
            wrong = UNCOUNTED.search(text)
            if wrong:
                found.append(f"{path.name}:{line}: {wrong.group()!r}")

    assert not found, "write {count:document|documents} in a Counted text: " + "; ".join(found)


def test_a_counted_text_agrees_with_its_number() -> None:
    text = Counted("{count:document is|documents are} new, {total:,|passage|passages} in {where}")

    assert text.format(count=1, total=1, where="a") == "1 document is new, 1 passage in a"
    assert text.format(count=0, total=1200, where="a") == "0 documents are new, 1,200 passages in a"


@pytest.mark.parametrize("path", TEXT_FILES, ids=lambda path: path.name)
def test_a_text_with_counted_words_is_a_counted_text(path: Path) -> None:
    """A plain `str` takes the words for the number's format and refuses to be filled in."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = set()

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Counted":
            skip(node, inside)

    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert id(node) in inside or not FORMS.search(node.value)
