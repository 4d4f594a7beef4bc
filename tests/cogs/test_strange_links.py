"""Guilds are strangers: no button of one reaches what another guild knows about links."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.buttons import Action
from bot.models import (
    AccountLink,
    IdentityKind,
    ImportLine,
    LinkNotice,
    LinkSource,
    LinkWish,
    NoticeKind,
    PendingLink,
    Place,
    ProfileCode,
    Question,
    Verdict,
    Waiter,
)
from bot.store.database import Database
from bot.store.holdings import of_guild
from bot.store.link_imports import ImportStore
from bot.store.link_notices import put_notices
from bot.store.link_wishes import LinkWishStore
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.store.profile_codes import ProfileCodeStore
from bot.store.schema import metadata
from bot.store.waitlist import WaitlistStore
from tests.cogs.hands import craft, text
from tests.cogs.stage import Stage, build_house

NAME = "OnlyInNorthgate"
ACCOUNT = 7771110000
ACTIONS = (
    Action.LINK_MEMBER, Action.DROP_LINK, Action.DISOWN, Action.LINKS_PAGE, Action.APPLY_IMPORT,
    Action.DROP_IMPORT, Action.ASK_UNDO_IMPORT, Action.UNDO_IMPORT, Action.IMPORT_REPORT,
    Action.VERIFY, Action.CHECK_CODE, Action.NEW_CODE, Action.LINK, Action.CONFIRM_LINK,
    Action.DENY_LINK, Action.ASK_ADMIN, Action.ACCEPT_LINK, Action.KEEP_LINK, Action.SERVICE_KEY,
    Action.SERVICE_OFF, Action.JOIN_WAITLIST, Action.LEAVE_WAITLIST, Action.ACCEPT_OFFER,
    Action.DECLINE_OFFER,
)  # fmt: skip


async def furnish(stage: Stage, who: int) -> set[int]:
    """Everything that buttons lead to, in the stage's guild and about this person; their ids."""
    guild, now = stage.house.guild.id, stage.bot.clock()
    database = database_of(stage)
    await LinkStore(database).add(
        AccountLink(guild, who, ACCOUNT, NAME, now, LinkSource.BLOXLINK, who, now)
    )
    wish = LinkWish(0, guild, who, who, ACCOUNT + 1, NAME, ACCOUNT, None, now)
    numbers = {await LinkWishStore(database).add(wish)}
    async with database.write() as connection:
        notice = LinkNotice(0, guild, who, NoticeKind.LINKED, ACCOUNT, NAME, who, now)
        await put_notices(connection, [notice])
    imports = ImportStore(database)
    for number in range(2):
        one = await imports.begin(guild, who, now)
        line = ImportLine(1, who + number + 1, ACCOUNT + 5 + number, NAME, Verdict.NEW)
        await imports.plan(one.import_id, [line])
        numbers.add(one.import_id)
    code = ProfileCode(0, guild, who, ACCOUNT, NAME, now, "maple river", now)
    numbers.add((await ProfileCodeStore(database).put(code, now)).code_id)
    for kind in (Question.CONFIRM, Question.DECIDE):
        question = PendingLink(0, guild, who, kind, ACCOUNT + 1, NAME, LinkSource.ROVER, now)
        numbers.add((await PendingLinkStore(database).ask(question)).question_id)
    waiter = Waiter(
        0, guild, 1, 1, 1, "upstream", Place("s", "server", "group", "role"), who, ACCOUNT, now
    )
    numbers.add((await WaitlistStore(database).join(waiter)).waitlist_id)
    return numbers | {1, 2}


def database_of(stage: Stage) -> Database:
    return stage.bot.services.links.cards._wishes._database


async def everything(stage: Stage) -> dict[str, list[Any]]:
    """All rows of the stage's guild."""
    found = {}
    async with database_of(stage).read() as connection:
        for name, table in metadata.tables.items():
            which = of_guild(table, stage.house.guild.id)
            if which is not None:
                rows = await connection.execute(select(table).where(which))
                found[name] = [tuple(row) for row in rows]
    return found


@pytest.mark.parametrize("action", ACTIONS)
async def test_no_button_leads_into_another_guild(ready: Stage, action: Action) -> None:
    """Not even for an admin there, and not for rows that are about that admin."""
    other = build_house(ready.env, "Redwood")
    numbers = await furnish(ready, other.admin.id)
    before = await everything(ready)
    shown = await ready.slash(other.admin, "claims")
    for number in sorted(numbers):
        result = await craft(other.admin, shown.response, f"{action}:1:{number}")
        said = "" if result.modal is not None else text(result)
        assert NAME not in said
        assert str(ACCOUNT) not in said
    assert await everything(ready) == before


def test_every_button_about_links_was_pressed() -> None:
    about = ("link", "import", "code", "service", "verify", "disown", "admin", "waitlist", "offer")
    named = {action for action in Action if any(word in action.value for word in about)}
    assert named <= set(ACTIONS)
    assert len(IdentityKind) == 2, "their numbers are among those pressed"
