"""Texts of `/beagle forget me`."""

from __future__ import annotations

FORGET = "Erase everything"
FORGET_WHOM = "I can only erase the data of the person who asks: `/beagle forget me`."
FORGET_ASK = (
    "I would erase every message you sent me with its answers and vectors, your feedback, what "
    "you wrote in channels that I read, your rows in datasets, and copies of your words: answers "
    "to others that repeat them, notes, examples that admins see, files that admins exported. "
    "Models that learned from them are marked to be retrained or retired. Counts and costs stay, "
    "without your words, and so do decisions that you took as an admin. Your messages in Slack "
    "itself stay too, and files that somebody copied elsewhere. This cannot be undone."
)
FORGETTING = "Erasing…"
FORGOTTEN = "Done. Erased: {counts}."
FORGOTTEN_NOTHING = "nothing, because I had stored nothing from you"
FORGOTTEN_TUNED = (
    "These versions learned from your words and are marked to be retrained or retired: {versions}."
)
FORGOTTEN_SHARED = (
    "Sentences of yours that somebody else wrote too, in their own messages or documents: {count}. "
    "Those are theirs, so they stay."
)
FORGOTTEN_PROOF = (
    "Then I searched every table, the bytes of my database and its log, and all my files for your "
    "sentences: nothing is left."
)
FORGOTTEN_SERVER = (
    "Then I searched every table and all my files for your sentences: nothing is left. The "
    "database server's tables were rewritten without your messages; its own log and backups are "
    "managed by your database administrator."
)
FORGOTTEN_LEFT = (
    "Then I searched every table and the bytes of my files. Places that still contain words of "
    "yours: {count}. The log lists them for an admin."
)
FORGOTTEN_WAITING = (
    "Some of my processes have folders of their own and have not erased in them yet: {names}. "
    "I will write to you when they have."
)
FORGOTTEN_BYTES = (
    "Nobody can find your words through me any more, but the database could not overwrite all "
    "their bytes yet. I try again {when}; the log tells an admin about it."
)
FORGOTTEN_SOON = "within minutes"
FORGOTTEN_TONIGHT = "tonight"
FORGOTTEN_EVERYWHERE = (
    "All my processes have erased your words in their folders now, and I have searched every table "
    "once more: nothing is left."
)
FORGOTTEN_SOMEWHERE = (
    "All my processes have looked for your words in their folders now. Places that still contain "
    "some: {count}. The log lists them for an admin."
)
FORGOTTEN_ROWS = {
    "thread": "threads in channels that I read",
    "answer": "answers that quoted you",
    "request": "messages to me",
    "overheard": "masked messages of channels that an admin lets me mine",
    "feedback": "pieces of feedback",
    "member": "channel memberships",
    "person": "note on who you are",
    "event_time": "notes on when you joined or left a channel",
    "turn": "note on when it is your turn to be answered",
    "dataset": "datasets that held rows of yours",
    "copied": "requests that others made about your messages",
    "proposal": "proposed changes that quoted you",
    "note": "notes made from your words",
    "sending": "answers that were passed on, with your words",
    "captured": "answers in threads that were saved, yours or to a question of yours",
    "foreign_home": "notes on which company you are of",
    "drafted_route": "drafts of routes that quoted you",
    "shown": "candidates, digests or reports that quoted you",
}
