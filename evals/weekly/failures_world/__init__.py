"""Simulated weeks in which requests fail for a known cause."""
