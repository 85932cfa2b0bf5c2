"""Every way to a model: gateway, litellm client, budgets, prices, circuit breaker, local server."""
