"""Prints the figures of an evaluation: one JSON object, or a line for each figure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from router.text.printable import print_line


def print_figures(
    figures: Mapping[str, object], *, as_json: bool, width: int = 20, number_format: str = ""
) -> None:
    """Prints the figures to stdout.

    As text, names are padded to `width` characters and values are formatted by `number_format`.
    """
    if as_json:
        print_line(json.dumps(figures))
        return

    for name, value in figures.items():
        print_line(f"{name:{width}} {value:{number_format}}")
