"""Members and hosts who press and type all the time, and what became of each of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.field import Field
from benchmarks.soak.panel import Community, role_buttons
from bot.sandbox.discord.interactions import Interaction, Kind
from bot.sandbox.discord.models import Message, User
from bot.sandbox.discord.people import MEANWHILE
from bot.sandbox.discord.people_actions import People
from bot.sandbox.discord.people_components import form_inputs
from bot.sandbox.discord.people_options import NotPossible

LOOK = 2.0  # seconds between two looks for boards
WAIT = 20.0  # seconds for which a host waits for the list of announcements
UNSURE = "has not confirmed"  # part of words that another answer will follow


@dataclass(frozen=True, eq=False)
class Act:
    """What somebody did."""

    what: str
    user: User
    community: Community
    interaction: Interaction


class Traffic:
    """Everybody's hands. Acts in the stand-in's own process: nothing is on the bot's account."""

    def __init__(
        self, field: Field, communities: list[Community], dice: Random, strangers: list[User]
    ) -> None:
        self.acts: list[Act] = []
        self._field = field
        self._communities = communities
        self._dice = dice
        self._strangers = strangers
        self._people = People(field.discord.core)
        self._boards: dict[int, list[Message]] = {}  # by guild
        self._open: dict[int, Act] = {}  # without an outcome so far, by interaction
        self._answers: deque[Act] = deque(maxlen=300)
        self._forms: deque[Act] = deque(maxlen=300)
        self._hosts: set[asyncio.Task[None]] = set()
        field.discord.core.interactions.listeners.append(self._note)
        self._kinds: list[tuple[float, Callable[[Community], None]]] = [
            (50, self._press), (8, self._press_twice), (5, self._press_unlinked),
            (10, self._release), (5, self._act_as_host), (12, self._list), (10, self._go_on),
        ]  # fmt: skip

    @property
    def open(self) -> int:
        """Acts without an outcome so far."""
        return len(self._open)

    async def run(self, per_second: float, until: float) -> None:
        """So many acts a second, until so many seconds of the loop's clock."""
        loop, looked = asyncio.get_running_loop(), 0.0
        weights = [weight for weight, _ in self._kinds]
        due = loop.time()
        while (now := loop.time()) < until:
            if now - looked > LOOK:
                self._boards, looked = {c.guild.id: c.boards() for c in self._communities}, now
            (kind,) = self._dice.choices(self._kinds, weights)
            with contextlib.suppress(NotPossible):  # as it changed since it was looked at
                kind[1](self._dice.choice(self._communities))
                self._submit()
            due = max(due + 1 / per_second, now - 1)
            await asyncio.sleep(max(0.0, due - now))
        await asyncio.gather(*self._hosts)

    def words(self, act: Act) -> str:
        """What the answer says at present."""
        one = act.interaction
        message = self._field.world.channels[one.channel_id].messages.get(one.latest_id or 0)
        return message.content if message is not None else ""

    def _press(self, community: Community) -> None:
        self._press_as(self._dice.choice(self._field.members), community, "press")

    def _press_twice(self, community: Community) -> None:
        member = self._dice.choice(self._field.members)
        if pressed := self._press_as(member, community, "press twice"):
            self._note_act("press twice", member, community, self._people.press(pressed))

    def _press_unlinked(self, community: Community) -> None:
        self._press_as(self._dice.choice(self._strangers), community, "press, not linked")

    def _press_as(self, user: User, community: Community, what: str) -> dict[str, str] | None:
        boards = [one for one in self._boards[community.guild.id] if role_buttons(one)]
        if not boards:
            return None
        board = self._dice.choice(boards)
        button = self._dice.choice(role_buttons(board))
        body = {"as": str(user.id), "message_id": str(board.id), "custom_id": button["custom_id"]}
        self._note_act(what, user, community, self._people.press(body))
        return body

    def _release(self, community: Community) -> None:
        """Somebody who was told lately that they hold a role gives it back."""
        held = [act for act in self._answers if self.words(act).startswith("✔ You")]
        if held:
            act = self._dice.choice(held)
            opening = str(act.interaction.data["custom_id"]).rpartition(":")[2]
            self._command("release", act.user, act.community, claim=opening)

    def _list(self, community: Community) -> None:
        name = self._dice.choice(["claims", "claims", "open", "today", "reminders"])
        self._command(name, self._dice.choice(self._field.members), community)

    def _go_on(self, community: Community) -> None:
        """Press whatever button somebody's own answer has."""
        act = self._dice.choice(self._answers) if self._answers else None
        message = self._message(act) if act else None
        buttons = [
            child for row in (message.components if message else ()) for child in row["components"]
            if child.get("custom_id") and child["type"] == 2 and not child.get("disabled")
        ]  # fmt: skip
        if act is not None and message is not None and buttons:
            body = {"as": str(act.user.id), "message_id": str(message.id),
                    "custom_id": self._dice.choice(buttons)["custom_id"]}  # fmt: skip
            pressed = self._people.press(body)
            self._note_act("press on an answer", act.user, act.community, pressed)

    def _submit(self) -> None:
        """Send the oldest open form; an open one is a timer in the bot, for fifteen minutes."""
        if self._forms:
            act = self._forms.popleft()
            shown = act.interaction
            values = {item["custom_id"]: "M7" for item in form_inputs(shown.form or {})}
            body = {"as": str(act.user.id), "interaction_id": str(shown.id), "values": values}
            self._note_act("form", act.user, act.community, self._people.submit(body))

    def _act_as_host(self, community: Community) -> None:
        task = asyncio.create_task(self._host(community))
        self._hosts.add(task)
        task.add_done_callback(self._hosts.discard)

    async def _host(self, community: Community) -> None:
        name = self._dice.choice(["session add", "session add", "session move", "session remove"])
        host = community.owner
        body = {"as": str(host.id), "channel_id": str(community.channel.id), "name": name}
        with contextlib.suppress(NotPossible, TimeoutError):
            asked = self._people.command({**body, "options": {}}, focused="announcement")
            self._note_act("autocomplete", host, community, asked)
            await settled(asked, WAIT)
            if asked.choices:
                role = self._dice.choice(community.upstream.role_groups[0]["roles"])["name"]
                self._command(
                    name, host, community, member=str(self._dice.choice(self._field.members).id),
                    role=role, announcement=str(self._dice.choice(asked.choices)["value"]),
                )  # fmt: skip

    def _command(self, name: str, user: User, community: Community, **options: Any) -> None:
        body = {"as": str(user.id), "channel_id": str(community.channel.id), "name": name,
                "options": options}  # fmt: skip
        self._note_act(f"/{name}", user, community, self._people.command(body))

    def _message(self, act: Act) -> Message | None:
        one = act.interaction
        return self._field.world.channels[one.channel_id].messages.get(one.latest_id or 0)

    def _note_act(
        self, what: str, user: User, community: Community, interaction: Interaction
    ) -> None:
        act = Act(what, user, community, interaction)
        self.acts.append(act)
        self._open[interaction.id] = act

    def _note(self, interaction: Interaction) -> None:
        """The interaction changed."""
        act = self._open.get(interaction.id)
        if act is None or not interaction.settled or self.words(act).startswith(MEANWHILE):
            return
        del self._open[interaction.id]
        if interaction.form is not None:
            self._forms.append(act)
        if interaction.name and "custom_id" in interaction.data:
            self._answers.append(act)


