"""Quotes that answer a question: found, ranked, and shown or not."""
