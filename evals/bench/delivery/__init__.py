"""Benchmarks of delivery: messages into the loopback Slack, answers out of it."""
