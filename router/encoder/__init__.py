"""Text to unit vectors: torch and ONNX encoders, batching, caching, reranking."""
