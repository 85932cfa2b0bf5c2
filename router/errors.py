"""Every error that Beagle raises on purpose.

    BeagleError
    ├── SettingsError               a setting or the installation is wrong
    ├── InputError                  a file, an argument or a stored item cannot be used
    ├── RouteError                  a route folder is broken
    ├── StoreError                  the store cannot be opened, or has another schema
    │   └── StoreAwayError          the database does not answer, or takes no writes, for now
    ├── LifecycleError              a candidate did not change its state
    │   ├── IllegalTransitionError  the lifecycle does not allow the transition
    │   └── StaleError              the candidate has changed since the actor saw it
    ├── QueueError                  the queue cannot be reached, or refused a job
    ├── ModelError                  a model call failed
    │   ├── AnswerFormatError       no model gave an answer that the route's schema allows
    │   └── WeakAnswerError         the model wrote something that is no answer
    ├── BudgetError                 a model call would pass a cap, so it was not made
    │   └── RateLimitError          a person asks more often in a minute than is accepted
    ├── StoppedError                the request is no longer this worker's
    ├── LeadershipLostError         another process does the periodic work now
    └── PathError                   running a route failed
        ├── FileError               a file that was shared in Slack cannot be had
        ├── SendError               an answer could not be passed on
        └── NoTokenError            Slack accepts no token of the workspace

A message has four parts: what was being done, what was found, what is allowed, what to do. The
command line prints it as `beagle: …` and exits with status 2.
"""

from __future__ import annotations

import errno

from router.secret_values import hide_secrets

INSTALL_EXTRA = (
    "install the extra {0!r} (`make .venv` in a clone has it; for a wheel pip install "
    "'FILE.whl[{0}]')"
)
"""How this installation gets an extra of `pyproject.toml`: no package index has Beagle."""
SHORTAGES = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.ENOBUFS}
)
"""What the system says when it has no file handle, room on the disk or memory left."""


WEAK_ERRORS = (
    "weak",
    "weak_sum",
    "weak_rates",
    "weak_none",
    "weak_table",
    "weak_language",
    "weak_knowledge",
)
"""The reasons of WeakAnswerError, which are stored as the error of such an answer."""


class BeagleError(Exception):
    """The root of the tree. Catch it where every deliberate refusal is handled alike.

    A message never holds a secret of the settings, whatever library's text was put into it.
    """

    def __init__(self, *parts: object) -> None:
        super().__init__(*(hide_secrets(p) if isinstance(p, str) else p for p in parts))


class SettingsError(BeagleError):
    """A setting or the installation is wrong, so the process or the part must not start.

    `read_settings` lists every wrong setting in one message.
    """


class InputError(BeagleError):
    """A file, a command's argument, a dataset or another input cannot be used as it is.

    The settings are fine: another input, or a corrected one, works.
    """


class RouteError(BeagleError):
    """A route folder is broken; its last good version keeps answering.

    The message names the file, the key and the remedy.
    """


class StoreError(BeagleError):
    """The store cannot be opened, or does not have the schema that this code needs."""


class StoreAwayError(StoreError):
    """The database does not answer, or takes no writes for now; the same may work later.

    `state` is PostgreSQL's code for what happened, empty where it said nothing.
    """

    retry = True

    def __init__(self, message: str, *, state: str = "") -> None:
        super().__init__(message)
        self.state = state


class LifecycleError(BeagleError):
    """A candidate did not change its state; nothing was written."""


class IllegalTransitionError(LifecycleError):
    """The lifecycle has no such transition, or not for this actor, or not before an approval."""


class StaleError(LifecycleError):
    """The candidate has changed since the actor looked at it."""


class QueueError(BeagleError):
    """The queue cannot be reached, or a job is not on the allow-list."""


class ModelError(BeagleError):
    """A model call failed. `retry` tells whether the same call may work later.

    `setup` says that it cannot work before somebody has mended the installation: a missing key, a
    misspelt name.
    """

    def __init__(self, message: str, *, retry: bool = False, setup: bool = False) -> None:
        super().__init__(message)
        self.retry = retry
        self.setup = setup


class WeakAnswerError(ModelError):
    """The model wrote something that is no answer: it repeats itself, or made up what it says.

    Nobody is shown it. `model` is the model that wrote it; empty where none was asked, because it
    could not be trusted with the request. `reason` is a key of the texts that the person is told.
    `fault` says what is wrong with the model's words, in none of them.
    """

    def __init__(
        self, message: str, *, model: str = "", reason: str = "weak", fault: str = ""
    ) -> None:
        super().__init__(message)
        self.model = model
        self.reason = reason
        self.fault = fault


class AnswerFormatError(ModelError):
    """No model gave an answer that the route's schema allows."""


class BudgetError(BeagleError):
    """A cap in requests or USD would be passed; nothing was sent to a model.

    `resets_at` is in unix seconds. `scope` tells whose cap it is: `user`, `channel` or `team`.
    """

    retry = False
    """Trying again does not help before `resets_at`."""

    def __init__(self, message: str, *, resets_at: float, scope: str = "team") -> None:
        super().__init__(message)
        self.resets_at = resets_at
        self.scope = scope


class RateLimitError(BudgetError):
    """A person asks more often in a minute than is accepted; the request was not taken up.

    `limit` is how many requests a minute are accepted. `is_first` is set on the refusal that begins
    a pause until `resets_at`: the person is told then, once.
    """

    def __init__(self, message: str, *, resets_at: float, limit: int, is_first: bool) -> None:
        super().__init__(message, resets_at=resets_at, scope="minute")
        self.limit = limit
        self.is_first = is_first


class StoppedError(BeagleError):
    """The request is no longer this worker's; the job ends and its partial result is dropped.

    A person pressed Stop or deleted the message, or another worker has acquired the lease.
    """


class LeadershipLostError(BeagleError):
    """Another process leads the periodic work now; what this one was about to do is left to it."""


class PathError(BeagleError):
    """Running a route failed. With `retry` the queue tries again, else the person is told now.

    `retry_within` is set where nothing failed but a rate limit has to pass: the job runs again
    within that many seconds, and the attempt is not counted.
    """

    def __init__(self, message: str, *, retry: bool, retry_within: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_within = retry_within


class SendError(PathError):
    """An answer could not be passed on.

    `reason` is a key of the texts that the person is told. `is_sure` says that nothing arrived;
    without it, it may have arrived all the same, and is not sent again by itself.
    """

    def __init__(self, message: str, reason: str, *, retry: bool = False, is_sure: bool) -> None:
        super().__init__(message, retry=retry)
        self.reason = reason
        self.is_sure = is_sure


class NoTokenError(PathError):
    """Slack accepts no token of the workspace: it was revoked, or Beagle was removed.

    `retry` is true, because a new installation brings another token.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


class FileError(PathError):
    """A file that was shared in Slack cannot be had, now or later.

    `reason` is for the text that a person reads: `gone` (deleted, or not Beagle's to see), `large`,
    `elsewhere` (not stored in Slack), `sign_in` (Slack wants a person to sign in) or `broken`.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message, retry=False)
        self.reason = reason


def is_shortage(error: BaseException | None) -> bool:
    """Returns whether the machine lacks something for now: the same work may succeed later.

    Libraries wrap what the system said, so the errors behind this one count as well.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in SHORTAGES:
            return True

        error = error.__cause__ or error.__context__

    return False
