"""Two processes change one guild at the same moment: neither slips through, nor waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, text

from bot.errors import Refusal
from bot.models import IdentityKind, ProviderKind
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.linking_tables import identity_services
from bot.store.links import LinkStore
from bot.store.removed_guilds import RemovedGuildStore
from bot.store.tables import workspaces
from bot.store.workspaces import WorkspaceStore
from tests.store.samples import GUILD, KEY, NOW, UPSTREAM, a_link

Two = tuple[Database, Database]
WAITS = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@pytest_asyncio.fixture
async def two(postgres_url: str) -> AsyncIterator[Two]:
    """Two processes on one PostgreSQL; SQLite has one writer."""
    one, other = await Database.open(postgres_url), await Database.open(postgres_url)
    yield one, other
    await one.close()
    await other.close()


async def meet(
    database: Database, place: str, first: Callable[[], Awaitable[object]],
    second: Callable[[], Awaitable[object]], *, after: bool = True,
) -> list[Any]:  # fmt: skip
    """What both come to; `second` begins when `first` is at this function, and goes on first."""
    module, name = place.rsplit(".", 1)
    reached, go_on = asyncio.Event(), asyncio.Event()
    with pytest.MonkeyPatch.context() as patch:
        real = getattr(__import__(module, fromlist=[name]), name)

        async def stop(*args: Any) -> Any:
            result = await real(*args) if after else None
            reached.set()
            await go_on.wait()
            return result if after else await real(*args)

        patch.setattr(place, stop)
        doing = asyncio.ensure_future(first())
        async with asyncio.timeout(30):
            await reached.wait()
            meeting = asyncio.ensure_future(second())
            while not meeting.done():
                async with database.read() as connection:
                    if await connection.scalar(WAITS):
                        break
            go_on.set()
            return await asyncio.gather(doing, meeting, return_exceptions=True)


@pytest.mark.parametrize("what", ["workspace", "service"])
async def test_a_key_does_not_slip_past_the_removal_of_its_guild(
    two: Two, keyring: KeyRing, what: str
) -> None:
    one, other = two
    if what == "workspace":
        store = WorkspaceStore(one, keyring)
        place = "bot.store.workspaces.require_kept"

        def save() -> Awaitable[object]:
            return store.add(GUILD, "main", ProviderKind.READMIN_V2, UPSTREAM, KEY, now=NOW)
    else:
        services = IdentityServiceStore(one, keyring)
        place = "bot.store.identity_services.require_kept"

        def save() -> Awaitable[object]:
            return services.set_key(GUILD, IdentityKind.BLOXLINK, KEY, 1, NOW)

    def removal() -> Awaitable[object]:
        return RemovedGuildStore(other).mark_removed(GUILD, NOW)

    saved, removed = await meet(other, place, save, removal)
    assert not isinstance(saved, Exception), saved
    assert not isinstance(removed, Exception), removed
    async with one.read() as connection:
        for table in (workspaces, identity_services):
            keys = (await connection.scalars(select(table.c.encrypted_key))).all()
            assert set(keys) <= {""}
    with pytest.raises(Refusal, match="taken out of this Discord server"):
        await save()


async def test_unlinking_and_moving_a_link_do_not_wait_for_each_other(two: Two) -> None:
    one, other = two
    holder = a_link(discord_id=2)
    await LinkStore(one).add(holder)

    def move() -> Awaitable[object]:
        return LinkStore(one).replace(a_link(), None, holder)

    def unlink() -> Awaitable[object]:
        return LinkStore(other).remove(GUILD, holder.discord_id)

    moved, unlinked = await meet(
        other, "bot.store.links.put_in_place", move, unlink, after=False
    )  # fmt: skip
    assert (moved, unlinked) == (True, None)
    found = await LinkStore(one).get(GUILD, 1)
    assert found is not None
    assert found.roblox_id == holder.roblox_id
