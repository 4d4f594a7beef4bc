"""Which guilds a process serves, when several share the work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

TIMESTAMP_SHIFT = 22  # Discord: shard of a guild = (guild id >> 22) % number of shards
_SHAPE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?/(\d{1,6})")


@dataclass(frozen=True, slots=True)
class ShardRange:
    """The shards `first` to `last`, both included, of `count`."""

    first: int
    last: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`0-3/16` or `5/16`. Raises ValueError with the rule that it breaks."""
        match = _SHAPE.fullmatch(text.strip())
        if match is None:
            raise ValueError("must look like 0-3/16: the first shard, the last one, and how many")
        first, count = int(match[1]), int(match[3])
        last = int(match[2]) if match[2] else first
        if not first <= last < count:
            raise ValueError("the shards count from 0, the first up to the last, below how many")
        return cls(first, last, count)

    @property
    def is_everything(self) -> bool:
        """Whether no other process serves any guild."""
        return self.first == 0 and self.last == self.count - 1

    @property
    def ids(self) -> list[int]:
        """The shards by number."""
        return list(range(self.first, self.last + 1))

    def serves(self, guild_id: int) -> bool:
        """Whether the guild is on one of these shards."""
        return self.first <= (guild_id >> TIMESTAMP_SHIFT) % self.count <= self.last

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{self.first}-{self.last}/{self.count}"


EVERYTHING = ShardRange(0, 0, 1)  # the one process that serves all guilds
