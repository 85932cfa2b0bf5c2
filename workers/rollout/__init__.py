"""The rollout of an approved candidate, from prompt optimisation to a live version."""
