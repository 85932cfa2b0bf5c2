"""Training versions: the data they learn from, the trainers, and the process that runs them."""
