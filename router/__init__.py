"""Decides which route serves a request, and remembers everything that happened."""
