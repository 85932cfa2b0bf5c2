"""Turns HTML and Markdown into sections of text, as a browser shows them."""
