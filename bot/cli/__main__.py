"""`beagle`: the command line. Each file of this folder that has a `main` is one command."""

from __future__ import annotations

import sys

from bot.cli.folder import command_group
from bot.cli.old_commands import translate
from router.config import use_one_blas_thread
from router.errors import BeagleError

app = command_group(
    "bot.cli", "A Slack bot that routes every request to the cheapest path that answers it well."
)


def main() -> None:
    """Run the command line. An error of Beagle's own is one message on stderr and exit status 2."""
    use_one_blas_thread()
    try:
        app(args=translate(sys.argv[1:]), prog_name="beagle")
    except BeagleError as error:
        print(f"beagle: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
