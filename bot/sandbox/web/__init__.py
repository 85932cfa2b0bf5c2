"""The loopback Slack's web page and its HTTP routes."""
