"""Which process serves a guild: Discord's own rule, and how an operator writes a share down."""

from __future__ import annotations

import pytest

from bot.models import EVERYTHING, ShardRange


@pytest.mark.parametrize(
    ("text", "shards"),
    [
        ("0-3/16", ShardRange(0, 3, 16)),
        (" 5/16 ", ShardRange(5, 5, 16)),
        ("0/1", ShardRange(0, 0, 1)),
        ("15-15/16", ShardRange(15, 15, 16)),
    ],
)
def test_a_share_is_read_as_it_is_written(text: str, shards: ShardRange) -> None:
    assert ShardRange.parse(text) == shards
    assert ShardRange.parse(str(shards)) == shards


@pytest.mark.parametrize("text", ["", "0-3", "3-0/16", "0-16/16", "-1/4", "0/0", "a-b/c", "0–3/16"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"shards count from 0|must look like 0-3/16"):
        ShardRange.parse(text)


def test_every_guild_is_served_by_exactly_one_process() -> None:
    shares = [ShardRange.parse(text) for text in ("0-3/16", "4-4/16", "5-15/16")]
    guilds = [(number * 7919 << 22) | 12345 for number in range(1, 500)]
    assert [sum(share.serves(guild) for share in shares) for guild in guilds] == [1] * len(guilds)
    for guild in guilds:
        shard = (guild >> 22) % 16  # in the words of Discord's documentation
        assert [share.serves(guild) for share in shares] == [shard in s.ids for s in shares]


def test_one_process_serves_everything() -> None:
    assert EVERYTHING.is_everything
    assert ShardRange.parse("0-15/16").is_everything
    assert not ShardRange.parse("0-14/16").is_everything
    assert EVERYTHING.serves(2**62)
