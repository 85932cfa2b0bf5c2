"""The weekly groups of failed requests, with one-click remedies."""
