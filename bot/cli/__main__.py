"""`beagle`: every command a person types in a terminal."""

from __future__ import annotations

import ast
import importlib
import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli import tuning as cli_tuning
from bot.cli.setup import settings_now
from router.config import one_thread
from router.errors import BeagleError, SettingsError
from router.log import set_up_logs

app = typer.Typer(
    name="beagle",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A Slack bot that routes every request to the cheapest path that answers it well.",
)
cli_tuning.add(app)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command()
def serve() -> None:
    """Run the bot: receive from Slack, remember, decide."""
    from bot.app import BotProcess

    process = BotProcess(settings_now())

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: process.stop())

    process.run()


@app.command()
def work(queue: Annotated[str, typer.Argument(help="answer or compute")]) -> None:
    """Run one worker on one queue."""
    from bot.app import WorkerProcess

    WorkerProcess(settings_now()).run(queue)


@app.command()
def demo(
    script: Annotated[
        bool, typer.Option("--script", help="Play the story without a browser, then stop.")
    ] = False,
    road: Annotated[
        bool,
        typer.Option(
            "--road",
            help="With --script: from the digest to a tuned version that is live, and back.",
        ),
    ] = False,
    as_json: Json = False,
    port: Annotated[int, typer.Option(help="The page's port; 0 chooses a free one.")] = 8080,
    folder: Annotated[
        Path | None,
        typer.Option("--data", help="Where to keep things; a fresh folder if left out."),
    ] = None,
) -> None:
    """Run everything on this machine with a Slack of its own, and open a page to try it."""
    from bot.demo import rollout_script as road_story
    from bot.demo import script as story
    from bot.demo.demo import Demo

    if road and not script:
        raise SettingsError(
            "beagle demo --road: it is played by the script; add --script, or do it by hand in #leads"
        )

    set_up_logs("auto", "warning")
    with Demo(port=0 if script else port, folder=folder, tell=_tell) as running:
        if not script:
            running.wait()
            return

        passed = (road_story if road else story).play(running, as_json=as_json)

    raise typer.Exit(0 if passed else 1)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say in words what is wrong: settings, Slack, queue, store, model, and requests that were given up."""
    from bot.cli.doctor import examine

    found = examine(settings_now())

    if as_json:
        print(json.dumps(found.as_dict()))
    else:
        print(found.as_text())

    raise typer.Exit(0 if found.ok else 1)


@app.command()
def replay(
    request: Annotated[str, typer.Argument(help="A request's id from `beagle doctor`, or `all`.")],
) -> None:
    """Put a request that was given up back in the queue."""
    from bot.cli.doctor import put_back

    print(f"put back: {put_back(settings_now(), request)}")


@app.command()
def ingest(
    things: Annotated[
        list[str], typer.Argument(help="Folders, files, https:// pages, Slack exports (.zip).")
    ],
    team: Annotated[
        str, typer.Option(help="The workspace they belong to; yours if left out.")
    ] = "",
    base_url: Annotated[
        str, typer.Option(help="Where its pages can be opened; {page} stands for the path.")
    ] = "",
    name: Annotated[str, typer.Option(help="What to call the source; its path if left out.")] = "",
    channel: Annotated[
        str, typer.Option(help="Only members of this channel may read it; else the workspace.")
    ] = "",
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="Make the vectors now, or leave it to a worker."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Bring documents into what Beagle can find and quote; again, to bring what changed."""
    from dataclasses import asdict

    from bot.cli.ingest import Order, bring, told

    done, failed = bring(settings_now(), Order(things, team, base_url, name, channel, wait))
    sources = {source: asdict(summary) for source, summary in done.items()}
    print(json.dumps({"sources": sources, "failed": failed}) if as_json else told(done, failed))
    raise typer.Exit(1 if failed else 0)


