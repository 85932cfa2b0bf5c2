"""Nothing that a command prints can control the terminal, whatever is stored or read."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from bot.cli import mine
from router.config import Settings, child_environment
from tests.fixtures.stores import open_sqlite

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\r"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
PRINTERS = {"print", "echo", "secho", "pprint", "input"}
STREAMS = ("stdout", "stderr")
RICH = {"Console", "Progress", "track", "Live", "Status"}
ALLOWED = {
    "router/text/printable.py": "the one function that prints",
    "bot/console.py": "rich, with every text made printable",
}


def printing(tree: ast.AST) -> list[str]:
    """Every call that may put a text on the terminal past `print_line`."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue

        call = ast.unparse(node.func)
        owner, _, name = call.rpartition(".")
        to_stream = name in ("write", "writelines") and owner.endswith(STREAMS)
        prints = name in PRINTERS and not owner.endswith("console")
        if prints or to_stream or name in RICH:
            found.append(f"line {node.lineno}: {call}")

    return found


def test_commands_print_through_one_function_only():
    root = Path(command_line.__file__).parents[2]
    found = {}
    for folder in ("bot", "workers", "router", "evals"):
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            calls = printing(ast.parse(path.read_text("utf-8")))
            if calls and name not in ALLOWED:
                found[name] = calls

    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "typer.echo(x)",
        "sys.stdout.write(x)",
        "sys.stderr.writelines(x)",
        "rich.print(x)",
        "Console().out(x)",
        "Progress()",
    ],
)
def test_a_new_way_past_that_function_is_found(code):
    assert printing(ast.parse(code))


def test_tables_are_written_by_one_function_only():
    root = Path(command_line.__file__).parents[2]
    writers = []
    for folder in ("bot", "workers", "router", "evals"):
        for path in sorted((root / folder).rglob("*.py")):
            calls = {
                ast.unparse(node)
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Attribute)
            }
            if calls & {"csv.writer", "csv.DictWriter"}:
                writers.append(path.relative_to(root).as_posix())

    # It marks what a spreadsheet would run.
    assert writers == ["router/text/csv_table.py"]


@pytest.fixture
def hostile(tmp_path, monkeypatch, give_up):
    """An installation whose routes, rows and files hold what controls a terminal."""
    data = tmp_path / "data"
    data.mkdir()
    for name, text in {
        "evil": f"---\nname: evil\ndescription: \"a {EVIL!r}\"\nutterances: ['x']\n---\nSay it.\n",
        f"bad{EVIL[:4]}": "no front matter",
        "key": f"---\nname: key\n{EVIL}: 1\n---\nSay it.\n",
        "utterance": f"---\nname: utterance\nutterances: 5 {EVIL}\n---\n",
    }.items():
        folder = tmp_path / "routes" / name
        folder.mkdir(parents=True)
        (folder / "route.md").write_text(text, "utf-8")

    store = open_sqlite(data / "beagle.db")
    give_up(store, "dead", f"it failed {EVIL}", channel=f"C1{EVIL}")
    store.close()

    settings = Settings(
        _env_file=None,
        data=data,
        routes=tmp_path / "routes",
        slack_api_url="http://127.0.0.1:9/api/",
    )
    for module in ("doctor", "routes.list", "routes.lint", "mine"):
        monkeypatch.setattr(f"bot.cli.{module}.load_settings", lambda: settings)
    for module in ("replay", "report", "ingest", "drift", "decide"):
        monkeypatch.setattr(f"bot.cli.{module}.load_data_settings", lambda: settings)
    for module in ("dataset.rows", "dataset.export", "routes.export"):
        monkeypatch.setattr(f"bot.cli.{module}.load_data_settings", lambda: settings)

    return tmp_path


COMMANDS = [
    ["doctor"],
    ["doctor", "--json"],
    ["routes", "list"],
    ["routes", "list", "--json"],
    ["routes", "lint"],
    ["routes", "export", EVIL, "--to", "exported"],
    ["replay", EVIL],
    ["replay", "all"],
    ["report", EVIL],
    ["mine", f"/nowhere/{EVIL}"],
    ["ingest", f"/nowhere/{EVIL}", "--team", "T1"],
    ["decide", "--file", f"/nowhere/{EVIL}"],
    ["dataset", "rows", EVIL, f"/nowhere/{EVIL}"],
    ["dataset", "export", EVIL, f"/nowhere/{EVIL}"],
    [EVIL],
    ["road", EVIL],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=[" ".join(words)[:20] for words in COMMANDS])
def test_no_command_prints_what_controls_a_terminal(hostile, arguments, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["beagle", *arguments])

    with pytest.raises(SystemExit):
        run_main()

    printed = capsys.readouterr()
    assert printed.out + printed.err
    assert not CONTROL.findall(printed.out + printed.err)


def run_main() -> None:
    """The command line as a process runs it, without what changes the whole test process."""
    from bot.cli.old_commands import translate
    from router.errors import BeagleError
    from router.text.printable import print_line

    try:
        command_line.app(args=translate(sys.argv[1:]), prog_name="beagle")
    except BeagleError as error:
        print_line(f"beagle: {error}", file=sys.stderr)
        sys.exit(2)


@pytest.mark.usefixtures("no_map")
def test_the_report_of_a_hostile_export_is_plain_text(
    hostile, tmp_path, monkeypatch, encode, repeated_requests
):
    lines = ["user,channel,ts,text"]
    for number, row in enumerate(repeated_requests("vpn")):
        text = f"{EVIL.replace(chr(13), '')} {row.text}".replace('"', "'")
        lines.append(f'{row.user},C1,{1_700_000_000 + number * 60_000},"{text}"')

    (tmp_path / "export.csv").write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(mine, "encoder", lambda _: type("E", (), {"encode": staticmethod(encode)}))

    result = CliRunner().invoke(
        command_line.app, ["mine", str(tmp_path / "export.csv"), "--out", str(tmp_path / "out")]
    )

    assert result.exit_code == 0, result.output
    assert "owned" in result.output
    for text in (result.output, *(p.read_text("utf-8") for p in (tmp_path / "out").iterdir())):
        assert not CONTROL.findall(text)


def test_files_of_every_command_are_for_their_user_only(tmp_path):
    data = tmp_path / "d"
    data.mkdir(mode=0o755)
    (data / "logs").mkdir()
    (data / "old.txt").write_text("from an older release")
    (data / "old.txt").chmod(0o644)

    root = Path(command_line.__file__).parents[2]
    environment = child_environment(
        BEAGLE_DATA=str(data), PYTHONPATH=str(root), SLACK_API_URL="http://127.0.0.1:9/api/"
    )
    shell = 'umask 0; exec "$0" -m bot.cli db size --json'
    result = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
    )

    assert json.loads(result.stdout)["total"], result.stderr
    modes = {path.name: path.lstat().st_mode & 0o777 for path in [data, *data.rglob("*")]}
    assert {"d", "logs", "old.txt", "beagle.db"} <= set(modes)
    assert not {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
