"""Faults that the emulated Slack injects on request."""
