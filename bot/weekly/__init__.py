"""The weekly loop in Slack: digest, candidates, rollout, drift."""
