"""/links services and /links questions: keys of Bloxlink and RoVer, and what admins decide."""

from __future__ import annotations

from dataclasses import replace

from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.models import IdentityKind, ServiceKey
from bot.replies import Reply, decision_buttons
from bot.services.deciding import question_text
from bot.services.linking_oneself import LinkingOneself
from bot.services.permits import require_admin
from bot.text import mention, safe
from cogs._common import to_actor
from cogs._key_form import KeyForm

_NUMBERS = {1: IdentityKind.BLOXLINK, 2: IdentityKind.ROVER}  # they stand in buttons


class LinkServiceCommands(commands.Cog):
    """Part of the cog of `/links`."""

    oneself: LinkingOneself

    def handle_services(self, bot: MusterBot) -> None:
        """Answer the buttons of both commands."""
        self.oneself = bot.services.oneself
        bot.on_press(Action.SERVICE_KEY, self.on_key)
        bot.on_press(Action.SERVICE_OFF, self.on_off)
        bot.on_press(Action.ACCEPT_LINK, self.on_accept)
        bot.on_press(Action.KEEP_LINK, self.on_keep_link)

    @app_commands.command()
    async def services(self, interaction: Interaction) -> None:
        """Let members link themselves through Bloxlink or RoVer, with this server's own keys."""
        await answer(interaction, self._services(interaction))

    @app_commands.command()
    async def questions(self, interaction: Interaction) -> None:
        """Decide whose a Roblox account is, where proofs and links contradict each other."""
        await answer(interaction, self._questions(interaction))

    async def on_key(self, interaction: Interaction, button: Button) -> None:
        """A form for the key: it must be the first answer."""
        kind = _to_kind(button.number)
        require_admin(to_actor(interaction))

        async def use(sent: Interaction, typed: str) -> Reply:
            saved = await self.oneself.services.set_key(to_actor(sent), kind, typed)
            return await self._services(sent, _saved_text(kind, untested=saved.untested))

        await interaction.response.send_modal(KeyForm(kind.label, use))

    async def on_off(self, interaction: Interaction, button: Button) -> None:
        """Erase a key."""
        await answer(interaction, self._stop(interaction, button.number), replacing=True)

    async def on_accept(self, interaction: Interaction, button: Button) -> None:
        """The new account counts."""
        await answer(interaction, self._decide(interaction, button.number, accept=True))

    async def on_keep_link(self, interaction: Interaction, button: Button) -> None:
        """All stays as it is."""
        await answer(interaction, self._decide(interaction, button.number, accept=False))

    async def _services(self, interaction: Interaction, said: str = "") -> Reply:
        found = await self.oneself.services.list_all(to_actor(interaction))
        lines = [said] if said else []
        lines += [_service_line(kind, service) for kind, service in found.items()]
        lines.append(
            "Members use them with `/link`, or from the answer to their first claim. Muster asks"
            " only about members who act themselves."
        )
        buttons: list[Button] = []
        for number, kind in _NUMBERS.items():
            label = f"{kind.label}: new key" if found[kind] else f"{kind.label}: enter the key"
            buttons.append(Button(Action.SERVICE_KEY, number, label, row=number - 1))
            if found[kind]:
                off = Button(
                    Action.SERVICE_OFF, number, f"{kind.label}: stop", "red", row=number - 1
                )
                buttons.append(off)
        return Reply("\n".join(lines), tuple(buttons))

    async def _stop(self, interaction: Interaction, number: int) -> Reply:
        kind = _to_kind(number)
        await self.oneself.services.remove(to_actor(interaction), kind)
        return await self._services(
            interaction, f"✔ {kind.label} is not asked any more, and its key is erased."
        )

    async def _questions(self, interaction: Interaction) -> Reply:
        found = await self.oneself.decisions.list_questions(to_actor(interaction))
        if not found:
            return Reply("✔ There is nothing to decide.")
        lines: list[str] = []
        buttons: list[Button] = []
        for row, question in enumerate(found):
            lines.append(f"{row + 1}. {question_text(question, None)}")
            buttons += [
                replace(button, label=f"{row + 1}: {button.label}", row=row)
                for button in decision_buttons(question.question_id)
            ]
        return Reply("\n".join(lines), tuple(buttons))

    async def _decide(self, interaction: Interaction, number: int, *, accept: bool) -> Reply:
        decisions = self.oneself.decisions
        question = await decisions.decide(to_actor(interaction), number, accept=accept)
        who, name = f"<@{question.discord_id}>", safe(question.username)
        if accept:
            return Reply(f"✔ {who} is linked to **{name}** ({question.roblox_id}) now.")
        return Reply(f"✔ Nothing was changed: {who} is not linked to **{name}**.")


def _to_kind(number: int) -> IdentityKind:
    kind = _NUMBERS.get(number)
    if kind is None:
        raise Refusal("Muster knows no such service. See `/links services`.")
    return kind


def _service_line(kind: IdentityKind, service: ServiceKey | None) -> str:
    if service is None:
        return f"○ **{kind.label}** is not used."
    hint = f" that ends in `{safe(service.key_hint)}`" if service.key_hint else ""
    return (
        f"● **{kind.label}** is used, with a key{hint}. {mention(service.set_by)} entered it"
        f" <t:{int(service.set_at.timestamp())}:R>."
    )


def _saved_text(kind: IdentityKind, *, untested: bool) -> str:
    if untested:
        return (
            f"✔ The key is saved, but {kind.label} does not answer just now, so it is not tested."
        )
    return f"✔ {kind.label} accepts the key; members can link themselves through it."
