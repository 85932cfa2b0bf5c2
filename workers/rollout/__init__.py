"""The way of an approved candidate from optimisation to live."""
