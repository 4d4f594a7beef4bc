"""The demo's seed shows every state that a newcomer should meet."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.readmin_v1 import SessionsV1
from bot.sandbox.platforms.readmin_views import overview
from bot.sandbox.platforms.seeds import DemoWorlds, demo_worlds, record_id, series_id
from bot.sandbox.platforms.series_views import overview as series_overview
from bot.sandbox.platforms.wire import Call

READMIN_STATES = {
    "soon": ("scheduled", ["map"]),
    "later": ("scheduled", ["map"]),
    "tomorrow": ("scheduled", ["map"]),
    "live": ("live", ["map"]),
    "ended": ("ended", ["map"]),
    "no-server": ("scheduled", []),
    "panel-server": ("scheduled", ["list"]),
    "two-servers": ("scheduled", ["map", "map"]),
    "one-off": ("scheduled", ["map"]),
}


@pytest.fixture
def worlds() -> DemoWorlds:
    return demo_worlds()


@pytest.mark.parametrize(("number", "name"), [(0, "northgate"), (1, "redwood")])
def test_readmin_states(worlds: DemoWorlds, number: int, name: str) -> None:
    workspace = overview(worlds.readmin)["workspaces"][number]
    sessions = {session["id"]: session for session in workspace["sessions"]}
    found = {
        state: (session["status"], [server["form"] for server in session["servers"]])
        for state in READMIN_STATES
        for session in [sessions[record_id(f"{name}/{state}")]]
    }
    assert found == READMIN_STATES
    roles = [role for group in workspace["roleGroups"] for role in group["roles"]]
    assert {role["maxUsers"] for role in roles} == {0, 1, 2}
    assert any(role["claimOnce"] for role in roles)
    ranks = worlds.roblox.users[seeds.TRAINEE.user_id].ranks
    assert any(role["minRank"] > ranks[int(workspace["groupId"])] for role in roles)


@pytest.mark.parametrize("hour", [0, 9, 23])
async def test_a_placeholder_shows_at_any_hour(hour: int) -> None:
    now = datetime(2026, 5, 6, hour, 57, tzinfo=UTC)
    call = Call("GET", "/sessions/upcoming", "/sessions/upcoming", {}, {}, b"")
    for workspace in demo_worlds(lambda: now).readmin.workspaces.values():
        answer = await SessionsV1().list_upcoming(workspace, call)
        assert answer.content.count(b'"notCreated"') == 1


@pytest.mark.parametrize(("zone", "listed"), [(UTC, False), (timezone(timedelta(hours=-11)), True)])
async def test_v1_lists_the_day_of_its_own_zone(zone: tzinfo, listed: bool) -> None:
    """The demo's next session is of today where it is noon, and of tomorrow in UTC."""
    now = datetime(2026, 5, 6, 23, 57, tzinfo=UTC).astimezone(zone)
    call = Call("GET", "/sessions/upcoming", "/sessions/upcoming", {}, {}, b"")
    _, redwood = demo_worlds(lambda: now).readmin.workspaces.values()
    answer = await SessionsV1().list_upcoming(redwood, call)
    assert (record_id("redwood/soon").encode() in answer.content) is listed


def test_harbour_states(worlds: DemoWorlds) -> None:
    sessions = {s["id"]: s for s in series_overview(worlds.series)["workspaces"][0]["sessions"]}
    named = {
        name: sessions[series_id(f"harbour/{name}")]
        for name in ("soon", "later", "tomorrow", "live", "completed", "cancelled", "closed")
    }
    assert {name: session["status"] for name, session in named.items()} == {
        "soon": "upcoming",
        "later": "upcoming",
        "tomorrow": "upcoming",
        "live": "ongoing",
        "completed": "completed",
        "cancelled": "cancelled",
        "closed": "upcoming",
    }
    assert named["closed"]["claimable"] is False
    assert sessions[series_id("harbour/no-roles")]["roles"] == []


def test_worlds_do_not_share_state() -> None:
    one, other = demo_worlds(), demo_worlds()
    one.roblox.users[seeds.ADMIN.user_id].ranks.clear()
    one.readmin.get_session(record_id("northgate/soon"))["servers"].clear()
    assert other.roblox.users[seeds.ADMIN.user_id].ranks
    assert other.readmin.get_session(record_id("northgate/soon"))["servers"]
