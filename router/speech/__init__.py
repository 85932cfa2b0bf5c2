"""What a message does with its words: the speech act, apart from what it is about."""
