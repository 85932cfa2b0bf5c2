"""Prompt rendering, few-shot examples, structured output, self-consistency."""
