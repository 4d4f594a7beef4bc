"""Edits of boards in Discord: only when they look different, one at a time in a channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Set
from datetime import datetime, timedelta

from bot.errors import ChannelLost, MessageGone, MessengerError
from bot.models import Announcement, AnnouncementState
from bot.services.board_facts import fingerprint
from bot.services.lanes import LaneBusy, Lanes
from bot.services.ports import Board, Messenger
from bot.services.refresher import Pace
from bot.services.tidings import Tidings
from bot.store.announcements import AnnouncementStore

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds to wait for another edit in the channel
AGAIN = timedelta(minutes=10)  # after a refusal that the known permissions do not explain
_LIVE = (AnnouncementState.OPEN, AnnouncementState.CLOSED)


class BoardEdits:
    """Shows boards in their messages, and remembers where Discord does not let it."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        messenger: Messenger,
        tidings: Tidings,
        pace: Pace,
        clock: Callable[[], datetime],
    ) -> None:
        self._announcements = announcements
        self._messenger = messenger
        self._tidings = tidings
        self._pace = pace
        self._clock = clock
        self._lanes = Lanes()  # so that nothing piles up while Discord makes an edit wait
        # Boards that Discord does not let us edit, told already; and when that is tried again.
        self._refused: dict[int, datetime] = {}

    def is_refused(self, announcement: Announcement) -> bool:
        """Whether Discord refused the last edit, and another try would come to the same.

        It may once the missing rights are granted; if none are known to be missing, after a while.
        """
        number, now = announcement.announcement_id, self._clock()
        if number not in self._refused:
            return False
        if self._messenger.missing_permissions(announcement.channel_id):
            self._refused[number] = now
            return True
        return now < self._refused[number]

    def keep_only(self, announcement_ids: Set[int]) -> None:
        """Forget what is in memory of all others."""
        self._refused = {n: at for n, at in self._refused.items() if n in announcement_ids}

    async def show(self, announcement: Announcement, board: Board) -> None:
        """Edit the message, unless it looks like that already.

        Raises MessengerErrors. A deleted message makes the announcement LOST; that, and refused
        rights, are told to the hosts once.
        """
        if announcement.message_id is None:
            return
        shown = fingerprint(board)
        if shown == announcement.rendered_hash:
            return
        where = (announcement.channel_id, announcement.message_id)
        try:
            async with self._lanes.enter(("channel", str(where[0])), PATIENCE):
                await self._messenger.edit_board(*where, board)
                self._pace.note(where)
        except LaneBusy:
            raise MessengerError("Discord lets Muster edit this channel very slowly now.") from None
        except MessageGone as error:
            await self._give_up(announcement, error)
            hint = "Post the session again: `/session repost`."
            raise MessageGone(f"{error} {hint}") from error
        except ChannelLost as error:
            await self._give_up(announcement, error)
            raise
        self._refused.pop(announcement.announcement_id, None)
        await self._announcements.set_rendered(announcement.announcement_id, shown)

    async def _give_up(self, announcement: Announcement, error: ChannelLost) -> None:
        """The message is gone for good, or out of reach until somebody grants rights."""
        number = announcement.announcement_id
        log.warning("board %s can no longer be edited", number)
        if isinstance(error, MessageGone):
            if announcement.state not in _LIVE:
                return  # it had its last words
            await self._announcements.set_state(number, AnnouncementState.LOST, now=self._clock())
        else:
            known = number in self._refused
            self._refused[number] = self._clock() + AGAIN
            if known:
                return
        await self._tidings.tell_lost(announcement, error)
