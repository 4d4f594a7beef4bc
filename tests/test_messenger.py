"""What Discord refuses is told by the name of the permission that Muster lacks."""

from __future__ import annotations

from unittest.mock import AsyncMock, Mock

import discord
import pytest

from bot.errors import ChannelLost
from bot.messenger import NEEDED, NEEDED_FOR_THREADS, DiscordMessenger

CHANNEL, THREAD = 7, 8


def messenger(lacking: str) -> DiscordMessenger:
    """In a guild where Muster holds what it needs, but for one permission."""
    held = dict.fromkeys((*NEEDED, *NEEDED_FOR_THREADS), True) | (
        {lacking: False} if lacking else {}
    )
    text = Mock(spec=discord.TextChannel)
    text.permissions_for.return_value = discord.Permissions(**held)
    known = {CHANNEL: text, THREAD: Mock(spec=discord.Thread, parent_id=CHANNEL)}
    refused = discord.Forbidden(
        Mock(status=403, reason="Forbidden"), {"code": 50013, "message": ""}
    )
    client = Mock(spec=discord.Client)
    client.get_channel.side_effect = known.get
    client.get_partial_messageable.return_value = Mock(send=AsyncMock(side_effect=refused))
    return DiscordMessenger(client, Mock())


@pytest.mark.parametrize(
    ("place", "lacking", "words"),
    [
        (CHANNEL, "send_messages", "Muster lacks Send Messages in <#7>."),
        (CHANNEL, "read_message_history", "Muster lacks Read Message History in <#7>."),
        (THREAD, "send_messages_in_threads", "Muster lacks Send Messages in Threads in <#7>."),
        (9, "", "Muster lacks View Channel in <#9>."),
        (CHANNEL, "", "Muster cannot use the message or channel <#7>."),
    ],
)
async def test_the_missing_permission_is_named(place: int, lacking: str, words: str) -> None:
    with pytest.raises(ChannelLost) as refused:
        await messenger(lacking).post_notice(place, "a line")
    assert str(refused.value) == words
