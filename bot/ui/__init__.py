"""Block Kit as pure functions; every text for people is in `texts/`."""
