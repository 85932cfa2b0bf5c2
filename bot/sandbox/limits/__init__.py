"""Rate limits, token scopes and short-lived tokens of the emulated Slack."""
