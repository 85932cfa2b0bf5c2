"""Tiers: which of a route's live versions answers a request, by what is known of their quality."""
