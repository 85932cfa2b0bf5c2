"""Settings and records of one workspace: audit, channel rules, installations, opt-outs."""
