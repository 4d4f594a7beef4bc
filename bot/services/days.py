"""Posting a whole day at once: all of today's sessions of a workspace that are not posted yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import MusterError, Refusal
from bot.models import Announcement, SessionState
from bot.services.hosting import HostingService, Preview, SessionChoice
from bot.services.permits import require_host
from bot.services.ports import Actor
from bot.services.workspaces import WorkspaceService
from bot.store.guild_settings import GuildSettingsStore
from bot.store.hosting import HostingStore

MOST = 15  # sessions at once: each is read and posted, one after the other
PREVIEW_LIFE = timedelta(hours=1)  # after that the day may look different


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one session of the day."""

    title: str
    announcement: Announcement | None  # None: it was not posted
    problem: str = ""


class DayPosting:
    """Previews and posts the sessions of one day."""

    def __init__(
        self,
        hosting: HostingService,
        store: HostingStore,
        workspaces: WorkspaceService,
        settings: GuildSettingsStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._hosting = hosting
        self._store = store
        self._workspaces = workspaces
        self._settings = settings
        self._clock = clock

    async def list_days(self, actor: Actor) -> dict[int, list[SessionChoice]]:
        """By workspace: what can be posted of today, where that is more than one session."""
        found: dict[int, list[SessionChoice]] = {}
        for choice in await self._hosting.list_postable(actor):
            session = choice.session
            if session.state is SessionState.NOT_OPEN:
                continue
            if await self._is_today(actor, session.starts_at):
                number = int(choice.value.partition(":")[0])
                found.setdefault(number, []).append(choice)
        return {number: choices[:MOST] for number, choices in found.items() if len(choices) > 1}

    async def draft(
        self, actor: Actor, workspace_id: int, note: str, *, ping: bool, cutoff: int | None
    ) -> tuple[list[Preview], list[Posted]]:
        """A preview of each, and those of which there is none.

        The ping is the first one's only, so that nobody hears it ten times. Raises Refusal when
        there is nothing to post, and what the single previews raise when none of them works.
        """
        require_host(actor, await self._workspaces.get(actor.guild_id, workspace_id))
        choices = (await self.list_days(actor)).get(workspace_id, [])
        if not choices:
            raise Refusal("Nothing is left to post for today. See `/session post` for the rest.")
        previews: list[Preview] = []
        failed: list[Posted] = []
        errors: list[MusterError] = []
        for choice in choices:
            first = not previews
            try:
                previews.append(
                    await self._hosting.draft(
                        actor, choice.value, note, ping=ping and first, cutoff=cutoff
                    )
                )
            except MusterError as error:
                failed.append(Posted(choice.session.name, None, str(error)))
                errors.append(error)
        if not previews:
            raise errors[0]
        return previews, failed

    async def post(self, actor: Actor, workspace_id: int) -> list[Posted]:
        """Post what this member has just previewed, each by itself: one failure stops no other."""
        workspace = await self._workspaces.get(actor.guild_id, workspace_id)
        require_host(actor, workspace)
        drafts = await self._store.list_drafts(
            actor.guild_id, workspace.workspace_id, actor.discord_id, self._clock() - PREVIEW_LIFE
        )
        drafts = [draft for draft in drafts if await self._is_today(actor, draft.starts_at)]
        if not drafts:
            raise Refusal("This preview is posted already or out of date.")
        done = []
        for draft in drafts[:MOST]:
            try:
                posted = await self._hosting.post(actor, draft.announcement_id)
            except MusterError as error:
                done.append(Posted(draft.title, None, str(error)))
            else:
                done.append(Posted(draft.title, posted))
        return done

    async def _is_today(self, actor: Actor, time: datetime) -> bool:
        zone = await self._settings.get_time_zone(actor.guild_id)
        return time.astimezone(zone).date() == self._clock().astimezone(zone).date()
