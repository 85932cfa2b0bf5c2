"""*Send to…* under an answer: who may pass it on, and answers that come back."""
