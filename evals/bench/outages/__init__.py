"""Parts that are taken away or broken in a running product, and what is counted meanwhile."""
