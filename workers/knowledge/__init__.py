"""Ingest, chunking, retrieval, membership and extractive answers."""
