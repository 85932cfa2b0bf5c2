"""Requests from receipt to reply: rows, decisions, feedback, labels, proposals, cancellations."""
