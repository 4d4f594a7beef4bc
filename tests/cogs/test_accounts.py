"""/verify, /link and /unlink as members meet them, and what admins see of it."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import pytest
from simcord import InteractionResult, MemberActor

from bot.sandbox.platforms import bloxlink, rover
from bot.sandbox.platforms.identity_world import IdentityWorld
from bot.sandbox.platforms.seeds import STAFF
from bot.sandbox.platforms.threaded import ThreadedPlatform
from tests.cogs.hands import all_json, buttons, craft, fields_of, text, type_key
from tests.cogs.stage import Stage, build_house, override_command
from tests.cogs.stories import PIP

NICO = next(account for account in STAFF if account.display_name == "Nico")
OTTO = next(account for account in STAFF if account.display_name == "Otto")
BLOXLINK_KEY, ROVER_KEY = "blox_key_of_northgate_21c0", "rover_key_of_northgate_be55"
PAUSE = 6


class Services:
    """Bloxlink and RoVer beside the stage."""

    def __init__(self, stage: Stage, stack: ExitStack) -> None:
        self.stage = stage
        self.worlds = IdentityWorld(), IdentityWorld()
        guild_id = stage.house.guild.id
        for world, key in zip(self.worlds, (BLOXLINK_KEY, ROVER_KEY), strict=True):
            world.guild_of_key[key] = guild_id
        self.bloxlink = stack.enter_context(
            ThreadedPlatform(bloxlink.BloxlinkPlatform(self.worlds[0]))
        )
        self.rover = stack.enter_context(ThreadedPlatform(rover.RoverPlatform(self.worlds[1])))
        urls = stage.bot.services.oneself.identity._lines._urls
        assert isinstance(urls, dict)
        for kind in urls:
            urls[kind] = (
                self.bloxlink.base_url + bloxlink.API
                if kind == "bloxlink"
                else self.rover.base_url + rover.API
            )

    def knows(self, who: MemberActor, roblox_id: int, name: str = "") -> None:
        """Both know this member."""
        for world in self.worlds:
            world.link(who.guild.id, who.id, roblox_id, name)

    async def give_keys(self) -> InteractionResult:
        """The admin enters both keys; the last answer."""
        admin = self.stage.house.admin
        panel = await self.stage.slash(admin, "links services")
        for label, key in (("Bloxlink", BLOXLINK_KEY), ("RoVer", ROVER_KEY)):
            form = await admin.click(panel.response, label=f"{label}: enter the key")
            result = await type_key(admin, form, key)
        return result


@pytest.fixture
async def services(stage: Stage) -> AsyncIterator[Services]:
    with ExitStack() as stack:
        yield Services(stage, stack)


def words_of(result: InteractionResult) -> str:
    """The code on a card."""
    found = re.search(r"```\n([a-z ]+)\n```", text(result))
    assert found is not None, text(result)
    return found[1]


def write(stage: Stage, account: Any, about: str) -> None:
    """What stands in a Roblox profile."""
    stage.platforms.worlds.roblox.users[account.user_id].description = about


async def prove(stage: Stage, who: MemberActor, account: Any) -> InteractionResult:
    """`/verify` to its end."""
    card = await stage.slash(who, "verify", roblox=account.name)
    write(stage, account, words_of(card))
    return await who.click(card.response, label="Check")


async def test_from_not_linked_by_a_code_to_the_claim(ready: Stage) -> None:
    guest = ready.house.guest
    refused = await ready.claim(guest, "Observer")
    assert "I do not know your Roblox account here" in text(refused)
    assert list(buttons(refused.response.components)) == ["Verify with a code", "Ask an admin"]
    form = await guest.click(refused.response, label="Verify with a code")
    card = await guest.submit_modal(form, {fields_of(form)[0]: NICO.name})
    assert f"Is this you? **{NICO.name}** (Nico)" in text(card)
    assert card.response.embeds[0].thumbnail.url.endswith(f"{NICO.user_id}.png")
    look = await guest.click(card.response, label="Check")
    assert "are not in the profile" in text(look)
    assert "4 more tries" in text(look)
    write(ready, NICO, f"Hello! {words_of(look).upper()} bye")
    early = await guest.click(look.response, label="Check")
    assert "looked a moment ago" in text(early)
    await ready.env.advance_time(PAUSE)
    done = await guest.click(early.response, label="Check")
    assert f"You are linked to **{NICO.name}** now" in text(done)
    assert "You are **Observer**" in text(done)
    assert list(buttons(done.response.components)) == ["Release"]
    assert ready.holders("Observer") == [NICO.user_id]


async def test_the_claim_goes_on_after_a_restart_too(ready: Stage) -> None:
    guest = ready.house.guest
    refused = await ready.claim(guest, "Observer")
    form = await guest.click(refused.response, label="Verify with a code")
    card = await guest.submit_modal(form, {fields_of(form)[0]: NICO.name})
    write(ready, NICO, words_of(card))
    await ready.restart()
    done = await guest.click(card.response, label="Check")
    assert "You are **Observer**" in text(done)


async def test_after_a_quarter_of_an_hour_only_the_link_is_made(ready: Stage) -> None:
    guest = ready.house.guest
    await ready.claim(guest, "Observer")
    await ready.skip(14 * 60)
    card = await ready.slash(guest, "verify", roblox=NICO.name)
    write(ready, NICO, words_of(card))
    await ready.skip(2 * 60)
    done = await guest.click(card.response, label="Check")
    assert text(done).startswith("✔ You are linked to")
    assert "Observer" not in text(done)
    assert ready.holders("Observer") == []


async def test_a_session_that_closed_meanwhile(ready: Stage) -> None:
    guest = ready.house.guest
    await ready.claim(guest, "Observer")
    (posted,) = (await ready.choices(ready.house.host, "session close", "announcement")).values()
    await ready.slash(ready.house.host, "session close", announcement=posted)
    done = await prove(ready, guest, NICO)
    assert "You are linked to" in text(done)
    assert "closed" in text(done)
    assert ready.holders("Observer") == []


async def test_nobody_uses_another_members_code(ready: Stage) -> None:
    house = ready.house
    card = await ready.slash(house.guest, "verify", roblox=NICO.name)
    write(ready, NICO, words_of(card))
    code_id = buttons(card.response.components)["Check"]["custom_id"].rpartition(":")[2]
    for who in (house.wren, house.admin):
        for action in ("checkcode", "newcode"):
            stolen = await craft(who, ready.board(), f"{action}:1:{code_id}")
            assert "This code is not yours" in text(stolen)
    for stray in ("0", "77", "9223372036854775807"):
        answer = await craft(house.guest, ready.board(), f"checkcode:1:{stray}")
        assert "not yours" in text(answer) or "too old" in text(answer)
    done = await house.guest.click(card.response, label="Check")
    assert f"linked to **{NICO.name}**" in text(done)
    again = await craft(house.guest, ready.board(), f"checkcode:1:{code_id}")
    assert "was used" in text(again)


async def test_a_code_of_another_guild(ready: Stage) -> None:
    elsewhere = build_house(ready.env, "Elsewhere")
    card = await ready.slash(ready.house.guest, "verify", roblox=NICO.name)
    write(ready, NICO, words_of(card))
    custom_id = buttons(card.response.components)["Check"]["custom_id"]
    board = await elsewhere.admin.slash(elsewhere.chat, "links services")
    answer = await craft(elsewhere.admin, board.response, custom_id)
    assert "not yours" in text(answer)


async def test_roblox_in_trouble_is_never_a_wrong_code(ready: Stage) -> None:
    guest, roblox = ready.house.guest, ready.platforms.roblox
    card = await ready.slash(guest, "verify", roblox=NICO.name)
    write(ready, NICO, words_of(card))
    for fault in ("error-500", "cut-before", "wrong-shape"):
        roblox.fault(fault, seconds=60)
        card = await guest.click(card.response, label="Check")
        assert "could not be read" in text(card)
        assert "did not cost a try" in text(card)
        roblox.clear_faults()
        await ready.env.advance_time(120)
    assert "You are linked" in text(await guest.click(card.response, label="Check"))


async def test_new_words_after_five_tries(ready: Stage) -> None:
    guest = ready.house.guest
    card = await ready.slash(guest, "verify", roblox=NICO.name)
    first = words_of(card)
    for _ in range(6):
        await ready.env.advance_time(PAUSE)
        card = await guest.click(card.response, label="Check")
    assert "this code is over" in text(card)
    assert list(buttons(card.response.components)) == ["New words"]
    card = await guest.click(card.response, label="New words")
    assert words_of(card) != first


async def test_what_is_typed_as_a_name_is_untrusted(ready: Stage) -> None:
    guest = ready.house.guest
    for name in ("@everyone!", "**x**", "<@1>", "x" * 300, "[a](http://b)"):
        words = text(await ready.slash(guest, "verify", roblox=name))
        assert "3 to 20 letters" in words
        assert name not in words
    assert "knows nobody called" in text(await ready.slash(guest, "verify", roblox="Nobody_Here"))


async def test_an_older_holder_gives_way_and_reads_why(ready: Stage) -> None:
    house = ready.house
    done = await prove(ready, house.guest, STAFF[0])
    assert f"linked to **{STAFF[0].name}** now" in text(done)
    notice = house.log.last_message
    assert notice is not None
    assert f"{house.pip.mention}, who was linked to it by an admin" in notice.content
    refused = await ready.claim(house.pip, "Observer")
    assert f"You were linked to **{STAFF[0].name}**" in text(refused)
    assert house.guest.mention in text(refused)


async def test_proof_against_proof_is_decided_in_the_log_channel(ready: Stage) -> None:
    house = ready.house
    await prove(ready, house.pip, STAFF[0])
    asked = await prove(ready, house.guest, STAFF[0])
    assert "an admin decides which counts" in text(asked)
    await ready.claim(house.pip, "Observer")
    news = [words for words in sent_to(ready) if "You stay linked until an admin decides" in words]
    assert len(news) == 1, "the holder is told"
    question = house.log.last_message
    assert question is not None
    assert list(buttons(question)) == ["Use the new account", "Leave it as it is"]
    for who in (house.guest, house.host):
        number = buttons(question)["Use the new account"]["custom_id"]
        assert "Manage Server" in text(await craft(who, ready.board(), number))
    listed = await ready.slash(house.admin, "links questions")
    assert house.guest.mention in text(listed)
    decided = await house.admin.click(question, label="Use the new account")
    assert f"{house.guest.mention} is linked to **{STAFF[0].name}**" in text(decided)
    again = await house.admin.click(question, label="Leave it as it is")
    assert "decided already" in text(again)
    held = await ready.claim(house.guest, "Observer")
    assert "You already hold **Observer**" in text(held), "the claim is the account's"


async def test_a_proof_that_contradicts_the_admin(ready: Stage) -> None:
    house = ready.house
    asked = await prove(ready, house.pip, NICO)
    assert f"an admin has linked you to **{STAFF[0].name}**" in text(asked)
    assert "You are **Observer**" in text(await ready.claim(house.pip, "Observer"))
    assert ready.holders("Observer") == [PIP], "nothing changes until it is decided"
    question = house.log.last_message
    assert question is not None
    await house.admin.click(question, label="Leave it as it is")
    shown = text(await ready.slash(house.admin, "links show", member=house.pip))
    assert f"Roblox account {PIP}" in shown


async def test_asking_an_admin(ready: Stage) -> None:
    house = ready.house
    refused = await ready.claim(house.guest, "Observer")
    for _ in range(2):
        answer = await house.guest.click(refused.response, label="Ask an admin")
        assert "The admins read that you ask" in text(answer)
    notices = [m.content for m in house.log.history() if "asks to be linked" in m.content]
    assert len(notices) == 1
    assert house.guest.mention in notices[0]


async def test_linking_through_both_services(ready: Stage, services: Services) -> None:
    house, guest = ready.house, ready.house.guest
    services.knows(guest, NICO.user_id, NICO.name)
    shown = text(await services.give_keys())
    assert "ends in `21c0`" in shown
    assert "ends in `be55`" in shown
    refused = await ready.claim(guest, "Observer")
    asked = await guest.click(refused.response, label="Link with Bloxlink and RoVer")
    assert f"Are you **{NICO.name}**? Bloxlink and RoVer say so" in text(asked)
    number = buttons(asked.response.components)["Yes, that is me"]["custom_id"]
    assert "not yours" in text(await craft(house.wren, ready.board(), number))
    done = await guest.click(asked.response, label="Yes, that is me")
    assert f"You are linked to **{NICO.name}** now" in text(done)
    assert "You are **Observer**" in text(done)
    assert "agree" in text(await ready.slash(guest, "link"))


async def test_no_to_the_question(ready: Stage, services: Services) -> None:
    guest = ready.house.guest
    services.knows(guest, NICO.user_id, NICO.name)
    await services.give_keys()
    asked = await ready.slash(guest, "link")
    answer = await guest.click(asked.response, label="No")
    assert "Nothing was changed" in text(answer)
    assert "do not know your Roblox account" in text(await ready.claim(guest, "Observer"))


async def test_each_no_has_its_own_next_step(ready: Stage, services: Services) -> None:
    guest = ready.house.guest
    await services.give_keys()
    words = text(await ready.slash(guest, "link"))
    assert "Bloxlink knows no Roblox account of yours" in words
    assert "RoVer knows no Roblox account of yours" in words
    services.knows(guest, NICO.user_id, NICO.name)
    services.worlds[1].unshared.add((guest.guild.id, guest.id))
    services.bloxlink.fault("error-500")
    await forget(ready)
    words = text(await ready.slash(guest, "link"))
    assert "Bloxlink does not answer" in words
    assert "says nothing about you" in words
    assert "you have not shared your account" in words
    services.bloxlink.clear_faults()
    services.bloxlink.fault("rate-limit", seconds=600)
    services.rover.fault("revoked-key")
    await forget(ready)
    words = text(await ready.slash(guest, "link"))
    assert "takes no more questions" in words
    assert "the admins are told" in words
    assert "unverified" not in words


async def forget(stage: Stage) -> None:
    """What the lines remember."""
    lines = stage.bot.services.oneself.identity._lines
    for guild_id, kind in list(lines._lines):
        await lines.drop(guild_id, kind)


async def test_services_that_disagree(ready: Stage, services: Services) -> None:
    guest = ready.house.guest
    services.knows(guest, NICO.user_id, NICO.name)
    services.worlds[1].link(guest.guild.id, guest.id, OTTO.user_id, OTTO.name)
    await services.give_keys()
    words = text(await ready.slash(guest, "link"))
    assert "name different Roblox accounts for you, so nothing was saved" in words
    notice = ready.house.log.last_message
    assert notice is not None
    assert f"Bloxlink: {NICO.user_id}, RoVer: {OTTO.user_id}" in notice.content


async def test_a_later_change_is_asked_about_after_a_claim(
    ready: Stage, services: Services
) -> None:
    guest = ready.house.guest
    services.knows(guest, NICO.user_id, NICO.name)
    await services.give_keys()
    asked = await ready.slash(guest, "link")
    await guest.click(asked.response, label="Yes, that is me")
    services.worlds[0].link(guest.guild.id, guest.id, OTTO.user_id, OTTO.name)
    await forget(ready)
    store = ready.bot.services.oneself.traces.services
    for kind in await ready.bot.services.oneself.identity.list_kinds(guest.guild.id):
        answer = await store.get_answer(guest.guild.id, guest.id, kind)
        assert answer is not None
    ready.env.backend.advance_clock(8 * 86400)
    words = text(await ready.slash(guest, "claim", session="x", role="y"))
    assert words
    followups = [m for m in sent_to(ready) if "Are you **" in m]
    assert f"Are you **{OTTO.name}**? Bloxlink says so" in followups[-1]
    assert f"You are linked to **{NICO.name}** here" in followups[-1]


def sent_to(stage: Stage) -> list[str]:
    """Every text that the bot sent."""
    return [
        str(r.json.get("content") or "")
        for r in stage.env.http_requests
        if isinstance(r.json, dict)
    ]


async def test_without_any_service(ready: Stage) -> None:
    words = text(await ready.slash(ready.house.guest, "link"))
    assert "neither Bloxlink nor RoVer" in words
    assert "/verify" in words


@pytest.mark.parametrize("command", ["links services", "links questions"])
async def test_only_admins_handle_services_and_questions(ready: Stage, command: str) -> None:
    house = ready.house
    override_command(house, "links")
    assert "Manage Server" in text(await ready.slash(house.host, command))
    for custom_id in ("servicekey:1:1", "serviceoff:1:1", "acceptlink:1:1", "keeplink:1:1"):
        assert "Manage Server" in text(await craft(house.host, ready.board(), custom_id))
    assert "no such service" in text(await craft(house.admin, ready.board(), "serviceoff:1:9"))


async def test_a_refused_key_and_a_stopped_service(ready: Stage, services: Services) -> None:
    admin = ready.house.admin
    panel = await ready.slash(admin, "links services")
    form = await admin.click(panel.response, label="Bloxlink: enter the key")
    wrong = text(await type_key(admin, form, "blox_wrong_key_123456"))
    assert "does not accept this key" in wrong
    assert "Nothing was saved" in wrong
    shown = await services.give_keys()
    assert "Bloxlink: stop" in buttons(shown.response.components)
    stopped = await admin.click(shown.response, label="Bloxlink: stop")
    assert "its key is erased" in text(stopped)
    assert "**Bloxlink** is not used" in text(stopped)


async def test_no_key_of_a_service_is_in_any_log_line_or_payload(
    ready: Stage, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    services.knows(ready.house.guest, NICO.user_id, NICO.name)
    await services.give_keys()
    await ready.slash(ready.house.guest, "link")
    services.bloxlink.fault("revoked-key")
    await forget(ready)
    await ready.slash(ready.house.guest, "link")
    formatted = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "key of bloxlink set in guild" in formatted
    for key in (BLOXLINK_KEY, ROVER_KEY):
        for place in (formatted, all_json(ready.env)):
            assert key not in place
            assert key[:-4] not in place


async def test_unlinking_lists_what_is_still_held(ready: Stage) -> None:
    house = ready.house
    await ready.claim(house.pip, "Observer")
    done = await ready.slash(house.pip, "unlink")
    assert f"no longer linked to **{STAFF[0].name}** here" in text(done)
    assert "**Observer**" in text(done)
    asks = await house.pip.click(done.response, label="Release Observer")
    released = await house.pip.click(asks.response, label="Release")
    assert "Released" in text(released)
    assert ready.holders("Observer") == []
    assert "do not know" in text(await ready.claim(house.pip, "Observer"))
    assert "not linked here" in text(await ready.slash(house.pip, "unlink"))


async def test_unlinking_everywhere_forgets_the_proof(ready: Stage) -> None:
    house = ready.house
    await prove(ready, house.guest, NICO)
    words = text(await ready.slash(house.guest, "unlink", everywhere=True))
    assert "other communities and your proof are forgotten" in words
    assert "do not know" in text(await ready.claim(house.guest, "Observer"))
