"""Generated people of several companies, for `beagle bench people`."""
