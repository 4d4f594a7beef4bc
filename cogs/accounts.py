"""/verify, /link and /unlink: members say which Roblox account they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from discord import app_commands, ui
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot, answer_error
from bot.replies import Reply
from bot.services.deciding import Ending
from bot.services.linking_oneself import LinkingOneself
from bot.services.proving import Seen
from bot.text import safe
from cogs._account_words import asked_reply, card_reply, look_reply, settled_text, unlinked_reply
from cogs._common import to_actor
from cogs._link_offers import go_on


class NameForm(ui.Modal, title="Link your Roblox account"):
    """Asks for a username. A restart closes open forms; the member opens it again."""

    name: ui.TextInput[Any] = ui.TextInput(
        label="Your Roblox username", placeholder="The name with the @ on your profile",
        max_length=30,
    )  # fmt: skip

    def __init__(self, use: Callable[[Interaction, str], Awaitable[Reply]]) -> None:
        super().__init__(timeout=900)
        self._use = use

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Discord delivered what was typed."""
        await answer(interaction, self._answer(interaction))

    async def on_error(self, interaction: Interaction, error: Exception, /, *_: Any) -> None:
        """One funnel for all errors."""
        await answer_error(interaction, error)

    async def _answer(self, interaction: Interaction) -> Reply:
        return await self._use(interaction, self.name.value)


class Accounts(commands.Cog):
    """What members do about their own links."""

    def __init__(self, bot: MusterBot) -> None:
        self.oneself: LinkingOneself = bot.services.oneself
        bot.on_press(Action.VERIFY, self.on_verify)
        bot.on_press(Action.CHECK_CODE, self.on_check)
        bot.on_press(Action.NEW_CODE, self.on_new_code)
        bot.on_press(Action.LINK, self.on_link)
        bot.on_press(Action.CONFIRM_LINK, self.on_confirm)
        bot.on_press(Action.DENY_LINK, self.on_deny)
        bot.on_press(Action.ASK_ADMIN, self.on_ask_admin)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(roblox="Your Roblox username, as on your profile")
    async def verify(self, interaction: Interaction, roblox: str) -> None:
        """Prove your Roblox account with a code in your profile."""
        await answer(interaction, self._start(interaction, roblox))

    @app_commands.command()
    @app_commands.guild_only()
    async def link(self, interaction: Interaction) -> None:
        """Link your Roblox account through Bloxlink or RoVer, where this community uses them."""
        await answer(interaction, self._ask(interaction))

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(everywhere="In every community, and forget what you have proved")
    async def unlink(self, interaction: Interaction, everywhere: bool = False) -> None:
        """Forget at once which Roblox account you are."""
        await answer(interaction, self._unlink(interaction, everywhere=everywhere))

    async def on_verify(self, interaction: Interaction, _button: Button) -> None:
        """A form for the name: it must be the first answer."""
        to_actor(interaction)
        await interaction.response.send_modal(NameForm(self._start))

    async def on_check(self, interaction: Interaction, button: Button) -> None:
        """Look whether the words are in the profile."""
        await answer(interaction, self._check(interaction, button.number), replacing=True)

    async def on_new_code(self, interaction: Interaction, button: Button) -> None:
        """Other words for the same account."""
        await answer(interaction, self._renew(interaction, button.number), replacing=True)

    async def on_link(self, interaction: Interaction, _button: Button) -> None:
        """Ask the services."""
        await answer(interaction, self._ask(interaction))

    async def on_confirm(self, interaction: Interaction, button: Button) -> None:
        """Yes, that is me."""
        await answer(interaction, self._confirm(interaction, button.number), replacing=True)

    async def on_deny(self, interaction: Interaction, button: Button) -> None:
        """No, that is somebody else."""
        await answer(interaction, self._deny(interaction, button.number), replacing=True)

    async def on_ask_admin(self, interaction: Interaction, button: Button) -> None:
        """Ask the admins to link me."""
        await answer(interaction, self._ask_admins(interaction, button.number))

    async def _start(self, interaction: Interaction, name: str) -> Reply:
        return card_reply(await self.oneself.proving.start(to_actor(interaction), name))

    async def _renew(self, interaction: Interaction, code_id: int) -> Reply:
        return card_reply(await self.oneself.proving.renew(to_actor(interaction), code_id))

    async def _check(self, interaction: Interaction, code_id: int) -> Reply:
        look = await self.oneself.proving.check(to_actor(interaction), code_id)
        reply = look_reply(look)
        settled = look.settled
        if look.seen is not Seen.FOUND or settled is None or settled.ending is Ending.ASKED:
            return reply
        return await go_on(interaction, reply.text)

    async def _ask(self, interaction: Interaction) -> Reply:
        asked = await self.oneself.identity.ask(to_actor(interaction))
        reply = asked_reply(asked)
        return await go_on(interaction, reply.text) if asked.same else reply

    async def _confirm(self, interaction: Interaction, question_id: int) -> Reply:
        settled = await self.oneself.identity.confirm(to_actor(interaction), question_id)
        text = settled_text(settled)
        if settled.ending is Ending.ASKED:
            return Reply(text)
        return await go_on(interaction, text)

    async def _deny(self, interaction: Interaction, question_id: int) -> Reply:
        question = await self.oneself.identity.deny(to_actor(interaction), question_id)
        return Reply(
            f"Nothing was changed: you are not **{safe(question.username)}**. Correct it at"
            " Bloxlink or RoVer, or prove your own account with a code.",
            (Button(Action.VERIFY, question_id, "Verify with a code", "primary"),),
        )

    async def _ask_admins(self, interaction: Interaction, opening_id: int) -> Reply:
        if await self.oneself.resuming.ask_admins(to_actor(interaction), opening_id):
            return Reply("✔ The admins read that you ask. Once they have linked you, press again.")
        return Reply(
            "I cannot reach the admins by myself here. Ask one to link you: `/links add`. Once they"
            " have, press again."
        )

    async def _unlink(self, interaction: Interaction, *, everywhere: bool) -> Reply:
        done = await self.oneself.unlinking.unlink(to_actor(interaction), everywhere=everywhere)
        return unlinked_reply(done, everywhere=everywhere)


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Accounts(bot))
