"""Texts of `/beagle forget me`."""

from __future__ import annotations

FORGET = "Erase everything"
FORGET_WHOM = "I can only erase the data of the person who asks: `/beagle forget me`."
FORGET_ASK = (
    "I would erase every message you sent me with its answers and vectors, your feedback, what "
    "you wrote in channels that I read, and your rows in datasets. Models that learned from "
    "them are marked to be retrained or retired. Counts and costs stay, without your words. "
    "Your messages in Slack itself stay too. This cannot be undone."
)
FORGETTING = "Erasing…"
FORGOTTEN = "Done. Erased: {counts}."
FORGOTTEN_NOTHING = "nothing, because I had stored nothing from you"
FORGOTTEN_TUNED = (
    "These versions learned from your words and are marked to be retrained or retired: {versions}."
)
FORGOTTEN_PROOF = (
    "I searched the bytes of my database, its log, the queue's log and my learned files: "
    "nothing is left."
)
FORGOTTEN_SERVER = (
    "The database tables were rewritten without your messages. The server's own log and backups "
    "are managed by your database administrator. I searched the bytes of the queue's log and my "
    "learned files: nothing is left."
)
FORGOTTEN_SHARED = (
    "Sentences of yours that somebody else wrote too, in their own messages or documents: {count}. "
    "Those are theirs, so they stay."
)
FORGOTTEN_LEFT = (
    "I searched my database and the bytes of my files: {count} places still contain words of "
    "yours. The log lists them for an admin."
)
FORGOTTEN_LATER = (
    "Done: nobody can find your words any more. Their bytes are overwritten within a few minutes."
)
FORGOTTEN_ROWS = {
    "thread": "threads in channels that I read",
    "answer": "answers that quoted you",
    "request": "messages to me",
    "overheard": "masked messages of channels that an admin lets me mine",
    "feedback": "pieces of feedback",
    "member": "channel memberships",
    "person": "note on who you are",
    "dataset": "datasets that held rows of yours",
    "copied": "requests that others made about your messages",
    "proposal": "proposed changes that quoted you",
    "note": "notes made from your words",
    "shown": "candidates, digests or reports that quoted you",
}
