"""Measuring versions on labelled rows, and judging them by rule."""
