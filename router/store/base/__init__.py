"""Tables, engines and migrations: what every part of the store stands on."""
