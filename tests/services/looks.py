"""What a board shows, for tests."""

from __future__ import annotations

from bot.models import (
    Announcement,
    Session,
)
from bot.services.ports import Board
from tests.services.bench import (
    Bench,
)
from tests.services.conftest import Posted


async def stored(bench: Bench, posted: Posted) -> Announcement:
    """The announcement as it stands."""
    found = await bench.announcements.get_anywhere(posted.announcement.announcement_id)
    assert found is not None
    return found


def shown(bench: Bench) -> Board:
    """The board as last edited."""
    return bench.messenger.edits[-1][1]


async def refresh(bench: Bench, posted: Posted, session: Session) -> Board:
    """Let the platform say this, and the board follow."""
    bench.platform.sessions["training"] = session
    await bench.boards.refresh(posted.announcement.announcement_id)
    return shown(bench)
