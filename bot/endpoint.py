"""Where Discord is: its own address, or the stand-in that an operator's setting names."""

from __future__ import annotations

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


def point_discord_at(api_url: str) -> None:
    """Send discord.py to this API address; the gateway is `/gateway` on the same host.

    Does nothing for Discord's own address. discord.py has no setting for this, but reads both
    class attributes only when it connects.
    """
    url = yarl.URL(api_url)
    if url.host == "discord.com":
        return
    Route.BASE = str(url).rstrip("/")
    scheme = "wss" if url.scheme == "https" else "ws"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL.build(
        scheme=scheme, host=url.host or "", port=url.port, path="/gateway"
    )
