"""Renders the digest's message from the current state, and updates it after each decision."""

from __future__ import annotations

from slack_sdk import WebClient

from bot.payloads import Block
from bot.ui.blocks import Rendered
from bot.weekly import digest_view
from bot.weekly.candidate_view import WAITING, snooze_of
from bot.weekly.failures.view import failure_blocks
from bot.weekly.posting import update_message
from router.lifecycle_evidence import SnoozeEvidence
from router.store import Store
from router.store.weekly.digests import Digest

USER_ID_PREFIXES = ("U", "W")


def render_digest(store: Store, digest: Digest) -> Rendered:
    """Returns the digest's message with the current state of each candidate."""
    candidates = []
    decided_by: dict[str, str] = {}
    snoozes: dict[str, SnoozeEvidence] = {}

    for key in digest.body["candidates"]:
        candidate = store.candidates.get(key)
        if candidate is None:
            continue

        candidates.append(candidate)
        if candidate.state != WAITING:
            newest = store.candidates.history(candidate.id)[-1]
            snooze = snooze_of(candidate, newest)
            if snooze is not None:
                snoozes[candidate.id] = snooze

            actor = newest.actor
            # Slack refuses a message that mentions anything but a user's id: the terminal is an
            # actor, too.
            if actor.startswith(USER_ID_PREFIXES):
                decided_by[candidate.id] = actor

    failures: list[Block] = []
    if digest.body.get("failures"):
        failures = failure_blocks(store, digest.team, digest.body["failures"])

    return digest_view.render(digest, candidates, decided_by, failures, snoozes)


def update_digest(store: Store, client: WebClient, digest: Digest) -> None:
    """Updates the posted message. Best effort, because the store is what counts."""
    if digest.channel is not None and digest.ts is not None:
        message = render_digest(store, digest)
        update_message(lambda: client, digest.channel, digest.ts, message)
