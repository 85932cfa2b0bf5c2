"""The small steps of mining; `workers/mining/pipeline.py` puts them together."""
