"""What Muster keeps of Discord, and what it asks to be sent: the least that works."""

from __future__ import annotations

from unittest.mock import Mock

import discord
import pytest
from discord.shard import Shard, ShardInfo

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


@pytest.mark.parametrize("event", ["on_shard_connect", "on_shard_resumed"])
async def test_a_shard_that_is_back_has_failed_before_by_nobodys_account(
    event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = MusterBot(Background(), Mock(), shard_count=1)
    shard = Shard(Mock(shard_id=0), Mock(), Mock())
    monkeypatch.setattr(bot, "get_shard", lambda _: ShardInfo(shard, 1))
    for _ in range(20):
        shard._backoff.delay()
    await getattr(bot, event)(0)
    monkeypatch.setattr(shard._backoff, "_randfunc", lambda _least, most: most)
    assert [shard._backoff.delay() for _ in range(8)] == [2, 4, 8, 16, 32, 64, 64, 64]
