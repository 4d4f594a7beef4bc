"""The stand-in as a whole: one HTTP server on loopback."""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.discord.admin_api import AdminApi
from bot.sandbox.discord.core import Core
from bot.sandbox.discord.live import Live
from bot.sandbox.discord.people_api import PeopleApi
from bot.sandbox.discord.ratelimits import Limits
from bot.sandbox.discord.report import Report
from bot.sandbox.discord.routes import PREFIX, add_api_routes
from bot.sandbox.discord.world import DiscordWorld

_BIGGEST_BODY = 12 * 1024 * 1024


class DiscordStandIn:
    """Discord for one bot. Add further routes to `app` before `start()`."""

    def __init__(self, world: DiscordWorld, *, token: str, limits: Limits | None = None) -> None:
        self.world = world
        self.core = Core(world, token, limits or Limits())
        self.live = Live(self.core)
        self.app = web.Application(client_max_size=_BIGGEST_BODY)
        self._runner: web.AppRunner | None = None
        self._port = 0
        add_api_routes(self.app, self.core)
        PeopleApi(self.core).add_routes(self.app)
        AdminApi(self.core, self.live).add_routes(self.app)
        self.app.router.add_get("/sandbox/live", self.live.handle)
        self.app.router.add_get("/gateway", self.core.gateway.handle)
        self.app.router.add_get(r"/sandbox/files/{file_id:\d+}/{name}", self.core.files.serve)

    @property
    def url(self) -> str:
        """Where the server listens, without a trailing slash."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """What `discord.http.Route.BASE` has to be."""
        return self.url + PREFIX

    @property
    def gateway_url(self) -> str:
        """What `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY` has to be."""
        return f"ws://127.0.0.1:{self._port}/gateway"

    @property
    def report(self) -> Report:
        """What was seen so far."""
        return self.core.report

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        self._runner = web.AppRunner(self.app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        self.core.gateway.url = self.gateway_url
        self.core.files.url = self.core.gateway.files_url = f"{self.url}/sandbox/files"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        self.core.interactions.stop()
        self.core.gateway.disconnect()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
