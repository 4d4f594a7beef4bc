"""The main stories over the wire: the real bot as a separate process, the stand-ins around it."""
