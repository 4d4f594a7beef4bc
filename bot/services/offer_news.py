"""Tells those who wait of offers and endings: by direct message, in the thread, or later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import MessengerError
from bot.models import Announcement, Opening, Waiter, WaitState
from bot.services.ports import Messenger, TextButton
from bot.services.waitlist_words import ended_words, offer_buttons, offer_words
from bot.store.announcements import AnnouncementStore
from bot.store.preferences import PreferenceStore
from bot.store.waitlist import WaitlistStore

log = logging.getLogger(__name__)

UNREACHABLE = timedelta(days=1)  # no way but their next visit: until then nothing is tried


@dataclass(frozen=True, slots=True)
class News:
    """What one member has to be told."""

    waiter: Waiter
    text: str
    buttons: tuple[TextButton, ...]


class OfferNews:
    """Says each thing at least once. Whose telling did not work is tried again by the timer."""

    def __init__(
        self,
        store: WaitlistStore,
        announcements: AnnouncementStore,
        preferences: PreferenceStore,
        messenger: Messenger,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._announcements = announcements
        self._preferences = preferences
        self._messenger = messenger
        self._clock = clock

    async def is_heard(self, waiter: Waiter, announcement: Announcement) -> bool:
        """Whether the member can be told something now."""
        chosen = await self._preferences.get(waiter.guild_id, waiter.discord_id)
        return chosen.direct or announcement.thread_id is not None

    async def tell(self, waiter: Waiter) -> None:
        """Tell an offer or an ending, unless somebody else is just doing that."""
        now = self._clock()
        if waiter.until is not None and waiter.until <= now:
            return  # it stood while nobody could be told: the place is kept no longer
        if await self._store.take_telling(waiter, now):
            news, announcement = await self._words(waiter)
            if await self._say(news, announcement):
                await self._store.mark_told([waiter])

    async def list_untold(self, waiters: Collection[Waiter]) -> list[News]:
        """What of this a member still has to hear, as their next answer can tell it."""
        now = self._clock()
        return [
            (await self._words(waiter))[0]
            for waiter in waiters
            if not waiter.told and (waiter.until is None or now < waiter.until)
        ]

    async def _words(self, waiter: Waiter) -> tuple[News, Announcement | None]:
        found = await self._announcements.get_opening(waiter.guild_id, waiter.opening_id)
        opening: Opening | None
        opening, announcement = found or (None, None)
        if waiter.state is WaitState.OFFERED and opening is not None and announcement is not None:
            text = offer_words(waiter, opening, announcement)
            return News(waiter, text, offer_buttons(waiter)), announcement
        return News(waiter, ended_words(waiter, opening, announcement), ()), announcement

    async def _say(self, news: News, announcement: Announcement | None) -> bool:
        waiter = news.waiter
        chosen = await self._preferences.get(waiter.guild_id, waiter.discord_id)
        if chosen.direct and await self._messenger.send_direct(
            waiter.discord_id, news.text, news.buttons
        ):
            return True
        thread_id = announcement.thread_id if announcement is not None else None
        if thread_id is None:
            await self._store.put_off(waiter, self._clock() + UNREACHABLE)
            return False
        text = f"<@{waiter.discord_id}> {news.text}"
        try:
            await self._messenger.say(thread_id, text, [waiter.discord_id], news.buttons)
        except MessengerError as error:
            log.warning("thread %s: %s", thread_id, error)
            return False
        return True
