"""Stand-ins for Discord and the platforms, and the demo that runs on them."""
