"""Automatic posting: sessions appear some time before their start, without a host."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import ChannelLost, MessengerError, MusterError, ProviderError, Refusal
from bot.models import Announcement, ClaimsForm, Session, SessionState, Workspace
from bot.models.announcements import NOBODY
from bot.services.catalog import SessionCatalog
from bot.services.hostlog import HostLog
from bot.services.ports import Messenger
from bot.services.posting import Poster
from bot.services.rounds import Rounds
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.app_state import AppState
from bot.store.automation import AutomationStore
from bot.store.links import LinkStore
from bot.text import safe, when

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=2)  # after a failure; each further one doubles it
LONGEST_PAUSE = timedelta(hours=1)
HIDDEN = "View Channel"
_COMING = (SessionState.SCHEDULED, SessionState.LIVE, SessionState.NOT_OPEN)


@dataclass(frozen=True, slots=True)
class _Pause:
    until: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class AutopostStores:
    """What automatic posting reads and writes."""

    automation: AutomationStore
    announcements: AnnouncementStore
    links: LinkStore
    app_state: AppState


class Autoposter:
    """Posts what is due in every workspace that wants it, each session once."""

    def __init__(
        self,
        stores: AutopostStores,
        workspaces: WorkspaceService,
        catalog: SessionCatalog,
        poster: Poster,
        messenger: Messenger,
        host_log: HostLog,
        background: Background,
        clock: Callable[[], datetime],
    ) -> None:
        self._stores = stores
        self._workspaces = workspaces
        self._catalog = catalog
        self._poster = poster
        self._messenger = messenger
        self._host_log = host_log
        self._clock = clock
        self._rounds = Rounds(background, "automatic posts")
        self._pauses: dict[tuple[int, str], _Pause] = {}

    async def post_due(self) -> None:
        """Look once at every workspace that wants it."""
        for workspace in await self._workspaces.list_automatic():
            self._rounds.start(workspace.workspace_id, self._round, workspace)

    async def _round(self, workspace: Workspace) -> None:
        try:
            sessions = await self._catalog.fetch_sessions(workspace.workspace_id)
        except MusterError as error:
            log.warning("no automatic posts of %s: %s", workspace.workspace_id, error)
            return
        due = {s.session_id: s for s in sessions if self._is_due(workspace, s)}
        posted = await self._stores.automation.list_posted(
            workspace.guild_id, workspace.workspace_id, due
        )
        key = f"autopost:{workspace.workspace_id}"
        told: dict[str, str] = json.loads(await self._stores.app_state.get(key) or "{}")
        troubles = {
            session_id: await self._try(workspace, session, told.get(session_id, ""))
            for session_id, session in due.items()
            if session_id not in posted
        }
        troubles = {session_id: words for session_id, words in troubles.items() if words}
        self._forget_pauses(workspace, troubles)
        if troubles != told:  # kept first: a crash in between says it never, not twice
            await self._stores.app_state.set(key, json.dumps(troubles))
        for session_id, words in troubles.items():
            if told.get(session_id) != words:
                self._host_log.say(workspace, _told(due[session_id], words))

    def _is_due(self, workspace: Workspace, session: Session) -> bool:
        now = self._clock()
        lead = timedelta(minutes=workspace.auto_lead_minutes or 0)
        named = workspace.auto_filter.casefold() in session.name.casefold()
        coming = session.state in _COMING and session.starts_at > now
        return named and coming and session.starts_at - lead <= now

    async def _try(self, workspace: Workspace, session: Session, known: str) -> str:
        """Post one session; why not, in words, or nothing. `known` stays when nothing is new."""
        key = (workspace.workspace_id, session.session_id)
        obstacle = _obstacle(session, workspace) or self._missing(workspace)
        if obstacle:
            return obstacle
        if key in self._pauses and self._pauses[key].until > self._clock():
            return known
        try:
            await self._post(workspace, session)
        except Refusal as error:  # somebody was quicker, or the workspace is gone
            log.info("session %s not posted by itself: %s", session.session_id, error)
            return ""
        except ProviderError as error:
            log.warning("session %s not read for its post: %s", session.session_id, error)
            self._pause(key)
            return known
        except MessengerError as error:
            self._pause(key)
            return str(error) if isinstance(error, ChannelLost) else "Discord did not take it."
        return ""

    async def _post(self, workspace: Workspace, session: Session) -> None:
        async with self._workspaces.watch(workspace.workspace_id) as provider:
            session = await provider.fetch_session(session.session_id)
        if _obstacle(session, workspace) or not self._is_due(workspace, session):
            raise Refusal("it has changed since it was listed")
        draft = await self._draft(workspace, session)
        await self._poster.post(draft, workspace, session)

    async def _draft(self, workspace: Workspace, session: Session) -> Announcement:
        channel_id, now = workspace.announcement_channel_id, self._clock()
        if channel_id is None:
            raise Refusal("the workspace has no announcement channel")
        host_id = await self._host(workspace.guild_id, session)
        number = await self._stores.automation.renew_draft(
            workspace.workspace_id, session.session_id, channel_id, host_id=host_id,
            ping=workspace.auto_ping, cutoff_minutes=workspace.cutoff_minutes, now=now,
        )  # fmt: skip
        if number is None:
            added = await self._stores.announcements.add_draft(
                guild_id=workspace.guild_id, workspace_id=workspace.workspace_id,
                session_id=session.session_id, channel_id=channel_id, host_id=host_id,
                title=session.name, starts_at=session.starts_at, ends_at=session.ends_at,
                ping=workspace.auto_ping, cutoff_minutes=workspace.cutoff_minutes, now=now,
            )  # fmt: skip
            number = added.announcement_id
            await self._stores.automation.mark_automatic(number)
        draft = await self._stores.announcements.get(workspace.guild_id, number)
        if draft is None:
            raise Refusal("the workspace was removed meanwhile")
        return draft

    async def _host(self, guild_id: int, session: Session) -> int:
        """The platform's host of the session, where they are linked in this guild."""
        if session.host_roblox_id is None:
            return NOBODY
        link = await self._stores.links.get_by_roblox(guild_id, session.host_roblox_id)
        return link.discord_id if link else NOBODY

    def _missing(self, workspace: Workspace) -> str:
        """Which permissions are lacking, unless they are not known."""
        channel_id = workspace.announcement_channel_id
        if channel_id is None:
            return "No announcement channel is set; see `/workspace settings`."
        missing = self._messenger.missing_permissions(channel_id)
        if not missing or HIDDEN in missing:  # perhaps not in memory yet: Discord will say so
            return ""
        return f"Muster lacks {', '.join(missing)} in <#{channel_id}>. An admin can grant it there."

    def _pause(self, key: tuple[int, str]) -> None:
        last = self._pauses.get(key)
        length = min(last.length * 2, LONGEST_PAUSE) if last else FIRST_PAUSE
        self._pauses[key] = _Pause(self._clock() + length, length)

    def _forget_pauses(self, workspace: Workspace, troubles: Mapping[str, str]) -> None:
        """Those of what is posted or over; of workspaces that nobody comes back to, in time."""
        now = self._clock()
        self._pauses = {
            key: pause
            for key, pause in self._pauses.items()
            if pause.until > now
            or (
                key[1] in troubles
                if key[0] == workspace.workspace_id
                else now - pause.until < LONGEST_PAUSE
            )
        }


def _obstacle(session: Session, workspace: Workspace) -> str:
    """Why nobody could claim in it, and the way out; nothing when they could."""
    panel = f"the {workspace.kind.label} panel"
    if session.state is SessionState.NOT_OPEN:
        return f"It exists only as a template so far. Open it once in {panel}."
    if not session.claimable:
        return f"Claiming is switched off for it in {panel}."
    if not any(server.form is ClaimsForm.MAP for server in session.servers):
        return "It has no server that takes claims. A host can add one with `/session post`."
    return "" if session.roles else "No role can be claimed in it."


def _told(session: Session, words: str) -> str:
    return (
        f"⚠ “{safe(session.name)}”, which starts {when(session.starts_at)}, could not be posted by"
        f" itself. {words} Muster keeps trying until the start."
    )
