"""List, check and export the installation's routes."""

GROUP = (__name__,)
