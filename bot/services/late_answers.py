"""An ending whose interaction is out of reach: by direct message, else in the board's thread."""

from __future__ import annotations

import logging

from bot.errors import MessengerError
from bot.models import Announcement, Attempt, Door
from bot.services.outcomes import DONE, Code, Outcome
from bot.services.ports import Messenger
from bot.store.preferences import PreferenceStore

log = logging.getLogger(__name__)

_QUESTIONS = frozenset({Code.MOVE, Code.CLASH})  # nobody waits for those later
# What others may read, and what is worth a ping: it was promised, or has to be done again.
_IN_THREADS = DONE | {Code.DID_NOT_ARRIVE, Code.GAVE_UP, Code.INTERRUPTED, Code.GONE}


class LateAnswers:
    """Reaches a member who is waiting for an ending, where that is welcome; never raises."""

    def __init__(self, preferences: PreferenceStore, messenger: Messenger) -> None:
        self._preferences = preferences
        self._messenger = messenger

    async def tell(
        self, attempt: Attempt, outcome: Outcome, announcement: Announcement | None
    ) -> bool:
        """Whether the member knows now; if not, their next interaction tells them.

        What a host did for somebody waits for that member's next interaction in any case.
        """
        if attempt.door is Door.HOST or outcome.code in _QUESTIONS or announcement is None:
            return False
        member = attempt.subject_id
        chosen = await self._preferences.get(attempt.guild_id, member)
        if chosen.direct and await self._messenger.tell_late(member, outcome, announcement.url):
            return True
        thread_id = announcement.thread_id
        if thread_id is None or outcome.code not in _IN_THREADS:
            return False
        try:
            await self._messenger.tell_in_thread(thread_id, member, outcome)
        except MessengerError as error:
            log.info("attempt %s not told in a thread: %s", attempt.operation_id, error)
            return False
        return True
