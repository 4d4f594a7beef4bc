"""Who may host what, and which sessions are offered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotPermitted, Refusal
from bot.models import AnnouncementState, SessionState, Workspace
from bot.services.hosting import Preview
from tests.services.bench import (
    ADMIN,
    ANA,
    GUILD,
    HOST,
    HOST_ROLE,
    STRANGERS,
    Bench,
    actor,
)
from tests.services.conftest import Posted
from tests.services.fakes import FakePlatform
from tests.services.worlds import HELPER, NOW, SESSION

HOSTESS = actor(HOST)
CHOICE = "1:training"


async def draft(bench: Bench, note: str = "", *, ping: bool = False) -> Preview:
    """HOST previews SESSION."""
    return await bench.hosting.draft(HOSTESS, CHOICE, note, ping=ping)


@pytest.fixture(autouse=True)
def only(workspace: Workspace) -> None:
    """There is one workspace, which CHOICE names."""
    assert workspace.workspace_id == 1


def named(bench: Bench) -> list[Callable[[], Awaitable[object]]]:
    """Everything a host may do with announcement 1."""
    who, hosting = actor(ANA), bench.hosting
    return [
        lambda: hosting.draft(who, CHOICE, "", ping=False),
        lambda: hosting.post(who, 1),
        lambda: hosting.add_server(who, 1),
    ]


async def test_members_may_not(bench: Bench) -> None:
    assert (await draft(bench)).announcement.announcement_id == 1
    for ask in named(bench):
        with pytest.raises(NotPermitted, match=f"<@&{HOST_ROLE}>"):
            await ask()
    assert await bench.running.list_hosted(actor(ANA)) == []


async def test_without_a_host_role_admins_remain(bench: Bench) -> None:
    await bench.workspaces.update(actor(), "Harbour", {"host_role_ids": frozenset()})
    with pytest.raises(NotPermitted, match="No host role is set"):
        await draft(bench)
    await bench.hosting.draft(actor(ADMIN), CHOICE, "", ping=False)


async def test_who_posted_it_may_close_it_also_without_the_role(
    bench: Bench, posted: Posted
) -> None:
    former = replace(HOSTESS, role_ids=frozenset())
    assert await bench.running.list_hosted(former) == [posted.announcement]
    await bench.running.close(former, str(posted.announcement.announcement_id))


async def test_guilds_are_strangers(bench: Bench, posted: Posted) -> None:
    stranger = actor(ADMIN, STRANGERS)
    number = posted.announcement.announcement_id
    asks: list[Awaitable[object]] = [
        bench.hosting.draft(stranger, CHOICE, "", ping=False),
        bench.hosting.post(stranger, number),
        bench.hosting.add_server(stranger, number),
        bench.running.refresh(stranger, str(number)),
        bench.running.close(stranger, str(number)),
    ]
    for ask in asks:
        with pytest.raises(Refusal):
            await ask
    assert await bench.running.list_hosted(stranger) == []
    assert await bench.hosting.list_postable(stranger) == []
    assert await bench.announcements.get(GUILD, number) == posted.announcement


async def choices(bench: Bench, discord_id: int = HOST) -> list[tuple[str, str]]:
    """(value, workspace name) of what is offered once everything was read."""
    for workspace in await bench.workspaces.list_all(GUILD):
        bench.catalog.warm(workspace.workspace_id)
    await bench.background.settle()
    offered = await bench.hosting.list_postable(actor(discord_id))
    return [(choice.value, choice.workspace_name) for choice in offered]


async def test_what_can_be_posted_is_offered_by_start(bench: Bench) -> None:
    hour = timedelta(hours=1)
    sessions = [
        replace(SESSION, session_id="late", starts_at=NOW + 9 * hour, ends_at=NOW + 10 * hour),
        replace(SESSION, session_id="live", starts_at=NOW - hour, state=SessionState.LIVE),
        replace(SESSION, session_id="closed-template", state=SessionState.NOT_OPEN),
        replace(SESSION, session_id="over", starts_at=NOW - 2 * hour, ends_at=NOW),
        replace(SESSION, session_id="ended", state=SessionState.ENDED),
        replace(SESSION, session_id="cancelled", state=SessionState.CANCELLED),
    ]
    bench.platform.sessions = {session.session_id: session for session in sessions}
    assert await choices(bench) == [("1:live", ""), ("1:closed-template", ""), ("1:late", "")]
    assert await choices(bench, ANA) == []


async def test_what_is_posted_is_not_offered_again(bench: Bench, posted: Posted) -> None:
    assert await choices(bench) == []
    await bench.announcements.set_state(
        posted.announcement.announcement_id, AnnouncementState.ENDED, now=NOW
    )
    assert await choices(bench) == [(CHOICE, "")]


async def test_workspaces_are_named_when_there_are_several(bench: Bench) -> None:
    elsewhere = "https://second.example.test"
    bench.platforms[elsewhere] = FakePlatform(replace(SESSION, roles=(HELPER,)))
    await bench.add_workspace(name="Second", base_url=elsewhere)
    assert sorted(await choices(bench)) == [("1:training", "Harbour"), ("2:training", "Second")]
