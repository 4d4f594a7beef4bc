"""ReAdmin loses claims made during a release: what we report is what it holds all the same."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from bot.errors import OutcomeUnknown, ProviderError
from bot.models import Place
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.readmin_world import Server

from .conftest import GROUP, HELPER_ROLE, KEY, MAIN, SOON, until

PLACE = Place(SOON, MAIN, GROUP, HELPER_ROLE)
MEMBERS = range(1_000_000_000, 1_000_000_010)
# Answers that tell nothing, some with the work done and some without it.
FAULTS = ["cut-before", "cut-after", "error-500", "error-500-after", "truncated", "html-502"]


class HeldRelease(ReAdminPlatform):
    """A ReAdmin whose releases stand between read and overwrite until the test lets them go on."""

    def __init__(self, world):
        super().__init__(world)
        self.inside = 0
        self.go_on = asyncio.Event()

    async def pause_in_release(self):
        self.inside += 1
        await self.go_on.wait()


@pytest.fixture
async def held(readmin):
    template = readmin.workspace.templates[0]
    servers = [Server("Main", "map", [(MEMBERS[0], HELPER_ROLE)], MAIN)]
    readmin.workspace.add_session(template, timedelta(hours=1), servers=servers, session_id=SOON)
    platform = HeldRelease(readmin.world)
    await platform.start()
    yield platform
    platform.go_on.set()
    await platform.stop()


async def test_a_claim_that_somebody_elses_release_overwrote_is_not_confirmed(held, connect):
    """The platform said yes to the claim; only the reading back after it tells."""
    ours, theirs = connect("readmin-v2", held.base_url), connect("readmin-v2", held.base_url)
    session = await ours.fetch_session(SOON)
    release = asyncio.create_task(theirs.release(PLACE, MEMBERS[0], by_host=True))
    await until(lambda: held.inside)
    await ours.claim(session, PLACE, MEMBERS[1])  # a clear yes
    assert (await ours.fetch_session(SOON, 60)).held_by(MEMBERS[1])
    held.go_on.set()
    await release
    assert not (await ours.fetch_session(SOON)).held_by(MEMBERS[1])


async def _report(provider, user, claiming):
    """What may be said about a write: its own clear answer, else what a reading after it shows."""
    session = await provider.fetch_session(SOON)
    try:
        if claiming:
            await provider.claim(session, PLACE, user)
        else:
            await provider.release(PLACE, user, by_host=False)
    except OutcomeUnknown:
        return bool((await provider.fetch_session(SOON)).held_by(user))
    except ProviderError:
        return bool(session.held_by(user))  # it certainly did not happen
    return claiming


@pytest.mark.parametrize("seed", range(3))
async def test_in_one_lane_reports_and_platform_agree(readmin, connect, seed):
    """Writes one after the other, as `bot.services.lanes` lets them, under faults of every kind."""
    dice = random.Random(seed)
    providers = [connect("readmin-v2", readmin.base_url) for _ in range(2)]  # two guilds
    lane, reported = asyncio.Lock(), dict.fromkeys(MEMBERS, False)

    async def work(user, claiming):
        async with lane:
            if dice.random() < 0.5:
                kind = "claim" if claiming else "release"
                readmin.platform.faults.add(dice.choice(FAULTS), kind, times=1)
            reported[user] = await _report(dice.choice(providers), user, claiming)
            readmin.platform.faults.clear()

    jobs = [work(dice.choice(MEMBERS), dice.random() < 0.6) for _ in range(60)]
    await asyncio.gather(*jobs)
    stored = readmin.world.get_session(SOON)["servers"][MAIN]["claims"]
    assert {user for user, there in reported.items() if there} == {
        int(user) for user in stored if int(user) in reported
    }
    assert any(reported.values())
    assert not all(reported.values())


async def test_without_a_lane_releases_are_lost(held, connect):
    """The lane in front of the provider is not for show."""
    provider = connect("readmin-v2", held.base_url)
    session = await provider.fetch_session(SOON)
    for user in MEMBERS[:3]:
        await provider.claim(session, PLACE, user)
    calls = [provider.release(PLACE, user, by_host=False) for user in MEMBERS[:3]]
    releases = asyncio.gather(*calls)
    await until(lambda: held.inside == 3)
    held.go_on.set()
    await releases  # three times yes
    assert len((await provider.fetch_session(SOON)).holders(MAIN, HELPER_ROLE)) == 2


async def test_series_gives_a_slot_to_one_only(series, connect):
    users = [2001, 2002, 2003, 2004]
    for user in users:
        series.workspace.add_member(user, 200)
    place = Place(series.session.session_id, "", "", "Trainer")
    provider = connect("series", series.base_url)
    session = await provider.fetch_session(place.session_id)
    told = await asyncio.gather(
        *(provider.claim(session, place, user) for user in users), return_exceptions=True
    )
    won = {user for user, answer in zip(users, told, strict=True) if answer is None}
    assert len(won) == 2  # as many as there were vacant slots
    held = set((await provider.fetch_session(place.session_id)).holders("", "Trainer"))
    assert held == {1001} | won
    assert all(KEY not in repr(answer) for answer in told)
