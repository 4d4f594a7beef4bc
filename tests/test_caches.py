"""What Muster keeps of Discord, and what it asks to be sent: the least that works."""

from __future__ import annotations

from unittest.mock import Mock

import discord

from bot.background import Background
from bot.client import MusterBot


async def test_no_privileged_intent_and_no_cache_of_people_or_messages() -> None:
    bot = MusterBot(Background(), Mock(), shard_count=1)
    assert bot.intents == discord.Intents(guilds=True)
    state = bot._connection
    assert state.member_cache_flags == discord.MemberCacheFlags.none()
    assert state.max_messages is None
    assert list(bot.cached_messages) == []
    assert state._chunk_guilds is False
