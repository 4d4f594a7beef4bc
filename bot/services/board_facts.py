"""From a reading to a board: pure functions, nothing is asked or stored."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Set
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import (
    Announcement,
    AnnouncementState,
    ClaimsForm,
    Game,
    Opening,
    Place,
    Session,
    SessionState,
    Waiter,
    Workspace,
)
from bot.providers import capabilities_of
from bot.services.ports import Board, BoardLine
from bot.services.waiting_line import length
from bot.text import safe

SOON = timedelta(minutes=15)  # before the start, when an open board says that it is near
OVER = (SessionState.ENDED, SessionState.CANCELLED)
_USABLE = ("open", "starts soon", "live now")  # states in which roles can be claimed


def fingerprint(board: Board) -> str:
    """Equal for boards that look the same."""
    return hashlib.sha256(repr(board).encode()).hexdigest()


def full_board(
    announcement: Announcement,
    workspace: Workspace,
    session: Session,
    openings: Iterable[Opening],
    labels: dict[int, str],
    now: datetime,
    line: Collection[Waiter] = (),
) -> Board:
    """The board of a reading whose name and times the announcement has taken over.

    `labels` has everybody who holds something, `line` everybody who waits in the session.
    """
    state = _state(announcement, session, now)
    openings = list(openings)
    hidden = {(one.place.group_id, one.place.role_id) for one in openings if one.hidden}
    return replace(
        bare_board(announcement, workspace, state, _warning(session, workspace)),
        description=session.description,
        game_name=session.game.name if session.game else None,
        place_id=session.game.place_id if session.game else None,
        lines=tuple(
            _line(opening, session, labels, line, usable=state in _USABLE)
            for opening in openings
            if (opening.place.group_id, opening.place.role_id) not in hidden  # on new servers too
        ),
        cut_off=announcement.cut_off,
        can_release=capabilities_of(workspace.kind).can_release,
    )  # fmt: skip


def bare_board(
    announcement: Announcement, workspace: Workspace, state: str, warning: str = ""
) -> Board:
    """A board of what we know ourselves, without a reading."""
    started = announcement.posted_starts_at
    renamed = announcement.posted_title not in ("", announcement.title)
    return Board(
        title=announcement.title, description="", note=announcement.note, state=state,
        platform=workspace.kind.label, workspace_name=workspace.name,
        starts_at=announcement.starts_at, ends_at=announcement.ends_at,
        host_id=announcement.host_id, game_name=None, place_id=None, lines=(), warning=warning,
        closed_by=announcement.closed_by, closed_at=announcement.closed_at,
        co_host_ids=tuple(sorted(announcement.co_host_ids)),
        cancel_reason=announcement.cancel_reason,
        was_title=announcement.posted_title if renamed else "",
        was_starts_at=started if started != announcement.starts_at else None,
        announcement_id=announcement.announcement_id, automatic=announcement.automatic,
    )  # fmt: skip


def held_words(
    openings: Iterable[Opening], seen: Set[tuple[int, int]], labels: dict[int, str]
) -> str:
    """Who held what, in a line. `seen` has (opening id, Roblox id); `labels` all of them."""
    parts = []
    for opening in openings:
        names = [
            label if (label := labels[roblox_id]).startswith("<@") else safe(label, 40)
            for number, roblox_id in sorted(seen)
            if number == opening.opening_id
        ]
        if names:
            parts.append(f"{safe(opening.role_name, 60)}: {', '.join(names)}")
    return f"Who held a role: {'; '.join(parts)}" if parts else "Nobody held a role."


def with_steady_game(session: Session, shown: Board | None) -> Session:
    """The session with the game's name that a list told, where a single reading leaves it out."""
    game = session.game
    if game is None or game.name or shown is None or shown.place_id != game.place_id:
        return session
    return replace(session, game=Game(shown.game_name, game.place_id))


def places(session: Session) -> list[tuple[Place, str, str]]:
    """Every claimable place with its role's and its server's name, in display order."""
    return [
        (
            Place(session.session_id, server.server_id, role.group_id, role.role_id),
            role.name,
            server.name,
        )
        for server in session.servers
        if server.form is ClaimsForm.MAP
        for role in session.roles
    ]


def _state(announcement: Announcement, session: Session, now: datetime) -> str:
    if announcement.state is AnnouncementState.CANCELLED:
        return "cancelled"
    if session.state in OVER:
        return "ended" if session.state is SessionState.ENDED else "cancelled"
    if announcement.state is AnnouncementState.CLOSED:
        return "closed"
    if not session.claimable:
        return "not claimable"
    # Also when there is no server, or no role: nothing can be claimed, so it is not called open.
    if not session.roles or all(server.form is ClaimsForm.LIST for server in session.servers):
        return "waiting"
    if announcement.cut_off is not None and announcement.cut_off <= now:
        return "cut off"
    if session.state is SessionState.LIVE:
        return "live now"
    return "starts soon" if session.starts_at - now <= SOON else "open"


def _line(
    opening: Opening,
    session: Session,
    labels: dict[int, str],
    line: Collection[Waiter],
    *,
    usable: bool,
) -> BoardLine:
    place = opening.place
    role = session.role(place.group_id, place.role_id)
    assert role is not None  # openings were just made from this session
    holders = session.holders(place.server_id, place.role_id)
    return BoardLine(
        opening_id=opening.opening_id, role_name=role.name, group_name=role.group_name,
        server_name=opening.server_name if len(session.servers) > 1 else "",
        taken=len(holders), capacity=role.capacity, min_rank=role.min_rank,
        holders=tuple(labels[h] for h in holders), usable=usable, waiting=length(line, place),
    )  # fmt: skip


def _warning(session: Session, workspace: Workspace) -> str:
    """Why there is nothing to claim, when there is nothing."""
    if not session.servers:
        return "This session has no server yet. The host can add one with `/session post`."
    if all(server.form is ClaimsForm.LIST for server in session.servers):
        return (
            f"Its server was made in the {workspace.kind.label} panel and cannot take claims from"
            " Discord. Claim in the panel, or ask the host to add a server from here."
        )
    if not session.roles:
        return "No role can be claimed in this session."
    return ""
