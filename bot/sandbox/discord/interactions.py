"""Interactions: their deadlines, their state, and who waits for them."""

from __future__ import annotations

import asyncio
import enum
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.discord.errors import Problems, refuse
from bot.sandbox.discord.ratelimits import Limits
from bot.sandbox.discord.report import Report
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]


class Kind(enum.IntEnum):
    """What a person did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    FORM = 5


class Reply(enum.IntEnum):
    """Interaction callback types."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    FORM = 9


_NO_ANSWER = {
    Kind.COMMAND: "The application did not respond",
    Kind.COMPONENT: "This interaction failed",
    Kind.AUTOCOMPLETE: "Loading options failed",
    Kind.FORM: "Something went wrong. Try again.",
}


@dataclass(slots=True, eq=False)
class Interaction:
    """One action of a person. Times are seconds of the monotonic clock."""

    id: int
    token: str
    kind: Kind
    user_id: int
    channel_id: int
    guild_id: int | None
    name: str
    data: Json
    source_id: int | None = None
    caused_by: Interaction | None = None
    started: float = field(default_factory=time.monotonic)
    sent_to: frozenset[str] = frozenset()
    state: str = "waiting"
    reason: str | None = None
    acknowledged: float | None = None
    finished: float | None = None
    reply: Reply | None = None
    original_id: int | None = None
    latest_id: int | None = None
    form: Json | None = None
    choices: list[Json] = field(default_factory=list)
    revision: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settled(self) -> bool:
        """Whether the person sees an outcome: an answer, a form, or a failure."""
        return self.state in ("done", "failed")

    def allowed_replies(self) -> set[Reply]:
        """The callback types that may answer it."""
        if self.kind is Kind.AUTOCOMPLETE:
            return {Reply.CHOICES}
        allowed = {Reply.MESSAGE, Reply.DEFERRED_MESSAGE}
        if self.kind is not Kind.FORM:
            allowed.add(Reply.FORM)
        if self.source_id is not None:
            allowed |= {Reply.UPDATE, Reply.DEFERRED_UPDATE}
        return allowed


class InteractionBook:
    """All interactions so far; `listeners` are called at every change of one.

    `connected` tells which gateway sessions of a guild are connected now.
    """

    def __init__(self, world: DiscordWorld, limits: Limits, report: Report) -> None:
        self.limits = limits
        self.by_id: dict[int, Interaction] = {}
        self.listeners: list[Callable[[Interaction], None]] = []
        self.connected: Callable[[int | None], frozenset[str]] = lambda _: frozenset()
        self._by_token: dict[str, Interaction] = {}
        self._world = world
        self._report = report
        self._timers: set[asyncio.TimerHandle] = set()

    def open(
        self, kind: Kind, user_id: int, channel_id: int, name: str, data: Json, **more: Any
    ) -> Interaction:
        """Note a new interaction; its 3 seconds run from now."""
        channel = self._world.channels[channel_id]
        interaction = Interaction(
            self._world.snowflakes.new(),
            secrets.token_urlsafe(48),
            kind,
            user_id,
            channel_id,
            channel.guild_id,
            name,
            data,
            **more,
        )
        self.by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        self._later(self.limits.acknowledge, interaction, self._unanswered)
        return interaction

    def stop(self) -> None:
        """Cancel all deadlines."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def for_callback(self, interaction_id: int, token: str) -> Interaction:
        """The interaction to be answered for the first time.

        Raises ApiError 10062 when unknown or late, 40060 when answered already.
        """
        interaction = self.by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise refuse(10062)
        if interaction.reply is not None:
            self._report.violation("duplicate_response", self._describe(interaction))
            raise refuse(40060)
        if time.monotonic() - interaction.started > self.limits.acknowledge:
            self._report.violation("late_acknowledgement", self._describe(interaction))
            raise refuse(10062)
        return interaction

    def for_webhook(self, token: str) -> Interaction:
        """The answered interaction a follow-up or edit belongs to.

        Raises ApiError 10015 when unknown or unanswered, 50027 after its 15 minutes.
        """
        interaction = self._by_token.get(token)
        if interaction is None:
            raise refuse(10015)
        if time.monotonic() - interaction.started > self.limits.token_life:
            self._report.violation("expired_token", self._describe(interaction))
            raise refuse(50027)
        if interaction.reply in (None, Reply.CHOICES):
            self._report.violation("follow_up_first", self._describe(interaction))
            raise refuse(10015)
        return interaction

    def acknowledge(self, interaction: Interaction, reply: Reply) -> None:
        """Take the first response. Raises ApiError 50035 for a type that may not answer it."""
        self.check_reply(interaction, reply)
        interaction.reply = reply
        interaction.acknowledged = time.monotonic()
        if reply in (Reply.DEFERRED_MESSAGE, Reply.DEFERRED_UPDATE):
            interaction.state = "thinking"
            left = self.limits.token_life - (interaction.acknowledged - interaction.started)
            self._later(left, interaction, self._abandoned)
            self.bump(interaction)
        else:
            self.finish(interaction)

    def check_reply(self, interaction: Interaction, reply: Reply) -> None:
        """Raises ApiError 50035 when this callback type may not answer this interaction."""
        if reply not in interaction.allowed_replies():
            problems = Problems()
            problems.choice(int(reply), ("type",), tuple(map(int, interaction.allowed_replies())))
            problems.raise_if_any()

    def finish(self, interaction: Interaction, message_id: int | None = None) -> None:
        """The person sees an outcome now, or a newer one than before."""
        if message_id is not None:
            interaction.latest_id = message_id
        if interaction.state != "done":
            interaction.state, interaction.finished = "done", time.monotonic()
        self.bump(interaction)

    def bump(self, interaction: Interaction) -> None:
        """Wake everybody who waits for a change of this interaction."""
        interaction.revision += 1
        interaction.changed.set()
        interaction.changed = asyncio.Event()
        for listener in self.listeners:
            listener(interaction)

    def _later(
        self, delay: float, interaction: Interaction, act: Callable[[Interaction], None]
    ) -> None:
        loop = asyncio.get_running_loop()

        def fire() -> None:
            self._timers.discard(timer)
            act(interaction)

        timer = loop.call_later(max(0.0, delay), fire)
        self._timers.add(timer)

    def _unanswered(self, interaction: Interaction) -> None:
        if interaction.reply is not None:
            return
        # A bot that died meanwhile broke no rule; the session it had been sent to is gone.
        if interaction.sent_to & self.connected(interaction.guild_id):
            self._report.violation("unanswered", self._describe(interaction))
        self._fail(interaction)

    def _abandoned(self, interaction: Interaction) -> None:
        if interaction.state == "thinking" and interaction.reply is Reply.DEFERRED_MESSAGE:
            self._report.violation("never_finished", self._describe(interaction))
            self._fail(interaction)

    def _fail(self, interaction: Interaction) -> None:
        interaction.state, interaction.finished = "failed", time.monotonic()
        interaction.reason = _NO_ANSWER[interaction.kind]
        self.bump(interaction)

    @staticmethod
    def _describe(interaction: Interaction) -> str:
        age = time.monotonic() - interaction.started
        kind = interaction.kind.name.lower()
        return f"{kind} {interaction.name!r} ({interaction.id}) after {age:.2f} s"
