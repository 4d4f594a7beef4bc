"""The tour's scene of two swaps: asked in a thread and accepted there, then in a direct message."""

from __future__ import annotations

import asyncio

from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.models import Channel
from bot.sandbox.discord.people import Json, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.stage import Stage, Unexpected
from bot.sandbox.town import INVITE

THREADS = ("create_public_threads", "send_messages_in_threads")
SOON = seeds.record_id("northgate/soon")
ROBLOX = {a.display_name: str(a.user_id) for a in (*seeds.HOSTS, *seeds.STAFF)}


async def swap(cast: Cast, stage: Stage, board: Json) -> None:
    """Sable is First Officer and Otto Cabin Crew; they swap, and swap back."""
    stage.scene("Two people swap their roles")
    town = cast.town
    sable, otto = cast.person("Sable", town.coast), cast.person("Otto", town.coast)
    thread = await _open_thread(cast, board)
    asked = await sable.command("swap", **{"with": town.people["Otto"]})
    stage.saw("Sable asks Otto to swap", asked, "@Otto is asked", "pinged in the session's thread")
    stage.check("nothing has changed yet", _roles(cast), ("First Officer", "Cabin Crew"))
    question = await otto.at(thread).wait_for(thread, lambda m: "would like to" in text_of(m))
    stage.read("Otto reads the thread", question, "@Sable would like to swap", "Accept", "Decline")
    stage.check("only Otto was pinged", question["pings"]["users"], [str(town.people["Otto"].id)])
    pip = cast.person("Pip", town.coast).at(thread)
    stage.saw(
        "Pip presses Accept",
        await pip.press(question, "Accept"),
        "This question is for somebody else",
    )
    done = await otto.at(thread).press(question, "Accept")
    stage.saw("Otto accepts", done, "Swapped: you are now **First Officer**")
    stage.check("ReAdmin holds both", _roles(cast), ("Cabin Crew", "First Officer"))
    told = await sable.at(thread).wait_for(thread, lambda m: "Swapped" in text_of(m))
    stage.read("Sable is told in the thread", told, "@Sable is now **Cabin Crew**")
    marlowe = cast.person("Marlowe", town.coast)
    notice = await marlowe.wait_for(town.coast.log, lambda m: "Swapped" in text_of(m))
    stage.read("The log channel says so", notice, "@Otto is **First Officer**")
    await _swap_back(cast, stage)


async def _swap_back(cast: Cast, stage: Stage) -> None:
    """The other way round; Sable wants direct messages now, and answers in one."""
    town = cast.town
    sable, otto = cast.person("Sable", town.coast), cast.person("Otto", town.coast)
    await sable.command("reminders", direct="on")
    mine = await otto.command("claims")
    menu = await otto.press(mine, "Swap First Officer")
    stage.saw("Otto presses Swap in /claims", menu, "for whose role?")
    line = next(
        option["label"]
        for row in (menu.message or {})["components"]
        for option in row["components"][0].get("options", ())
        if option["label"].startswith(_username("Sable"))
    )
    asked = await otto.press(menu, "Whose role", line)
    stage.saw("Otto chooses Sable", asked, "@Sable is asked", "direct message")
    private = await sable.open_dm()
    question = await private.wait_for(None, lambda m: "would like to swap" in text_of(m))
    done = await private.press(question, "Accept")
    stage.saw("Sable accepts in the message", done, "Swapped: you are now **First Officer**")
    stage.check("ReAdmin holds both", _roles(cast), ("First Officer", "Cabin Crew"))
    await sable.command("reminders", direct="off")


async def _open_thread(cast: Cast, board: Json) -> Channel:
    """The admin turns threads on; the board's own one. Raises Unexpected when it does not come."""
    town = cast.town
    allowed = (*INVITE, *THREADS)
    town.world.set_permissions(town.coast.sessions, town.world.bot_user.id, allow=allowed)
    marlowe = cast.person("Marlowe", town.coast)
    await marlowe.command("workspace automatic", workspace=seeds.NORTHGATE_NAME, thread="on")
    for _ in range(800):
        for thread in town.world.threads_of(town.coast.sessions):
            if str(thread.id) == board["id"]:
                return thread
        await asyncio.sleep(0.05)
    raise Unexpected("the board has no thread")


def _roles(cast: Cast) -> tuple[str, str]:
    """What Sable and Otto hold on ReAdmin."""
    held = dict(holders(cast.town.northgate, SOON))
    return held.get(ROBLOX["Sable"], ""), held.get(ROBLOX["Otto"], "")


def _username(name: str) -> str:
    return next(account.name for account in seeds.STAFF if account.display_name == name)
