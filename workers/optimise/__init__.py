"""Improving a version's prompt before anything is trained."""
