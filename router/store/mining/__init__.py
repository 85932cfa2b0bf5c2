"""What mining reads: requests people agreed to share and messages of opted-in channels."""
