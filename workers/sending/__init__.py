"""Passing answers on: what is sent, and webhooks."""
