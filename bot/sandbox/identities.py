"""Who the town's people are at Roblox, Bloxlink and RoVer, and what they do there."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.panel import Deed, Undo
from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.bloxlink import BloxlinkPlatform
from bot.sandbox.platforms.identity_world import IdentityWorld
from bot.sandbox.platforms.roblox import RobloxUser, RobloxWorld
from bot.sandbox.platforms.rover import RoverPlatform

BLOXLINK, ROVER, ROBLOX = "Bloxlink", "RoVer", "Roblox"
BLOXLINK_KEY, ROVER_KEY = "blox_northgate_demo_7d21c0", "rvr_northgate_demo_93be55"
SECOND = RobloxUser(4490099001, "BrambletonTwo", "Nico again")  # Nico's other account

_NICO, _FERN = (a for name in ("Nico", "Fern") for a in seeds.STAFF if a.display_name == name)


class Identities:
    """Bloxlink knows Nico and Fern. RoVer knows Fern, and Nico has not shared himself there."""

    def __init__(self, roblox: RobloxWorld) -> None:
        self._roblox = roblox
        roblox.add_user(SECOND)
        self.bloxlink = BloxlinkPlatform(IdentityWorld())
        self.rover = RoverPlatform(IdentityWorld())
        self._ids: dict[str, tuple[int, int]] = {}  # (guild, Discord id) by display name
        self.deeds = (
            Deed("blox-changed", BLOXLINK, "Nico changes to another account there",
                 lambda: self._change(self.bloxlink.world, "Nico")),
            Deed("rover-shared", ROVER, "Nico shares his account with the server", self._share),
            Deed("rover-other", ROVER, "Fern links another account there",
                 lambda: self._change(self.rover.world, "Fern")),
        )  # fmt: skip

    def settle_in(self, guild_id: int, discord_ids: Mapping[str, int]) -> None:
        """The guild with its keys, and the people by display name."""
        self.bloxlink.world.guild_of_key[BLOXLINK_KEY] = guild_id
        self.rover.world.guild_of_key[ROVER_KEY] = guild_id
        self._ids = {name: (guild_id, discord_id) for name, discord_id in discord_ids.items()}
        for account in (_NICO, _FERN):
            _, discord_id = self._ids[account.display_name]
            for world in (self.bloxlink.world, self.rover.world):
                world.link(guild_id, discord_id, account.user_id, account.name)
        self.rover.world.unshared.add(self._ids["Nico"])

    def get_profile(self, name: str) -> RobloxUser:
        """Somebody's Roblox account, by display name. KeyError: there is none."""
        by_name = {account.display_name: account for account in self._roblox.users.values()}
        return by_name[name]

    def write_profile(self, name: str, text: str) -> None:
        """What somebody writes under About. KeyError: no such person."""
        self.get_profile(name).description = text[:1000]  # Roblox's limit

    def _change(self, world: IdentityWorld, name: str) -> Undo:
        before = world.links[self._ids[name]]
        world.link(*self._ids[name], SECOND.user_id, SECOND.name)

        def undo() -> None:
            world.links[self._ids[name]] = before

        return undo

    def _share(self) -> Undo:
        unshared = self.rover.world.unshared
        unshared.discard(self._ids["Nico"])
        return lambda: unshared.add(self._ids["Nico"])
