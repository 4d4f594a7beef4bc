"""A stand-in for Discord that an unmodified bot connects to over HTTP and websockets."""

from bot.sandbox.discord.ratelimits import Limits
from bot.sandbox.discord.server import DiscordStandIn
from bot.sandbox.discord.world import DiscordWorld

__all__ = ["DiscordStandIn", "DiscordWorld", "Limits"]
