"""Running an announcement that is posted: refresh, edit, close, cancel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from bot.errors import MessengerError, MusterError, Refusal
from bot.models import Announcement, AnnouncementState, Capabilities, Opening, Workspace
from bot.providers import capabilities_of
from bot.services.boards import BoardService
from bot.services.hosted import (
    LIVE,
    ROLES_IN_MENU,
    one_per_role,
    require,
    role_of,
    to_announcement_id,
)
from bot.services.lanes import Lanes
from bot.services.permits import may_host, require_host
from bot.services.ports import Actor, Messenger
from bot.services.workspaces import WorkspaceService
from bot.store.announcements import AnnouncementStore
from bot.store.hosting import Edits, HostingStore

log = logging.getLogger(__name__)

MAX_CO_HOSTS = 10
PATIENCE = 60.0  # seconds that one host waits for another who does the same to one announcement

_OTHER_ROLES = "The roles of this session are others by now. Choose again: `/session edit`"


class RunningService:
    """What hosts do with a posted announcement. Every act asks first whether they may."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        store: HostingStore,
        workspaces: WorkspaceService,
        boards: BoardService,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._announcements = announcements
        self._store = store
        self._workspaces = workspaces
        self._boards = boards
        self._messenger = messenger
        self._clock = clock
        self._lanes = Lanes()

    async def list_hosted(self, actor: Actor) -> list[Announcement]:
        """Announcements of coming and running sessions that this member may run, by start."""
        workspaces = {w.workspace_id: w for w in await self._workspaces.list_all(actor.guild_id)}
        return [
            announcement
            for announcement in await self._store.list_runnable(actor.guild_id, self._clock())
            if announcement.workspace_id in workspaces  # not removed between the two readings
            and may_host(actor, workspaces[announcement.workspace_id], announcement.host_ids)
        ]

    async def get_hosted(self, actor: Actor, choice: str) -> tuple[Announcement, Workspace]:
        """The chosen announcement, for somebody who may run it; Refusal for anybody else."""
        number = to_announcement_id(choice)
        announcement = await self._announcements.get(actor.guild_id, number)
        if announcement is None or announcement.state is AnnouncementState.DRAFT:
            raise Refusal(
                "There is no such announcement here. Post the session with `/session post`."
            )
        workspace = await self._workspaces.get(actor.guild_id, announcement.workspace_id)
        require_host(actor, workspace, announcement.host_ids)
        return announcement, workspace

    async def list_openings(self, actor: Actor, choice: str) -> list[Opening]:
        """The roles of a chosen announcement, for who may run it; empty for anybody else."""
        hosted = {str(one.announcement_id) for one in await self.list_hosted(actor)}
        if choice not in hosted:
            return []
        return await self._announcements.list_openings(int(choice))

    async def list_all_openings(self, announcement: Announcement) -> list[Opening]:
        """Its roles, also those that are not shown; asks nobody whether they may."""
        return await self._announcements.list_openings(announcement.announcement_id)

    def abilities(self, workspace: Workspace) -> Capabilities:
        """What the workspace's platform can do."""
        return capabilities_of(workspace.kind)

    def require_servers(self, workspace: Workspace) -> None:
        """Refusal where sessions are not split into servers."""
        if not self.abilities(workspace).has_servers:
            raise Refusal(f"{workspace.kind.label} sessions have no servers.")

    async def refresh(self, actor: Actor, choice: str) -> Announcement:
        """Read the session anew and correct the board at once."""
        announcement, _ = await self.get_hosted(actor, choice)
        await self._boards.refresh(announcement.announcement_id, always=True)
        return await self._again(announcement)

    async def close(self, actor: Actor, choice: str) -> Announcement:
        """No more claims through this board; the roster stays."""
        announcement, _ = await self.get_hosted(actor, choice)
        require(announcement, AnnouncementState.OPEN)
        closed = await self.move(announcement, AnnouncementState.CLOSED, actor)
        await self._show(closed)
        return closed

    async def reopen(self, actor: Actor, choice: str) -> Announcement:
        """Claims again: after a close, or after a cancelling that was a mistake."""
        announcement, _ = await self.get_hosted(actor, choice)
        require(announcement, AnnouncementState.CLOSED, AnnouncementState.CANCELLED)
        self.require_time(announcement)
        opened = await self.move(announcement, AnnouncementState.OPEN, actor)
        await self._store.change(opened.announcement_id, cancel_reason="")
        await self._show(opened)
        return opened

    async def cancel(self, actor: Actor, choice: str, reason: str) -> Announcement:
        """Say that the session does not take place. The platform is not touched.

        Who holds a role is still to be told: see `Cancelling`.
        """
        announcement, _ = await self.get_hosted(actor, choice)
        require(announcement, *LIVE)
        await self._store.cancel(
            announcement.announcement_id, by=actor.discord_id, reason=reason.strip(),
            now=self._clock(),
        )  # fmt: skip
        cancelled = await self._again(announcement)
        await self._show(cancelled)
        return cancelled

    async def edit(
        self, actor: Actor, choice: str, *, note: str | None = None, cutoff: int | None = None,
        no_cutoff: bool = False, co_host: int | None = None, no_co_host: int | None = None,
    ) -> Announcement:  # fmt: skip
        """Change what is named. `cutoff` in minutes before the start; co-hosts as Discord ids."""
        announcement, _ = await self.get_hosted(actor, choice)
        async with self._lanes.enter(("edit", str(announcement.announcement_id)), PATIENCE):
            announcement = await self._again(announcement)  # two hosts may name one co-host each
            changed = await self._edit(
                announcement, note=note, cutoff=cutoff, no_cutoff=no_cutoff, co_host=co_host,
                no_co_host=no_co_host,
            )  # fmt: skip
        await self._show(changed)
        return changed

    async def _edit(
        self, announcement: Announcement, *, note: str | None, cutoff: int | None,
        no_cutoff: bool, co_host: int | None, no_co_host: int | None,
    ) -> Announcement:  # fmt: skip
        require(announcement, *LIVE)
        edits: Edits = {}
        if note is not None:
            edits["note"] = note.strip()
        if cutoff is not None or no_cutoff:
            edits["cutoff_minutes"] = None if no_cutoff else cutoff
        if co_host is not None or no_co_host is not None:
            co_hosts = announcement.co_host_ids | ({co_host} if co_host else set())
            edits["co_host_ids"] = co_hosts - {no_co_host, announcement.host_id}
            if len(edits["co_host_ids"]) > MAX_CO_HOSTS:
                raise Refusal(f"At most {MAX_CO_HOSTS} co-hosts. Remove one first: `no_cohost`.")
        await self._store.change(announcement.announcement_id, **edits)
        return await self._again(announcement)

    async def show_roles(
        self, actor: Actor, first: int, opening_ids: Collection[int]
    ) -> Announcement:
        """Of the roles that stand in one menu, show these and no others.

        `first` is the opening (see `one_per_role`) with which that menu begins. Roles of other
        menus stay as they are.
        """
        found = await self._announcements.get_opening(actor.guild_id, first)
        if found is None:
            raise Refusal(_OTHER_ROLES)
        announcement, _ = await self.get_hosted(actor, str(found[1].announcement_id))
        require(announcement, *LIVE)
        openings = await self._announcements.list_openings(announcement.announcement_id)
        listed = one_per_role(openings)
        start = next((at for at, one in enumerate(listed) if one.opening_id == first), None)
        if start is None:
            raise Refusal(_OTHER_ROLES)
        asked = {role_of(one) for one in listed[start : start + ROLES_IN_MENU]}
        shown = {role_of(one) for one in openings if one.opening_id in opening_ids} & asked
        shown |= {role_of(one) for one in openings if not one.hidden} - asked
        if not shown:
            raise Refusal("At least one role must stay on the board. To stop claims, close it.")
        await self._store.show_roles(announcement.announcement_id, shown)
        await self._show(announcement)
        return announcement

    async def ping_again(self, actor: Actor, announcement_id: int) -> Announcement:
        """Ping the workspace's ping role once more below the board; only once."""
        announcement, workspace = await self.get_hosted(actor, str(announcement_id))
        require(announcement, AnnouncementState.OPEN)
        if workspace.ping_role_id is None or announcement.message_id is None:
            raise Refusal("No ping role is set. An admin sets it with `/workspace settings`.")
        if not await self._store.mark_pinged_again(announcement_id, self._clock()):
            raise Refusal("It was pinged a second time already; more would only annoy.")
        try:
            await self._messenger.ping_board(
                announcement.channel_id, announcement.message_id, workspace.ping_role_id
            )
        except MessengerError:
            await self._store.forget_second_ping(announcement_id)
            raise
        return await self._again(announcement)

    async def add_server(self, actor: Actor, announcement_id: int) -> Announcement:
        """Add one more server to the session on the platform; the board shows it."""
        announcement, workspace = await self.get_hosted(actor, str(announcement_id))
        require(announcement, *LIVE)
        self.require_servers(workspace)
        async with (
            self._lanes.enter(("server", str(announcement_id)), PATIENCE),
            self._workspaces.watch(workspace.workspace_id) as provider,
        ):
            session = await provider.fetch_session(announcement.session_id)
            name = f"Server {len(session.servers) + 1}" if session.servers else "Main"
            await provider.create_server(session.session_id, name)
        await self._show(announcement)
        return announcement

    async def move(
        self, announcement: Announcement, state: AnnouncementState, actor: Actor
    ) -> Announcement:
        """Into another state, in this member's name; asks nobody. Refusal when it is gone."""
        await self._announcements.set_state(
            announcement.announcement_id, state, by=actor.discord_id, now=self._clock()
        )
        return await self._again(announcement)

    async def _again(self, announcement: Announcement) -> Announcement:
        found = await self._announcements.get(announcement.guild_id, announcement.announcement_id)
        if found is None:
            raise Refusal("This announcement no longer exists.")
        return found

    async def _show(self, announcement: Announcement) -> None:
        """Correct the board now. What was decided stands, also when that does not work."""
        number = announcement.announcement_id
        try:
            await self._boards.refresh(number)
        except MusterError as error:
            log.warning("board %s not refreshed: %s", number, error)
            self._boards.mark_dirty(number)
            if announcement.state is AnnouncementState.CLOSED:
                await self._take_buttons_away(announcement)

    async def _take_buttons_away(self, closed: Announcement) -> None:
        try:
            await self._boards.show_closed(closed)
        except MusterError as error:
            log.warning("board %s not shown as closed: %s", closed.announcement_id, error)

    def require_time(self, announcement: Announcement) -> None:
        """Refusal when the session is over."""
        if announcement.ends_at <= self._clock():
            raise Refusal("This session is over.")
