"""Measures Beagle: each file is one evaluation, `beagle eval NAME` runs it."""
