"""The tour's scene of a member who links himself: a code, and the claim that waited goes on."""

from __future__ import annotations

import asyncio
import re

from bot.sandbox import identities
from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.people import Answer, Json
from bot.sandbox.platforms import seeds
from bot.sandbox.stage import Stage, Unexpected

SOON = seeds.record_id("northgate/soon")
NICO, FERN = (
    a for name in ("Nico", "Fern") for a in seeds.STAFF if a.display_name == name
)  # fmt: skip


async def play_linking(cast: Cast, stage: Stage, board: Json) -> None:
    """Nico proves his account with a code, Fern uses the services that Marlowe switches on."""
    stage.scene("Nico links himself, and his claim goes on")
    await _verify(cast, stage, board)
    stage.scene("Marlowe lets members use Bloxlink and RoVer")
    await _switch_on(cast, stage)
    await _confirm(cast, stage, board)
    await _unlink(cast, stage)


async def _verify(cast: Cast, stage: Stage, board: Json) -> None:
    town = cast.town
    nico = cast.person("Nico", town.coast)
    answer = await nico.press(board, "Observer")
    stage.saw("Nico is not linked", answer, "do not know your Roblox account", "/links add")
    form = await nico.press(answer, "Verify with a code")
    card = await nico.submit(form, **{"Your Roblox username": NICO.name})
    stage.saw("Nico says who he is on Roblox", card, "Is this you?", NICO.name, "About")
    looked = await nico.press(card, "Check")
    stage.saw("Nico checks before he has saved", looked, "not in the profile", "4 more tries")
    town.identities.write_profile("Nico", f"Rangers forever! {code_in(looked).upper()} :)")
    looked = await _check_again(cast, looked)
    stage.saw(
        "Nico saves the words and checks again", looked,
        f"You are linked to **{NICO.name}**", "delete the words", "You are **Observer**",
    )  # fmt: skip
    held = (str(NICO.user_id), "Observer") in holders(town.northgate, SOON)
    stage.check("ReAdmin holds the claim that had waited", held, wanted=True)
    town.identities.write_profile("Nico", "")


async def _check_again(cast: Cast, card: Answer) -> Answer:
    """Press Check until the pause between two looks is over."""
    nico = cast.person("Nico", cast.town.coast)
    for _ in range(100):
        card = await nico.press(card, "Check")
        if "a moment ago" not in card.text:
            return card
        await asyncio.sleep(0.2)
    raise Unexpected("the pause between two looks does not end")


async def _switch_on(cast: Cast, stage: Stage) -> None:
    town = cast.town
    marlowe = cast.person("Marlowe", town.coast)
    panel = await marlowe.command("links services")
    stage.saw("Marlowe looks at the services", panel, "Bloxlink** is not used")
    form = await marlowe.press(panel, "Bloxlink: enter the key")
    answer = await marlowe.submit(form, Key="blox_wrong_key_0000")
    stage.saw("Marlowe pastes a wrong key", answer, "does not accept this key", "Nothing was saved")
    for service, key in (("Bloxlink", identities.BLOXLINK_KEY), ("RoVer", identities.ROVER_KEY)):
        form = await marlowe.press(panel, f"{service}: enter the key")
        answer = await marlowe.submit(form, Key=key)
        stage.saw(f"Marlowe pastes {service}'s key", answer, "accepts the key", f"`{key[-4:]}`")
        stage.check("the key itself is not shown", key in answer.text, wanted=False)


async def _confirm(cast: Cast, stage: Stage, board: Json) -> None:
    town = cast.town
    fern = cast.person("Fern", town.coast)
    answer = await fern.press(board, "Observer")
    question = await fern.press(answer, "Link with Bloxlink and RoVer")
    stage.saw("Fern asks Bloxlink and RoVer", question, f"Are you **{FERN.name}**?")
    answer = await fern.press(question, "Yes, that is me")
    stage.saw("Fern says yes", answer, f"You are linked to **{FERN.name}**", "You are **Observer**")


async def _unlink(cast: Cast, stage: Stage) -> None:
    fern = cast.person("Fern", cast.town.coast)
    answer = await fern.command("unlink")
    stage.saw("Fern unlinks", answer, "no longer linked", "you still hold", "Observer")
    answer = await fern.press(answer, "Release Observer")
    answer = await fern.press(answer, "Release")
    stage.saw("Fern gives the role back nevertheless", answer, "Released")


def code_in(card: Answer) -> str:
    """The words that a card asks for."""
    found = re.search(r"```\n([a-z ]+)\n```", card.text)
    if found is None:
        raise Unexpected(f"there are no words in: {card.text}")
    return found[1]
