"""Swaps as members do them: by command, by button, in a thread, in a direct message."""

from __future__ import annotations

import discord
import pytest
from simcord import ChannelHandle, InteractionResult

from bot.store.automation import AutomationStore
from tests.cogs.hands import buttons, craft, refusals, sent_payloads, text
from tests.cogs.stage import Stage
from tests.cogs.stories import PIP, SABLE, SERIES, V1, V2, Story

NAMES = {"ids": lambda story: story.kind.value}
with_release = pytest.mark.parametrize("story", [V2, SERIES], indirect=True, **NAMES)


async def begin(stage: Stage) -> tuple[str, str]:
    """Pip and Sable each hold a role; their names."""
    roles = ("Guest Greeter", "Barista") if stage.story is SERIES else ("Observer", "Cabin Crew")
    for who, role in zip((stage.house.pip, stage.house.sable), roles, strict=True):
        assert text(await stage.claim(who, role)).startswith("✔ You are")
    await stage.env.advance_time(3)
    return roles


async def ask(stage: Stage, **options: object) -> InteractionResult:
    """Pip asks Sable."""
    return await stage.slash(stage.house.pip, "swap", **{"with": stage.house.sable, **options})


async def question(stage: Stage) -> InteractionResult:
    """Sable uses Muster, and is shown what waits for her beside the answer."""
    return await stage.slash(stage.house.sable, "open")


def shown_to(result: InteractionResult) -> discord.Message:
    """What was said after the answer."""
    assert result.followups
    return result.followups[-1]


async def answer(stage: Stage, label: str) -> InteractionResult:
    """Sable answers the question that she is shown."""
    asked = shown_to(await question(stage))
    return await stage.house.sable.click(asked, label=label)


@with_release
async def test_asked_accepted_swapped_and_told(ready: Stage, story: Story) -> None:
    one, other = await begin(ready)
    asked = await ask(ready)
    assert "is asked until" in text(asked)
    assert "I cannot reach them" in text(asked)
    assert "/claims" in text(asked)
    shown = shown_to(await question(ready))
    assert f"you get **{one}** in “{story.title}”" in shown.content
    assert list(buttons(shown.components)) == ["Accept", "Decline"]
    done = await ready.house.sable.click(shown, label="Accept")
    assert f"⇄ Swapped: you are now **{one}**" in text(done)
    assert (ready.holders(one), ready.holders(other)) == ([SABLE], [PIP])
    told = shown_to(await ready.slash(ready.house.pip, "claims"))
    assert f"you are now **{other}**" in told.content
    assert (await ready.slash(ready.house.pip, "claims")).followups == []
    await ready.env.advance_time(3)
    await ready.skip(60)
    assert "⇄ Swapped" in ready.house.log.last_message.content


async def test_no_thank_you(ready: Stage) -> None:
    one, other = await begin(ready)
    await ask(ready)
    assert text(await answer(ready, "Decline")).startswith("✔ Declined: you keep")
    told = shown_to(await ready.slash(ready.house.pip, "open"))
    assert "does not want to swap" in told.content
    assert (ready.holders(one), ready.holders(other)) == ([PIP], [SABLE])


async def test_by_the_list_of_claims(ready: Stage) -> None:
    one, other = await begin(ready)
    mine = await ready.slash(ready.house.pip, "claims")
    menu = await ready.house.pip.click(mine.response, label=f"Swap {one}")
    assert "for whose role?" in text(menu)
    (choice,) = menu.response.components[0]["components"][0]["options"]
    assert f" · {other} in " in choice["label"]
    asked = await ready.house.pip.select(menu.response, [choice["value"]])
    assert "is asked until" in text(asked)
    assert "Swapped" in text(await answer(ready, "Accept"))


async def test_it_can_be_taken_back(ready: Stage) -> None:
    await begin(ready)
    asked = await ask(ready)
    shown = shown_to(await question(ready))
    taken = await ready.house.pip.click(asked.response, label="Take it back")
    assert "you no longer want to swap" in text(taken).casefold()
    late = await ready.house.sable.click(shown, label="Accept")
    assert "no longer wants to swap" in text(late)
    assert ready.upstream_calls("release") == 0


async def test_the_buttons_outlive_a_restart(ready: Stage) -> None:
    one, other = await begin(ready)
    await ask(ready)
    shown = shown_to(await question(ready))
    await ready.restart()
    assert "Swapped" in text(await ready.house.sable.click(shown, label="Accept"))
    assert (ready.holders(one), ready.holders(other)) == ([SABLE], [PIP])


