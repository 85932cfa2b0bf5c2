"""What `beagle bench outages` takes away or breaks, and what it counts meanwhile."""
