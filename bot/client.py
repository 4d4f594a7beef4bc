"""The bot itself: loads the cogs, syncs commands when they changed, and answers what goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal

import discord
from discord import app_commands
from discord.backoff import ExponentialBackoff
from discord.ext import commands

from bot import logs
from bot.answering import answer, given, note_arrival
from bot.background import Background
from bot.buttons import Action, Button, Interaction, unknown_button
from bot.errors import StartRefused
from bot.first_answers import FirstAnswers
from bot.gateway import LightState
from bot.menus import Menu, chosen
from bot.metrics import Metrics
from bot.replies import Reply, report
from bot.rush import Rush
from bot.services.container import Services
from bot.services.identifying import IdentifyTurns
from bot.vitals import Vitals

log = logging.getLogger(__name__)

Handler = Callable[[Interaction, Button], Awaitable[None]]
Listener = Callable[[Interaction, Reply], Awaitable[None]]
Picker = Callable[[Interaction, Menu, tuple[str, ...]], Awaitable[None]]
COGS = "cogs"  # the package's own setup() loads every cog
LONGEST_PAUSE = 6  # power of two, in seconds, of the pauses between two tries to connect
CONNECTIONS = 50  # discord.py opens a socket per request under way unless capped


class Backoff(ExponentialBackoff[Literal[False]]):
    """Longer and longer pauses between two tries to connect, up to a minute or so."""

    def __init__(self) -> None:
        super().__init__()
        self._max = LONGEST_PAUSE


class MusterTree(app_commands.CommandTree["MusterBot"]):
    """Every error of every command ends in `report()`."""

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the member; discord.py's default would only log."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await answer_error(interaction, cause)


class MusterBot(commands.AutoShardedBot):
    """Discord's side of Muster. `bot.app` sets these before the bot starts."""

    services: Services
    metrics: Metrics
    first_answers: FirstAnswers
    turns: IdentifyTurns
    vitals: Vitals
    displaced: asyncio.Event  # another process serves the shards of this one

    def __init__(
        self, background: Background, clock: Callable[[], datetime], **options: Any
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True),
            help_command=None,
            tree_cls=MusterTree,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            **options,
        )
        self.background = background
        self.rush = Rush()
        self.clock = clock
        self._identify_at_once = 1  # shards; Discord tells
        self._press_handlers: dict[Action, Handler] = {}
        self._pick_handlers: dict[Action, Picker] = {}
        self._answer_listeners: list[Listener] = []

    def on_press(self, action: Action, handler: Handler) -> None:
        """Let `handler` answer every press of this kind of button."""
        self._press_handlers[action] = handler

    async def press(self, interaction: Interaction, button: Button) -> None:
        """Hand a pressed button to its cog and answer errors, which discord.py would not."""
        handler = self._press_handlers.get(button.action)
        try:
            if handler is None or button.number == 0:  # 0: of an action that nobody knows
                raise unknown_button()
            await handler(interaction, button)
        except Exception as error:
            await answer_error(interaction, error)

    def on_pick(self, action: Action, handler: Picker) -> None:
        """Let `handler` answer every choice in this kind of menu; it gets the chosen values."""
        self._pick_handlers[action] = handler

    async def pick(self, interaction: Interaction, menu: Menu, values: tuple[str, ...]) -> None:
        """Hand a choice to its cog and answer errors, which discord.py would not."""
        handler = self._pick_handlers.get(menu.action)
        try:
            if handler is None or menu.number == 0:
                raise unknown_button()
            await handler(interaction, menu, values)
        except Exception as error:
            await answer_error(interaction, error)

    def on_answered(self, listener: Listener) -> None:
        """Call `listener` whenever somebody was shown an answer, such as to say something more."""
        self._answer_listeners.append(listener)

    async def after_answer(self, interaction: Interaction, reply: Reply) -> None:
        """The reply reached whom it was for: whatever goes wrong now, it stands."""
        for listener in self._answer_listeners:
            try:
                await listener(interaction, reply)
            except Exception:
                log.exception("nothing was added to interaction %s", interaction.id)

    def _get_state(self, **options: Any) -> LightState:
        """discord.py asks this of each kind of client; ours parses less."""
        return LightState(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http,
            **options,
        )  # fmt: skip

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """discord.py reports an interaction here before anything of ours runs for it."""
        if event == "interaction":
            note_arrival(args[0], self.clock())
        super().dispatch(event, *args, **kwargs)

    async def check_session_limits(self) -> None:
        """Learn how many shards may identify at once. Raises StartRefused when none may any more.

        Discord gives a bot a new token when it identifies more than a thousand times a day, which
        a process that is started again and again would do.
        """
        limits = await self.fetch_session_start_limits()
        self._identify_at_once = max(1, limits.max_concurrency)
        needed = len(self.shard_ids or [0])
        if limits.remaining < needed:
            raise StartRefused(
                f"Discord lets this bot connect {limits.remaining} more times now, and {needed}"
                f" are needed. Start again in {math.ceil(limits.reset_after / 60_000)} minutes; a"
                " bot that connects more often loses its token."
            )

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for the shard's turn among those of all processes; discord.py would only pause."""
        await self.turns.take(shard_id or 0, self._identify_at_once)

    async def on_shard_connect(self, shard_id: int) -> None:
        """discord.py reports a shard that has introduced itself."""
        self._forget_failures(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """discord.py reports a shard that goes on where it was cut off."""
        self._forget_failures(shard_id)

    def _forget_failures(self, shard_id: int) -> None:
        """Let the shard's next failure be its first.

        discord.py forgets them only after half an hour without any, and waits up to 17 minutes
        before it connects again after a few.
        """
        shard = self.get_shard(shard_id)
        if shard is not None:
            shard._parent._backoff = Backoff()

    async def setup_hook(self) -> None:
        """Load the cogs, then tell Discord about the commands if they changed."""
        await self.load_extension(COGS)
        await self._sync_commands()
        await self.services.start(self.background)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Hand a press or a choice to its cog by the component's id."""
        if interaction.type is not discord.InteractionType.component:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        custom_id = str(data.get("custom_id", ""))
        if button := Button.parse(custom_id):
            await self.press(interaction, button)
        elif menu := Menu.parse(custom_id):
            await self.pick(interaction, menu, chosen(data))
        else:
            await answer_error(interaction, unknown_button())

    async def _sync_commands(self) -> None:
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        known = f"commands:{self.application_id}"
        if await self.services.app_state.get(known) == digest:
            return
        await self.tree.sync()
        await self.services.app_state.set(known, digest)
        log.info("commands synced")


async def answer_error(interaction: Interaction, error: BaseException) -> None:
    """Say what went wrong, as the first answer or as a follow-up."""
    with logs.about(interaction.id, interaction.guild_id):
        reply = report(error)
    if not interaction.response.is_done():
        await answer(interaction, given(reply))
        return
    try:
        await interaction.followup.send(reply.text, ephemeral=True)
    except discord.HTTPException as problem:
        log.warning("interaction %s could not be answered: %s", interaction.id, problem)
