"""The Bloxlink stand-in. The words of its refusals are invented: none are documented."""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.platforms.identity_world import IdentityWorld, asked_for
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer

API = "/v4/public"  # the path of its base URL


class BloxlinkPlatform(Platform):
    """A pretended Bloxlink with the look-up of one guild's member."""

    def __init__(self, world: IdentityWorld) -> None:
        super().__init__()
        self.world = world

    def routes(self) -> Sequence[Route]:
        """The one call that Muster needs."""
        pattern = f"{API}/guilds/{{guildId}}/discord-to-roblox/{{discordId}}"
        return [Route("GET", pattern, "read", self._look_up)]

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The handler's answer; the key is the bare header."""
        if route is None:
            return Answer(404, b"<html><body>Not Found</body></html>", "text/html")
        guild_id = self.world.guild_of_key.get(call.headers.get("authorization", ""))
        if guild_id is None:
            return self.worded(401, call.path)
        if guild_id != asked_for(call)[0]:
            return _error(403, "This API key cannot be used for this guild")
        return await route.handler(call)

    def worded(self, status: int, path: str) -> Answer:
        """Bloxlink gives one text per failure."""
        texts = {400: "Bad request", 401: "Invalid API key", 429: "Too many requests"}
        return _error(status, texts.get(status, "Internal server error"))

    def state(self) -> dict[str, Any]:
        """Guilds and links."""
        return self.world.state()

    async def _look_up(self, call: Call) -> Answer:
        roblox_id = self.world.links.get(asked_for(call))
        if roblox_id is None:
            return _error(404, "User not found")
        return json_answer(200, {"robloxID": str(roblox_id), "resolved": {}})


def _error(status: int, text: str) -> Answer:
    return json_answer(status, {"error": text})
