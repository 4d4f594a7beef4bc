"""What the pretended Bloxlink and RoVer know: keys of guilds, and who linked which account."""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.platforms.wire import Call


@dataclass
class IdentityWorld:
    """The links of one service. Those in `unshared` are known but not shared with the guild."""

    guild_of_key: dict[str, int] = field(default_factory=dict)
    links: dict[tuple[int, int], int] = field(default_factory=dict)  # (guild, Discord id)
    names: dict[int, str] = field(default_factory=dict)  # by Roblox id
    unshared: set[tuple[int, int]] = field(default_factory=set)

    def link(self, guild_id: int, discord_id: int, roblox_id: int, name: str) -> None:
        """Link a Discord account in one guild."""
        self.links[guild_id, discord_id] = roblox_id
        self.names[roblox_id] = name

    def state(self) -> dict[str, Any]:
        """Guilds and links; no keys."""
        return {
            "guilds": [str(guild) for guild in self.guild_of_key.values()],
            "links": [
                {"guild": str(guild), "discord": str(member), "roblox": str(roblox_id)}
                for (guild, member), roblox_id in self.links.items()
            ],
        }


def asked_for(call: Call) -> tuple[int, int]:
    """(guild, Discord id) in the path; zeros for what is no id."""
    texts = (call.params["guildId"], call.params["discordId"])
    guild, member = (int(text) if re.fullmatch(r"\d{1,20}", text) else 0 for text in texts)
    return guild, member
