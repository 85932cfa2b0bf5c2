"""Rewrites a table of PostgreSQL while others read and write it."""
