"""Real services over a real database file and real HTTP to the sandbox platforms; time is ours."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.models import Opening, ProviderKind, Session, Workspace
from bot.providers import open_provider
from bot.providers.base import Provider
from bot.providers.bounds import Bounds
from bot.providers.guard import UpstreamPolicy
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import ReAdminWorld, Role, Server
from bot.sandbox.platforms.series import SeriesPlatform
from bot.sandbox.platforms.series_world import CustomRole, SeriesSession, SeriesWorld
from bot.sandbox.platforms.wire import Answer, Call, Route
from bot.services.ports import Board
from bot.store.database import Database, migrate
from tests.services.bench import GUILD, KEY, STRANGERS, Bench
from tests.services.fakes import Clock, FakeRoblox
from tests.services.messenger import FakeMessenger

GROUP = 77
LONG = timedelta(days=3000)  # the sessions outlast every jump of the clock
WITHIN = 60.0  # seconds; only a failure waits that long
MAIN, ANNEX = "main-0", "annex-0"  # ids of the ReAdmin session's servers
# Silence ends when a fault is cleared, not at a time limit: nothing is decided by speed.
PATIENT = Bounds(first_pause=0.002, burst=1_000_000, rate=1_000_000, write=60, write_total=60,
                 read=60, read_total=60, queue=60)  # fmt: skip

Held = tuple[str, str, str, int]  # base URL, server id, role id, Roblox id


class _Counting(Platform):
    """Knows how many calls it is working on."""

    busy = 0

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """As the platform does, counted."""
        self.busy += 1
        try:
            return await super().answer(call, route)
        finally:
            self.busy -= 1


class CountingReAdmin(_Counting, ReAdminPlatform):
    """Knows how many releases have read and not written yet: what changes then is lost.

    And who held a place when a claim arrived there: ReAdmin itself does not look.
    """

    releasing = 0

    def __init__(self, world: ReAdminWorld) -> None:
        super().__init__(world)
        self.claims: list[tuple[Held, set[int]]] = []  # that arrived, and who else was there

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """As ReAdmin does, noted."""
        if route is not None and route.kind == "claim":
            wish = json.loads(call.content)
            place = (self.base_url, call.params["serverId"], wish["roleId"])
            who = int(wish["userId"])
            there = {user for *held, user in readmin_held(self) if tuple(held) == place}
            self.claims.append(((*place, who), there - {who}))
        return await super().answer(call, route)

    async def pause_in_release(self) -> None:
        """As ReAdmin does, counted."""
        self.releasing += 1
        try:
            await super().pause_in_release()
        finally:
            self.releasing -= 1


class CountingSeries(_Counting, SeriesPlatform):
    """The Series of the proofs."""


class Office:
    """The outside of Muster: two platforms, Discord as services know it, and the clock."""

    def __init__(self, folder: Path, readmin: CountingReAdmin, series: CountingSeries) -> None:
        self.path = folder / "muster.db"
        self.clock = Clock()
        self.began = self.clock()
        self.messenger, self.roblox = FakeMessenger(), FakeRoblox()
        self.readmin, self.series = readmin, series
        self.readmin_session, self.series_session = "", ""

    @property
    def url(self) -> str:
        """The database."""
        return f"sqlite:///{self.path}"

    def monotonic(self) -> float:
        """Real time, and what we jumped ahead."""
        return time.monotonic() + (self.clock() - self.began).total_seconds()

    def open_provider(
        self, kind: ProviderKind, base_url: str, key: SecretStr, _policy: UpstreamPolicy
    ) -> Provider:
        """A real client that may speak to loopback, by our clock."""
        policy = UpstreamPolicy(allow_insecure=True, allow_private=True)
        return open_provider(
            kind, base_url, key, policy, clock=self.clock, monotonic=self.monotonic, bounds=PATIENT
        )

    async def open_process(self) -> Bench:
        """The next process of Muster on the same file."""
        database = await Database.open(self.url)
        return Bench(database, self.messenger, self.roblox, self.clock, {})

    def held(self) -> set[Held]:
        """Everything that the two platforms hold."""
        return readmin_held(self.readmin) | series_held(self.series)

    def holders(self, upstream: str, server_id: str, role_id: str) -> set[int]:
        """Who holds one place."""
        return {who for *place, who in self.held() if place == [upstream, server_id, role_id]}

    def board(self, message_id: int) -> Board:
        """The message as it stands in the channel."""
        posted = {1001 + n: board for n, (_, board, _, _) in enumerate(self.messenger.posts)}
        return (posted | dict(self.messenger.edits))[message_id]

    def journal(self) -> list[sqlite3.Row]:
        """Every row in the order in which it was written, straight from the file."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            query = "SELECT rowid AS number, * FROM claim_attempts ORDER BY rowid"
            return connection.execute(query).fetchall()


