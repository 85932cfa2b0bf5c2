"""Building, screening and reviewing a candidate's dataset."""
