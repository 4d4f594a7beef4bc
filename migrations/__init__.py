"""The history of the database, applied in order at every start. See `bot.store.database`."""
