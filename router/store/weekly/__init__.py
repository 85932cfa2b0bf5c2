"""The weekly loop: candidates, digests, datasets, rollout cards, drift checks, retraining."""
