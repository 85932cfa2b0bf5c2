"""Where documents come from besides folders: Slack exports and messages, and web pages."""
