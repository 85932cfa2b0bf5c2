"""What the report of an export says, before anything is installed."""
