"""Tables, engine and migrations, shared by all parts of the store."""
