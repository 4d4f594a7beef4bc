"""The outside as tests want it: a platform, Roblox, Discord and the passing of time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.background import Background
from bot.errors import ProviderError, UpstreamFacts, UpstreamNotFound
from bot.models import (
    Capabilities,
    Claim,
    ClaimsForm,
    Health,
    LineState,
    Place,
    Probe,
    RobloxProfile,
    RobloxUser,
    Server,
    Session,
    SessionState,
)
from tests.services.worlds import NOW, READMIN

BORN = datetime(2019, 5, 14, 9, 30, tzinfo=UTC)  # every Roblox account
FACTS = UpstreamFacts("ReAdmin", 418, "their words")


class Clock:
    """The time, as set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class HandBackground(Background):
    """Timers go off when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[tuple[float, Callable[[], Awaitable[object]], str]] = []

    def after(
        self, seconds: float, work: Callable[[], Awaitable[object]], name: str
    ) -> asyncio.Task[None]:
        """Note the timer."""
        self.timers.append((seconds, work, name))
        return self.spawn(_nothing(), name)

    async def fire(self) -> int:
        """Let all timers go off; returns how many there were."""
        due, self.timers = self.timers, []
        for _, work, _ in due:
            await work()
        return len(due)

    async def settle(self) -> None:
        """Wait until everything that was spawned is done."""
        async with asyncio.timeout(30):
            while self._tasks:
                await asyncio.wait(set(self._tasks))


async def _nothing() -> None:
    return


class FakePlatform:
    """A `Provider` that checks nothing, as ReAdmin does, and fails on demand."""

    def __init__(self, *sessions: Session, capabilities: Capabilities = READMIN) -> None:
        self.capabilities = capabilities
        self.sessions = {session.session_id: session for session in sessions}
        self.writes: list[tuple[Any, ...]] = []
        self.reads = 0
        self.write_ended = 0.0  # monotonic
        self.max_ages: list[float] = []  # of each reading that was asked for, seconds
        self.began_after: list[float] = []  # monotonic; how old a reading was accepted
        self.lists = 0
        self.closed = 0
        self.read_error: Exception | None = None  # raised by every read until taken away
        self.write_error: Exception | None = None
        self.loses_writes = False  # a write that fails is not stored
        self.gate = asyncio.Event()  # closed: writes wait
        self.list_gate = asyncio.Event()  # closed: lists wait
        self.writing = 0
        self.most_writing = 0
        self.waiting = asyncio.Event()  # set when a write has arrived
        self.gate.set()
        self.list_gate.set()

    async def probe(self) -> Probe:
        """Count what there is."""
        self._read()
        return Probe(self.capabilities, len(self.sessions), 3)

    async def list_sessions(self) -> list[Session]:
        """Every session."""
        self.lists += 1
        await self.list_gate.wait()
        self._read()
        return sorted(self.sessions.values(), key=lambda session: session.starts_at)

    async def fetch_session(self, session_id: str, max_age: float = 0.0) -> Session:
        """One session as it stands."""
        self.max_ages.append(max_age)
        self.began_after.append(time.monotonic() - max_age)
        await asyncio.sleep(0)
        self._read()
        session = self.sessions.get(session_id)
        if session is None:
            raise UpstreamNotFound("it is gone", FACTS, "session")
        return session

    async def forget_roles(self) -> None:
        """Nothing is kept."""

    async def claim(self, session: Session, place: Place, roblox_id: int) -> None:
        """Store the claim in place of what the person holds on that server."""
        async with self._write("claim", place, roblox_id):
            others = [c for c in self._claims(place) if c.roblox_id != roblox_id]
            role = session.role(place.group_id, place.role_id)
            claim = Claim(roblox_id, place.role_id, role.name if role else None)
            self._store(place, (*others, claim))

    async def release(self, place: Place, roblox_id: int, *, by_host: bool) -> None:
        """Take the claim away."""
        async with self._write("release", place, roblox_id, by_host):
            self._store(place, [c for c in self._claims(place) if c.roblox_id != roblox_id])

    async def create_server(self, session_id: str, name: str) -> Server:
        """Add a server."""
        self.writes.append(("server", session_id, name))
        session = self.sessions[session_id]
        server = Server(f"server{len(session.servers) + 1}", name, (), ClaimsForm.MAP)
        self.sessions[session_id] = replace(session, servers=(*session.servers, server))
        return server

    def health(self) -> Health:
        """All is well."""
        return Health(LineState.CLOSED, NOW)

    async def aclose(self) -> None:
        """Count it."""
        self.closed += 1

    def end(self, session_id: str) -> None:
        """The session is over."""
        session = self.sessions[session_id]
        self.sessions[session_id] = replace(session, state=SessionState.ENDED)

    def holders(self, place: Place) -> tuple[int, ...]:
        """Who holds the place."""
        return self.sessions[place.session_id].holders(place.server_id, place.role_id)

    def _read(self) -> None:
        self.reads += 1
        if self.read_error is not None:
            raise self.read_error

    def _claims(self, place: Place) -> tuple[Claim, ...]:
        server = self.sessions[place.session_id].server(place.server_id)
        assert server is not None
        return server.claims

    def _store(self, place: Place, claims: Iterable[Claim]) -> None:
        session = self.sessions[place.session_id]
        servers = tuple(
            replace(one, claims=tuple(claims)) if one.server_id == place.server_id else one
            for one in session.servers
        )
        self.sessions[place.session_id] = replace(session, servers=servers)

    def _write(self, kind: str, place: Place, *facts: object) -> _Write:
        self.writes.append((kind, place.role_id, *facts))
        return _Write(self)


class _Write:
    """Waits at the gate, sees who else writes, and fails before or after the store."""

    def __init__(self, platform: FakePlatform) -> None:
        self._platform = platform

    async def __aenter__(self) -> None:
        platform = self._platform
        platform.writing += 1
        platform.most_writing = max(platform.most_writing, platform.writing)
        platform.waiting.set()
        try:
            await platform.gate.wait()
            await asyncio.sleep(0)
            if platform.write_error is not None and platform.loses_writes:
                raise platform.write_error
        except BaseException:
            platform.writing -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._platform.writing -= 1
        self._platform.write_ended = time.monotonic()
        if self._platform.write_error is not None:
            raise self._platform.write_error


class FakeRoblox:
    """Accounts and ranks, in place of `bot.providers.identity.roblox.Roblox`."""

    def __init__(self) -> None:
        self.users: dict[int, RobloxUser] = {}
        self.ranks: dict[int, int] = {}
        self.profiles: dict[int, str] = {}
        self.error: ProviderError | None = None
        self.asked: list[object] = []

    def add(self, roblox_id: int, username: str) -> RobloxUser:
        """An account."""
        self.users[roblox_id] = RobloxUser(roblox_id, username, username)
        return self.users[roblox_id]

    async def aclose(self) -> None:
        """Nothing to close."""

    async def fetch_user_by_name(self, name: str) -> RobloxUser | None:
        """By name, in any case."""
        self._ask(name)
        found = (u for u in self.users.values() if u.username.casefold() == name.casefold())
        return next(found, None)

    async def fetch_user(self, roblox_id: int) -> RobloxUser | None:
        """By id."""
        self._ask(roblox_id)
        return self.users.get(roblox_id)

    async def fetch_profile(self, roblox_id: int) -> RobloxProfile | None:
        """By id, born at one and the same time."""
        user = await self.fetch_user(roblox_id)
        return RobloxProfile(user, BORN) if user else None

    async def fetch_users(self, roblox_ids: Iterable[int]) -> dict[int, RobloxUser]:
        """Those that exist."""
        wanted = sorted(roblox_ids)
        self._ask(wanted)
        return {one: self.users[one] for one in wanted if one in self.users}

    async def fetch_users_by_name(self, names: Iterable[str]) -> dict[str, RobloxUser]:
        """Those that exist, by name in any case."""
        wanted = list(names)
        self._ask(wanted)
        known = {user.username.casefold(): user for user in self.users.values()}
        return {name: known[name.casefold()] for name in wanted if name.casefold() in known}

    async def fetch_profile_text(self, roblox_id: int) -> str:
        """What was set, or nothing."""
        self._ask(roblox_id)
        return self.profiles.get(roblox_id, "")

    async def fetch_rank(self, roblox_id: int, group_id: int, *, max_age: float = 30.0) -> int:
        """The rank, 0 for strangers."""
        self._ask((roblox_id, group_id))
        return self.ranks.get(roblox_id, 0)

    def _ask(self, what: object) -> None:
        self.asked.append(what)
        if self.error is not None:
            raise self.error
