"""How events are read from Discord: one at a time, with room for answers in between."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from discord import gateway, http
from discord.state import AutoShardedConnectionState

# Of a message whose button was pressed: discord.py would build them anew for each press, and no
# answer depends on what a message shows.
_UNUSED: dict[str, Any] = {"components": [], "embeds": [], "attachments": [], "mentions": []}


class LightState(AutoShardedConnectionState[Any]):
    """Parses of an interaction what Muster needs: in a rush, parsing is half of acknowledging."""

    def parse_interaction_create(self, data: Any) -> None:
        """As Discord sent it, without the inside of the pressed message."""
        if "message" in data:
            data = data | {"message": data["message"] | _UNUSED}
        super().parse_interaction_create(data)


class PatientSocket(gateway.DiscordClientWebSocketResponse):
    """Lets what the last event began go on before the next one is read.

    discord.py handles events as long as there are any, without a pause. When a thousand members
    press at once, the first would be acknowledged after the last press was parsed.
    """

    async def receive(self, *args: Any, **options: Any) -> aiohttp.WSMessage:
        """The next message, after everything that could run has had a turn."""
        await asyncio.sleep(0)
        return await super().receive(*args, **options)


def read_patiently() -> None:
    """Have discord.py use `PatientSocket`; it has no setting for this."""
    http.__dict__["DiscordClientWebSocketResponse"] = PatientSocket
