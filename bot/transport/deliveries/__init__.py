"""What the bot has received from Slack and not finished, and how much of it fits."""
