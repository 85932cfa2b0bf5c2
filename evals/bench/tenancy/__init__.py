"""Two workspaces with the same ids on one bot, and whatever of one reaches the other."""
