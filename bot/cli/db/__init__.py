"""Look after the database: its size, backups, a move to PostgreSQL."""

GROUP = (__name__,)
