"""The optional port on 127.0.0.1: is the process alive, can it serve, what does it measure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import StartRefused
from bot.metrics import CONTENT_TYPE_LATEST
from bot.vitals import Vitals

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def serve_health(vitals: Vitals, port: int | None) -> AsyncIterator[None]:
    """Serve `/healthz`, `/readyz` and `/metrics` while the block runs; nothing without a port.

    Raises StartRefused when the port is taken.
    """
    if port is None:
        yield
        return
    runner = web.AppRunner(_application(vitals), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
        except OSError as error:
            raise StartRefused(
                f"MUSTER_METRICS_PORT: port {port} cannot be used ({error.strerror}). Choose"
                " another one that is free."
            ) from None
        yield
    finally:
        await runner.cleanup()


def _application(vitals: Vitals) -> web.Application:
    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        troubles = await vitals.troubles()
        text = "".join(f"{one}\n" for one in troubles) or "ready\n"
        return web.Response(text=text, status=503 if troubles else 200)

    async def metrics(_: web.Request) -> web.Response:
        body = await vitals.render_metrics()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application()
    application.router.add_get("/healthz", alive)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", metrics)
    return application
