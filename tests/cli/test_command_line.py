"""The command line: commands come from files, old ones still work, mistakes get a message."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evals
from bot.cli import __main__ as command_line
from bot.cli import bench
from bot.cli import eval as eval_command
from bot.cli.folder import command_group, commands_of
from bot.cli.old_commands import translate
from bot.cli.report import render_report
from bot.typed_name import name_for
from router.config import Settings
from router.errors import InputError, RouteError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a command, a group of two folders and a module that is neither."""
    folder = tmp_path / "some_commands"
    (folder / "tools").mkdir(parents=True)
    (folder / "more").mkdir()
    (folder / "__init__.py").write_text('"""Commands."""\n', "utf-8")
    (folder / "greet.py").write_text(
        'def main(name: str) -> None:\n    """Greet somebody.\n\n    More."""\n'
        '    print("hello", name)\n',
        "utf-8",
    )
    (folder / "words.py").write_text("raise RuntimeError('imported')\n", "utf-8")
    (folder / "broken.py").write_text(
        'import no_such_module\ndef main() -> None:\n    """Never imported for a list."""\n',
        "utf-8",
    )
    (folder / "tools" / "__init__.py").write_text(
        '"""More commands."""\n\nGROUP = (__name__, "some_commands.more")\n', "utf-8"
    )
    (folder / "tools" / "count.py").write_text(
        'def main(n: int) -> None:\n    """Count."""\n    print(n + 1)\n', "utf-8"
    )
    (folder / "more" / "__init__.py").write_text('"""No group of its own."""\n', "utf-8")
    (folder / "more" / "double.py").write_text(
        'def main(n: int) -> None:\n    """Double."""\n    print(n * 2)\n', "utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "some_commands"
    for name in [name for name in sys.modules if name.startswith("some_commands")]:
        del sys.modules[name]


def test_a_file_with_a_main_is_a_command_and_listing_imports_none(package):
    found = commands_of(package)

    assert {name: command.help_line for name, command in found.items()} == {
        "broken": "Never imported for a list.",
        "greet": "Greet somebody.",
        "tools": "More commands.",
    }


def test_a_command_runs_and_a_group_holds_the_commands_of_its_folders(package):
    app = command_group((package,), "All commands.")

    assert CliRunner().invoke(app, ["greet", "ada"]).output == "hello ada\n"
    assert CliRunner().invoke(app, ["tools", "count", "41"]).output == "42\n"
    assert CliRunner().invoke(app, ["tools", "double", "41"]).output == "82\n"


def test_help_lists_every_command_with_its_first_line(package):
    output = CliRunner().invoke(command_group((package,), "All commands."), ["--help"]).output

    for line in ("All commands.", "Greet somebody.", "More commands."):
        assert line in output


def test_an_unknown_command_is_answered_with_the_nearest(package):
    result = CliRunner().invoke(command_group((package,), "All commands."), ["gret"])

    assert result.exit_code == 2
    assert "Did you mean 'greet'?" in result.output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("work answer", "worker --queue answer"),
        ("route hello --json", "decide hello --json"),
        ("demo --script --json", "demo --scripted tour --json"),
        ("demo --json --script --road", "demo --scripted rollout --json"),
        ("eval fit_gate a.csv", "eval fit_request_gate a.csv"),
    ],
)
def test_a_command_of_the_release_before_still_works_and_warns_once(old, new, capsys):
    assert translate(old.split()) == new.split()

    warning = capsys.readouterr().err
    assert warning.count("\n") == 1
    assert f"use `beagle {new}`" in warning


@pytest.mark.parametrize(
    "line", ["", "serve", "demo", "demo --port 1", "decide x", "routes lint", "eval router a.csv"]
)
def test_a_command_of_today_is_left_as_it_is(line, capsys):
    assert translate(line.split()) == line.split()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("group", [bench, eval_command])
def test_no_two_commands_of_a_group_have_the_same_name(group):
    """Its folders are several: the second would hide the first."""
    names = [name for package in group.GROUP for name in commands_of(package)]

    assert sorted(names) == sorted(commands_of(*group.GROUP))


def test_every_evaluation_and_benchmark_is_a_command():
    """A folder that `GROUP` does not name would be left out without a word."""
    groups = (*bench.GROUP, *eval_command.GROUP)
    listed = {command.module for package in groups for command in commands_of(package).values()}
    folder = Path(evals.__file__).parent
    found = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if "\ndef main(" in path.read_text("utf-8")
    }

    assert found == listed


@pytest.mark.parametrize("name", sorted(commands_of("bot.cli")))
def test_every_command_explains_itself(name):
    result = CliRunner().invoke(command_line.app, [name, "--help"])

    assert result.exit_code == 0
    assert commands_of("bot.cli")[name].help_line.split()[0] in result.output


def test_a_refusal_is_one_message_and_exit_status_two(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["beagle", "decide"])

    with pytest.raises(SystemExit) as exit_status:
        command_line.main()

    assert exit_status.value.code == 2
    assert capsys.readouterr().err == (
        "beagle: deciding: found neither; give either a message with words or --file FILE.csv\n"
    )


@pytest.mark.parametrize("words", [["decide", ""], ["decide", "  "], ["ask", " "]])
def test_a_message_without_a_word_is_refused(words):
    result = CliRunner().invoke(command_line.app, words)

    assert isinstance(result.exception, InputError)


def test_no_message_says_a_second_time_which_program_speaks():
    folder = Path(command_line.__file__).parent
    texts = {path.name: path.read_text("utf-8") for path in folder.rglob("*.py")}
    twice = re.compile(r'Error\(\s*f?"beagle[: ]')

    assert {name for name, text in texts.items() if twice.search(text)} == set()


@pytest.mark.parametrize("queue", ["foo", "", "Answer"])
def test_a_worker_of_a_queue_that_is_not_there_says_so_before_anything_else(queue, capsys):
    result = CliRunner().invoke(command_line.app, ["worker", "--queue", queue])

    assert "no queue" in str(result.exception)
    assert "'answer' or 'compute'" in str(result.exception)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("version", ["", "abc"])
def test_a_report_of_a_route_that_is_not_there_names_those_that_are(short_folder, version):
    settings = Settings(_env_file=None, data=short_folder)

    with pytest.raises(RouteError, match=r"of 'nosuch': there is no such route; .*triage"):
        render_report(settings, "nosuch", version, as_json=False)
    with pytest.raises(RouteError, match="'triage': nothing was measured yet"):
        render_report(settings, "triage", version, as_json=False)


@pytest.mark.parametrize(
    ("on_path", "folder", "typed"),
    [
        (None, "", ".venv/bin/beagle"),
        ("/usr/bin/beagle", "", ".venv/bin/beagle"),
        ("own", "", "beagle"),
        (None, "elsewhere", "beagle"),
    ],
)
def test_commands_are_shown_as_they_can_be_typed_here(tmp_path, on_path, folder, typed):
    own = tmp_path / ".venv" / "bin" / "beagle"
    own.parent.mkdir(parents=True)
    own.touch()

    assert name_for(own, str(own) if on_path == "own" else on_path, tmp_path / folder) == typed


def test_the_version_is_that_of_the_installed_package():
    result = CliRunner().invoke(command_line.app, ["--version"])

    assert (result.exit_code, result.output) == (0, f"beagle {version('beagle-slack')}\n")
