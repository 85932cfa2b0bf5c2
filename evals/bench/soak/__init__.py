"""A long run of the whole product: what people do, what the model answers, what processes take."""
