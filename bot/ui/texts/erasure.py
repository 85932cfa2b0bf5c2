"""Texts of `/beagle forget me`."""

from __future__ import annotations

from bot.ui.counted import Counted

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
    "thread": Counted("{count:thread|threads} in channels that I read"),
    "answer": Counted("{count:answer|answers} that quoted you"),
    "request": Counted("{count:message|messages} to me"),
    "overheard": Counted(
        "{count:masked message|masked messages} of channels that an admin lets me mine"
    ),
    "feedback": Counted("{count:piece|pieces} of feedback"),
    "member": Counted("{count:channel membership|channel memberships}"),
    "person": Counted("{count:note|notes} on who you are"),
    "event_time": Counted("{count:note|notes} on when you joined or left a channel"),
    "turn": Counted("{count:note|notes} on when it is your turn to be answered"),
    "dataset": Counted("{count:dataset|datasets} that held rows of yours"),
    "copied": Counted("{count:request|requests} that others made about your messages"),
    "proposal": Counted("{count:proposed change|proposed changes} that quoted you"),
    "note": Counted("{count:note|notes} made from your words"),
    "sending": Counted("{count:answer|answers} passed on, with your words"),
    "captured": Counted(
        "{count:answer|answers} saved from threads, yours or to a question of yours"
    ),
    "foreign_home": Counted("{count:note|notes} on which company you are of"),
    "drafted_route": Counted("{count:draft|drafts} of routes that quoted you"),
    "shown": Counted(
        "{count:candidate, digest or report that|candidates, digests or reports that} quoted you"
    ),
}
