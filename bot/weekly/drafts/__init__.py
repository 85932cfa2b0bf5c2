"""Drafted routes in Slack: the card, the buttons, the dialogs, and a route from nothing."""
