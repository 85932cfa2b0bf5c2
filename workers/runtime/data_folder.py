"""Opens the data folder, for this user only."""

from __future__ import annotations

from pathlib import Path

from router.errors import SettingsError
from router.private_files import make_private


def open_data_folder(folder: Path) -> None:
    """Creates the folder and keeps others out. Raises SettingsError where that cannot be."""
    try:
        make_private(folder)
    except OSError as error:
        raise SettingsError(
            f"opening the data folder {str(folder)!r}: {error.strerror}; let this user write "
            "there, or name another folder in BEAGLE_DATA"
        ) from error
