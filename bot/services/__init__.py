"""The rules. No Discord, no HTTP and no SQL in here: only our models, stores and providers."""
