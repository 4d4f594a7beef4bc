"""`muster demo`: the whole town on this machine, with a page to live in it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import sys
import webbrowser

from bot.errors import StartRefused
from bot.sandbox.acts import Cast
from bot.sandbox.demo_api import TOUR, DemoApi, describe_people
from bot.sandbox.discord.people import Sandbox
from bot.sandbox.platforms import seeds
from bot.sandbox.town import Town

POSTED = (  # the last ones stand at the bottom, where a newcomer looks
    ("coast", "Juno", seeds.record_id("northgate/two-servers")),
    ("coast", "Tobin", seeds.record_id("northgate/live")),
    ("coast", "Tobin", seeds.series_id("harbour/soon")),
    ("coast", "Juno", seeds.record_id("northgate/soon")),
    ("forest", "Juno", seeds.record_id("redwood/soon")),
)


async def run_demo(port: int, *, browser: bool) -> None:
    """Serve the demo on `port` (0: any free one) until Ctrl-C; StartRefused when it is taken."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers here
            loop.add_signal_handler(number, stopped.set)
    town = Town()
    DemoApi(town).add_routes(town.discord.app)
    try:
        _write("Starting the sandbox and the bot …")
        await _start(town, port)
        await prepare(town)
        _introduce(town)
        if browser:
            await asyncio.to_thread(webbrowser.open, town.discord.url)
        await stopped.wait()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise StartRefused(
            f"Port {port} is in use. Choose another, for example --port 0."
        ) from None
    finally:
        _write("Stopping …")
        await town.stop()


async def _start(town: Town, port: int) -> None:
    try:
        await town.start(port)
    except TimeoutError as error:  # on a busy machine, for instance
        raise StartRefused(f"{error}\nTry again; if it stays so, that log says why.") from None


async def prepare(town: Town) -> None:
    """Live through the dull beginning: connect the workspaces, link the staff, post sessions."""
    for account in town.worlds.roblox.users.values():
        account.headshot = f"{town.discord.url}/page/face.svg"
    async with Sandbox(town.discord.url) as sandbox:
        cast = Cast(town, sandbox)
        await cast.connect_all()
        await cast.link_all()
        communities = {"coast": town.coast, "forest": town.forest}
        for community, host, session_id in POSTED:
            await cast.post(communities[community], host, session_id)


def _introduce(town: Town) -> None:
    people = "\n".join(f"  {name:9} {about}" for name, about in describe_people().items())
    tour = "\n".join(f"  {n}. As {step.who}: {step.text}" for n, step in enumerate(TOUR, start=1))
    _write(
        f"\nMuster's demo is at  {town.discord.url}\n\nWho you can be (switch at the top):\n"
        f"{people}\n\nA short tour:\n{tour}\n\nNothing leaves this machine. Stop with Ctrl-C."
    )


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
