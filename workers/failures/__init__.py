"""What keeps going wrong: failed requests in groups, each with its cause by the evidence."""
