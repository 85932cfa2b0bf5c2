"""Write a candidate's dataset to files, or read a reviewed file back."""

GROUP = (__name__,)
