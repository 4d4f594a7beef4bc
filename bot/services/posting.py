"""Posting an announcement: the one way in which a draft becomes a board, whoever wanted it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from bot.errors import MessengerError
from bot.models import Announcement, Session, Workspace
from bot.services.board_facts import fingerprint
from bot.services.boards import BoardService
from bot.services.ports import Messenger
from bot.store.announcements import AnnouncementStore

log = logging.getLogger(__name__)


class Poster:
    """Posts drafts. Asks nobody whether they may."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        boards: BoardService,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._announcements = announcements
        self._boards = boards
        self._messenger = messenger
        self._clock = clock

    async def post(self, draft: Announcement, workspace: Workspace, session: Session) -> None:
        """Post the draft's board as this reading of its session shows it.

        Raises Refusal when the session has a live announcement here or the draft is gone, and
        MessengerError when Discord does not take it; then it is a draft again.
        """
        number = draft.announcement_id
        board = await self._boards.build(draft, session)
        await self._announcements.mark_open(number, now=self._clock())
        try:
            message_id = await self._messenger.post_board(
                draft.channel_id, board,
                ping_role_id=workspace.ping_role_id if draft.ping else None,
                nonce=f"muster-{number}",
            )  # fmt: skip
        except MessengerError:
            await self._announcements.mark_draft(number)
            raise
        await self._announcements.set_message(number, message_id, fingerprint(board))
        log.info("announcement %s posted in guild %s", number, draft.guild_id)
