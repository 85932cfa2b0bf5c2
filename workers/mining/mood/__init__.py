"""Whether messages ask for something or tell something."""
