"""Measures speed and delivery: each file is one benchmark, `beagle bench NAME` runs it."""
