"""How the process does right now, gathered from its parts when somebody asks."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import discord
from sqlalchemy.exc import SQLAlchemyError

from bot.background import Background
from bot.errors import StartRefused
from bot.first_answers import FirstAnswers
from bot.metrics import Metrics
from bot.models import LineState
from bot.services.lanes import Lanes
from bot.services.workspaces import WorkspaceService
from bot.store.app_state import AppState
from bot.store.attempts import AttemptStore
from bot.store.database import Database

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds for the database; to give a hanging connection up takes as long again
PROBE = "readiness probe"  # in `app_state`: written to see that it can be
_AWAY = (SQLAlchemyError, OSError, TimeoutError, StartRefused)


@dataclass(frozen=True, slots=True)
class Vitals:
    """The parts whose state tells how the process does."""

    client: discord.AutoShardedClient
    background: Background
    database: Database
    attempts: AttemptStore
    lanes: Lanes
    workspaces: WorkspaceService
    metrics: Metrics
    first_answers: FirstAnswers

    async def troubles(self) -> list[str]:
        """Why the process cannot serve members now, one sentence each; nothing when it can."""
        found = []
        if self.background.stopping:
            found.append("Muster is stopping.")
        shards = self.client.shards.values()
        gone = [str(shard.id) for shard in shards if shard.is_closed()]
        if not self.client.is_ready():
            found.append("Not every shard has connected to Discord yet.")
        elif gone:
            found.append(f"Not connected to Discord: shard {', '.join(gone)}.")
        trouble = "The database does not answer."
        try:
            async with asyncio.timeout(PATIENCE):
                await self.database.check()
                trouble = "The database takes no writes; its disk may be full."
                await AppState(self.database).set(PROBE, "")
        except _AWAY as error:
            log.warning("%s (%s)", trouble, type(error).__name__)
            found.append(trouble)
        return found

    async def render_metrics(self) -> bytes:
        """Every number, those that are looked up only now included."""
        self.metrics.show_process(
            await self._unsettled(), self.background.size, len(asyncio.all_tasks()),
            len(self.client.guilds),
        )  # fmt: skip
        self.first_answers.give_up(asyncio.get_running_loop().time())
        self.metrics.show_lanes(list(self.lanes.waiting().values()))
        self.metrics.show_shards(self.client.latencies)
        for line in self.workspaces.lines():
            states = {state.value: line.states.count(state) for state in LineState}
            self.metrics.show_platform(line.platform, states, line.waiting, line.limited)
        return self.metrics.render()

    async def _unsettled(self) -> int | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.attempts.count_unsettled()
        except _AWAY as error:
            log.warning("the journal could not be counted: %s", type(error).__name__)
            return None
