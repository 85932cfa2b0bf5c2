"""What mining reads and caches: requests, messages of opted-in channels, and embeddings."""
