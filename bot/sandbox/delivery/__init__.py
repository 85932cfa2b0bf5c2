"""How the loopback Slack delivers events and interactions to the app."""
