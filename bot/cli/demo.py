"""`beagle demo`: everything on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import Json, report_progress
from router.config import Settings
from router.errors import InputError
from router.log import set_up_logs
from router.text.printable import print_line

if TYPE_CHECKING:
    from bot.demo.demo import Demo

STORIES = ("tour", "rollout", "discover")


def main(
    story: Annotated[
        str,
        typer.Argument(
            help="With --scripted: `tour`, a day with Beagle, `rollout`, from the digest to a "
            "tuned version that is live, and back, or `discover`, from a request that nobody "
            "serves, hidden in chat, to a live route by clicks."
        ),
    ] = "tour",
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Play the story without a browser, then stop.")
    ] = False,
    discover: Annotated[
        bool, typer.Option("--discover", help="The same as the story `discover`.")
    ] = False,
    as_json: Json = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's port; 0 chooses a free one.")
    ] = 8080,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="The data folder, kept between starts; .beagle/demo if left out, "
            "and .beagle/script for --scripted, which begins anew each time. Other commands find "
            "another folder with BEAGLE_DATA=FOLDER before them.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what earlier starts left in the folder.")
    ] = False,
) -> None:
    """Run everything on this machine with a Slack of its own, and open a page to try it."""
    from bot.demo import data_folder, discover_script, rollout_script, script
    from bot.demo.demo import Demo

    if discover:
        story = "discover"
    if story not in STORIES:
        raise InputError(f"starting the demo: unknown story {story!r}; known: {', '.join(STORIES)}")
    if story != "tour" and not scripted:
        raise InputError(
            f"starting the demo: only the script plays the story {story!r}; add --scripted, "
            "or click through it yourself in #leads"
        )

    if folder is not None and not fresh:
        data_folder.refuse_to_lose(folder, begins_anew=scripted)

    own = Settings().data / ("script" if scripted else data_folder.NAME)
    set_up_logs("auto", "warning")
    demo = Demo(
        folder or own,
        port=0 if scripted else port,
        fresh=fresh or scripted,
        discovery=story == "discover",
        report=report_progress,
    )
    if not scripted:
        _wait(demo, fresh=fresh)
        return

    plays = {"tour": script.play, "rollout": rollout_script.play, "discover": discover_script.play}
    with demo:
        passed = plays[story](demo, as_json=as_json)

    raise typer.Exit(0 if passed else 1)


def _wait(demo: Demo, *, fresh: bool) -> None:
    """Runs the demo until it is stopped. Where it runs already, its address is all that is said.

    Whoever starts it twice has what they wanted, except a fresh one.
    """
    from bot.demo.data_folder import InUseError

    try:
        with demo:
            demo.wait()
    except InUseError as error:
        if fresh:
            raise

        print_line(str(error))
