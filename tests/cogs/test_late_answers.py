"""What became of a claim reaches its member also when the answer itself is out of reach."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from simcord import MemberActor

from bot.sandbox.platforms import seeds
from bot.services.ports import Actor
from tests.cogs.hands import button_id, press_together, sent_payloads, text
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, V2


async def lose_a_claim(stage: Stage) -> None:
    """Pip's claim is stored, but no answer comes before the interaction has died."""
    stage.upstream.fault("cut-before", "claim", times=1)
    pip = stage.house.pip
    result = await stage.slash(pip, "claim", session="1", role="First Officer")
    assert "has not confirmed" in text(result)
    world = stage.platforms.worlds.readmin
    server = next(iter(world.get_session(V2.session_id)["servers"]))
    role = seeds.stable_uuid("northgate/First Officer")
    stage.upstream.call(lambda: world.panel_claim(V2.session_id, server, PIP, role))
    path = stage.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.execute("UPDATE claim_attempts SET encrypted_token = ''")


def to_actor_of(stage: Stage, who: MemberActor) -> Actor:
    """The member as services see them."""
    return Actor(stage.house.guild.id, who.id, frozenset(), is_admin=False)


def told(stage: Stage) -> list[dict[str, Any]]:
    """What was said of it anew."""
    return [p for p in sent_payloads(stage.env) if "✔ You are" in str(p.get("content"))]


async def test_by_direct_message_with_the_way_back(ready: Stage) -> None:
    await ready.slash(ready.house.pip, "reminders", direct="on")
    await lose_a_claim(ready)
    await ready.restart()
    (message,) = told(ready)
    assert message["content"].startswith("✔ You are **First Officer**")
    assert f"/channels/{ready.house.guild.id}/{ready.house.board.id}/" in message["content"]
    assert not message.get("components")
    assert message["allowed_mentions"]["parse"] == []


async def test_in_the_thread_with_a_ping_of_that_member_alone(ready: Stage) -> None:
    house = ready.house
    await ready.slash(house.admin, "workspace automatic", thread="on")
    await ready.skip(15)
    await lose_a_claim(ready)
    await ready.restart()
    (message,) = told(ready)
    assert message["content"].startswith(f"<@{house.pip.id}> ✔ You are **First Officer**")
    assert message["allowed_mentions"] == {"parse": [], "users": [house.pip.id]}


async def test_else_claims_tells_it_first(ready: Stage) -> None:
    await lose_a_claim(ready)
    await ready.restart()
    assert told(ready) == []
    await ready.env.advance_time(60)
    words = text(await ready.slash(ready.house.pip, "claims"))
    assert words.startswith("Earlier: ✔ You are **First Officer**")
    assert "✔ **First Officer** in" in words
    assert not text(await ready.slash(ready.house.pip, "claims")).startswith("Earlier")


async def test_two_answers_on_their_way_do_not_both_tell_it(ready: Stage) -> None:
    """Whoever presses again before the first answer has come reads each ending once."""
    house, story = ready.house, ready.story
    await ready.claim(house.pip, story.single)
    removed = await ready.slash(
        house.host, "session remove", announcement="1", role=story.single, member=house.pip
    )
    assert text(removed).startswith("✔ Released")
    board = ready.board()
    presses = [(house.pip, button_id(board, role)) for role in (story.single, story.double)]
    first, second = await press_together(ready.env, board, presses)
    told = [text(one) for one in (first, second)]
    assert sum("has released you from" in words for words in told) == 1
    assert "has released you from" not in text(await ready.slash(house.pip, "claims"))


async def test_an_answer_that_gets_lost_is_made_up_for(ready: Stage) -> None:
    house, story = ready.house, ready.story
    await ready.claim(house.pip, story.single)
    await ready.slash(
        house.host, "session remove", announcement="1", role=story.single, member=house.pip
    )
    actor = to_actor_of(ready, house.pip)
    earlier = ready.bot.services.earlier
    assert len(await earlier.take(actor)) == 1
    assert await earlier.take(actor) == []  # it is on its way, and never arrives
    await ready.env.advance_time(16)
    assert "Earlier: " in text(await ready.slash(house.pip, "claims"))
    assert await earlier.take(actor) == []
