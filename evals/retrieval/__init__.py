"""Evaluations of retrieval: corpora, questions and ranking metrics."""
