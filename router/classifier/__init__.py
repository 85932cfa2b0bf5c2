"""Message views in, calibrated route probabilities and in-scope score out."""
