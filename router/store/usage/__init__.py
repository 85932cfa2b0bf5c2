"""Spend, statistics and totals."""
