"""One gateway session with its event buffer, and one connection with its compression."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]
Compressor = Callable[[bytes], bytes]
_BUFFERED = 20_000


def make_compressor(wanted: str | None) -> Compressor | None:
    """The transport compression the bot asked for; None for plain text frames.

    Raises web.HTTPBadRequest for one that is not there.
    """
    if wanted is None:
        return None
    if wanted == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda data: deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if wanted == "zstd-stream":
        # discord.py asks for it only when one of the two modules can be imported.
        with contextlib.suppress(ImportError):
            squeeze = importlib.import_module("compression.zstd").ZstdCompressor()
            return lambda data: bytes(squeeze.compress(data, squeeze.FLUSH_BLOCK))
        with contextlib.suppress(ImportError):
            zstandard = importlib.import_module("zstandard")
            stream = zstandard.ZstdCompressor().compressobj()
            block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
            return lambda data: bytes(stream.compress(data) + stream.flush(block))
    raise web.HTTPBadRequest(text=f"no compression {wanted}")


class Connection:
    """A websocket with an outgoing queue, so that events keep their order."""

    def __init__(self, socket: web.WebSocketResponse, compress: Compressor | None) -> None:
        self.socket = socket
        self.session: Session | None = None
        self.ended_by_bot = True
        self._compress = compress
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._commands: deque[float] = deque()

    def push(self, payload: Json) -> None:
        """Queue a payload that is not an event."""
        self.push_text(json.dumps(payload))

    def push_text(self, text: str) -> None:
        """Queue a payload already written as JSON."""
        self._queue.put_nowait(text)

    def hang_up(self, code: int) -> None:
        """Close from our side after what is queued; the session stops using it at once."""
        self.ended_by_bot = False
        if self.session is not None and self.session.connection is self:
            self.session.connection = None
        self._queue.put_nowait(code)

    def count_command(self, most: int) -> bool:
        """Count one incoming command; False when there were more than `most` in a minute."""
        now = time.monotonic()
        self._commands.append(now)
        while self._commands[0] < now - 60:
            self._commands.popleft()
        return len(self._commands) <= most

    async def write_forever(self) -> None:
        """Send what is queued until the connection ends."""
        while True:
            item = await self._queue.get()
            if isinstance(item, int):
                await self.socket.close(code=item)
                return
            with contextlib.suppress(ConnectionError):  # gone: the buffer keeps it for a resume
                if self._compress is None:
                    await self.socket.send_str(item)
                else:
                    await self.socket.send_bytes(self._compress(item.encode()))


class Session:
    """What a shard identified as; outlives its connection so that it can be resumed."""

    def __init__(self, session_id: str, shard_id: int, shard_count: int, intents: int) -> None:
        self.id = session_id
        self.shard_id = shard_id
        self.shard_count = shard_count
        self.intents = intents
        self.connection: Connection | None = None
        self._sequence = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=_BUFFERED)

    def serves(self, guild_id: int | None) -> bool:
        """Whether events of a guild (None: of DMs) go to this shard."""
        if guild_id is None:
            return self.shard_id == 0
        return (guild_id >> 22) % self.shard_count == self.shard_id

    def attach(self, connection: Connection) -> None:
        """Send over this connection from now on."""
        self.connection, connection.session = connection, self

    def push(self, event: str, data: Json) -> None:
        """Number an event, keep it for a resume, and send it if connected."""
        self._sequence += 1
        text = json.dumps({"op": 0, "s": self._sequence, "t": event, "d": data})
        self._sent.append((self._sequence, text))
        if self.connection is not None:
            self.connection.push_text(text)

    def can_resume(self, sequence: int) -> bool:
        """Whether every event after `sequence` is still kept."""
        oldest = self._sent[0][0] if self._sent else self._sequence + 1
        return oldest - 1 <= sequence <= self._sequence

    def replay_after(self, sequence: int) -> None:
        """Send the kept events after `sequence` again."""
        for number, text in self._sent:
            if number > sequence and self.connection is not None:
                self.connection.push_text(text)

    def render(self, world: DiscordWorld) -> Json:
        """The session as the report shows it."""
        bot_id = world.bot_user.id
        guilds = [g for g in world.guilds.values() if self.serves(g.id) and bot_id in g.members]
        return {
            "session_id": self.id,
            "shard_id": self.shard_id,
            "shard_count": self.shard_count,
            "intents": self.intents,
            "connected": self.connection is not None,
            "guilds": [str(guild.id) for guild in guilds],
        }
