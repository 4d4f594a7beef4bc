"""The change behind an admin's yes: as it was shown, whole, and decided by the database."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import LinkTaken
from bot.models import AccountLink, LinkNotice, LinkWish, NoticeKind
from bot.store.database import Database
from bot.store.link_notices import LinkNoticeStore
from bot.store.link_wishes import LinkWishStore
from bot.store.links import LinkStore
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, a_link


async def a_wish(database: Database, **changes: Any) -> LinkWish:
    """A stored question: is Discord account 1 Roblox account 10?"""
    values: dict[str, Any] = {
        "wish_id": 0, "guild_id": GUILD, "asked_by": 99, "discord_id": 1, "roblox_id": 10,
        "username": "builder", "had_roblox_id": None, "holder_id": None, "created_at": NOW,
    } | changes  # fmt: skip
    store = LinkWishStore(database)
    found = await store.get(values["guild_id"], await store.add(LinkWish(**values)))
    assert found is not None
    return found


def a_notice(discord_id: int = 1, kind: NoticeKind = NoticeKind.LINKED) -> LinkNotice:
    """What a member is to read."""
    return LinkNotice(0, GUILD, discord_id, kind, 10, "builder", 99, NOW)


async def test_a_question_comes_back_in_its_guild_only(database: Database) -> None:
    wish = await a_wish(database)
    store = LinkWishStore(database)
    assert await store.get(GUILD, wish.wish_id) == wish
    assert await store.get(STRANGERS, wish.wish_id) is None
    await store.remove_before(NOW)
    assert await store.get(GUILD, wish.wish_id) == wish
    await store.remove_before(NOW + HOUR)
    assert await store.get(GUILD, wish.wish_id) is None
    assert (await a_wish(database)).wish_id > wish.wish_id, "an id never comes back"


async def test_granting_links_notes_and_closes_the_question(database: Database) -> None:
    store, wish = LinkWishStore(database), await a_wish(database)
    assert await store.grant(wish, a_link(), [a_notice()])
    assert await LinkStore(database).get(GUILD, 1) == a_link()
    assert await LinkNoticeStore(database).get_untold(GUILD, 1) is not None
    assert await store.get(GUILD, wish.wish_id) is None
    assert not await store.grant(wish, a_link(), [])


async def test_a_move_takes_both_old_links_away(database: Database) -> None:
    links = LinkStore(database)
    await links.add(a_link(discord_id=2))
    await links.add(a_link(roblox_id=20))
    wish = await a_wish(database, had_roblox_id=20, holder_id=2)
    notices = [a_notice(), a_notice(2, NoticeKind.TAKEN)]
    assert await LinkWishStore(database).grant(wish, a_link(), notices)
    assert await links.get(GUILD, 1) == a_link()
    assert await links.get(GUILD, 2) is None
    assert await links.get_by_roblox(GUILD, 20) is None


@pytest.mark.parametrize("other", [a_link(discord_id=2), a_link(roblox_id=20)])
async def test_what_was_not_shown_is_not_changed(database: Database, other: AccountLink) -> None:
    wish = await a_wish(database)
    await LinkStore(database).add(other)
    assert not await LinkWishStore(database).grant(wish, a_link(), [a_notice()])
    assert await LinkStore(database).get(GUILD, other.discord_id) == other
    assert await LinkNoticeStore(database).get_untold(GUILD, 1) is None


async def test_a_hundred_at_once_want_one_account(database: Database) -> None:
    """Half by admins' cards, half by themselves: one gets it, whoever was quickest."""
    store, links = LinkWishStore(database), LinkStore(database)
    wishes = [await a_wish(database, discord_id=number) for number in range(1, 51)]

    async def by_card(wish: LinkWish) -> bool:
        return await store.grant(wish, a_link(discord_id=wish.discord_id), [])

    async def by_themselves(number: int) -> bool:
        try:
            await links.add(a_link(discord_id=number))
        except LinkTaken:
            return False
        return True

    results = await asyncio.gather(
        *map(by_card, wishes), *(by_themselves(number) for number in range(51, 101))
    )
    assert results.count(True) == 1
    winner = results.index(True) + 1
    found = await links.get_by_roblox(GUILD, 10)
    assert found is not None
    assert found.discord_id == winner
    held = [await links.get(GUILD, number) for number in range(1, 101)]
    assert sum(link is not None for link in held) == 1


async def test_many_moves_of_one_account_at_once(database: Database) -> None:
    """Every admin was shown the same holder: one move is made, the others are asked anew."""
    store, links = LinkWishStore(database), LinkStore(database)
    await links.add(a_link(discord_id=500))
    wishes = [await a_wish(database, discord_id=n, holder_id=500) for n in range(1, 21)]
    results = await asyncio.gather(
        *(store.grant(wish, a_link(discord_id=wish.discord_id), []) for wish in wishes)
    )
    assert results.count(True) == 1
    assert await links.get(GUILD, 500) is None


async def test_a_newer_notice_takes_the_place_of_an_older_one(database: Database) -> None:
    store, notices = LinkWishStore(database), LinkNoticeStore(database)
    await store.grant(await a_wish(database), a_link(), [a_notice()])
    first = await notices.get_untold(GUILD, 1)
    assert first is not None
    await notices.mark_told(first.notice_id)
    assert await notices.get_untold(GUILD, 1) is None
    assert await notices.get(GUILD, first.notice_id) is not None
    assert await notices.get(STRANGERS, first.notice_id) is None
    again = await a_wish(database, roblox_id=20, had_roblox_id=10)
    await store.grant(again, a_link(roblox_id=20), [a_notice()])
    second = await notices.get_untold(GUILD, 1)
    assert second is not None
    assert second.notice_id > first.notice_id
    assert await notices.get(GUILD, first.notice_id) is None
