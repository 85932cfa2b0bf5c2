"""Drafts a route from a repeated request that none serves, or from an admin's wish."""
