"""Parts of the retrieval evaluation: corpora, questions and ranking metrics."""
