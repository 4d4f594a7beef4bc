"""Posting an announcement again: a new message for its board, also after the old one is lost."""

from __future__ import annotations

import logging

from bot.errors import MessengerError, Refusal
from bot.models import Announcement, AnnouncementState, Session, Workspace
from bot.services.board_facts import fingerprint
from bot.services.boards import BoardService
from bot.services.hosted import LIVE, require
from bot.services.ports import Actor, Messenger
from bot.services.running import RunningService
from bot.store.hosting import HostingStore

log = logging.getLogger(__name__)


class Reposter:
    """Gives announcements a new message. Asks first whether somebody may."""

    def __init__(
        self,
        store: HostingStore,
        running: RunningService,
        boards: BoardService,
        messenger: Messenger,
    ) -> None:
        self._store = store
        self._running = running
        self._boards = boards
        self._messenger = messenger

    async def repost(self, actor: Actor, choice: str) -> Announcement:
        """A new message for the board. Pings nobody; the old one, if there is one, leads to it."""
        announcement, _ = await self._running.get_hosted(actor, choice)
        # Alone, so that no edit on its way brings the old message back to life, or takes what it
        # shows for what the new one shows.
        async with self._boards.alone(announcement.announcement_id):
            announcement, workspace = await self._running.get_hosted(actor, choice)
            require(announcement, *LIVE, AnnouncementState.LOST)
            self._running.require_time(announcement)
            channel_id = self._require_channel(announcement, workspace)
            session = await self._boards.fetch(announcement)
            old = (announcement.channel_id, announcement.message_id)
            lost = announcement.state is AnnouncementState.LOST
            if lost:  # before anything is posted: another board of the session may be live by now
                announcement = await self._running.move(announcement, AnnouncementState.OPEN, actor)
            try:
                await self._post(announcement, session, channel_id)
            except MessengerError:
                if lost:
                    await self._running.move(announcement, AnnouncementState.LOST, actor)
                raise
            posted, _ = await self._running.get_hosted(actor, choice)
            if old[1] is not None and not lost:
                await self._retire(old[0], old[1], posted)
            return posted

    async def _post(self, announcement: Announcement, session: Session, channel_id: int) -> None:
        board = await self._boards.build(announcement, session)
        nonce = f"m{announcement.announcement_id}-{(announcement.message_id or 0) % 10**9}"
        message_id = await self._messenger.post_board(
            channel_id, board, ping_role_id=None, nonce=nonce
        )
        await self._store.set_board(
            announcement.announcement_id, channel_id, message_id, fingerprint(board),
            same_channel=channel_id == announcement.channel_id,
        )  # fmt: skip

    def _require_channel(self, announcement: Announcement, workspace: Workspace) -> int:
        channel_id = workspace.announcement_channel_id or announcement.channel_id
        if missing := self._messenger.missing_permissions(channel_id):
            names = ", ".join(missing)
            raise Refusal(f"Muster lacks {names} in <#{channel_id}>. An admin can grant it there.")
        return channel_id

    async def _retire(self, channel_id: int, message_id: int, posted: Announcement) -> None:
        try:
            await self._messenger.retire_board(channel_id, message_id, posted.url)
        except MessengerError as error:  # the new one stands; the old one may be deleted by hand
            log.warning("old board of %s not retired: %s", posted.announcement_id, error)
