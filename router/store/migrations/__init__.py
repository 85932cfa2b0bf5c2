"""Numbered steps from an empty database to the schema this code needs."""
