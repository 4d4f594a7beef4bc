"""Decisions about links that are cut off, and links that change while another is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.models import AccountLink, LinkSource
from bot.services.deciding import Ending
from bot.store.links import LinkStore
from tests.services.bench import ADMIN, ANA, BEN, GUILD, actor
from tests.services.oneself import ANAS, SECOND, Oneself


class Killed(Exception):
    """The process ends here."""


@contextmanager
def killed_before(number: int) -> Iterator[None]:
    """No statement is executed any more from this one on, counted from 1."""
    left = number

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def test_a_decision_that_is_cut_off_anywhere_is_still_asked_or_made(
    oneself: Oneself,
) -> None:
    decisions = oneself.services.decisions
    await oneself.prove(BEN, ANAS)
    await oneself.prove(ANA, ANAS)
    (question,) = await decisions.list_questions(actor())
    cut_off = 0
    while await oneself.link_of(ANA) is None:
        assert await decisions.list_questions(actor()) == [question]
        assert await oneself.link_of(BEN) is not None
        try:
            with killed_before(cut_off + 1):
                await decisions.decide(actor(), question.question_id, accept=True)
        except Killed:
            cut_off += 1
    assert cut_off > 5, "before every statement of it"
    assert await decisions.list_questions(actor()) == []
    assert await oneself.link_of(BEN) is None


@contextmanager
def meanwhile(
    monkeypatch: pytest.MonkeyPatch, link: AccountLink, before: AccountLink | None
) -> Iterator[None]:
    """Another process stores this link, once, after a member's link was read to be replaced."""
    look, stored = LinkStore.get_by_roblox, []

    async def store_and_look(store: LinkStore, guild_id: int, roblox_id: int) -> AccountLink | None:
        found = await look(store, guild_id, roblox_id)
        if not stored:
            stored.append(await store.replace(link, before))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(LinkStore, "get_by_roblox", store_and_look)
        yield
    assert stored == [True]


def by_admin(oneself: Oneself, roblox_id: int) -> AccountLink:
    """An admin's link of ANA."""
    now = oneself.bench.clock()
    return AccountLink(GUILD, ANA, roblox_id, "AnaAgain", now, LinkSource.ADMIN, ADMIN, now)


@pytest.mark.parametrize(
    ("account", "source"),
    [(None, None), (SECOND, LinkSource.BLOXLINK), (ANAS, LinkSource.ADMIN)],
)
async def test_a_proof_does_not_overwrite_what_an_admin_links_in_this_moment(
    account: int | None,
    source: LinkSource | None,
    oneself: Oneself,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = None
    if account is not None and source is not None:
        before = await oneself.admin_links(ANA, account, source)
    admins = by_admin(oneself, SECOND)
    with meanwhile(monkeypatch, admins, before):
        look = await oneself.prove(ANA, ANAS)
    assert look.settled is not None
    assert (look.settled.ending, look.settled.before) == (Ending.ASKED, admins)
    assert await oneself.link_of(ANA) == admins
    (question,) = await oneself.services.decisions.list_questions(actor())
    assert question.roblox_id == ANAS


async def test_nobody_loses_a_link_to_a_proof_that_an_admin_contradicts(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = await oneself.admin_links(BEN, ANAS, LinkSource.BLOXLINK)
    with meanwhile(monkeypatch, by_admin(oneself, SECOND), None):
        look = await oneself.prove(ANA, ANAS)
    assert look.settled is not None
    assert look.settled.ending is Ending.ASKED
    assert await oneself.link_of(BEN) == theirs


async def test_a_decision_counts_whatever_is_linked_in_this_moment(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await oneself.admin_links(ANA, SECOND)
    await oneself.prove(ANA, ANAS)
    decisions = oneself.services.decisions
    (question,) = await decisions.list_questions(actor())
    oneself.bench.clock.advance(1)
    with meanwhile(monkeypatch, by_admin(oneself, SECOND), before):
        await decisions.decide(actor(), question.question_id, accept=True)
    link = await oneself.link_of(ANA)
    assert link is not None
    assert (link.roblox_id, link.linked_by) == (ANAS, ADMIN)
    assert await decisions.list_questions(actor()) == []