def readmin_held(platform: ReAdminPlatform) -> set[Held]:
    """What a ReAdmin holds, from its raw records."""
    return {
        (platform.base_url, server_id, claim["claimedRole"], int(user))
        for workspace in platform.world.workspaces.values()
        for session in workspace.sessions.values()
        for server_id, server in session["servers"].items()
        if isinstance(server["claims"], dict)
        for user, claim in server["claims"].items()
    }


def series_held(platform: SeriesPlatform) -> set[Held]:
    """What a Series holds, from its slots."""
    return {
        (platform.base_url, "", name, int(slot))
        for workspace in platform.world.workspaces.values()
        for session in workspace.sessions.values()
        for name, role in (session.custom_roles or {}).items()
        for slot in role.slots
        if slot.isdecimal()
    }


async def until(happened: Callable[[], object]) -> None:
    """Wait for what has no event of its own."""
    async with asyncio.timeout(WITHIN):
        while not happened():  # noqa: ASYNC110  # there is nothing to wait on
            await asyncio.sleep(0.001)


@dataclass(frozen=True)
class Post:
    """A posted board with its openings, by (server id, role id)."""

    workspace: Workspace
    announcement_id: int
    message_id: int
    openings: dict[tuple[str, str], Opening]


async def post(bench: Bench, workspace: Workspace, session_id: str) -> Post:
    """Let a host post the session."""
    async with bench.workspaces.watch(workspace.workspace_id) as provider:
        session: Session = await provider.fetch_session(session_id)
    posted = await bench.post(workspace, session)
    openings = await bench.announcements.list_openings(posted.announcement_id)
    by_place = {(o.place.server_id, o.place.role_id): o for o in openings}
    assert posted.message_id is not None
    return Post(workspace, posted.announcement_id, posted.message_id, by_place)


async def connect(bench: Bench, office: Office) -> list[Workspace]:
    """Two guilds on one ReAdmin workspace, and the first of them on Series, too."""
    readmin, series = office.readmin.base_url, office.series.base_url
    return [
        await bench.add_workspace(name="ReAdmin", base_url=readmin),
        await bench.add_workspace(STRANGERS, name="Shared", base_url=readmin),
        await bench.add_workspace(GUILD, "Series", series, kind=ProviderKind.SERIES),
    ]


@asynccontextmanager
async def open_office(
    folder: Path,
    roles: dict[str, int],
    slots: dict[str, int],
    servers: tuple[str, ...] = (MAIN,),
    begins: timedelta = timedelta(hours=1),
) -> AsyncIterator[Office]:
    """An office whose sessions offer these roles, each with so many places (ReAdmin: 0 = any)."""
    readmin_world, series_world = ReAdminWorld(), SeriesWorld()
    office = Office(folder, CountingReAdmin(readmin_world), CountingSeries(series_world))
    readmin_world.clock = series_world.clock = office.clock
    workspace = readmin_world.add_workspace(KEY, GROUP)
    offered = [Role(name, places, role_id=name) for name, places in roles.items()]
    template = workspace.add_template(
        "12:00 Training", [workspace.add_role_group("Staff", offered)]
    )
    made = [Server(server_id.title(), server_id=server_id) for server_id in servers]
    record = workspace.add_session(template, begins, LONG, made)
    office.readmin_session = record["_id"]
    members = series_world.add_workspace(KEY, "workspace_proofs")
    custom = {name: CustomRole.with_slots(places) for name, places in slots.items()}
    start = office.clock() + begins
    shift = SeriesSession("Shift", start, timedelta(days=600), custom_roles=custom)
    office.series_session = members.add_session(shift).session_id
    await migrate(office.url)
    platforms: list[Platform] = [office.readmin, office.series]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.services.workspaces.open_provider", office.open_provider)
        try:
            for platform in platforms:
                await platform.start()
            yield office
        finally:
            for platform in platforms:
                await platform.stop()


async def at_rest(*platforms: CountingReAdmin | CountingSeries) -> None:
    """Wait until nothing that was sent can still change what the platforms hold."""
    for platform in platforms:
        await until(lambda one=platform: not one.busy and not one._late)


async def end_process(bench: Bench, *presses: asyncio.Task[None]) -> None:
    """End a process at once, whatever is under way."""
    for task in presses:
        task.cancel()
    stopping = asyncio.create_task(bench.background.stop(grace=0))
    await asyncio.sleep(0)  # cancelled first: nothing may act on a connection closed by us
    await bench.workspaces.aclose()
    await asyncio.gather(stopping, *presses, return_exceptions=True)
    await bench.database.close()
