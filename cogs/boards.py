"""What is pressed on a board besides its roles: the roster, and the pages of a long one."""

from __future__ import annotations

from discord.ext import commands

from bot.answering import answer
from bot.board_controls import to_picker
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.replies import Reply
from bot.roster_view import roster_reply
from bot.services.departures import Departures
from bot.services.openings import OpeningsService
from cogs._common import to_actor
from cogs._waiting import to_waits


class Boards(commands.Cog):
    """Pages that only the one who presses sees."""

    def __init__(self, bot: MusterBot) -> None:
        self.openings: OpeningsService = bot.services.openings
        self.waitlist = bot.services.waitlist
        self.departures: Departures = bot.services.privacy.departures
        bot.on_press(Action.ROSTER, self.on_roster)
        bot.on_press(Action.PAGE, self.on_page)

    async def on_roster(self, interaction: Interaction, button: Button) -> None:
        """Who holds what, or another page of it."""
        await answer(interaction, self._roster(interaction, button), replacing=True)

    async def on_page(self, interaction: Interaction, button: Button) -> None:
        """Menus with the roles of a session that has too many for its board."""
        await answer(interaction, self._page(interaction, button), replacing=True)

    async def _roster(self, interaction: Interaction, button: Button) -> Reply:
        actor = to_actor(interaction)
        board = await self.openings.get_board(actor, button.number, fresh=True)
        waits = to_waits(await self.waitlist.list_line(actor, button.number))
        gone = await self.departures.list_gone(board.announcement_id)
        return roster_reply(board, button.page, waits, gone)

    async def _page(self, interaction: Interaction, button: Button) -> Reply:
        actor = to_actor(interaction)
        board = await self.openings.get_board(actor, button.number)
        return Reply("Choose a role to claim it.", tuple(to_picker(board, button.page)))


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Boards(bot))
