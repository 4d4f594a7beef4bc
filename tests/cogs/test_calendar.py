"""/today, /reminders and /workspace automatic, and what follows from them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import discord
import pytest

from bot.store.guild_settings import GuildSettingsStore
from tests.cogs.hands import craft, refusals, sent_payloads, text
from tests.cogs.stage import Stage, override_command
from tests.cogs.stories import SERIES, STORIES, V2, Story


def embed_of(result: Any) -> discord.Embed:
    """The embed that an answer shows."""
    (embed,) = result.response.embeds
    return embed


async def test_everything_is_shown_and_off(ready: Stage) -> None:
    for command in ("workspace automatic", "workspace settings"):
        shown = text(await ready.slash(ready.house.admin, command))
        assert "Saved" not in shown
        assert "Posted without a host: never" in shown
        assert "Claims stay open" in shown
        assert "Thread for each session: no · reminders: none" in shown
    assert "Time zone of this whole community: UTC" in text(
        await ready.slash(ready.house.admin, "workspace automatic")
    )


async def test_everything_can_be_set_and_taken_back(ready: Stage) -> None:
    admin, ping = ready.house.admin, ready.house.roles["ping"]
    await ready.slash(admin, "workspace settings", ping_role=ping)
    shown = text(
        await ready.slash(
            admin,
            "workspace automatic",
            post=120,
            name="Flight",
            ping="on",
            reminders="60, 15",
            cutoff="30",
            time_zone="amsterdam",
        )
    )
    assert shown.startswith("✔ Saved.")
    assert "2 h before the start, if the name contains “Flight”, pinging the ping role" in shown
    assert "Claims close 30 min before the start" in shown
    assert "reminders: 1 h and 15 min before the start" in shown
    assert "only members who turned on direct messages" in shown
    assert "Europe/Amsterdam" in shown
    same = text(await ready.slash(admin, "workspace settings"))
    assert "Claims close 30 min before the start" in same
    shown = text(
        await ready.slash(
            admin,
            "workspace automatic",
            post=0,
            name="*",
            ping="off",
            reminders="off",
            cutoff="off",
        )
    )
    assert "Posted without a host: never" in shown
    assert "Claims stay open" in shown
    assert "reminders: none" in shown


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("reminders", "soon", "`reminders`: “soon” cannot be used"),
        ("cutoff", "2000", "from 0 to 1440"),
        ("time_zone", "Atlantis", "is no time zone"),
        ("ping", "on", "there is no ping role"),
    ],
)
async def test_what_cannot_be_set_says_why(
    ready: Stage, option: str, value: str, words: str
) -> None:
    before = text(await ready.slash(ready.house.admin, "workspace automatic"))
    refused = text(await ready.slash(ready.house.admin, "workspace automatic", **{option: value}))
    assert words in refused
    assert text(await ready.slash(ready.house.admin, "workspace automatic")) == before


async def test_only_admins(ready: Stage) -> None:
    override_command(ready.house, "workspace")
    refused = await ready.slash(ready.house.host, "workspace automatic", post=60)
    assert "Manage Server" in text(refused)
    assert refusals(ready.env) == []


async def test_time_zones_are_offered_by_city(ready: Stage) -> None:
    offered = await ready.choices(ready.house.admin, "workspace automatic", "time_zone", "new yo")
    assert offered["America/New York"] == "America/New_York"
    everything = await ready.choices(ready.house.admin, "workspace automatic", "time_zone", "")
    assert len(everything) == 25


@pytest.mark.parametrize("story", STORIES, indirect=True, ids=lambda story: story.kind.value)
async def test_a_session_posts_itself_and_takes_claims(stage: Stage, story: Story) -> None:
    house = stage.house
    await stage.setup(house, story)
    await stage.link_staff(house)
    await stage.slash(house.admin, "workspace automatic", post=60, name=story.title)
    await stage.skip(60)
    board = stage.board()
    assert board.embeds[0].title == story.title
    assert text(await stage.claim(house.pip, story.single)).startswith("✔")
    for _ in range(3):
        await stage.skip(60)
    assert len(house.board.history()) == 1
    await stage.restart()
    await stage.skip(60)
    assert len(house.board.history()) == 1


async def test_what_a_host_closed_is_not_posted_again(ready: Stage) -> None:
    house = ready.house
    offered = await ready.choices(house.host, "session close", "announcement")
    await ready.slash(house.host, "session close", announcement=next(iter(offered.values())))
    await ready.slash(house.admin, "workspace automatic", post=60, name=V2.title)
    await ready.skip(60)
    assert len(house.board.history()) == 1


async def test_a_thread_and_a_reminder_in_it(ready: Stage) -> None:
    house = ready.house
    shown = text(await ready.slash(house.admin, "workspace automatic", thread="on", reminders="30"))
    assert "Thread for each session: yes · reminders: 30 min" in shown
    await ready.claim(house.pip, V2.single)
    await ready.skip(15)
    (announcement,) = await ready.bot.services.boards._announcements.list_live(house.guild.id)
    assert announcement.thread_id == announcement.message_id
    await ready.skip(10 * 60)
    await ready.skip(30)
    reminders = [p for p in sent_payloads(ready.env) if "⏰" in str(p.get("content"))]
    assert [p["allowed_mentions"]["users"] for p in reminders] == [[house.pip.id]]
    assert f"<@{house.pip.id}> · **{V2.single}**" in reminders[0]["content"]


async def test_reminders_by_choice(ready: Stage) -> None:
    house = ready.house
    shown = text(await ready.slash(house.pip, "reminders"))
    assert "in the session's thread: **on**" in shown
    assert "by direct message: **off**" in shown
    assert "No reminders are sent here yet" in shown
    await ready.slash(house.admin, "workspace automatic", reminders="30")
    shown = text(await ready.slash(house.pip, "reminders", direct="on", thread="off"))
    assert shown.startswith("✔ Saved.")
    assert "in the session's thread: **off**" in shown
    assert "by direct message: **on**" in shown
    assert "30 minutes before the start (by direct message only" in shown
    assert "by direct message: **off**" in text(await ready.slash(house.sable, "reminders"))
    await ready.claim(house.pip, V2.single)
    await ready.claim(house.sable, V2.double)
    await ready.skip(10 * 60)
    await ready.skip(30)
    direct = [p for p in sent_payloads(ready.env) if "⏰" in str(p.get("content"))]
    assert len(direct) == 1
    assert f"You are **{V2.single}**" in direct[0]["content"]


@pytest.mark.parametrize("story", [V2, SERIES], indirect=True, ids=lambda story: story.kind.value)
async def test_today(ready: Stage, story: Story) -> None:
    house, settings = ready.house, GuildSettingsStore(ready.bot.services.today._settings._database)
    hours = ready.now().hour - 12  # where it is noon, so that the seeded sessions are all today
    await settings.set_time_zone(house.guild.id, ZoneInfo(f"Etc/GMT{hours:+d}"))
    await ready.claim(house.pip, story.single)
    words = ""
    shown = await ready.slash(house.guest, "today")
    while True:
        embed = embed_of(shown)
        assert len(embed) <= 6000
        words += embed.description or ""
        labels = [b.label for row in shown.response.components for b in row.children]
        if "Later ▶" not in labels:
            break
        shown = await house.guest.click(shown.response, label="Later ▶")
    assert house.pip.mention in words
    assert "Nobody yet: " in words
    assert "[posted](https://discord.com/channels/" in words
    assert "not posted" in words
    assert f"Day in Etc/GMT{hours:+d} time" in (embed_of(shown).footer.text or "")


async def test_a_page_that_nobody_offered(ready: Stage) -> None:
    shown = await ready.slash(ready.house.pip, "today")
    for number in ("0", "1", "739000", str(2**63 - 1)):
        answered = await craft(ready.house.pip, shown.response, f"today:1:{number}:9999")
        assert answered.response is not None


async def test_threads_need_their_permissions(ready: Stage) -> None:
    house, admin = ready.house, ready.house.admin
    deny = discord.PermissionOverwrite(create_public_threads=False, send_messages_in_threads=False)
    bare = house.guild.create_text_channel("bare", overwrites={ready.bot.user: deny})
    await ready.slash(admin, "workspace settings", announcements=bare)
    refused = text(await ready.slash(admin, "workspace automatic", thread="on"))
    assert f"lacks Create Public Threads, Send Messages in Threads in {bare.mention}" in refused
    shown = text(await ready.slash(admin, "workspace automatic"))
    assert "Thread for each session: no" in shown


async def test_today_without_any_workspace(stage: Stage) -> None:
    shown = await stage.slash(stage.house.pip, "today")
    assert embed_of(shown).description == "No session is planned."
