"""Every error Beagle raises on purpose.

    BeagleError ├── SettingsError     wrong settings; the process must not start ├── RouteError
    a route folder cannot be used; the last good version stays live ├── StoreError        the store
    cannot be opened or is not at the schema this code needs ├── LifecycleError    a candidate was
    not taken a step further │   ├── IllegalEdgeError  the step is not allowed, or not to this actor
    │   └── StaleError        the actor had seen an older version of it ├── QueueError        the
    queue cannot be reached or refused a job ├── ModelError        a model call failed; `retry` says
    whether asking again can help │   └── BudgetError   the call was not made because a cap would be
    passed ├── StoppedError      a person pressed Stop, or another worker has the request now:
    nothing more is written └── PathError         running a route failed; `retry` says whether the
    queue should try again └── NoTokenError  the workspace has no token that Slack takes; one may
    come

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


class LifecycleError(BeagleError):
    """A candidate stays where it is; nothing has changed."""


class IllegalEdgeError(LifecycleError):
    """No such step from this state, or not by this actor, or nobody has approved it."""


class StaleError(LifecycleError):
    """The candidate has changed since the actor looked at it."""


class QueueError(BeagleError):
    """The queue cannot be reached, or a job is not on the allow-list."""


class ModelError(BeagleError):
    """A model call failed. `retry` is true when the same call may work later."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class BudgetError(ModelError):
    """A cap in requests or USD would be passed; nothing was sent.

    `resets_at` is in unix seconds, `whose` says whose cap it is: `user`, `channel` or `team`.
    """

    def __init__(self, message: str, *, resets_at: float, whose: str = "team") -> None:
        super().__init__(message, retry=False)
        self.resets_at, self.whose = resets_at, whose


class StoppedError(BeagleError):
    """The request is not this worker's any more; it ends here, and what it has so far counts for nothing."""


class PathError(BeagleError):
    """Running a route failed. With `retry` the queue tries again, otherwise the person is told now.

    `within` is set where nothing failed and only room has to be waited for: at most so many
    seconds, at no try's cost.
    """

    def __init__(self, message: str, *, retry: bool, within: float | None = None) -> None:
        super().__init__(message)
        self.retry, self.within = retry, within


class NoTokenError(PathError):
    """Slack takes no token of the workspace: it was revoked, or Beagle was removed. A new install brings another."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)
