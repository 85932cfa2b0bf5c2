"""Evidence, gates and ROI: which candidates deserve what."""
