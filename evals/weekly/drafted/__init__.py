"""Simulated workspaces whose chat hides requests that no route serves."""
