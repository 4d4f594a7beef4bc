"""The tour's scene about a full role: wait for it, be asked, and find it kept."""

from __future__ import annotations

from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.people import Answer, Json, Person, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.stage import Stage

CAFE = seeds.series_id("harbour/soon")
OTTO = str(next(a.user_id for a in seeds.STAFF if a.display_name == "Otto"))
ROLE = "Trainer"


async def wait_for_a_role(cast: Cast, stage: Stage, board: Json) -> None:
    """Pip holds the only place; Otto waits and gets it; Sable comes by. Raises Unexpected."""
    stage.scene("A full role has a waitlist")
    town = cast.town
    pip, otto = cast.person("Pip", town.coast), cast.person("Otto", town.coast)
    sable = cast.person("Sable", town.coast)
    receipt = await pip.press(board, ROLE)
    stage.saw("Pip is Trainer again", receipt, "You are **Trainer**")
    answer = await otto.command("reminders", direct="on")
    stage.saw("Otto wants direct messages", answer, "by direct message: **on**")
    answer = await join(otto, board)
    stage.saw("Otto joins the waitlist", answer, "You are no. 1 on the waitlist", "Trainer")
    shown = await pip.wait_for(town.coast.sessions, lambda m: _is_waited_for(m, board))
    stage.read("The board counts him", shown, "■ full 1/1 · +1 waiting", "Trainer 1/1 · full · +1")
    question = await pip.press(receipt, "Release")
    answer = await pip.press(question, "Release")
    stage.saw("Pip gives it back", answer, "Released")
    private = await otto.open_dm()
    offer = await private.wait_for(None, lambda m: "A place is free for you" in text_of(m))
    stage.read("Otto is asked, him alone", offer, "Trainer", "kept for you until", "Accept | Pass")
    answer = await sable.press(board, ROLE)
    stage.saw("Sable comes by", answer, "is kept for the next on the waitlist until")
    answer = await private.press(offer, "Accept")
    stage.saw("Otto accepts in his direct messages", answer, "You are **Trainer**")
    held = (OTTO, ROLE) in holders(town.harbour, CAFE)
    stage.check("Series HR holds Otto's claim", held, wanted=True)


async def join(person: Person, board: Json, role: str = ROLE) -> Answer:
    """Press a full role, then the button that the answer has."""
    full = await person.press(board, role)
    (label,) = [b["label"] for b in full.buttons if b["label"].startswith("Join waitlist")]
    return await person.press(full, label)


def _is_waited_for(message: Json, board: Json) -> bool:
    labels = [c.get("label") for row in message["components"] for c in row["components"]]
    return bool(message["id"] == board["id"] and f"{ROLE} 1/1 · full · +1" in labels)
