"""Every error Beagle raises on purpose.

    BeagleError
    ├── SettingsError     wrong settings; the process must not start
    ├── RouteError        a route folder cannot be used; the last good version stays live
    ├── StoreError        the store cannot be opened or is not at the schema this code needs
    ├── QueueError        the queue cannot be reached or refused a job
    ├── ModelError        a model call failed; `retry` says whether asking again can help
    │   └── BudgetError   the call was not made because a cap would be passed
    └── PathError         running a route failed; `retry` says whether the queue should try again

A message says what was being done, what was found, what is allowed and what to do.
"""

from __future__ import annotations


class BeagleError(Exception):
    """The root of the tree; catch it where any refusal by Beagle is handled alike."""


class SettingsError(BeagleError):
    """Settings are wrong; the message lists every problem, not only the first."""


class RouteError(BeagleError):
    """A route folder is broken; the message names the file, the key and the remedy."""


class StoreError(BeagleError):
    """The store cannot be used as it is."""


class QueueError(BeagleError):
    """The queue cannot be reached, or a job is not on the allow-list."""


class ModelError(BeagleError):
    """A model call failed. `retry` is true when the same call may work later."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class BudgetError(ModelError):
    """A cap in requests or USD would be passed; nothing was sent. `resets_at` is in unix seconds."""

    def __init__(self, message: str, *, resets_at: float) -> None:
        super().__init__(message, retry=False)
        self.resets_at = resets_at


class PathError(BeagleError):
    """Running a route failed. With `retry` the queue tries again, otherwise the person is told now."""

    def __init__(self, message: str, *, retry: bool) -> None:
        super().__init__(message)
        self.retry = retry
