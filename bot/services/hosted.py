"""What is asked about a posted announcement before somebody runs it: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import Refusal
from bot.models import Announcement, AnnouncementState, Opening

ROLES_IN_MENU = 25  # as many as Discord takes
LIVE = (AnnouncementState.OPEN, AnnouncementState.CLOSED)


def role_of(opening: Opening) -> tuple[str, str]:
    """(group id, role id): the same on every server."""
    return opening.place.group_id, opening.place.role_id


def one_per_role(openings: Sequence[Opening]) -> list[Opening]:
    """The first opening of each role, in display order: one line per role, not per server."""
    roles = {role_of(opening): opening for opening in reversed(openings)}
    return sorted(roles.values(), key=lambda opening: opening.position)


def require(announcement: Announcement, *states: AnnouncementState) -> None:
    """The announcement is in one of these states, else Refusal."""
    if announcement.state in states:
        return
    if announcement.state is AnnouncementState.LOST:
        raise Refusal("Its message was deleted. Post it again first: `/session repost`")
    raise Refusal(f"This announcement is already {announcement.state.value}.")


def to_announcement_id(choice: str) -> int:
    """A choice's value, which may have been typed by hand; Refusal if it cannot be one."""
    if not choice.isascii() or not choice.isdecimal() or len(choice) > 18:
        raise Refusal("Choose an announcement from the list that appears while you type.")
    return int(choice)
