"""A summary without a model: a text's own most telling sentences, word for word."""
