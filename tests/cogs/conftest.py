"""A running bot in a pretended Discord, on a real database file and real HTTP to platforms."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from urllib.parse import unquote

import pytest
import stamina
from simcord import Env
from simcord.http import client as simcord_client

from bot import app
from bot.providers import open_provider
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.roblox import RobloxPlatform
from bot.sandbox.platforms.seeds import demo_worlds
from bot.sandbox.platforms.series import SeriesPlatform
from bot.sandbox.platforms.threaded import ThreadedPlatform
from bot.store.database import migrate
from tests.cogs.hands import all_json, sent_payloads
from tests.cogs.stage import (
    Now,
    ParkedBackground,
    Platforms,
    QuickEnv,
    Stage,
    build_house,
    make_settings,
)
from tests.cogs.stories import V2, Story


@pytest.fixture(autouse=True)
def _no_pauses_between_reads() -> Iterator[None]:
    """Reads are repeated as often as ever, without the pauses."""
    with stamina.set_testing(True, attempts=4):
        yield


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: the migrations themselves are tested elsewhere."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def platforms(now: Now) -> Iterator[Platforms]:
    worlds = demo_worlds(now)
    with ExitStack() as stack:
        yield Platforms(
            worlds,
            stack.enter_context(ThreadedPlatform(ReAdminPlatform(worlds.readmin))),
            stack.enter_context(ThreadedPlatform(SeriesPlatform(worlds.series))),
            stack.enter_context(ThreadedPlatform(RobloxPlatform(worlds.roblox))),
        )


@pytest.fixture
def story(request: pytest.FixtureRequest) -> Story:
    """ReAdmin v2, unless the test is parametrised over several stories."""
    found: Story = getattr(request, "param", V2)
    return found


@pytest.fixture
async def stage(
    now: Now,
    platforms: Platforms,
    story: Story,
    tmp_path: Path,
    empty_database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stage]:
    """The bot is up in a guild with people; nothing is connected yet."""
    monkeypatch.setattr(ParkedBackground, "now", now, raising=False)
    monkeypatch.setattr(app, "Background", ParkedBackground)
    # The providers' own clocks, which open_bot leaves as they are, follow the virtual time as well.
    clocks = {"clock": now, "monotonic": now.monotonic}
    for name, clock in clocks.items():
        monkeypatch.setitem(open_provider.__kwdefaults__, name, clock)
    # Discord decodes the %40 of `@original` that discord.py sends; simcord does not.
    path_of = simcord_client._path_of
    monkeypatch.setattr(simcord_client, "_path_of", lambda url: unquote(path_of(url)))
    database = shutil.copy(empty_database, tmp_path / "muster.db")
    settings = make_settings(platforms, f"sqlite:///{database}")
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(
            app.open_bot(settings, now, now.monotonic, shard_count=1)
        )
        env = QuickEnv(bot, settle_timeout=20)
        now.take_over(env)
        house = build_house(env)
        await env.start()
        stack.push_async_callback(env.shutdown)
        stage = Stage(env, bot, now, platforms, settings, house, story, stack)
        yield stage
        env._raise_errors_since(env._errors_acknowledged)
        _check_what_was_sent(stage)


def _check_what_was_sent(stage: Stage) -> None:
    """Whatever a test did: only the ping role, and members addressed by id, could be pinged.

    And no key left the bot.
    """
    for payload in sent_payloads(stage.env):
        allowed = payload["allowed_mentions"]
        assert allowed["parse"] == []
        addressed = [f"<@{one}>" in payload["content"] for one in allowed.get("users") or ()]
        assert all(addressed)
        assert set(allowed.get("roles", ())) <= {stage.house.roles["ping"].id}
    everything = all_json(stage.env)
    worlds = stage.platforms.worlds
    for key in (*worlds.readmin.workspaces, *worlds.series.workspaces):
        assert key not in everything


@pytest.fixture
def env(stage: Stage) -> Env:
    return stage.env


@pytest.fixture
async def ready(stage: Stage) -> Stage:
    """The staff are linked, the story's workspace is connected, the session posted.

    In this order: a link's card would read ranks ahead of the claims.
    """
    await stage.link_staff(stage.house)
    result = await stage.setup(stage.house, stage.story)
    assert result.response is not None
    assert "is connected" in result.response.content
    await stage.post(stage.house)
    return stage
