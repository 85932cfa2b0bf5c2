"""Installing Beagle in a workspace by OAuth: the pages, their states, and who becomes its admin."""
