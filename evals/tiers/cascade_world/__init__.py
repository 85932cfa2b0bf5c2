"""Whole requests through the real bot, with loopback models of known quality."""
