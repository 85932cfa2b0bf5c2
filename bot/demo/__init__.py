"""Everything on one machine, with a scripted tour."""
