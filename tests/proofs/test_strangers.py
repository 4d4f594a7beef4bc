"""Somebody else's program on the same workspace, which takes no turns with us, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from bot.sandbox.platforms.wire import Answer, Call, Route
from bot.services.outcomes import Code
from tests.proofs.office import KEY, MAIN, Office, connect, end_process, open_office, post
from tests.services.bench import ANA, BEN, roblox_of

STRANGER = 9001  # Roblox id; they hold a role that their own program releases
ROLES = {"lead": 1, "crew": 3}

Before = Callable[[], Awaitable[object]]


def before_release_of(office: Office, roblox_id: int, before: Before) -> None:
    """Let something happen when a release of this person arrives, before ReAdmin reads for it."""
    platform, answer = office.readmin, office.readmin.answer

    async def answered(call: Call, route: Route | None) -> Answer:
        if call.method == "DELETE" and call.params["userId"] == str(roblox_id):
            await before()
        return await answer(call, route)

    platform.answer = answered  # type: ignore[method-assign]  # a test's own platform


async def test_a_claim_that_a_strangers_release_undid_is_put_back(tmp_path: Path) -> None:
    """It was there when our release began, and is gone afterwards: it must not stay lost.

    Whom the stranger released on purpose in the same moment must not come back.
    """
    async with open_office(tmp_path, ROLES, {}) as office, httpx.AsyncClient() as stranger:
        bench = await office.open_process()
        workspace, *_ = await connect(bench, office)
        await bench.link(ANA, BEN)
        world, session_id = office.readmin.world, office.readmin_session
        world.panel_claim(session_id, MAIN, roblox_of(ANA), "lead")
        world.panel_claim(session_id, MAIN, STRANGER, "crew")
        office.clock.advance(120)  # what is so old cannot have been undone by accident
        board = await post(bench, workspace, session_id)
        has_read, go = asyncio.Event(), asyncio.Event()

        async def hold_up() -> None:
            has_read.set()
            await go.wait()

        office.readmin.v2.pause = hold_up  # between the read and the overwrite
        url = f"{office.readmin.base_url}/sessions/v2/{session_id}/servers/{MAIN}/claims/{STRANGER}"
        theirs = asyncio.create_task(stranger.delete(url, headers={"loader-id": KEY}))
        await has_read.wait()
        press = bench.press(board.openings[MAIN, "crew"], BEN)
        assert (await bench.claims.claim(press)).code is Code.CLAIMED

        async def overwritten() -> None:
            go.set()
            assert (await theirs).status_code == 200
            assert office.held() == {(office.readmin.base_url, MAIN, "lead", roblox_of(ANA))}

        before_release_of(office, roblox_of(ANA), overwritten)
        outcome = await bench.claims.release(bench.press(board.openings[MAIN, "lead"], ANA))
        assert outcome.code is Code.RELEASED
        assert office.held() == {(office.readmin.base_url, MAIN, "crew", roblox_of(BEN))}
        await end_process(bench)