async def test_nobody_else_presses(ready: Stage) -> None:
    await begin(ready)
    await ask(ready)
    for action in ("swapyes", "swapno"):
        words = text(await craft(ready.house.pip, ready.board(), f"{action}:1:1"))
        assert f"This question is for <@{ready.house.sable.id}>" in words
    for who in (ready.house.wren, ready.house.host):  # made up: nothing is told to strangers
        for action in ("swapyes", "swapno", "swapback"):
            words = text(await craft(who, ready.board(), f"{action}:1:1"))
            assert "This question is for somebody else" in words
            assert "<@" not in words
    words = text(await craft(ready.house.sable, ready.board(), "swapback:1:1"))
    assert f"Only <@{ready.house.pip.id}> can take" in words
    words = text(await craft(ready.house.sable, ready.board(), "swapyes:1:999"))
    assert "no longer leads anywhere" in words
    assert ready.upstream_calls("release") == 0


async def test_choices_are_what_both_hold(ready: Stage, story: Story) -> None:
    one, other = await begin(ready)
    mine = await ready.choices(ready.house.pip, "swap", "mine")
    assert [name.split(" in ")[0] for name in mine] == [f"{one}"]
    theirs = await ready.choices(
        ready.house.pip, "swap", "theirs", **{"with": ready.house.sable.id}
    )
    assert all(name.startswith(other) for name in theirs)
    assert "Swapped" in text(await _accepted(ready, mine=next(iter(mine.values()))))


async def _accepted(stage: Stage, **options: str) -> InteractionResult:
    assert "is asked until" in text(await ask(stage, **options))
    return await answer(stage, "Accept")


@pytest.mark.parametrize("story", [V1], indirect=True, **NAMES)
async def test_v1_cannot(ready: Stage) -> None:
    for who, role in ((ready.house.pip, "Observer"), (ready.house.sable, "Cabin Crew")):
        await ready.claim(who, role)
    assert "cannot be released from Discord" in text(await ask(ready))


async def test_a_host_decides_where_that_is_allowed(ready: Stage) -> None:
    one, other = await begin(ready)
    house = ready.house
    options = {"with": house.sable, "member": house.pip}
    assert "Only " in text(await ready.slash(house.wren, "swap", **options))
    assert "host_swaps" in text(await ready.slash(house.host, "swap", **options))
    saved = text(await ready.slash(house.admin, "workspace settings", host_swaps=True))
    assert "or a host decides for them" in saved
    done = text(await ready.slash(house.host, "swap", **options))
    assert "You swapped the roles" in done
    assert (ready.holders(one), ready.holders(other)) == ([SABLE], [PIP])
    for who in (house.pip, house.sable):
        told = shown_to(await ready.slash(who, "open")).content
        assert f"<@{house.host.id}> swapped the roles" in told
        assert "Ask them if that surprises you" in told


async def test_in_a_thread_only_the_partner_is_pinged(ready: Stage) -> None:
    await begin(ready)
    thread = await _with_thread(ready)
    assert "pinged in the session's thread" in text(await ask(ready))
    asked = thread.last_message
    assert asked is not None
    assert f"<@{ready.house.pip.id}> would like to swap roles" in asked.content
    payloads = sent_payloads(ready.env)
    payload = next(one for one in payloads if one.get("content") == asked.content)
    assert list(map(int, payload["allowed_mentions"]["users"])) == [ready.house.sable.id]
    done = await ready.house.sable.click(asked, label="Accept")
    assert "Swapped" in text(done)
    assert "Swapped" in thread.last_message.content


async def _with_thread(stage: Stage) -> ChannelHandle:
    """A channel that stands for the thread of the session."""
    (posted, _) = (await stage.bot.services.openings.list_open(stage.house.guild.id))[0]
    store = AutomationStore(stage.bot.services.app_state._database)
    await store.set_thread(posted.announcement_id, stage.house.chat.id)
    return stage.house.chat


async def test_names_cannot_ping(ready: Stage) -> None:
    await begin(ready)
    record = ready.platforms.worlds.readmin.get_session(ready.story.session_id)
    record["template"]["name"] = "@everyone [x](https://evil.test)"
    await ready.skip(120)
    asked = text(await ask(ready))
    assert "@everyone" not in asked
    shown = shown_to(await question(ready)).content
    assert "@everyone" not in shown
    assert refusals(ready.env) == []


async def test_who_is_not_linked_is_told(ready: Stage) -> None:
    await begin(ready)
    words = text(await ready.slash(ready.house.pip, "swap", **{"with": ready.house.guest}))
    assert "Roblox account here" in words
