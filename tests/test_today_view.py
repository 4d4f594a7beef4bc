"""A day keeps Discord's limits whatever the texts are, and every session is on some page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.buttons import Button
from bot.models import ProviderKind, Session, SessionState, Workspace
from bot.replies import Reply
from bot.services.today import Cover, Plan, Today
from bot.text import size
from cogs._today_view import today_reply
from tests.hostile import NASTY
from tests.services.worlds import NOW, SESSION

WORKSPACE = Workspace(1, 2, "Harbour", ProviderKind.SERIES, "https://example.test", "", NOW)
TRAINER = Cover("Trainer", "", 2, ("<@5>", "someone"))


def a_plan(*covers: Cover, session: Session = SESSION, workspace: Workspace = WORKSPACE) -> Plan:
    """A session with these roles, in one of several workspaces."""
    return Plan(session, workspace, several=True, covers=covers)


def a_day(*plans: Plan, unreachable: tuple[str, ...] = ()) -> Today:
    """These plans on a Sunday."""
    return Today(2, date(2026, 3, 1), ZoneInfo("America/New_York"), plans, unreachable)


def embed_of(reply: Reply) -> discord.Embed:
    """The embed, seen to be within Discord's limits."""
    embed = reply.embed
    assert embed is not None
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    assert sum(size(text or "") for text in texts) <= 6000
    assert size(embed.description or "") <= 4096
    assert all(size(field.value or "") <= 1024 for field in embed.fields)
    return embed


def words(*plans: Plan) -> str:
    """What the first page says."""
    return embed_of(today_reply(a_day(*plans), 0)).description or ""


def test_a_day_in_words() -> None:
    empty = Cover("Helper", "Main", None, ())
    reply = today_reply(a_day(replace(a_plan(TRAINER, empty), channel_id=3, message_id=4)), 0)
    embed = embed_of(reply)
    stamp = int(SESSION.starts_at.timestamp())
    assert embed.title == "Sunday 1 March 2026"
    assert embed.description == (
        f"**12:00 Training** · Harbour\n"
        f"◷ coming · <t:{stamp}:F> (<t:{stamp}:R>) · [posted](https://discord.com/channels/2/3/4)\n"
        "■ Trainer 2/2: <@5>, someone\n"
        "◌ Nobody yet: Helper · Main 0"
    )
    assert embed.footer.text == "Day in America/New York time"
    assert reply.buttons == ()


@pytest.mark.parametrize("state", SessionState)
def test_every_state_has_words(state: SessionState) -> None:
    shown = words(a_plan(TRAINER, session=replace(SESSION, state=state)))
    assert ("<@5>" in shown) == (state is not SessionState.CANCELLED)


def test_a_session_without_roles() -> None:
    assert words(a_plan()).endswith("not posted\nNo role to claim.")


def test_a_long_day_has_pages_and_loses_nothing() -> None:
    plans = [a_plan(TRAINER, session=replace(SESSION, name=f"No. {n}.")) for n in range(120)]
    day, seen, page = a_day(*plans), "", 0
    while True:
        reply = today_reply(day, page)
        seen += embed_of(reply).description or ""
        later = [b for b in reply.buttons if isinstance(b, Button) and b.label.startswith("Later")]
        if not later:
            break
        assert (later[0].number, later[0].page) == (day.day.toordinal(), page + 1)
        page += 1
    assert page > 1
    assert [f"No. {n}." in seen for n in range(120)] == [True] * 120
    assert today_reply(day, 9999) == reply  # of a longer day, before some were taken away
    (back,) = reply.buttons
    assert isinstance(back, Button)
    assert back.page == page - 1


def test_many_roles_and_holders_are_counted() -> None:
    crowd = Cover("Guard", "", None, tuple(f"<@{n}>" for n in range(30)))
    assert "and 20 more" in words(a_plan(crowd))
    shown = words(a_plan(*[Cover(f"Role {n}", "", 1, ()) for n in range(200)]))
    listed = shown.count("0/1")
    assert shown.count("\n") == 2  # one line for all of them
    assert shown.endswith(f" and {200 - listed} more roles")


@given(text=st.one_of(st.text(), st.sampled_from(NASTY)), count=st.integers(1, 40))
def test_limits_hold_whatever_the_texts_are(text: str, count: int) -> None:
    many = text * 200
    plan = a_plan(
        *[Cover(many, many, 3, (many,) * 12)] * count,
        session=replace(SESSION, name=many),
        workspace=replace(WORKSPACE, name=many),
    )
    embed = embed_of(today_reply(a_day(plan, plan, plan, unreachable=(many,) * 20), 0))
    assert "@everyone" not in (embed.description or "")
