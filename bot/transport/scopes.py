"""The scopes of the bot token, and what each is for. The manifest asks for exactly these."""

from __future__ import annotations

BOT_SCOPES = {
    "app_mentions:read": "notice that it was mentioned",
    "assistant:write": "show that it is working",
    "channels:history": "read follow-ups in a thread, and what was missed in an outage",
    "channels:read": "know who is in a channel, so that nobody is shown what they may not read",
    "chat:write": "answer",
    "commands": "be asked with /beagle",
    "files:read": "read files that are shared in a channel where an admin allowed it",
    "files:write": "send statistics as a file, to the person who asked",
    "groups:history": "the same in private channels that it was invited to",
    "groups:read": "know who is in a private channel that it was invited to",
    "im:history": "be asked in a direct message",
    "im:write": "open the direct message that such a file goes to",
    "mpim:history": "the same in group messages",
    "mpim:read": "know who is in a group message",
    "reactions:read": "see that an answer was marked with ✅, to offer to save it",
    "users:read": "know who is a guest or of another company, and sees less",
}
