"""HTTP routes of the emulated Slack: the page, the control API and Slack's own addresses."""
