"""A simulated workspace whose repeated requests have a hidden truth: what really answers them."""
