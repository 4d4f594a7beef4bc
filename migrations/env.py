"""Runs the revisions on the connection that `bot.store.database` opened, inside its transaction."""

from alembic import context

from bot.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column only by rebuilding its table
)
with context.begin_transaction():
    context.run_migrations()
