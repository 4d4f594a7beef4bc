"""/claim, /release, /claims and /open, and the buttons that claim and release."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.board_view import places
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.menus import Menu
from bot.models import Door
from bot.replies import MAX_TEXT, Reply, masked_link, outcome_reply
from bot.services.claims import ClaimService
from bot.services.earlier import EarlierEndings
from bot.services.openings import OpeningsService
from bot.services.outcomes import Outcome
from bot.services.ports import Actor
from bot.services.releasing import Releases
from bot.text import counted, cut, safe, shorten, when
from cogs._claim_words import holding_line, release_labels, to_choice_name
from cogs._common import describe_start, to_actor, to_choices, to_number, to_press
from cogs._link_offers import tell_news, with_link_offers
from cogs._releasing import MAX_REASON, ReasonForm, release_question
from cogs._waiting import waiting_buttons, waiting_line, with_news

MAX_LISTED = 10
MAX_WAITS = 5


class Claims(commands.Cog):
    """Staff claim and release the roles of posted sessions."""

    def __init__(self, bot: MusterBot) -> None:
        self.clock = bot.clock
        self.claims: ClaimService = bot.services.claims
        self.earlier: EarlierEndings = bot.services.earlier
        self.releases: Releases = bot.services.releases
        self.openings: OpeningsService = bot.services.openings
        self.waitlist = bot.services.waitlist
        bot.on_answered(self.on_answered)
        bot.on_press(Action.CLAIM, self.on_claim)
        bot.on_pick(Action.PICK, self.on_pick)
        bot.on_press(Action.MOVE, self.on_move)
        bot.on_press(Action.CLAIM_ANYWAY, self.on_claim_anyway)
        bot.on_press(Action.KEEP, self.on_keep)
        bot.on_press(Action.RELEASE, self.on_release)
        bot.on_press(Action.RELEASE_NOW, self.on_release_now)
        bot.on_press(Action.RELEASE_WHY, self.on_release_why)

    async def on_answered(self, _: Interaction, reply: Reply) -> None:
        """The member has read these endings."""
        if reply.tells:
            await self.earlier.mark_told(reply.tells)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(
        session="The session, as posted here",
        role="The role you want",
        server="Which server, if the session has several",
    )
    async def claim(
        self, interaction: Interaction, session: str, role: str, server: str = ""
    ) -> None:
        """Claim a role in a posted session."""
        await answer(interaction, self._claim_named(interaction, session, role, server))
        await tell_news(interaction)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(
        claim="The claim you want to give back",
        reason="Why, for the hosts; asked for once claims have closed",
    )
    async def release(
        self,
        interaction: Interaction,
        claim: str,
        reason: app_commands.Range[str, 0, MAX_REASON] = "",
    ) -> None:
        """Give back a role that you claimed."""
        await answer(interaction, self._release(interaction, to_number(claim), Door.SLASH, reason))

    @app_commands.command(name="claims")
    @app_commands.guild_only()
    async def my_claims(self, interaction: Interaction) -> None:
        """Show the roles that you hold or wait for."""
        await answer(interaction, self._list_mine(interaction))

    @app_commands.command(name="open")
    @app_commands.guild_only()
    async def open_roles(self, interaction: Interaction) -> None:
        """Show what can be claimed right now."""
        await answer(interaction, self._list_open(interaction))

    @claim.autocomplete("session")
    async def complete_session(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Posted sessions that take claims."""
        pairs, now = [], interaction.client.clock()
        for announcement, board in await self.openings.list_open(to_actor(interaction).guild_id):
            free = sum(1 for line in board.lines if not line.full) if board else 0
            tail = f"{counted(free, 'role')} open" if board else "reading…"
            name = f"{cut(announcement.title, 60)} · {describe_start(announcement.starts_at, now)}"
            pairs.append((f"{name} · {tail}", str(announcement.announcement_id)))
        return to_choices(pairs, current)

    @claim.autocomplete("role")
    async def complete_role(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The roles of the chosen session, open ones first."""
        session = str(interaction.namespace.session or "")
        lines = await self.openings.list_lines(to_actor(interaction).guild_id, session)
        pairs = [
            (
                f"{cut(line.role_name, 40)}"
                f"{' · ' + cut(line.server_name, 30) if line.server_name else ''}"
                f" ({places(line)})",
                str(line.opening_id),
            )
            for line in sorted(lines, key=lambda line: line.full)
        ]
        return to_choices(pairs, current)

    @claim.autocomplete("server")
    async def complete_server(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The servers of the chosen session, where it has several."""
        session = str(interaction.namespace.session or "")
        lines = await self.openings.list_lines(to_actor(interaction).guild_id, session)
        names = dict.fromkeys(line.server_name for line in lines if line.server_name)
        return to_choices([(cut(name, 60), name[:100]) for name in names], current)

    @release.autocomplete("claim")
    async def complete_release(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The member's claims."""
        holdings = await self.openings.list_recent(to_actor(interaction))
        now = interaction.client.clock()
        pairs = [
            (to_choice_name(h, now), str(h.opening_id))
            for h in holdings
            if h.opening_id is not None
        ]
        return to_choices(pairs, current)

    async def on_claim(self, interaction: Interaction, button: Button) -> None:
        """A role button of a board."""
        await answer(interaction, self._claim(interaction, button.number))
        await tell_news(interaction)

    async def on_pick(self, interaction: Interaction, _menu: Menu, values: tuple[str, ...]) -> None:
        """A role chosen in the menu of a board with many."""
        await answer(interaction, self._claim(interaction, to_number(values[0] if values else "")))

    async def on_move(self, interaction: Interaction, button: Button) -> None:
        """Yes, move me to the other role. A clash has been asked about before."""
        work = self._claim(interaction, button.number, move=True, anyway=True)
        await answer(interaction, work, replacing=True)

    async def on_claim_anyway(self, interaction: Interaction, button: Button) -> None:
        """Yes, although it overlaps with another session of mine."""
        work = self._claim(interaction, button.number, anyway=True)
        await answer(interaction, work, replacing=True)

    async def on_keep(self, interaction: Interaction, button: Button) -> None:
        """No: nothing is sent."""
        await answer(interaction, _kept(), replacing=True)

    async def on_release(self, interaction: Interaction, button: Button) -> None:
        """Release on a receipt: asks first."""
        await answer(interaction, self._ask_release(interaction, button.number))

    async def on_release_now(self, interaction: Interaction, button: Button) -> None:
        """Yes, release."""
        work = self._release(interaction, button.number, Door.BUTTON)
        await answer(interaction, work, replacing=True)

    async def on_release_why(self, interaction: Interaction, button: Button) -> None:
        """Yes, although claims have closed: the form for the reason."""

        async def release(sent: Interaction, reason: str) -> Reply:
            return await self._release(sent, button.number, Door.BUTTON, reason)

        await interaction.response.send_modal(ReasonForm(release))

    async def _claim_named(
        self, interaction: Interaction, session: str, role: str, server: str
    ) -> Reply:
        press = to_press(interaction, 0, Door.SLASH)
        opening = await self.openings.find(press.actor.guild_id, session, role, server)
        press = replace(press, opening_id=opening.opening_id)
        return await self._with_earlier(press.actor, _worded(interaction, self.claims.claim(press)))

    async def _claim(
        self, interaction: Interaction, opening: int, *, move: bool = False, anyway: bool = False
    ) -> Reply:
        press = to_press(interaction, opening, Door.BUTTON)
        press = replace(press, move_confirmed=move, clash_confirmed=anyway)
        return await self._with_earlier(press.actor, _worded(interaction, self.claims.claim(press)))

    async def _release(
        self, interaction: Interaction, opening: int, door: Door, reason: str = ""
    ) -> Reply:
        if not opening:
            raise Refusal("Choose a claim from the list that appears while you type.")
        press = replace(to_press(interaction, opening, door), reason=reason)
        return await self._with_earlier(
            press.actor, _worded(interaction, self.releases.release(press))
        )

    async def _with_earlier(self, actor: Actor, work: Awaitable[Reply]) -> Reply:
        """The answer, after what the member could not be told before."""
        reply = await work
        for outcome in reversed(await self.earlier.take(actor, reply.tells)):
            told = outcome_reply(outcome)
            text = shorten(f"Earlier: {told.text}\n\n{reply.text}", MAX_TEXT)
            reply = replace(reply, text=text, tells=told.tells + reply.tells)
        return await with_news(self.waitlist, actor, reply)

    async def _ask_release(self, interaction: Interaction, number: int) -> Reply:
        return release_question(await self.releases.ask(to_actor(interaction), number))

    async def _list_mine(self, interaction: Interaction) -> Reply:
        actor = to_actor(interaction)
        return await self._with_earlier(actor, self._holdings(actor))

    async def _holdings(self, actor: Actor) -> Reply:
        holdings = await self.openings.list_mine(actor)
        shown = holdings.claims[:MAX_LISTED]
        lines = [holding_line(holding) for holding in shown]
        if not lines:
            lines = ["You hold no role in a coming session. See what is open: `/open`"]
        for name in holdings.unreachable:
            lines.append(f"⚠ {safe(name)} does not answer; claims there are not shown.")
        labels = release_labels(shown, self.clock())
        buttons = tuple(
            Button(Action.RELEASE, h.opening_id, label)
            for h, label in zip(shown, labels, strict=True)
            if h.opening_id is not None and h.can_release
        )
        buttons += tuple(
            Button(Action.SWAP, b.number, b.label.replace("Release", "Swap", 1)) for b in buttons
        )
        if len(holdings.claims) > MAX_LISTED:
            lines.append(f"… and {len(holdings.claims) - MAX_LISTED} later ones.")
        waits = (await self.waitlist.list_mine(actor))[:MAX_WAITS]
        lines += [waiting_line(one) for one in waits]
        buttons += tuple(button for one in waits for button in waiting_buttons(one))
        return Reply(shorten("\n".join(lines), MAX_TEXT), buttons)

    async def _list_open(self, interaction: Interaction) -> Reply:
        parts = []
        for announcement, board in await self.openings.list_open(to_actor(interaction).guild_id):
            link = (
                f"https://discord.com/channels/{announcement.guild_id}"
                f"/{announcement.channel_id}/{announcement.message_id}"
            )
            free = [line for line in board.lines if not line.full] if board else []
            roles = ", ".join(f"{safe(line.role_name, 40)} {places(line)}" for line in free[:8])
            parts.append(
                f"**{masked_link(announcement.title, link)}** {when(announcement.starts_at)}\n"
                f"{roles or ('everything is taken' if board else 'reading…')}"
            )
        if not parts:
            parts = ["Nothing can be claimed right now. Hosts post sessions with `/session post`."]
        if len(parts) > MAX_LISTED:
            parts[MAX_LISTED:] = ["… and more, later: type `/claim`."]
        return Reply(shorten("\n".join(parts), MAX_TEXT))


async def _worded(interaction: Interaction, work: Awaitable[Outcome]) -> Reply:
    outcome = await work
    return await with_link_offers(interaction, outcome, outcome_reply(outcome))


async def _kept() -> Reply:
    return Reply("Nothing was changed.")


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Claims(bot))
