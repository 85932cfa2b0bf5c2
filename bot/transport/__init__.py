"""Slack's wire: clients, Socket Mode, signed HTTP, OAuth, health pages."""
