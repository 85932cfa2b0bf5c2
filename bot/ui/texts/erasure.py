"""What Beagle says when somebody wants to be forgotten, in one place, ready for translation."""

from __future__ import annotations

FORGET = "Erase everything"
FORGET_WHOM = "I can only forget the person who asks: `/beagle forget me`."
FORGET_ASK = (
    "I would erase every message you sent me with its answers and vectors, your feedback, what you said "
    "in channels that "
    "I read, and your rows in data sets. Models that learned from them are marked to be trained again or "
    "retired. Counts "
    "and costs stay, without your words. Your messages in Slack itself stay too. This cannot be undone."
)
FORGETTING = "Erasing…"
FORGOTTEN = "Done. Erased: {counts}."
FORGOTTEN_NOTHING = "nothing; I had kept nothing of you"
FORGOTTEN_TUNED = (
    "These learned from your words and are marked to be trained again or retired: {versions}."
)
FORGOTTEN_PROOF = "I searched the bytes of my database, its log, the queue's log and my learned files: nothing is left."
FORGOTTEN_SERVER = (
    "The database server has written its tables anew without your words; its own log and backups are its keeper's. I "
    "searched the bytes of the queue's log and my learned files: nothing is left."
)
FORGOTTEN_LEFT = "I searched the bytes of my files: {count} still hold words of yours. An admin finds their names in the log."
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
    "dataset": "data sets that held rows of yours",
    "shown": "candidates, digests or reports that quoted you",
}
