"""A busy workspace's past as rows, and everything that people and processes look at in it."""
