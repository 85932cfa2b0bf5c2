"""Commands and links on the pages exist."""

from __future__ import annotations

import importlib
import re

import pytest
import typer
from typer.main import get_command

from bot.cli import bench
from bot.cli import eval as eval_command
from bot.cli.folder import commands_of
from router.classifier.second_request import parts_of

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)


@pytest.fixture(scope="module")
def pages(root, tracked):
    """The pages about the project; routes and the demo's handbook are content."""
    outside = ("evals", "router", "tests")
    return [
        path
        for path in tracked
        if path.suffix == ".md" and path.relative_to(root).parts[0] not in outside
    ]


def code(path) -> str:
    return "\n".join(CODE.findall(path.read_text("utf-8")))


def test_every_link_into_the_repository_leads_somewhere(root, pages):
    broken = []
    for path in pages:
        links = [link for link in LINK.findall(path.read_text("utf-8")) if "://" not in link]
        broken += [
            f"{path.relative_to(root)}: {link}"
            for link in links
            if not (path.parent / link).exists()
        ]

    assert not broken


def test_every_make_target_that_is_named_exists(root, pages):
    targets = set(re.findall(r"^([a-z.-]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))

    named = {
        name for path in pages for name in re.findall(r"\bmake ([a-z.][a-z.-]*[a-z])", code(path))
    }

    assert named <= targets
    assert {"demo", "test"} <= named


def test_every_beagle_command_that_is_named_exists(pages):
    known = set(commands_of("bot.cli"))

    named = {
        name
        for path in pages
        for name in re.findall(r"(?<![/@\w.-])(?:\.venv/bin/)?beagle ([a-z]+)", code(path))
    }

    assert named <= known


def test_every_evaluation_in_the_readme_names_what_it_cannot_do_without(root):
    """Each line of the table is said to be a command that can be run."""
    lines = re.findall(
        r"`beagle (eval|bench) (\w+)([^`]*)`", (root / "README.md").read_text("utf-8")
    )
    groups = {"eval": eval_command.GROUP, "bench": bench.GROUP}

    assert len(lines) > 8
    for group, name, options in lines:
        module = importlib.import_module(commands_of(*groups[group])[name].module)
        app = typer.Typer()
        app.command()(module.main)
        for parameter in get_command(app).params:
            if parameter.required:
                assert parameter.opts[0] in options, (name, parameter.name)


def test_folders_and_files_that_commands_of_the_pages_read_are_there(root):
    page = (root / "docs" / "knowledge.md").read_text("utf-8")
    first = re.search(r"^beagle ingest (\S+)", page, re.MULTILINE)[1]

    assert (root / first).is_dir()


def test_the_example_of_two_requests_holds_two(root):
    page = (root / "docs" / "slack.md").read_text("utf-8")
    example = re.search(r'two requests in one message \("([^"]+)"\)', page)[1]

    assert len(parts_of(example)) == 2


def test_make_lists_every_target_that_people_type(root):
    makefile = (root / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)

    explained = re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)

    assert targets == explained
