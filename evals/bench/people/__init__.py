"""Benchmarks of people's rights: generated companies, saved answers, people to be forgotten."""
