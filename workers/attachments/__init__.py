"""The files of a request: what a model may be given of them, and what people are told."""
