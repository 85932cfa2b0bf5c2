"""How well passages and their lines answer a question: a small ranking model without torch."""
