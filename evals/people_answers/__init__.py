"""Generated workspaces in which people's answers are saved, and who may be shown them."""
