"""The key of a job: one or more identifiers joined by blanks, because a queue entry has one key."""

from __future__ import annotations

from router.errors import QueueError

SEPARATOR = " "


def job_key(*parts: str) -> str:
    """Joins identifiers to a key, e.g. `job_key("T1", "2027-W05")` is `"T1 2027-W05"`.

    Raises QueueError for an empty part or one with a blank: `parse_key` could not split it again.
    """
    for part in parts:
        if not part or SEPARATOR in part:
            raise QueueError(
                f"making a job key of {parts!r}: part {part!r} is empty or has a blank; "
                "use identifiers"
            )

    return SEPARATOR.join(parts)


def parse_key(key: str, *names: str) -> tuple[str, ...]:
    """Splits a key into one part for each of `names`, in that order.

    Raises QueueError for a key with more, fewer or empty parts.
    """
    parts = tuple(key.split(SEPARATOR))
    if len(parts) != len(names) or not all(parts):
        raise QueueError(
            f"reading job key {key!r}: expected {SEPARATOR.join(names)!r}; "
            "remove the job from the queue"
        )

    return parts