@app.command()
def routes(
    action: Annotated[
        str,
        typer.Argument(help="lint: what is wrong with the prompts. export: a version as files."),
    ],
    name: Annotated[str, typer.Argument(help="A route's name, for export and --ablate.")] = "",
    version: Annotated[
        str, typer.Option(help="export: a version's id; the live one if left out.")
    ] = "",
    to: Annotated[Path, typer.Option(help="export: the folder to write into.")] = Path("exported"),
    ablate: Annotated[
        bool, typer.Option("--ablate", help="lint: drop the route's rules in turn and measure.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at the installation's routes before people do, or write one of their versions back to files."""
    if action == "export" and name:
        from bot.cli.routes_export import export

        print(export(settings_now(), name, version, to))
        return

    if action != "lint" or (ablate and not name):
        raise SettingsError(
            f"beagle routes {action!r}: known: lint, lint NAME, lint NAME --ablate, "
            "export NAME [--version ID] [--to FOLDER]"
        )

    if ablate:
        _run_file("evals", "eval", "ablate", [name, *(["--json"] if as_json else [])])
        return

    from bot.cli.routes_lint import report

    fine, said = report(settings_now(), name, as_json=as_json)
    print(said)
    raise typer.Exit(0 if fine else 1)


@app.command()
def route(
    text: Annotated[str, typer.Argument(help="A message.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="CSV with a column text, and label if you know it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide a message, or every row of a file, and say why, without Slack."""
    from bot.cli.route import decide_file, decide_once

    if bool(text) == (file is not None):
        raise SettingsError("beagle route: give either a message or --file FILE.csv")

    settings = settings_now()
    print(
        decide_file(settings, file, as_json=as_json)
        if file
        else decide_once(settings, text, as_json=as_json)
    )


@app.command()
def roi(
    check: Annotated[
        bool, typer.Option("--check", help="Work out a known table again instead.")
    ] = False,
    prompted: Annotated[
        str, typer.Option(help="The prompted model, by its name in litellm.")
    ] = "gpt-4o",
    tuned: Annotated[str, typer.Option(help="The tuned model.")] = "ft:gpt-4o-mini-2024-07-18",
    input_tokens: Annotated[int, typer.Option(min=1, help="Tokens of the prompt now.")] = 2500,
    output_tokens: Annotated[int, typer.Option(min=0, help="Tokens of an answer.")] = 25,
    pruned_tokens: Annotated[
        int, typer.Option(min=1, help="Tokens of the prompt once it is tuned in.")
    ] = 260,
    cached: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the prompt that the server has cached.")
    ] = 0.0,
    calls: Annotated[int, typer.Option(min=1, help="Requests a month.")] = 10_000,
    as_json: Json = False,
) -> None:
    """Say whether tuning would pay, with the prices inside litellm."""
    from bot.cli import roi as money

    if check:
        fine, said = money.check_table(settings_now(), as_json=as_json)
    else:
        asked = money.Question(
            prompted, tuned, input_tokens, output_tokens, pruned_tokens, cached, calls
        )
        _, said = money.answer(settings_now(), asked, as_json=as_json)
        fine = True

    print(said)
    raise typer.Exit(0 if fine else 1)


@app.command()
def drift(as_json: Json = False) -> None:
    """Look now at every version that the road brought live, as once a week, and say what has moved."""
    from bot.cli.drift import watch_now

    print(watch_now(settings_now(), as_json=as_json))


@app.command()
def optimise(
    route: Annotated[str, typer.Argument(help="A route's name.")],
    calls: Annotated[
        int | None, typer.Option(min=0, help="Calls at most; BEAGLE_OPTIMISE_CALLS if left out.")
    ] = None,
    usd: Annotated[
        float | None, typer.Option(min=0, help="USD at most; BEAGLE_OPTIMISE_USD if left out.")
    ] = None,
    team: Annotated[
        str, typer.Option(help="Reviewed answers of this workspace count as examples too.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make the most of a route's prompt: shape, examples, instructions. What is better waits in shadow."""
    from bot.cli.optimise import optimise_now
    from workers.llm.metered import Limits

    settings = settings_now()
    limits = Limits(
        settings.optimise_calls if calls is None else calls,
        settings.optimise_usd if usd is None else usd,
    )
    print(optimise_now(settings, route, limits, team, as_json=as_json))


@app.command()
def mine(
    export: Annotated[
        Path, typer.Argument(help="A Slack export (zip or folder), a CSV or JSON lines.")
    ],
    out: Annotated[Path, typer.Option(help="The folder for digest.md and digest.html.")] = Path(
        "beagle-digest"
    ),
    by_model: Annotated[
        bool,
        typer.Option(
            "--name-by-model", help="Send masked examples to your BEAGLE_MODEL, for better names."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Find the requests that repeat in an export, before anything is installed: no keys, nothing leaves by itself."""
    from bot.cli.mine import look

    print(look(settings_now(), export, out, as_json=as_json, by_model=by_model))


FILES: dict[str, Any] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


@app.command("eval", context_settings=FILES)
def evaluate(context: typer.Context, name: Annotated[str, typer.Argument()] = "") -> None:
    """Measure quality on data that you bring; without a name, list what can be measured."""
    _run_file("evals", "eval", name, context.args)


@app.command(context_settings=FILES)
def bench(context: typer.Context, name: Annotated[str, typer.Argument()] = "") -> None:
    """Measure speed and delivery on this machine; without a name, list what can be measured."""
    _run_file("evals.bench", "bench", name, context.args)


def _tell(said: str) -> None:
    """One line for whoever waits; stdout is left to what was asked for."""
    print(f"beagle: {said} …", file=sys.stderr, flush=True)


def _run_file(package: str, verb: str, name: str, arguments: list[str]) -> None:
    """Runs `main` of the file that is called `name`; only that file is imported."""
    known = _commands(package)
    if name not in known:
        if name not in ("", "--help", "-h"):
            raise SettingsError(f"beagle {verb} {name!r}: unknown; known: {', '.join(known)}")

        for each, said in known.items():
            print(f"  beagle {verb} {each:12} {said}")

        return

    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name=name)(importlib.import_module(f"{package}.{name}").main)
    single(args=arguments, prog_name=f"beagle {verb} {name}")


def _commands(package: str) -> dict[str, str]:
    """The files of a package that have a `main`, with the first line of what it says of itself."""
    found = {}
    for folder in importlib.import_module(package).__path__:
        for file in sorted(Path(folder).glob("*.py")):
            tree = ast.parse(file.read_text("utf-8"))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef) and node.name == "main":
                    found[file.stem] = (ast.get_docstring(node) or "").split("\n")[0]

    return found


def main() -> Any:
    """Run the command line; a refusal by Beagle is one message on stderr and exit status 2."""
    one_thread()
    try:
        app(standalone_mode=True)
    except BeagleError as error:
        print(f"beagle: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
