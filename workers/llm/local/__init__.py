"""The included model, its adapters, and trained models: files, processes, addresses."""
