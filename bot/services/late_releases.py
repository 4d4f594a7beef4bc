"""A role that is given back after the cut-off: members cannot take it any more, so hosts hear."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime

from bot.background import Background
from bot.errors import MessengerError
from bot.models import Announcement, AnnouncementState, Opening, Workspace
from bot.providers import capabilities_of
from bot.services.outcomes import HostsTold
from bot.services.ports import Messenger
from bot.services.tidings import Tidings
from bot.text import safe

log = logging.getLogger(__name__)

NOT_KEPT = "A reason was given; it is not kept."
_ASK = "Ask them why: what everybody can read here leaves it out."
_TAKES_PLACE = (AnnouncementState.OPEN, AnnouncementState.CLOSED, AnnouncementState.LOST)


@dataclass(frozen=True, slots=True)
class Release:
    """What a member gave back, and when (UTC) they asked for it."""

    workspace: Workspace
    announcement: Announcement
    opening: Opening
    member_id: int  # Discord id
    at: datetime
    reference: str

    @property
    def late(self) -> bool:
        """Whether members could no longer take the role then."""
        return is_late(self.announcement, self.at)


def is_late(announcement: Announcement, at: datetime) -> bool:
    """Whether claims had closed by then (UTC) for a session that takes place and was not over."""
    cut_off = announcement.cut_off
    coming = announcement.state in _TAKES_PLACE and at < announcement.ends_at
    return coming and cut_off is not None and cut_off <= at


def needs_reason(
    announcement: Announcement, workspace: Workspace, discord_id: int, now: datetime
) -> bool:
    """Whether a member (Discord id) who gives a role back has to say why.

    Not a host of the session, who would only tell themselves.
    """
    can_release = capabilities_of(workspace.kind).can_release
    return can_release and discord_id not in announcement.host_ids and is_late(announcement, now)


class LateReleases:
    """Tells the hosts, without making the member wait for Discord.

    The log channel, and by direct message those who want such; they read the reason. Where that
    reaches nobody, the session's thread, without the reason, as everybody reads there.
    """

    def __init__(self, tidings: Tidings, messenger: Messenger, background: Background) -> None:
        self._tidings = tidings
        self._messenger = messenger
        self._background = background

    async def tell(self, release: Release, reason: str) -> HostsTold:
        """Say it; `reason` is a whole safe sentence. What comes of it is not waited for."""
        posted = release.announcement
        others = sorted(posted.host_ids - {release.member_id})
        direct = [one for one in others if await self._tidings.wants_direct(posted.guild_id, one)]
        private = release.workspace.log_channel_id is not None or bool(direct)
        if not private and not (others and posted.thread_id is not None):
            log.warning("no host can be told of release %s", release.reference)
            return HostsTold.NOTHING
        work = self._tell(release, reason, direct, others)
        self._background.spawn(work, "word to the hosts of a release")
        return HostsTold.ALL if private else HostsTold.THREAD

    async def _tell(
        self, release: Release, reason: str, direct: list[int], hosts: list[int]
    ) -> None:
        text, heard = _words(release, reason), False
        channel_id, thread_id = release.workspace.log_channel_id, release.announcement.thread_id
        if channel_id is not None:
            heard = await _done(self._messenger.post_notice(channel_id, text))
        for host in direct:
            heard = await self._messenger.send_direct(host, text) or heard
        if not heard and thread_id is not None and hosts:
            called = " ".join(f"<@{host}>" for host in hosts)
            text = f"{called} {_words(release, _ASK)}"
            await _done(self._messenger.say(thread_id, text, hosts))


async def _done(telling: Awaitable[None]) -> bool:
    try:
        await telling
    except MessengerError as error:
        log.warning("hosts not told of a release: %s", error)
        return False
    return True


def _words(release: Release, reason: str) -> str:
    opening, posted = release.opening, release.announcement
    where = f" on {safe(opening.server_name)}" if opening.server_name else ""
    when = " after the cut-off" if release.late else ""
    todo = "\nMembers can no longer claim it; a host can: `/session add`" if release.late else ""
    return (
        f"↩ <@{release.member_id}> has released **{safe(opening.role_name)}** in"
        f" “{safe(posted.title)}”{where}{when}. {reason}{todo}\n{posted.url}"
        f"\n-# Reference {release.reference}"
    )
