"""Links that an admin confirms: what the card shows, and what may change behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import NotPermitted, Refusal, Unavailable
from bot.models import LinkSource, NoticeKind, PendingLink, Preferences, Proof, Question
from bot.services.link_cards import Card, Linked
from bot.services.ports import Actor
from bot.store.pending_links import PendingLinkStore
from bot.store.proofs import ProofStore
from tests.services.bench import (
    ADMIN,
    ANA,
    BEN,
    GUILD,
    HOST,
    LOG_CHANNEL,
    STRANGERS,
    Bench,
    actor,
)
from tests.services.fakes import BORN, FACTS
from tests.services.link_desk import Desk
from tests.services.link_desk import desk as desk
from tests.services.worlds import SESSION

SECOND_ADMIN = 50


async def shown(desk: Desk, discord_id: int = ANA, account: str = "Builderman") -> Card:
    """A card for the admin."""
    card = await desk.cards.show(actor(), discord_id, account)
    assert isinstance(card, Card)
    return card


async def test_a_card_changes_nothing_and_its_yes_links(desk: Desk) -> None:
    desk.pictures.urls[156] = "https://tr.example.test/156.png"
    card = await shown(desk)
    assert (card.profile.user.roblox_id, card.profile.created_at) == (156, BORN)
    assert card.picture == "https://tr.example.test/156.png"
    assert (card.had, card.holder, card.ranks) == (None, None, ())
    assert await desk.bench.links.get(GUILD, ANA) is None
    linked = await desk.cards.confirm(actor(), card.wish.wish_id)
    assert isinstance(linked, Linked)
    assert linked.link == await desk.bench.links.get(GUILD, ANA)
    assert (linked.link.source, linked.link.linked_by) == (LinkSource.ADMIN, ADMIN)


async def test_the_rank_is_shown_where_a_session_names_the_group(desk: Desk) -> None:
    workspace = await desk.bench.add_workspace()
    await desk.bench.catalog.fetch_sessions(workspace.workspace_id)
    desk.bench.roblox.ranks[156] = 77
    assert SESSION.group_id is not None
    assert (await shown(desk)).ranks == (("Harbour", 77),)


async def test_a_card_without_picture_and_rank_will_do(desk: Desk) -> None:
    card = await shown(desk)
    assert (card.picture, card.ranks) == ("", ())


async def test_a_rename_between_card_and_yes_changes_the_label_only(desk: Desk) -> None:
    card = await shown(desk)
    desk.bench.roblox.add(156, "Renamed")
    desk.bench.roblox.add(999, "Builderman")  # somebody else took the old name
    linked = await desk.cards.confirm(actor(), card.wish.wish_id)
    assert isinstance(linked, Linked)
    assert (linked.link.roblox_id, linked.link.username) == (156, "Renamed")
    assert linked.shown_as == "Builderman"


async def test_roblox_that_is_silent_at_the_yes_does_not_hinder(desk: Desk) -> None:
    card = await shown(desk)
    shown_at = desk.bench.clock()
    desk.bench.clock.advance(60)
    desk.bench.roblox.error = Unavailable("m", FACTS)
    linked = await desk.cards.confirm(actor(), card.wish.wish_id)
    assert isinstance(linked, Linked)
    assert (linked.link.username, linked.link.username_at) == ("Builderman", shown_at)


async def test_an_account_that_vanished_meanwhile(desk: Desk) -> None:
    card = await shown(desk)
    del desk.bench.roblox.users[156]
    with pytest.raises(Refusal, match="no longer has this account"):
        await desk.cards.confirm(actor(), card.wish.wish_id)
    assert await desk.bench.links.get(GUILD, ANA) is None


async def test_a_change_is_shown_and_made(desk: Desk) -> None:
    old = await desk.add(ANA, "Builderman")
    card = await shown(desk, account="some_one")
    assert card.had == old
    linked = await desk.cards.confirm(actor(), card.wish.wish_id)
    assert isinstance(linked, Linked)
    assert linked.had == old
    assert (await desk.bench.links.get(GUILD, ANA)) == linked.link
    assert await desk.bench.links.get_by_roblox(GUILD, 156) is None


async def test_what_stands_already_is_not_asked(desk: Desk) -> None:
    link = await desk.add(ANA, "Builderman")
    assert await desk.cards.show(actor(), ANA, "156") == link


async def test_a_move_takes_from_the_holder_tells_both_and_the_log(desk: Desk) -> None:
    bench = desk.bench
    await bench.add_workspace()
    await bench.add_workspace(name="Second")  # the same log channel: one line
    await desk.add(ANA, "Builderman")
    await desk.add(BEN, "some_one")
    await bench.preferences.save(Preferences(GUILD, ANA, direct=True))
    card = await shown(desk, BEN)
    assert card.holder is not None
    assert (card.holder.discord_id, card.had and card.had.roblox_id) == (ANA, 200)
    await desk.cards.confirm(actor(), card.wish.wish_id)
    await bench.background.settle()
    assert await bench.links.get(GUILD, ANA) is None
    assert await bench.links.get_by_roblox(GUILD, 200) is None
    notice = await desk.notices.get_untold(GUILD, BEN)
    assert notice is not None
    assert (notice.kind, notice.roblox_id, notice.by_id) == (NoticeKind.LINKED, 156, ADMIN)
    assert [who for who, _ in bench.messenger.direct] == [ANA]
    assert await desk.notices.get_untold(GUILD, ANA) is None, "told once"
    ((channel, line),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    assert f"<@{ADMIN}> moved" in line
    assert f"from <@{ANA}> to <@{BEN}>" in line


async def test_who_is_not_reached_directly_reads_of_a_move_later(desk: Desk) -> None:
    await desk.add(ANA, "Builderman")
    await desk.cards.confirm(actor(), (await shown(desk, BEN)).wish.wish_id)
    notice = await desk.notices.get_untold(GUILD, ANA)
    assert notice is not None
    assert (notice.kind, notice.roblox_id, notice.by_id) == (NoticeKind.TAKEN, 156, ADMIN)


async def test_a_move_by_an_admin_outlasts_the_old_holders_proof(desk: Desk) -> None:
    bench = desk.bench
    now = bench.clock()
    await ProofStore(bench.database).save(Proof(ANA, 156, "Builderman", now, now))
    assert await bench.links.find(GUILD, ANA) is not None
    await desk.cards.confirm(actor(), (await shown(desk, BEN)).wish.wish_id)
    assert await bench.links.find(GUILD, ANA) is None
    await bench.linking.remove(actor(), BEN)
    assert await bench.links.find(GUILD, ANA) is None, "only another code brings them back"
    assert await bench.links.find(STRANGERS, ANA) is not None, "an admin's word counts here only"


async def test_what_was_open_about_both_is_answered_by_the_card(desk: Desk) -> None:
    pending, now = PendingLinkStore(desk.bench.database), desk.bench.clock()
    await desk.add(ANA, "Builderman")
    for guild, who, other, kind in (
        (GUILD, BEN, ANA, Question.DECIDE),
        (GUILD, ANA, BEN, Question.CONTESTED),
        (GUILD, ANA, BEN, Question.LOST),
        (STRANGERS, BEN, ANA, Question.DECIDE),
    ):
        await pending.ask(
            PendingLink(0, guild, who, kind, 156, "Builderman", LinkSource.PROOF, now, other)
        )
    await desk.cards.confirm(actor(), (await shown(desk, BEN)).wish.wish_id)
    assert await pending.get_for(GUILD, BEN, Question.DECIDE) is None
    assert await pending.get_for(GUILD, ANA, Question.CONTESTED) is None
    assert await pending.get_for(GUILD, ANA, Question.LOST) is not None, "news stays"
    assert await pending.get_for(STRANGERS, BEN, Question.DECIDE) is not None


async def test_a_change_against_a_proof_is_logged(desk: Desk) -> None:
    await desk.bench.add_workspace()
    await desk.store(ANA, 200, source=LinkSource.PROOF)
    await desk.cards.confirm(actor(), (await shown(desk)).wish.wish_id)
    await desk.bench.background.settle()
    ((_, line),) = desk.bench.messenger.notices
    assert "although they had proved" in line


async def test_what_changed_behind_the_card_is_shown_anew(desk: Desk) -> None:
    card = await shown(desk)
    await desk.store(BEN, 156)  # somebody was quicker
    again = await desk.cards.confirm(actor(), card.wish.wish_id)
    assert isinstance(again, Card)
    assert again.holder is not None
    assert again.holder.discord_id == BEN
    await desk.bench.links.remove(GUILD, BEN)
    third = await desk.cards.confirm(actor(), again.wish.wish_id)
    assert isinstance(third, Card)
    assert isinstance(await desk.cards.confirm(actor(), third.wish.wish_id), Linked)


async def test_a_card_survives_a_restart_and_answers_once(desk: Desk) -> None:
    card = await shown(desk)
    later = await desk.restart()
    assert isinstance(await later.cards.confirm(actor(), card.wish.wish_id), Linked)
    with pytest.raises(Refusal, match="answered already"):
        await later.cards.confirm(actor(), card.wish.wish_id)


async def test_two_presses_at_once_link_once(desk: Desk) -> None:
    card = await shown(desk)
    presses = (desk.cards.confirm(actor(), card.wish.wish_id) for _ in range(5))
    results = await asyncio.gather(*presses, return_exceptions=True)
    assert all(isinstance(one, (Linked, Refusal)) for one in results)
    assert any(isinstance(one, Linked) for one in results)
    assert await desk.lists.count(GUILD) == 1


async def test_cancel(desk: Desk) -> None:
    card = await shown(desk)
    await desk.cards.cancel(actor(), card.wish.wish_id)
    with pytest.raises(Refusal, match="answered already"):
        await desk.cards.confirm(actor(), card.wish.wish_id)


async def test_nobody_reads_of_a_link_that_is_gone_again(desk: Desk) -> None:
    await desk.add(ANA, "Builderman")
    await desk.bench.linking.remove(actor(), ANA)
    assert await desk.notices.get_untold(GUILD, ANA) is None
    await desk.store(ANA, 156)
    assert await desk.notices.get_untold(GUILD, ANA) is None, "that was another one"


async def test_a_card_is_forgotten_after_a_day(desk: Desk) -> None:
    card = await shown(desk)
    desk.bench.clock.advance(86_401)
    await shown(desk, BEN)
    with pytest.raises(Refusal, match="older than a day"):
        await desk.cards.confirm(actor(), card.wish.wish_id)


async def test_only_who_was_asked_may_answer(desk: Desk) -> None:
    number = (await shown(desk)).wish.wish_id
    other = Actor(GUILD, SECOND_ADMIN, frozenset(), is_admin=True)
    with pytest.raises(Refusal, match="Another admin was asked"):
        await desk.cards.confirm(other, number)
    with pytest.raises(Refusal, match="answered already"):  # of another guild: does not exist
        await desk.cards.confirm(actor(ADMIN, STRANGERS), number)
    with pytest.raises(NotPermitted):
        await desk.cards.confirm(actor(ANA), number)
    assert await desk.bench.links.get(GUILD, ANA) is None


ASKS: list[Callable[[Desk], Awaitable[object]]] = [
    lambda desk: desk.cards.show(actor(HOST), ANA, "Builderman"),
    lambda desk: desk.cards.cancel(actor(HOST), 1),
    lambda desk: desk.cards.confirm(actor(HOST), 1),
    lambda desk: desk.directory.page(actor(HOST), 0),
    lambda desk: desk.directory.find(actor(HOST), "Builderman"),
    lambda desk: desk.directory.export(actor(HOST)),
    lambda desk: desk.imports.read(actor(HOST), b"1,2"),
    lambda desk: desk.imports.apply(actor(HOST), 1),
    lambda desk: desk.imports.undo(actor(HOST), 1),
    lambda desk: desk.imports.discard(actor(HOST), 1),
    lambda desk: desk.imports.get_latest(actor(HOST)),
    lambda desk: desk.imports.list_lines(actor(HOST), 1),
]


@pytest.mark.parametrize("ask", ASKS)
async def test_only_admins(ask: Callable[[Desk], Awaitable[object]], desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="Manage Server"):
        await ask(desk)
    assert desk.bench.roblox.asked == []


async def test_a_member_disowns_what_an_admin_gave_them(desk: Desk) -> None:
    bench: Bench = desk.bench
    await bench.add_workspace()
    await desk.add(ANA, "Builderman")
    notice = await desk.notices.get_untold(GUILD, ANA)
    assert notice is not None
    for stranger in (actor(BEN), actor(ANA, STRANGERS)):
        with pytest.raises(Refusal, match="somebody else's"):
            await desk.notices.disown(stranger, notice.notice_id)
    await desk.notices.mark_told(notice)
    assert await desk.notices.get_untold(GUILD, ANA) is None
    await desk.notices.disown(actor(ANA), notice.notice_id)
    await bench.background.settle()
    assert await bench.links.get(GUILD, ANA) is None
    assert "is not their Roblox account" in bench.messenger.notices[-1][1]
    with pytest.raises(Refusal, match="no longer linked"):
        await desk.notices.disown(actor(ANA), notice.notice_id)


async def test_an_old_notice_does_not_disown_a_newer_link(desk: Desk) -> None:
    await desk.add(ANA, "Builderman")
    old = await desk.notices.get_untold(GUILD, ANA)
    assert old is not None
    await desk.cards.confirm(actor(), (await shown(desk, account="some_one")).wish.wish_id)
    with pytest.raises(Refusal):
        await desk.notices.disown(actor(ANA), old.notice_id)
    assert (await desk.bench.links.get(GUILD, ANA)) is not None
