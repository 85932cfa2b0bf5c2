"""Turns people's corrections into training examples and retrains the router behind a gate."""
