"""Runs Alembic's migrations inside the transaction that `migrate` has opened."""

from alembic import context

from router.store.base.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller's transaction holds every migration, and on SQLite the write lock with it.
    transactional_ddl=False,
)
context.run_migrations()
