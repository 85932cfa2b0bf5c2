"""Erasure on request, retention, and removal of a whole workspace."""
