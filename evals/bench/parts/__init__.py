"""Benchmarks of one part at a time: speed, memory, and input that is hostile or damaged."""
