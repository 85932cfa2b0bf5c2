"""The scopes of the bot token, and what each is for. The manifest asks for exactly these."""

from __future__ import annotations

BOT_SCOPES = {
    "app_mentions:read": "hear that it was mentioned",
    "assistant:write": "show that it is working",
    "channels:history": "hear follow-ups in a thread, and find an answer whose post was interrupted",
    "chat:write": "answer",
    "commands": "be asked with /beagle",
    "groups:history": "the same in private channels that it was invited to",
    "im:history": "be asked in a direct message",
    "mpim:history": "the same in group messages",
}
