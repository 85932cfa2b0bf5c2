"""The weekly trials: what each way of answering a candidate's requests would reach."""
