"""Deciding in the bot process: routing service, background training, explanations."""
