"""Text normalisation, redaction, templates and small talk."""