async def settled(one: Interaction, seconds: float) -> None:
    """Wait for its outcome. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not one.settled:
            await one.changed.wait()


@dataclass(frozen=True)
class Tally:
    """What became of everything, and what nothing became of."""

    kinds: Counter[str]
    told_later: int  # no answer, but an ending in the journal, which the next answer tells
    in_trouble: Counter[str]  # it could not be passed on in time; by what was wrong
    lost: list[Act]  # no outcome, and no reason for that
    no_list: int  # suggestions while somebody types, which came too late


def tally(traffic: Traffic, ended: set[int], trouble_at: Callable[[float, float], str]) -> Tally:
    """Sort the acts. `ended` are the interactions whose journal rows have an ending.

    `trouble_at` tells what kept an answer from its member between two moments (monotonic seconds).
    """
    kinds, in_trouble, lost, later = Counter[str](), Counter[str](), list[Act](), 0
    no_list = 0
    for act in traffic.acts:
        one, words = act.interaction, traffic.words(act)
        open_still = words.startswith(MEANWHILE) or UNSURE in words
        if one.state == "done" and not open_still:
            kinds[act.what] += 1
        elif one.id in ended:
            later += 1
        elif trouble := trouble_at(one.started, one.finished or time.monotonic()):
            in_trouble[trouble] += 1
        elif one.kind is Kind.AUTOCOMPLETE:
            no_list += 1
        else:
            lost.append(act)
    return Tally(kinds, later, in_trouble, lost, no_list)
