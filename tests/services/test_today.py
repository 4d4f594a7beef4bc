"""A day is the guild's own, from midnight to midnight; times are read as admins type them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import NotPermitted, Refusal, Unavailable
from bot.models import Session, Workspace
from bot.services.schedules import find_zones, to_cutoff, to_reminders, to_zone
from bot.services.today import Cover, bounds
from tests.services.automatic import Automatic
from tests.services.bench import ADMIN, ANA, GUILD, STRANGERS, Bench, actor, roblox_of
from tests.services.fakes import FACTS, FakePlatform
from tests.services.worlds import HELPER, HOUR, SECOND, SESSION, with_claims

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def automatic(bench: Bench) -> Automatic:
    return Automatic(bench)


def put(bench: Bench, *sessions: Session) -> None:
    """The platform has these sessions only."""
    bench.platform.sessions = {session.session_id: session for session in sessions}


def lasting(name: str, starts_at: datetime, ends_at: datetime) -> Session:
    """A session of that name and time."""
    return replace(SESSION, session_id=name, name=name, starts_at=starts_at, ends_at=ends_at)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_a_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    begin, end = bounds(day, PARIS)
    assert end - begin == timedelta(hours=hours)
    assert begin.astimezone(PARIS).date() == day
    assert begin.astimezone(PARIS).hour == 0


async def test_from_midnight_to_midnight_in_the_guilds_zone(
    automatic: Automatic, workspace: Workspace
) -> None:
    bench = automatic.bench
    await automatic.settings.set_time_zone(GUILD, PARIS)
    bench.clock.now = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # 00:30 of the 29th in Paris
    begin, end = bounds(date(2026, 3, 29), PARIS)
    put(
        bench,
        lasting("over", begin - HOUR, begin),
        lasting("through midnight", begin - HOUR, begin + HOUR),
        lasting("last", end - timedelta(minutes=1), end + HOUR),
        lasting("first", begin, begin + HOUR),
        lasting("tomorrow", end, end + HOUR),
    )
    today = await automatic.today.get(GUILD)
    assert (today.day, today.zone) == (date(2026, 3, 29), PARIS)
    assert [plan.session.name for plan in today.plans] == ["through midnight", "first", "last"]
    other = await automatic.today.get(GUILD, date(2026, 3, 30))
    assert [plan.session.name for plan in other.plans] == ["last", "tomorrow"]


async def test_who_covers_what_posted_or_not(automatic: Automatic, workspace: Workspace) -> None:
    bench = automatic.bench
    await bench.link(ANA)
    bench.roblox.add(555, "stranger")
    posted = with_claims(SESSION, roblox_of(ANA))
    posted = with_claims(posted, 555, role=HELPER)
    later = replace(SESSION, session_id="later", name="Later", servers=(*SESSION.servers, SECOND))
    put(bench, posted, later)
    await bench.post(workspace, posted)
    first, second = (await automatic.today.get(GUILD)).plans
    if first.session.name == "Later":
        first, second = second, first
    assert first.covers == (
        Cover("Trainer", "", 1, (f"<@{ANA}>",)),
        Cover("Helper", "", 2, ("stranger",)),
        Cover("Guard", "", None, ()),
    )
    assert (first.channel_id, first.message_id) == (11, 1001)
    assert (second.channel_id, second.message_id) == (None, None)
    assert [cover.server_name for cover in second.covers] == ["Main"] * 3 + ["Second"] * 3


async def test_all_workspaces_even_when_one_is_silent(
    automatic: Automatic, workspace: Workspace
) -> None:
    bench = automatic.bench
    await bench.add_workspace(name="Second", base_url="https://second.example.test")
    second = FakePlatform(lasting("Elsewhere", SESSION.starts_at, SESSION.ends_at))
    bench.platforms["https://second.example.test"] = second
    today = await automatic.today.get(GUILD)
    assert [plan.workspace.name for plan in today.plans] == ["Harbour", "Second"]
    assert all(plan.several for plan in today.plans)
    second.read_error = Unavailable("m", FACTS)
    today = await automatic.today.get(GUILD)
    assert [plan.workspace.name for plan in today.plans] == ["Harbour"]
    assert today.unreachable == ("Second",)


async def test_guilds_are_strangers(automatic: Automatic, workspace: Workspace) -> None:
    assert (await automatic.today.get(STRANGERS)).plans == ()
    assert automatic.bench.platform.lists == 0


async def test_only_admins_set_the_time_zone(automatic: Automatic) -> None:
    with pytest.raises(NotPermitted):
        await automatic.today.set_zone(actor(ANA), "Europe/Paris")
    await automatic.today.set_zone(actor(ADMIN), "europe/paris")
    zones = await asyncio.gather(*map(automatic.today.get_zone, (GUILD, STRANGERS)))
    assert [zone.key for zone in zones] == ["Europe/Paris", "UTC"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/Paris", "Europe/Paris"),
        (" america/new york ", "America/New_York"),
        ("utc", "UTC"),
        ("amsterdam", "Europe/Amsterdam"),
    ],
)
def test_zones_as_typed(typed: str, name: str) -> None:
    assert to_zone(typed).key == name


@pytest.mark.parametrize("typed", ["", "a", "Atlantis", "../../etc/passwd", "@everyone", "x" * 99])
def test_what_is_no_zone(typed: str) -> None:
    with pytest.raises(Refusal, match=r"`time_zone`.*choose from the list"):
        to_zone(typed)


def test_zones_are_found_by_their_city() -> None:
    assert find_zones("new yo")[0] == "America/New_York"
    assert find_zones("paris")[0] == "Europe/Paris"
    assert find_zones("nowhere at all") == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [("60, 15", {60, 15}), ("5 1440 30", {5, 30, 1440}), (" OFF ", set()), ("15,15", {15})],
)
def test_reminders_as_typed(typed: str, found: set[int]) -> None:
    assert to_reminders(typed) == found


@pytest.mark.parametrize(
    "typed", ["", ",", "4", "1441", "10,20,30,40", "1h", "-5", "6.5", "٦٠", "60;15", "9" * 500]
)
def test_what_are_no_reminders(typed: str) -> None:
    with pytest.raises(Refusal, match=r"`reminders`.*such as `60, 15`; or `off`"):
        to_reminders(typed)


def test_a_cutoff_as_typed() -> None:
    assert [to_cutoff(typed) for typed in ("30", " 0 ", "1440", "Off")] == [30, 0, 1440, None]
    for typed in ("", "1441", "-1", "1h"):
        with pytest.raises(Refusal, match="`cutoff`"):
            to_cutoff(typed)
