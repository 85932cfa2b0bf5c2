"""A loopback Slack: the Web API, Socket Mode, signed HTTP deliveries, people, faults, and a page to look at it."""
