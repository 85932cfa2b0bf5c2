"""Evaluations of routes: their prompts against test rows, hostile messages and injections."""
