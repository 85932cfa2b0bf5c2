"""Prompt optimisation: few-shot selection, instruction rewriting, schema tightening."""
