"""All of today at once: previewed together, posted one by one, and one failure stops no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import MessengerError, NotPermitted, Refusal, Unavailable
from bot.models import Workspace
from bot.services.days import DayPosting
from bot.store.guild_settings import GuildSettingsStore
from tests.services.bench import ANA, GUILD, HOST, PING_ROLE, STRANGERS, Bench, actor
from tests.services.fakes import FACTS
from tests.services.worlds import HOUR, MAIN, SESSION

HOSTESS = actor(HOST)
TODAY = [
    replace(SESSION, session_id=name, name=name, starts_at=SESSION.starts_at + n * HOUR,
            ends_at=SESSION.ends_at + n * HOUR)
    for n, name in enumerate(("One", "Two", "Three"))
]  # fmt: skip
TOMORROW = replace(
    SESSION, session_id="Four", name="Four", starts_at=SESSION.starts_at + timedelta(days=1),
    ends_at=SESSION.ends_at + timedelta(days=1),
)  # fmt: skip


def posting(bench: Bench) -> DayPosting:
    """Days over the bench, whose noon is today's."""
    settings = GuildSettingsStore(bench.database)
    return DayPosting(bench.hosting, bench.hosting_store, bench.workspaces, settings, bench.clock)


async def offer(bench: Bench) -> Workspace:
    """A workspace with three sessions today and one tomorrow."""
    workspace = await bench.add_workspace()
    bench.platform.sessions = {one.session_id: one for one in (*TODAY, TOMORROW)}
    await bench.catalog.fetch_sessions(workspace.workspace_id)
    return workspace


async def test_all_of_today_and_nothing_else(bench: Bench) -> None:
    workspace = await offer(bench)
    days = posting(bench)
    previews, failed = await days.draft(HOSTESS, workspace.workspace_id, "", ping=True, cutoff=10)
    assert [one.announcement.title for one in previews] == ["One", "Two", "Three"]
    assert (failed, bench.messenger.posts) == ([], [])
    done = await days.post(HOSTESS, workspace.workspace_id)
    assert [one.title for one in done] == ["One", "Two", "Three"]
    assert [ping for _, _, ping, _ in bench.messenger.posts] == [PING_ROLE, None, None]
    with pytest.raises(Refusal, match="posted already"):
        await days.post(HOSTESS, workspace.workspace_id)
    with pytest.raises(Refusal, match="Nothing is left"):
        await days.draft(HOSTESS, workspace.workspace_id, "", ping=False, cutoff=None)


async def test_today_is_the_communitys(bench: Bench) -> None:
    workspace = await offer(bench)
    # Midnight comes there after the second session: the third is of the next day.
    await GuildSettingsStore(bench.database).set_time_zone(GUILD, ZoneInfo("Asia/Bangkok"))
    bench.clock.advance(3 * 3600 - 60)
    late = [replace(one, starts_at=one.starts_at + 2.5 * HOUR, ends_at=one.ends_at + 3 * HOUR)
            for one in TODAY]  # fmt: skip
    bench.platform.sessions = {one.session_id: one for one in late}
    await bench.catalog.fetch_sessions(workspace.workspace_id)
    (day,) = (await posting(bench).list_days(HOSTESS)).values()
    assert [choice.session.name for choice in day] == ["One", "Two"]


async def test_one_that_cannot_be_previewed_stops_no_other(bench: Bench) -> None:
    workspace = await offer(bench)
    del bench.platform.sessions["Two"]  # since the list was read
    days = posting(bench)
    previews, failed = await days.draft(HOSTESS, workspace.workspace_id, "", ping=True, cutoff=None)
    assert [one.announcement.title for one in previews] == ["One", "Three"]
    assert [(one.title, one.announcement) for one in failed] == [("Two", None)]
    assert failed[0].problem
    bench.platform.read_error = Unavailable("m", FACTS)
    with pytest.raises(Unavailable):
        await days.draft(HOSTESS, workspace.workspace_id, "", ping=True, cutoff=None)


async def test_one_that_cannot_be_posted_stops_no_other(bench: Bench) -> None:
    workspace = await offer(bench)
    days = posting(bench)
    await days.draft(HOSTESS, workspace.workspace_id, "", ping=False, cutoff=None)
    bench.platform.sessions["Two"] = replace(TODAY[1], servers=())
    done = {one.title: one for one in await days.post(HOSTESS, workspace.workspace_id)}
    assert "no server that takes claims" in done["Two"].problem
    assert done["One"].announcement is not None
    assert done["Three"].announcement is not None
    bench.platform.sessions["Two"] = replace(TODAY[1], servers=(MAIN,))
    bench.messenger.error = MessengerError("Discord answered 500.")
    (again,) = await days.post(HOSTESS, workspace.workspace_id)
    assert again.problem == "Discord answered 500."


async def test_hosts_of_this_guild_only(bench: Bench) -> None:
    workspace = await offer(bench)
    days, number = posting(bench), workspace.workspace_id
    await days.draft(HOSTESS, number, "", ping=False, cutoff=None)
    with pytest.raises(NotPermitted):
        await days.draft(actor(ANA), number, "", ping=False, cutoff=None)
    with pytest.raises(NotPermitted):
        await days.post(actor(ANA), number)
    with pytest.raises(Refusal):
        await days.post(actor(guild_id=STRANGERS), number)
    assert bench.messenger.posts == []
