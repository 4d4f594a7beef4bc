"""A small community on the stand-in, and a raw client of Discord's routes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.sandbox.discord import DiscordStandIn, DiscordWorld, Limits

TOKEN = "sandbox.token"
Json = dict[str, Any]


class Community:
    """One guild: Olga owns it, Hana is a host (Manage Server), Sam and Tess are staff."""

    def __init__(self) -> None:
        self.world = DiscordWorld()
        self.bot = self.world.add_bot("muster", "Muster")
        self.olga = self.world.add_user("olga", "Olga")
        self.hana = self.world.add_user("hana", "Hana")
        self.sam = self.world.add_user("sam", "Sam")
        self.tess = self.world.add_user("tess", "Tess")
        self.guild = self.world.add_guild("Harbour", self.olga)
        self.hosts = self.world.add_role(self.guild, "Hosts", "manage_guild")
        self.staff = self.world.add_role(self.guild, "Staff", mentionable=True)
        self.world.add_member(self.guild, self.hana, [self.hosts])
        self.world.add_member(self.guild, self.sam, [self.staff])
        self.world.add_member(self.guild, self.tess, [self.staff])
        self.world.invite_bot(self.guild)
        self.board = self.world.add_channel(self.guild, "sessions")
        everyone = self.guild.id
        hidden = {everyone: (0, "view_channel"), self.hosts.id: ("view_channel", 0)}
        self.back_room = self.world.add_channel(self.guild, "back-room", overwrites=hidden)


class Api:
    """Calls the stand-in's Discord routes as the bot would, without discord.py."""

    def __init__(self, stand_in: DiscordStandIn, session: aiohttp.ClientSession) -> None:
        self._base = stand_in.api_url
        self._session = session
        self.headers: Any = {}

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN
    ) -> tuple[int, Any]:
        """One call; its status and JSON."""
        headers = {"Authorization": f"Bot {token}"}
        url = self._base + path
        async with self._session.request(method, url, json=body, headers=headers) as response:
            self.headers = response.headers
            return response.status, await response.json() if response.status != 204 else None

    async def code(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        """One call that is to be refused; its status and Discord's error code."""
        status, answer = await self.call(method, path, body)
        return status, answer.get("code", -1)


@contextlib.asynccontextmanager
async def running_stand_in(world: DiscordWorld, **limits: Any) -> AsyncIterator[DiscordStandIn]:
    """A started stand-in; `limits` as in Limits."""
    stand_in = DiscordStandIn(world, token=TOKEN, limits=Limits(**limits))
    await stand_in.start()
    try:
        yield stand_in
    finally:
        await stand_in.stop()


@dataclass
class RestBench:
    """A stand-in without a bot, and a raw client."""

    town: Community
    stand_in: DiscordStandIn
    api: Api

    @property
    def board(self) -> str:
        return f"/channels/{self.town.board.id}"

    def deny(self, *names: str) -> None:
        self.town.world.set_permissions(self.town.board, self.town.bot.id, 0, names)

    async def post(self, body: Json) -> Json:
        status, message = await self.api.call("POST", f"{self.board}/messages", body)
        assert status == 200
        return dict(message)
