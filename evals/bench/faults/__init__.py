"""Benchmarks under kills and faults: what is lost, answered twice or half promoted."""
