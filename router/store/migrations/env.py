"""How Alembic runs a step: inside the transaction that `migrate` opened."""

from alembic import context

from router.store.base.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds every step, and on SQLite the write lock with it
)
context.run_migrations()
