"""Slack's wire: clients, Socket Mode, signed HTTP, OAuth and health pages."""
