"""The database as a whole: its size, copies of it on either kind of database, and backups."""
