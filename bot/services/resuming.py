"""A claim that was not carried out because the member was not linked goes on once they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.models import Announcement, Opening
from bot.services.guild_log import GuildLog
from bot.services.outcomes import Code, Outcome
from bot.services.ports import Actor
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.resumes import KEPT, Resume, ResumeStore
from bot.text import safe

LIFE = timedelta(minutes=15)  # as long as the answer to the press lives


class Resuming:
    """Remembers each member's latest press that found them not linked."""

    def __init__(
        self,
        store: ResumeStore,
        announcements: AnnouncementStore,
        attempts: AttemptStore,
        guild_log: GuildLog,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._announcements = announcements
        self._attempts = attempts
        self._guild_log = guild_log
        self._clock = clock

    async def note(self, actor: Actor, outcome: Outcome) -> None:
        """Remember a claim that the member wanted for themselves, if it ended so."""
        if outcome.code is not Code.NOT_LINKED or outcome.opening_id is None:
            return
        if outcome.releasing or outcome.subject_id is not None:
            return
        await self._store.put(
            Resume(actor.guild_id, actor.discord_id, outcome.opening_id, self._clock())
        )

    async def get(self, actor: Actor) -> int | None:
        """The opening whose claim goes on now; None when the member has moved on, or waited long.

        Call `done` once the claim has its outcome, so that a crash before that loses nothing.
        """
        found = await self._store.get(actor.guild_id, actor.discord_id, self._clock() - LIFE)
        if found is None:
            return None
        latest = await self._attempts.list_for_member(actor.guild_id, actor.discord_id, 1)
        if latest and latest[0].created_at >= found.asked_at:
            await self.done(actor)
            return None
        return found.opening_id

    async def done(self, actor: Actor) -> None:
        """It went on: not a second time."""
        await self._store.forget(actor.discord_id, actor.guild_id)

    async def ask_admins(self, actor: Actor, opening_id: int) -> bool:
        """Ask the admins to link this member; False when nobody can be asked that way.

        They read of each member once a day at most.
        """
        found = await self._announcements.get_opening(actor.guild_id, opening_id)
        if found is None or await self._guild_log.find_channel(actor.guild_id) is None:
            return False
        if await self._store.get(actor.guild_id, actor.discord_id, self._clock() - KEPT) is None:
            await self._store.put(
                Resume(actor.guild_id, actor.discord_id, opening_id, self._clock())
            )
        if await self._store.mark_admins_told(actor.guild_id, actor.discord_id):
            await self._guild_log.say(actor.guild_id, _request(actor.discord_id, *found))
        return True


def _request(discord_id: int, opening: Opening, announcement: Announcement) -> str:
    return (
        f"🔗 <@{discord_id}> asks to be linked to their Roblox account, to claim"
        f" **{safe(opening.role_name)}** in “{safe(announcement.title)}”. An admin does it with"
        " `/links add`."
    )
