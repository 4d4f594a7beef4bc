"""Pictures of Roblox accounts, for the card that asks whether it is the right one."""

from __future__ import annotations

import logging

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from bot.errors import ProviderError
from bot.providers.bounds import Bounds
from bot.providers.dialects import ROBLOX
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import Wire
from bot.providers.payloads import MaybeText, Payload, parse

log = logging.getLogger(__name__)

SIZE = "150x150"
LONGEST_URL = 500
BRIEFLY = Bounds(connect=2, read=2, read_total=2)  # a card without a picture will do


class _Picture(Payload):
    model_config = ConfigDict(alias_generator=to_camel)
    target_id: int
    image_url: MaybeText = None


class Headshots:
    """Asks Roblox's thumbnails API. A picture is a nicety: without one nothing fails."""

    def __init__(self, url: str, *, bounds: Bounds = BRIEFLY) -> None:
        policy = UpstreamPolicy(allow_insecure=True, allow_private=True)  # the operator's choice
        self._wire = Wire(url.rstrip("/"), ROBLOX, None, policy, bounds=bounds)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def fetch(self, roblox_id: int) -> str:
        """The address of the account's picture; empty while Roblox has none, or does not answer."""
        query = {
            "userIds": str(roblox_id), "size": SIZE, "format": "Png", "isCircular": "false",
        }  # fmt: skip
        try:
            answer = await self._wire.get("/v1/users/avatar-headshot", query)
            items = answer.get("data")
            pictures = [parse(_Picture, one, ROBLOX) for one in items] if items else []
        except (ProviderError, TypeError) as error:
            log.info("no picture of Roblox account %s: %s", roblox_id, error)
            return ""
        urls = [one.image_url or "" for one in pictures if one.target_id == roblox_id]
        return next((url for url in urls if _may_be_shown(url)), "")


def _may_be_shown(url: str) -> bool:
    """Discord refuses a whole message for an address that it does not like."""
    return (
        url.startswith("https://") and url.isascii() and " " not in url and len(url) < LONGEST_URL
    )
