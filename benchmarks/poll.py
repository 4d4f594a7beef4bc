"""One workspace with many posted sessions is polled, over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.sandbox.platforms.readmin_world import Server, new_claim
from bot.services.refresher import CHANNEL_PACE
from tests.proofs.office import Office, open_office
from tests.services.bench import KEY, Bench

CLAIMED = 20  # claims on each session


def prepare(office: Office, sessions: int) -> list[str]:
    """So many sessions with claims, all of one template; their ids."""
    workspace = office.readmin.world.workspaces[KEY]
    template = workspace.templates[0]
    made = []
    for number in range(sessions):
        start = timedelta(hours=2, minutes=number)
        record = workspace.add_session(template, start, servers=[Server("Main")])
        (server,) = record["servers"].values()
        for who in range(CLAIMED):
            claim(office, server, 8_000_000_000 + 100 * number + who)
        made.append(str(record["_id"]))
    return made


def claim(office: Office, server: dict[str, object], roblox_id: int) -> None:
    """Somebody claims in the panel."""
    claims = server["claims"]
    assert isinstance(claims, dict)
    claims[str(roblox_id)] = new_claim(str(roblox_id), "trainer", office.clock)


async def measure(bench: Bench, office: Office, what: str) -> None:
    """Poll once; the calls, the seconds and the work of this process (it plays both sides)."""
    office.readmin.requests.clear()
    began, used = time.perf_counter(), time.process_time()
    await bench.poller.poll_all()
    await bench.background.settle()
    took, worked = time.perf_counter() - began, time.process_time() - used
    sys.stdout.write(
        f"{what}: {len(office.readmin.requests)} calls, {took:.2f} s, CPU {worked:.2f} s;"
        f" {len(bench.background.timers)} boards marked\n"
    )


async def run(sessions: int, changed: int) -> None:
    """Post, poll unchanged, after a restart, and changed."""
    with tempfile.TemporaryDirectory(prefix="muster-poll-") as folder:
        async with open_office(Path(folder), {"trainer": 0, "helper": 5}, {}) as office:
            made = prepare(office, sessions)
            bench = await office.open_process()
            workspace = await bench.add_workspace(name="ReAdmin", base_url=office.readmin.base_url)
            async with bench.workspaces.watch(workspace.workspace_id) as provider:
                for session_id in made:
                    await bench.post(workspace, await provider.fetch_session(session_id))
            await bench.catch_up()
            await measure(bench, office, f"{sessions} sessions, nothing new")
            bench = await bench.crash()
            await measure(bench, office, "the same after a restart")
            records = office.readmin.world.workspaces[KEY].sessions
            for session_id in made[:changed]:
                (server,) = records[session_id]["servers"].values()
                claim(office, server, 9_000_000_000)
            await measure(bench, office, f"claims by others on {changed}")
            office.messenger.edits.clear()
            office.readmin.requests.clear()
            while await bench.background.fire():
                await bench.background.settle()
            sys.stdout.write(
                f"corrected with {len(office.readmin.requests)} calls and"
                f" {len(office.messenger.edits)} edits; all in one channel they would take"
                f" {changed * CHANNEL_PACE:.0f} s\n"
            )
            await bench.background.stop()
            await bench.workspaces.aclose()
            await bench.database.close()


def main(
    sessions: Annotated[int, typer.Option(help="How many are posted")] = 200,
    changed: Annotated[int, typer.Option(help="On how many others claim before a poll")] = 20,
) -> None:
    """Prints calls and seconds; nothing is asserted, as they depend on the machine."""
    logging.disable(logging.ERROR)
    asyncio.run(run(sessions, changed))


if __name__ == "__main__":
    typer.run(main)
