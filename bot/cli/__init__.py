"""`beagle WORD`: one file per word, its name is the word."""
