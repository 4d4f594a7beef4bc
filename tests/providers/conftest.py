"""Platforms on loopback and a server that answers with whatever bytes a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.models import ProviderKind
from bot.providers import open_provider
from bot.providers.base import Provider
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import Bounds
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import ReAdminWorld, Role, Server, Workspace
from bot.sandbox.platforms.series import SeriesPlatform
from bot.sandbox.platforms.series_world import (
    CustomRole,
    SeriesSession,
    SeriesWorkspace,
    SeriesWorld,
)

KEY = "ReAdmin_Loader_ID=5ec4e7f00d"
OPEN = UpstreamPolicy(allow_insecure=True, allow_private=True)
# HASTY is for calls that no answer comes to; where one comes, no test may hurry a slow machine.
PATIENT = Bounds(
    first_pause=0.01, read=10, read_total=15, write=10, write_total=15, max_bytes=2_000_000
)
HASTY = Bounds(connect=10, first_pause=0.01, read=0.3, read_total=1, write=0.3, write_total=15)

HOST_ROLE = "00000000-0000-4000-8000-000000000011"
HELPER_ROLE = "00000000-0000-4000-8000-000000000012"
GROUP = "00000000-0000-4000-8000-000000000010"
MAIN = "00000000-0000-4000-8000-0000000000a1"
LISTED = "00000000-0000-4000-8000-0000000000b1"
SOON = "65f0a1b2c3d4e5f600000001"
RUNNING = "65f0a1b2c3d4e5f600000002"


@dataclass
class Seen:
    """One request that reached the odd server."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class OddServer:
    """Answers each request with the next of `answers` (the last one again and again).

    With `respond` the request itself decides.
    """

    base_url: str = ""
    answers: list[bytes] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    respond: Callable[[Seen], bytes] | None = None
    hold_open: bool = False  # after the answer, leave the connection open until the end
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for(self, count: int) -> None:
        """Wait until this many requests have arrived."""
        async with asyncio.timeout(30):
            while len(self.seen) < count:
                self.news.clear()
                await self.news.wait()

    def _answer(self) -> bytes:
        if self.respond is not None:
            return self.respond(self.seen[-1])
        return self.answers[min(len(self.seen), len(self.answers)) - 1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.seen.append(await _read_request(reader))
            self.news.set()
            writer.write(self._answer())
            await writer.drain()
            if self.hold_open:
                await self.hold.wait()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass  # the client had enough, or does not speak HTTP
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = first.split(" ")
    return Seen(method, target, headers, body)


async def until(true: Callable[[], object]) -> None:
    """Wait for what happens elsewhere: in another task, a server, a thread."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.001)


def http(status: int, body: bytes | Any = b"", *headers: str) -> bytes:
    """An HTTP answer as bytes; anything but bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + content


@pytest.fixture
async def odd() -> AsyncIterator[OddServer]:
    server = OddServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield server
    server.hold.set()
    listener.close()
    await listener.wait_closed()


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Provider]]:
    """Opens providers and closes them at the end."""
    opened: list[Provider] = []

    def opener(kind: str, base_url: str, **options: Any) -> Provider:
        options = {"bounds": PATIENT, **options}
        key, policy = options.pop("key", KEY), options.pop("policy", OPEN)
        provider = open_provider(ProviderKind(kind), base_url, SecretStr(key), policy, **options)
        opened.append(provider)
        return provider

    yield opener
    for provider in opened:
        await provider.aclose()


@dataclass
class ReAdmin:
    """A pretended ReAdmin with one workspace: a coming session with two servers, a running one."""

    platform: ReAdminPlatform
    world: ReAdminWorld
    workspace: Workspace
    base_url: str


@pytest.fixture
async def readmin() -> AsyncIterator[ReAdmin]:
    world = ReAdminWorld()
    workspace = world.add_workspace(KEY, 7700112)
    roles = [Role("Host", 1, 120, True, HOST_ROLE), Role("Helper", role_id=HELPER_ROLE)]
    group = workspace.add_role_group("Crew", roles, GROUP)
    game = workspace.add_game("Harbour Cafe", 41, 112233, "https://images.example/x.png")
    template = workspace.add_template("Training", [group], "Weekly", game=game)
    servers = [Server("Main", "map", [(1001, HOST_ROLE)], MAIN), Server(None, "list", [], LISTED)]
    workspace.add_session(template, timedelta(minutes=30), servers=servers, session_id=SOON)
    workspace.add_session(template, timedelta(minutes=-5), session_id=RUNNING)
    workspace.add_session(template, timedelta(days=-3), session_id="65f0a1b2c3d4e5f600000003")
    platform = ReAdminPlatform(world)
    await platform.start()
    yield ReAdmin(platform, world, workspace, platform.base_url)
    await platform.stop()


@dataclass
class SeriesBench:
    """A pretended Series with one session of two roles."""

    platform: SeriesPlatform
    world: SeriesWorld
    workspace: SeriesWorkspace
    session: SeriesSession
    base_url: str


@pytest.fixture
async def series() -> AsyncIterator[SeriesBench]:
    world = SeriesWorld()
    workspace = world.add_workspace(KEY, "workspace_harbour")
    for roblox_id, rank in ((1001, 200), (1002, 200), (1003, 1)):
        workspace.add_member(roblox_id, rank)
    session = workspace.add_session(
        SeriesSession(
            "Cashier training",
            world.clock() + timedelta(hours=1),
            timedelta(minutes=45),
            host=1001,
            custom_roles={
                "Trainer": CustomRole.with_slots(2, min_rank=100, holders=[1001]),
                "Überprüfer / 2": CustomRole.with_slots(1),
            },
        )
    )
    platform = SeriesPlatform(world, page_size=2)
    await platform.start()
    yield SeriesBench(platform, world, workspace, session, platform.base_url)
    await platform.stop()
