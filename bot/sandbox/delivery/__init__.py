"""Delivers events and interactions to the app, by Socket Mode or signed HTTP."""
