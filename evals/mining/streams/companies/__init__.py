"""Made-up companies: what their people say day after day, and what they ask for."""
