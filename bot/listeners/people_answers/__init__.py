"""Answers that people give in threads: saved after a review, and asked about before they lapse."""
