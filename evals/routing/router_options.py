"""The options that every evaluation of the router takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EncoderName = Annotated[
    str, typer.Option(help="fast, multilingual, torch, or a sentence-transformers name.")
]
EncoderCache = Annotated[Path, typer.Option(help="Folder of the fast encoder.")]
DEFAULT_CACHE = Path(".beagle/encoder")
