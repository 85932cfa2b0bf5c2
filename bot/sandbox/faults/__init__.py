"""Faults that the loopback Slack injects on request."""
