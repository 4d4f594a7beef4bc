"""One Roblox account serves one Discord account, in each guild on its own."""

import asyncio
from datetime import timedelta, timezone

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LinkTaken, Refusal
from bot.models import AccountLink, LinkSource
from bot.store import links as links_module
from bot.store.database import Database
from bot.store.links import LinkStore
from bot.store.tables import links
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, a_link

TOO_BIG = 2**63


async def test_a_link_comes_back_as_it_was(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    assert await store.get(GUILD, 1) == await store.get_by_roblox(GUILD, 10) == a_link()
    assert await store.get(GUILD, 10) is None


async def test_the_same_link_again_changes_nothing(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    await store.add(a_link(username="renamed"))
    assert await store.get(GUILD, 1) == a_link()


@pytest.mark.parametrize("other", [a_link(discord_id=2), a_link(roblox_id=20)])
async def test_a_taken_account_names_its_holder(database: Database, other: AccountLink) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    with pytest.raises(LinkTaken) as caught:
        await store.add(other)
    assert caught.value.holder == a_link()
    assert isinstance(caught.value, Refusal)
    assert "<@1>" in str(caught.value)


async def test_of_many_who_want_one_account_exactly_one_gets_it(database: Database) -> None:
    store = LinkStore(database)
    wanted = [a_link(discord_id=number) for number in range(1, 21)]
    results = await asyncio.gather(*map(store.add, wanted), return_exceptions=True)
    assert results.count(None) == 1
    winner = wanted[results.index(None)]
    refused = [result for result in results if result is not None]
    assert all(isinstance(error, LinkTaken) and error.holder == winner for error in refused)
    assert await store.get_by_roblox(GUILD, 10) == winner


async def test_a_link_that_is_removed_meanwhile_makes_room(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def remove_and_look(connection: AsyncConnection, link: AccountLink) -> AccountLink | None:
        await connection.execute(delete(links))  # as another process would, before our look
        return await holder(connection, link)

    holder = links_module._holder
    monkeypatch.setattr(links_module, "_holder", remove_and_look)
    store = LinkStore(database)
    await store.add(a_link())
    await store.add(a_link(discord_id=2))
    assert await store.get_by_roblox(GUILD, 10) == a_link(discord_id=2)


async def test_replacing_moves_to_another_roblox_account(database: Database) -> None:
    store = LinkStore(database)
    assert await store.replace(a_link(), None)
    assert await store.replace(a_link(roblox_id=20, username="new"), a_link())
    assert await store.get(GUILD, 1) == a_link(roblox_id=20, username="new")
    assert await store.get_by_roblox(GUILD, 10) is None


async def test_replacing_never_takes_from_another_member(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    await store.add(a_link(discord_id=2, roblox_id=20))
    wanted = a_link(discord_id=2, roblox_id=10)
    assert not await store.replace(wanted, a_link(discord_id=2, roblox_id=20))
    assert await store.get(GUILD, 1) == a_link()
    assert await store.get(GUILD, 2) == a_link(discord_id=2, roblox_id=20)
    assert await store.replace(wanted, a_link(discord_id=2, roblox_id=20), a_link())
    assert await store.get(GUILD, 1) is None
    assert await store.get(GUILD, 2) == wanted


@pytest.mark.parametrize(
    "before",
    [None, a_link(roblox_id=20), a_link(source=LinkSource.BLOXLINK), a_link(discord_id=2)],
)
async def test_replacing_spares_what_was_not_known(
    database: Database, before: AccountLink | None
) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    assert not await store.replace(a_link(roblox_id=30), before)
    assert await store.get(GUILD, 1) == a_link()


async def test_a_member_who_was_unlinked_meanwhile_is_not_replaced(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link(discord_id=2, roblox_id=20))
    own, theirs = a_link(), a_link(discord_id=2, roblox_id=20)
    assert not await store.replace(a_link(roblox_id=20), own, theirs)
    assert await store.get(GUILD, 1) is None
    assert await store.get(GUILD, 2) == theirs


async def test_two_who_want_each_others_account_at_once(database: Database) -> None:
    store = LinkStore(database)
    one, two = a_link(), a_link(discord_id=2, roblox_id=20)
    for _ in range(10):
        for link in (one, two):
            await store.add(link)
        done = await asyncio.gather(
            store.replace(a_link(roblox_id=20), one, two),
            store.replace(a_link(discord_id=2), two, one),
        )
        assert sorted(done) == [False, True]
        await store.remove(GUILD, 1)
        await store.remove(GUILD, 2)


async def test_removing_returns_what_was_removed(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    assert await store.remove(GUILD, 1) == a_link()
    assert await store.remove(GUILD, 1) is None
    assert await store.get(GUILD, 1) is None


async def test_guilds_are_strangers(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link())
    assert await store.get(STRANGERS, 1) is None
    assert await store.get_by_roblox(STRANGERS, 10) is None
    assert await store.map_by_roblox(STRANGERS, [10]) == {}
    assert await store.remove(STRANGERS, 1) is None
    theirs = a_link(guild_id=STRANGERS, discord_id=2)
    await store.add(theirs)
    assert await store.get_by_roblox(GUILD, 10) == a_link()
    assert await store.get_by_roblox(STRANGERS, 10) == theirs


async def test_many_are_found_at_once_and_absurd_ids_are_not(database: Database) -> None:
    store = LinkStore(database)
    stored = [a_link(discord_id=number, roblox_id=1000 + number) for number in range(1, 4)]
    for link in stored:
        await store.add(link)
    wanted = [*range(2, 1500), -1, TOO_BIG, 10**40]
    assert await store.map_by_roblox(GUILD, wanted) == {link.roblox_id: link for link in stored}
    assert await store.get_by_roblox(GUILD, 10**40) is None


async def test_times_keep_their_instant_and_need_a_zone(database: Database) -> None:
    store = LinkStore(database)
    east = NOW.astimezone(timezone(timedelta(hours=5)))
    await store.add(a_link(linked_at=east, username_at=NOW + HOUR))
    found = await store.get(GUILD, 1)
    assert found is not None
    assert found.linked_at == NOW
    assert found.linked_at.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="without a zone"):
        await store.add(a_link(discord_id=2, roblox_id=2, linked_at=NOW.replace(tzinfo=None)))


async def test_text_from_outside_is_storable_whatever_it_holds(database: Database) -> None:
    store = LinkStore(database)
    await store.add(a_link(username="a\0b\ud83dc 🎉"))
    found = await store.get(GUILD, 1)
    assert found is not None
    assert found.username == "ab?c 🎉"
