"""What somebody claimed stays theirs to give back after they are unlinked."""

from __future__ import annotations

from bot.models import Attempt, AttemptKind, AttemptState
from bot.store.attempts import AttemptStore
from bot.store.links import LinkStore

LOOKED_AT = 100  # of a member's latest attempts


async def find_former_account(
    attempts: AttemptStore, links: LinkStore, guild_id: int, discord_id: int, opening_id: int
) -> int | None:
    """The Roblox id that an unlinked member claimed this opening with.

    None when they never did, or another member is linked to that account now.
    """
    for attempt in await _list_claimed(attempts, guild_id, discord_id):
        if attempt.opening_id == opening_id:
            holder = await links.get_by_roblox(guild_id, attempt.roblox_id)
            return attempt.roblox_id if holder is None else None
    return None


async def list_former_openings(
    attempts: AttemptStore, guild_id: int, discord_id: int, roblox_id: int
) -> frozenset[int]:
    """What the member has lately claimed with this account, to be given back if it still is."""
    claimed = await _list_claimed(attempts, guild_id, discord_id)
    return frozenset(one.opening_id for one in claimed if one.roblox_id == roblox_id)


async def _list_claimed(attempts: AttemptStore, guild_id: int, discord_id: int) -> list[Attempt]:
    return [
        attempt
        for attempt in await attempts.list_for_member(guild_id, discord_id, LOOKED_AT)
        if attempt.kind is AttemptKind.CLAIM and attempt.state is AttemptState.CONFIRMED
    ]
