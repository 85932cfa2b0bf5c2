"""`beagle`: the command line. Each file of this folder that has a `main` is one command."""

from __future__ import annotations

import sys
import threading
import traceback
from importlib.metadata import version
from types import TracebackType
from typing import Annotated

import typer

from bot.cli.folder import command_group
from bot.cli.old_commands import translate
from router.config import use_one_blas_thread
from router.errors import BeagleError
from router.private_files import use_private_umask
from router.text.printable import print_line

DISTRIBUTION = "beagle-slack"


def _show_version(wanted: bool) -> None:
    if wanted:
        print_line(f"beagle {version(DISTRIBUTION)}")
        raise typer.Exit


def _options(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Takes the options before a command; each acts in its own callback."""


app = command_group(
    ("bot.cli",),
    "A Slack bot that routes every request to the cheapest path that answers it well.",
    _options,
)


def main() -> None:
    """Run the command line. An error of Beagle's own is one message on stderr and exit status 2."""
    use_one_blas_thread()
    use_private_umask()
    # Python's own report quotes libraries' messages, which may hold an address with its password.
    sys.excepthook = _print_crash
    threading.excepthook = _print_thread_crash
    try:
        app(args=translate(sys.argv[1:]), prog_name="beagle")
    except BeagleError as error:
        print_line(f"beagle: {error}", file=sys.stderr)
        sys.exit(2)


def _print_crash(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Prints the traceback, without the secrets that a library's message may quote."""
    print_line("".join(traceback.format_exception(kind, error, trace)), file=sys.stderr)


def _print_thread_crash(crash: threading.ExceptHookArgs) -> None:
    _print_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)


if __name__ == "__main__":
    main()
