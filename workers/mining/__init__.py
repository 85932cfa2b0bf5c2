"""The small steps of mining; `workers/mine.py` puts them together."""
