"""Texts of the install pages, which a browser shows, and of the message after a take-over."""

from __future__ import annotations

TITLE = "Install Beagle"
INVITATION = "Beagle answers requests in Slack. Slack asks you next what it may read."
ADD = "Add to Slack"

DONE_TITLE = "Beagle is installed"
DONE = {
    "first": "You are its admin in this workspace. Say hello to it in a direct message.",
    "renewed": "Its access was renewed. You are its admin in this workspace.",
    "renewed_by_member": (
        "Its access was renewed. Its admin in this workspace stays the same: only an admin or "
        "owner of the Slack workspace can take over by installing."
    ),
    "taken_over": "You are its admin in this workspace now. The former admin was told.",
}
"""By the outcome of an install."""
OPEN_SLACK = "Open Slack"

FAILED_TITLE = "Beagle was not installed"
FAILED = "Slack or your browser ended the install ({reason}). Nothing was changed."
START_AGAIN = "Start again"
BUSY = "Many people install Beagle at the moment. Try again in a minute."
SLACK_UNREACHABLE = "Slack did not answer, so nothing was changed. Try again in a minute."
STATE_USED = "This install was completed before. Nothing was changed."
NOT_ALLOWED = (
    "Whoever runs this Beagle has not allowed your workspace. Ask them to add {team} to "
    "BEAGLE_ALLOWED_TEAMS. No access was kept."
)
ORGANISATION = (
    "Beagle serves workspaces one by one, not a whole organisation. Install it from the workspace "
    "that needs it. No access was kept."
)

TAKEN_OVER_NOTICE = (
    "<@{user}>, an admin or owner of this Slack workspace, has installed me again and is my admin "
    "now in your place. If you did not expect that, ask them, or whoever runs me."
)
