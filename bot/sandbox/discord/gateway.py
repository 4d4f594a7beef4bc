"""The gateway: identify, resume, heartbeats, and events by intent and shard."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.discord.gateway_events import event_of
from bot.sandbox.discord.gateway_session import Connection, Session, make_compressor
from bot.sandbox.discord.models import Change, Guild
from bot.sandbox.discord.payloads import guild_create_payload, member_payload, user_payload
from bot.sandbox.discord.ratelimits import Limits
from bot.sandbox.discord.report import Report
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]
_PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
_MEMBERS_AT_ONCE = 100
_PER_MINUTE = 120


class Gateway:
    """All sessions of the bot's shards, connected or waiting to be resumed."""

    def __init__(self, world: DiscordWorld, token: str, limits: Limits, report: Report) -> None:
        self.url = ""
        self.files_url = ""
        self.accepting = True
        self._world = world
        self._token = token
        self._limits = limits
        self._report = report
        self.identifies: list[tuple[float, int]] = []  # (monotonic seconds, shard) of each
        self._sessions: dict[str, Session] = {}
        world.subscribe(self._on_change)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket connection until it ends."""
        self._report.calls["CONNECT /gateway"] += 1
        if not self.accepting:
            return web.Response(status=503)
        wanted = request.query.get("compress")
        socket = web.WebSocketResponse(compress=False, max_msg_size=16_384)
        await socket.prepare(request)
        connection = Connection(socket, make_compressor(wanted))
        writer = asyncio.create_task(connection.write_forever())
        try:
            await self._converse(connection)
        finally:
            writer.cancel()
            self._forget(connection)
        return socket

    def dispatch(self, guild_id: int | None, event: str, data: Json, intents: int = 0) -> None:
        """Send an event to the shard of a guild (None: DMs, shard 0) if it asked for it.

        Events for a dropped but resumable session are kept.
        """
        for session in self._sessions.values():
            if session.serves(guild_id) and session.intents & intents == intents:
                session.push(event, data)

    def connected(self, guild_id: int | None) -> frozenset[str]:
        """The ids of the sessions that serve a guild (None: DMs) and are connected now."""
        sessions = self._sessions.values()
        return frozenset(s.id for s in sessions if s.connection and s.serves(guild_id))

    def is_connected(self, guild_id: int | None) -> bool:
        """Whether the shard of a guild has a live connection now."""
        return bool(self.connected(guild_id))

    def shards(self) -> list[Json]:
        """The sessions as `GET /sandbox/report` shows them."""
        return [session.render(self._world) for session in self._sessions.values()]

    def ask_to_reconnect(self, shard_id: int | None = None) -> int:
        """Send RECONNECT (op 7) to the connected shards; how many."""
        return self._each(shard_id, lambda connection: connection.push({"op": 7, "d": None}))

    def disconnect(
        self, shard_id: int | None = None, code: int = 4000, *, resumable: bool = True
    ) -> int:
        """Close the connections of the shards; how many. Without `resumable` sessions end too."""
        count = self._each(shard_id, lambda connection: connection.hang_up(code))
        if not resumable:
            chosen = [s.id for s in self._sessions.values() if shard_id in (None, s.shard_id)]
            for session_id in chosen:
                del self._sessions[session_id]
        return count

    def _each(self, shard_id: int | None, act: Callable[[Connection], None]) -> int:
        chosen = [
            session.connection
            for session in self._sessions.values()
            if session.connection is not None and shard_id in (None, session.shard_id)
        ]
        for connection in chosen:
            act(connection)
        self._world.announce(Change("bot_status"))
        return len(chosen)

    async def _converse(self, connection: Connection) -> None:
        interval = self._limits.heartbeat
        connection.push({"op": 10, "d": {"heartbeat_interval": int(interval * 1000)}})
        handlers = {
            1: self._on_heartbeat, 2: self._on_identify, 6: self._on_resume,
            8: self._on_member_request,
        }  # fmt: skip
        while True:
            try:
                # Twice the interval: one lost heartbeat is forgiven, as on Discord.
                message = await connection.socket.receive(timeout=interval * 2)
            except TimeoutError:
                await self._fail(connection, 4009, "no heartbeat in time")
                return
            if message.type is not WSMsgType.TEXT:
                return
            if not connection.count_command(_PER_MINUTE):
                await self._fail(connection, 4008, "more than 120 gateway commands in a minute")
                return
            try:
                command = json.loads(message.data)
            except ValueError:
                await self._fail(connection, 4002, "not JSON")
                return
            if command.get("op") in (3, 4) and connection.session is not None:
                continue  # presence, voice state: accepted, nothing to do
            handler = handlers.get(command.get("op"))
            if handler is None:
                await self._fail(connection, 4001, f"opcode {command.get('op')}")
                return
            await handler(connection, command.get("d"))

    async def _on_heartbeat(self, connection: Connection, _: Any) -> None:
        connection.push({"op": 11})

    async def _on_identify(self, connection: Connection, data: Json) -> None:
        shard_id, shard_count = data.get("shard") or (0, 1)
        if data.get("token") != self._token:
            await self._fail(connection, 4004, "wrong token")
        elif connection.session is not None:
            await self._fail(connection, 4005, "identified twice")
        elif not 0 <= shard_id < shard_count:
            await self._fail(connection, 4010, f"shard {shard_id} of {shard_count}")
        elif data.get("intents", 0) & _PRIVILEGED:
            await self._fail(connection, 4014, "asked for a privileged intent")
        else:
            self._begin(connection, shard_id, shard_count, data.get("intents", 0))

    def _begin(self, connection: Connection, shard_id: int, count: int, intents: int) -> None:
        for old in list(self._sessions.values()):
            if old.connection is None and (old.shard_id, old.shard_count) == (shard_id, count):
                del self._sessions[old.id]
        self.identifies.append((time.monotonic(), shard_id))
        session = Session(secrets.token_hex(16), shard_id, count, intents)
        self._sessions[session.id] = session
        session.attach(connection)
        self._world.announce(Change("bot_status"))
        guilds = [guild for guild in self._world.guilds.values() if self._is_ours(session, guild)]
        me = self._world.bot_user
        session.push(
            "READY",
            {
                "v": 10,
                "user": user_payload(me) | {"mfa_enabled": True, "verified": True, "email": None},
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": [shard_id, count],
                "application": {"id": str(me.id), "flags": 1 << 23},
                "private_channels": [],
            },
        )
        for guild in guilds:
            if intents & 1 and not guild.unavailable:
                session.push("GUILD_CREATE", guild_create_payload(self._world, guild))

    def _is_ours(self, session: Session, guild: Guild) -> bool:
        return session.serves(guild.id) and self._world.bot_user.id in guild.members

    async def _on_resume(self, connection: Connection, data: Json) -> None:
        if data.get("token") != self._token:
            await self._fail(connection, 4004, "wrong token")
            return
        session = self._sessions.get(str(data.get("session_id")))
        if session is None or not session.can_resume(data.get("seq") or 0):
            connection.push({"op": 9, "d": False})
            return
        if session.connection is not None:
            session.connection.hang_up(4000)
        session.attach(connection)
        self._world.announce(Change("bot_status"))
        session.replay_after(data.get("seq") or 0)
        session.push("RESUMED", {})

    async def _on_member_request(self, connection: Connection, data: Json) -> None:
        """Members by id, at most 100, which needs no intent; lists and searches are not here."""
        session, wanted = connection.session, data.get("user_ids")
        guild = self._world.guilds.get(int(data.get("guild_id") or 0))
        if session is None or guild is None or not self._is_ours(session, guild):
            return
        ids = [int(one) for one in ([wanted] if isinstance(wanted, str) else wanted or [])]
        if not ids or len(ids) > _MEMBERS_AT_ONCE:
            self._report.violation("gateway", "a member request needs 1 to 100 user_ids here")
            return
        found = [guild.members[one] for one in ids if one in guild.members]
        session.push(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(guild.id),
                "members": [member_payload(member) for member in found],
                "not_found": [str(one) for one in ids if one not in guild.members],
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": data.get("nonce"),
            },
        )

    async def _fail(self, connection: Connection, code: int, why: str) -> None:
        self._report.violation("gateway", f"closed with {code}: {why}")
        await connection.socket.close(code=code)

    def _forget(self, connection: Connection) -> None:
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection = None
        self._world.announce(Change("bot_status"))
        if connection.ended_by_bot and connection.socket.close_code in (1000, 1001):
            self._sessions.pop(session.id, None)  # a clean goodbye ends the session

    def _on_change(self, change: Change) -> None:
        if self._world.bot is None or not self._sessions:
            return
        event = event_of(self._world, change, self.files_url)
        if event is not None:
            guild_id = change.guild.id if change.guild is not None else None
            self.dispatch(guild_id, event.name, event.data, event.intents)
