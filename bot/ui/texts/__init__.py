"""Every text that people read in Slack: a module for each surface, `common` for shared ones."""
