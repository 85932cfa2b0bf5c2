"""Text normalisation, redaction, templates, search terms and small talk."""
