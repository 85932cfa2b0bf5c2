"""Erasure of people and workspaces, retention of texts, and overwriting deleted bytes."""
