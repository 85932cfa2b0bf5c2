"""The route of the how-to can be copied from its page: it loads, and lint has nothing to say."""

from __future__ import annotations

import json
import re

import pytest

from bot.cli.routes.lint import lint_report
from router.catalog.catalog import load_routes
from router.config import Settings

FRONT = re.compile(r"^```markdown\n(---\nname: refund\n.*?)^```", re.MULTILINE | re.DOTALL)
ROWS = re.compile(r'^```json\n(\{"text".*?)^```', re.MULTILINE | re.DOTALL)


@pytest.fixture
def routes(root, tmp_path):
    """The folder that the page describes, with its two files as they are printed."""
    page = (root / "docs" / "how-to" / "route.md").read_text("utf-8")
    folder = tmp_path / "my-routes" / "refund"
    folder.mkdir(parents=True)
    (folder / "route.md").write_text(FRONT.search(page)[1], "utf-8")
    (folder / "examples.jsonl").write_text(ROWS.search(page)[1], "utf-8")
    return folder.parent


def test_the_route_of_the_page_passes_lint(routes, tmp_path):
    settings = Settings(_env_file=None, routes=routes, data=tmp_path)
    ok, text = lint_report(settings, "refund", as_json=False)

    assert ok, text


def test_the_page_says_how_many_rows_there_are_and_each_has_an_answer(root, routes):
    route = load_routes(routes).routes["refund"]
    page = (root / "docs" / "how-to" / "route.md").read_text("utf-8")
    tests = [row for row in route.rows if row.split == "test"]

    assert len(tests) == 10
    assert "9 of its 10 test rows" in page
    assert all(row.answer for row in route.rows)
    lines = (routes / "refund" / "examples.jsonl").read_text("utf-8").splitlines()
    assert len({json.loads(line)["text"] for line in lines}) == len(lines)


def test_the_folders_that_the_pages_write_leave_the_clone_clean(root):
    ignored = (root / ".gitignore").read_text("utf-8").split()

    assert {"/my-routes/", "/beagle-digest/", "/exported/", "/imported/", "/drafts/"} <= set(
        ignored
    )
