"""Settings by subject; `router/config.py` builds the whole of them."""
