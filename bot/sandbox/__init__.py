"""A Slack emulator on loopback: Web API, Socket Mode, signed HTTP, users, faults and a web page."""
