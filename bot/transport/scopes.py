"""The scopes of the bot token, and what each is for. The manifest asks for exactly these."""

from __future__ import annotations

BOT_SCOPES = {
    "app_mentions:read": "notice that it was mentioned",
    "assistant:write": "show that it is working",
    "channels:history": (
        "hear follow-ups in a thread, and every message where an admin chose that; read threads, "
        "and after an outage the history of the channels that it is in, for what was missed"
    ),
    "channels:read": "know who is in a channel, so that nobody is shown what they may not read",
    "chat:write": "answer",
    "commands": "be asked with /beagle",
    "files:read": (
        "read the files of a request, and those shared in a channel that an admin allowed it to "
        "read"
    ),
    "files:write": "send statistics, and the end of a long answer, as a file",
    "groups:history": "as channels:history, in private channels that it was invited to",
    "groups:read": "know who is in a private channel that it was invited to",
    "im:history": "be asked in a direct message, and read there what was missed in an outage",
    "im:write": "open a direct message, for statistics or an answer that is passed on",
    "mpim:history": "as channels:history, in group messages",
    "mpim:read": "know who is in a group message",
    "reactions:read": "see that an answer was marked with ✅, to offer to save it",
    "users:read": "know who is a guest or of another company, and sees less",
}
