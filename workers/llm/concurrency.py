"""Lets only so many calls reach a small server at once; the others wait in line, not inside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from router.errors import ModelError


class BusyError(ModelError):
    """There was no room for the call; the model itself did not fail it."""


class Slots:
    """At most `count` holders at a time. When one of them finds the server silent, everybody in line learns it too."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._silences = 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, seconds: float) -> Iterator[None]:
        """A slot for as long as the block runs.

        Raises BusyError when none was free within `seconds` or the server fell silent meanwhile.
        """
        with self._changed:
            seen = self._silences
            came = self._changed.wait_for(lambda: self._free > 0 or self._silences > seen, seconds)

            if self._silences > seen:
                raise BusyError(
                    "waiting for the model: it stopped answering others; try again soon", retry=True
                )

            if not came:
                raise BusyError(
                    f"waiting for the model: no free slot within {seconds:.0f} s; try again when it is less busy",
                    retry=True,
                )

            self._free -= 1

        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

    def silent(self) -> None:
        """Everybody in line gives up now: the server does not answer."""
        with self._changed:
            self._silences += 1
            self._changed.notify_all()
