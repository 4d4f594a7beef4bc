"""Who comes and goes in the demo: a member leaves, Muster is taken out and invited again."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.discord.models import User
from bot.sandbox.town import INVITE, Community, Town

LEAVER = "Pip"


@dataclass(frozen=True, slots=True)
class Going:
    """Somebody leaves a community; undone, they come back as what they were."""

    name: str
    label: str
    who: User
    community: Community


class Comings:
    """What only a member, or an admin in Discord's own settings, can do."""

    def __init__(self, town: Town) -> None:
        self._world = town.world
        coast, forest = town.coast, town.forest
        self.goings = (
            Going("leave", f"{LEAVER} leaves {coast.guild.name}", town.people[LEAVER], coast),
            Going("take-out", f"Muster is taken out of {forest.guild.name}", self._world.bot_user,
                  forest),
        )  # fmt: skip

    def is_gone(self, going: Going) -> bool:
        """Whether they are away now."""
        return going.who.id not in going.community.guild.members

    def set_gone(self, name: object, *, gone: bool) -> None:
        """Let them go or come back. Raises KeyError for a name that is none."""
        going = {one.name: one for one in self.goings}[str(name)]
        guild = going.community.guild
        if self.is_gone(going) is gone:
            return
        if gone:
            self._world.remove_member(guild, going.who)
        elif going.who is self._world.bot_user:
            self._world.invite_bot(guild, INVITE)
        else:
            self._world.add_member(guild, going.who, [going.community.staff_role])
