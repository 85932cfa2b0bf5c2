"""Spending, statistics of a period, and totals for monitoring."""
