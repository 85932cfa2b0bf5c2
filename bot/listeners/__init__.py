"""Buttons, dialogs, shortcuts and the App Home: one file per surface."""
