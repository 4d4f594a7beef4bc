"""Two processes share the guilds on one PostgreSQL: each does all work of its own, and no other."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet

from bot.sandbox.acts import Cast, holders
from bot.sandbox.bot_process import BotProcess
from bot.sandbox.discord.people import Sandbox, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.town import Community, Town
from tests.e2e.conftest import Story
from tests.e2e.operating import count_claims, eventually, free_port, get, numbers, until
from tests.postgres import Postgres
from tests.postgres import postgres as postgres

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROBLOX = {a.display_name: str(a.user_id) for a in (*seeds.HOSTS, *seeds.STAFF)}
APART = 5.0  # seconds between two identifies, by Discord's rule


class Shard:
    """One `muster run` with one of the two shards."""

    def __init__(self, town: Town, folder: Path, number: int) -> None:
        self.port = free_port()
        self.process = BotProcess(folder)
        self._town = town
        self._more = {"MUSTER_SHARDS": f"{number}/2", "MUSTER_METRICS_PORT": str(self.port)}

    async def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        await self.process.start(self._town.settings() | self._more)
        await until(lambda: self.process.log_file.exists())
        await eventually(self._is_ready, bool)

    async def _is_ready(self) -> bool:
        assert self.process.running, self.process.tail()
        try:
            return (await get(self.port, "/readyz"))[0] == 200
        except OSError:  # not listening yet
            return False


class Sharded(Story):
    """A story whose guilds are on two processes."""

    def __init__(self, town: Town, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(town, sandbox, Cast(town, sandbox))
        self.shards = []
        for number in (0, 1):
            (folder / str(number)).mkdir()
            self.shards.append(Shard(town, folder / str(number), number))

    def of(self, community: Community) -> Shard:
        """The process that serves the community."""
        return self.shards[(community.guild.id >> 22) % 2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(postgres: Postgres) -> AsyncIterator[Sharded]:
    key, url = Fernet.generate_key().decode(), postgres.create_database()
    town = Town("INFO", DATABASE_URL=url, SECRET_KEYS=key)
    with tempfile.TemporaryDirectory() as folder:
        try:
            await town.open()
            async with Sandbox(town.discord.url) as sandbox:
                begun = Sharded(town, sandbox, Path(folder))
                await asyncio.gather(*(shard.start() for shard in begun.shards))
                await begun.begin()
                yield begun
                await asyncio.gather(*(shard.process.stop() for shard in begun.shards))
        finally:
            await town.stop()


async def test_each_guild_is_served_by_one_process(story: Sharded) -> None:
    coast, forest = story.of(story.town.coast), story.of(story.town.forest)
    assert coast is not forest
    for shard in (coast, forest):
        assert (await numbers(shard.port))["muster_guilds"] == 1
    assert len(story.town.discord.core.gateway.connected(story.town.coast.guild.id)) == 1


async def test_the_processes_waited_for_each_other_to_identify(story: Sharded) -> None:
    first, second, *others = story.town.discord.core.gateway.identifies
    assert {first[1], second[1]} == {0, 1}
    assert second[0] - first[0] >= APART
    assert others == []


async def test_both_guilds_claim(story: Sharded) -> None:
    town = story.town
    otto, tobin = story.cast.person("Otto", town.coast), story.cast.person("Tobin", town.forest)
    answers = await asyncio.gather(
        otto.press(story.boards["northgate"], "Cabin Crew"),
        tobin.press(story.boards["redwood"], "Lead Ranger"),
    )
    assert ["You are **" in answer.text for answer in answers] == [True, True]
    for community in (town.coast, town.forest):
        counted = await numbers(story.of(community).port)
        claimed = [
            n for name, n in counted.items() if "outcomes_total" in name and "claimed" in name
        ]
        assert sum(claimed) == 1


async def test_a_killed_process_settles_its_claims_when_it_is_started_again(
    story: Sharded,
) -> None:
    town, pip = story.town, story.cast.person("Pip", story.town.forest)
    killed = story.of(town.forest)
    town.redwood.faults.add("slow", match="claim", times=1, seconds=60)
    before = count_claims(town.redwood)
    pressing = asyncio.create_task(pip.press(story.boards["redwood"], "Trail Ranger"))
    waiting = await pip.wait_for(town.forest.sessions, lambda m: m["ephemeral"] and m["loading"])
    await until(lambda: count_claims(town.redwood) > before)
    await killed.process.kill()
    town.redwood.faults.clear()
    sable = story.cast.person("Sable", town.coast)
    answer = await sable.press(story.boards["northgate"], "Gate Agent")
    assert "You are **Gate Agent**" in answer.text, "the other process goes on"
    await killed.start()
    told = await pip.wait_for(
        town.forest.sessions, lambda m: m["id"] == waiting["id"] and not m["loading"]
    )
    assert "You are **Trail Ranger**" in text_of(told)
    held = holders(town.redwood, seeds.record_id("redwood/soon"))
    assert held.count((ROBLOX["Pip"], "Trail Ranger")) == 1
    assert count_claims(town.redwood) == before + 1
    pressing.cancel()


async def test_a_process_leaves_the_other_guild_alone_while_its_own_process_is_away(
    story: Sharded,
) -> None:
    """At its start a process looks at everything that is its to do."""
    town = story.town
    await story.of(town.forest).process.kill()
    await story.of(town.coast).process.stop()
    redwood, northgate = _looks(town.redwood), _looks(town.northgate)
    await story.of(town.coast).start()
    port = story.of(town.coast).port
    polled = "muster_poll_seconds_count[('result', 'ok')]"
    await eventually(lambda: numbers(port), lambda counted: counted.get(polled, 0) >= 2)
    assert _looks(town.northgate) > northgate
    assert _looks(town.redwood) == redwood


def _looks(platform: Platform) -> int:
    return len(platform.requests)
