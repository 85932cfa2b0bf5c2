"""The drift watch: whether a live version still does as well as when it was evaluated."""
