"""Does what takes time: runs a route's path, retrieves, mines, trains."""
