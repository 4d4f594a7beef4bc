"""The RoVer stand-in. Most of its error codes are invented: no list is documented."""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.platforms.identity_world import IdentityWorld, asked_for
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer

API = "/api"  # the path of its base URL


class RoverPlatform(Platform):
    """A pretended RoVer with the look-up of one guild's member."""

    def __init__(self, world: IdentityWorld) -> None:
        super().__init__()
        self.world = world

    def routes(self) -> Sequence[Route]:
        """The one call that Muster needs."""
        pattern = f"{API}/guilds/{{guildId}}/discord-to-roblox/{{discordId}}"
        return [Route("GET", pattern, "read", self._look_up)]

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The handler's answer; the key comes as a bearer token."""
        if route is None:
            return Answer(404, b"Not Found", "text/plain")
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        guild_id = self.world.guild_of_key.get(key) if scheme == "Bearer" else None
        if guild_id is None:
            return self.worded(401, call.path)
        if guild_id != asked_for(call)[0]:
            return _error(403, "guild_not_authorized", "This guild does not use this key.")
        return await route.handler(call)

    def worded(self, status: int, path: str) -> Answer:
        """RoVer gives a code and a message."""
        codes = {400: "bad_request", 401: "unauthorized", 429: "rate_limit"}
        code = codes.get(status, "internal_error")
        return _error(status, code, f"Failed: {code}.")

    def state(self) -> dict[str, Any]:
        """Guilds and links."""
        return self.world.state()

    async def _look_up(self, call: Call) -> Answer:
        guild_id, member = asked_for(call)
        roblox_id = self.world.links.get((guild_id, member))
        if roblox_id is None:
            return _error(404, "user_not_found", "This user is not verified.")
        if (guild_id, member) in self.world.unshared:
            return _error(403, "user_not_authorized", "This user has not shared their account.")
        found = {
            "robloxId": roblox_id,
            "cachedUsername": self.world.names[roblox_id],
            "discordId": str(member),
            "guildId": str(guild_id),
        }
        return json_answer(200, found)


def _error(status: int, code: str, message: str) -> Answer:
    return json_answer(status, {"errorCode": code, "message": message})
