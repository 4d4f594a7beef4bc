"""/session add, remove and move: who is on a posted session."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

import discord
from discord import app_commands

from bot.answering import answer
from bot.buttons import Interaction
from bot.models import Door
from bot.replies import Reply, outcome_reply
from bot.services.claims import Press
from bot.services.outcomes import Outcome
from bot.text import cut
from cogs._common import to_actor, to_choices, to_press
from cogs._session_life import POSTED, SessionLife

_FOR_ALL = {"announcement": POSTED, "reason": "Why, for the log channel"}
Reason = app_commands.Range[str, 0, 300]


class SessionPeople(SessionLife):
    """Part of the cog of `/session`."""

    @app_commands.command()
    @app_commands.describe(member="Whom to give a role", role="Which role", **_FOR_ALL)
    async def add(
        self,
        interaction: Interaction,
        announcement: str,
        member: discord.Member,
        role: str,
        reason: Reason = "",
    ) -> None:
        """Claim a role for somebody, also after the cut-off."""
        press = _for(interaction, member, reason)
        await answer(interaction, _outcome(self.roster.add(press, announcement, role)))

    @app_commands.command()
    @app_commands.describe(member="Whose role to take away", role="Which role", **_FOR_ALL)
    async def remove(
        self,
        interaction: Interaction,
        announcement: str,
        member: discord.User,  # also who has left
        role: str,
        reason: Reason = "",
    ) -> None:
        """Take a role away from somebody."""
        press = _for(interaction, member, reason)
        await answer(interaction, _outcome(self.roster.remove(press, announcement, role)))

    @app_commands.command()
    @app_commands.describe(
        member="Who changes roles",
        role="The role that they get in place of the one they hold",
        **_FOR_ALL,
    )
    async def move(
        self,
        interaction: Interaction,
        announcement: str,
        member: discord.Member,
        role: str,
        reason: Reason = "",
    ) -> None:
        """Give somebody another role on the same server."""
        press = _for(interaction, member, reason)
        await answer(interaction, _outcome(self.roster.move(press, announcement, role)))

    @add.autocomplete("announcement")
    @remove.autocomplete("announcement")
    @move.autocomplete("announcement")
    async def complete_for_people(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Announcements that this member may run."""
        return await self.list_choices(interaction, current)

    @add.autocomplete("role")
    @remove.autocomplete("role")
    @move.autocomplete("role")
    async def complete_role(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The roles of the chosen announcement, each with its server where there are several."""
        chosen = str(interaction.namespace.announcement or "")
        openings = await self.running.list_openings(to_actor(interaction), chosen)
        several = len({opening.place.server_id for opening in openings}) > 1
        pairs = [
            (
                cut(o.role_name, 50) + (f" · {cut(o.server_name, 40)}" if several else ""),
                str(o.opening_id),
            )
            for o in openings
        ]
        return to_choices(pairs, current)


def _for(interaction: Interaction, member: discord.abc.User, reason: str) -> Press:
    """A host's press for somebody else; the role is chosen by the service."""
    press = to_press(interaction, 0, Door.HOST)
    return replace(press, subject_id=member.id, reason=reason.strip())


async def _outcome(work: Awaitable[Outcome]) -> Reply:
    return outcome_reply(await work)
