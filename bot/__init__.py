"""Talks to Slack and puts the parts together."""
