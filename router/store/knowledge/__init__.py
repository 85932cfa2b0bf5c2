"""The document index: lexical and vector search, fusion, access rights, sources."""
