"""What a swap has to write next, told by what the platform shows. Pure: tested as a table.

Release, release, claim, claim, also where both roles are on one ReAdmin server, on which two
claims would do as well: they would show one place overbooked for a moment, and a crash between
them would leave it so. Nothing is counted: each step follows from a fresh reading, so that it does
not matter whether the one before was ours, somebody's in the panel, or cut off by a crash.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.models import Capabilities, Place, Server, Session, SessionState, Stands
from bot.services.rules import Applicant, Verdict, judge_claim

HIGHEST_RANK = 255

Sessions = Mapping[str, Session | None]  # by session id; None: the platform no longer has it


@dataclass(frozen=True, slots=True)
class Exchange:
    """One side of a swap, as far as the steps care."""

    roblox_id: int
    old: Place  # what is given up
    new: Place  # what is taken


@dataclass(frozen=True, slots=True)
class Step:
    """One write."""

    side: int  # 0: the proposer's
    claiming: bool
    old: bool  # it is about the role that the side gives up, else about the one it takes
    place: Place
    roblox_id: int

    @property
    def name(self) -> str:
        """As it is stored before it is begun."""
        what, which = "claim" if self.claiming else "release", "old" if self.old else "new"
        return f"{self.side} {what} {which}"


def to_step(name: str, sides: Sequence[Exchange]) -> Step | None:
    """The step of this name; None for the name of none."""
    number, _, rest = name.partition(" ")
    what, _, which = rest.partition(" ")
    if number not in ("0", "1"):
        return None
    side = sides[int(number)]
    return _step(int(number), side, claiming=what == "claim", old=which == "old")


def next_step(
    sides: Sequence[Exchange], sessions: Sessions, *, back: bool, lost: Collection[int] = ()
) -> Step | None:
    """The next write; None when everything is as it should be.

    `back`: both shall have their old roles again. Nothing more is done for `lost` sides.
    """
    sides_left = [(number, side) for number, side in enumerate(sides) if number not in lost]
    for number, side in sides_left:
        unwanted = side.new if back else side.old
        if holds(sessions, unwanted, side.roblox_id):
            return _step(number, side, claiming=False, old=not back)
    for number, side in sides_left:
        wanted = side.old if back else side.new
        if not holds(sessions, wanted, side.roblox_id):
            return _step(number, side, claiming=True, old=back)
    return None


def holds(sessions: Sessions, place: Place, roblox_id: int) -> bool:
    """Whether the readings show that the person has the place."""
    session = sessions.get(place.session_id)
    return session is not None and roblox_id in session.holders(place.server_id, place.role_id)


def shows(step: Step, sessions: Sessions) -> bool:
    """Whether the readings show that the write was stored."""
    return holds(sessions, step.place, step.roblox_id) is step.claiming


def stands(side: Exchange, sessions: Sessions) -> Stands:
    """What a side holds of the two roles."""
    old = holds(sessions, side.old, side.roblox_id)
    new = holds(sessions, side.new, side.roblox_id)
    if old and new:
        return Stands.BOTH
    return Stands.OLD if old else Stands.NEW if new else Stands.NEITHER


def emptied(session: Session, sides: Sequence[Exchange]) -> Session:
    """The session as it will be between the releases and the claims."""
    given = {
        (side.old.server_id, side.old.role_id, side.roblox_id)
        for side in sides
        if side.old.session_id == session.session_id  # servers of two may have the same id
    }
    return replace(session, servers=tuple(_without(server, given) for server in session.servers))


def obstacle(
    step: Step, session: Session, reserved: frozenset[int], capabilities: Capabilities,
    now: datetime, *, back: bool,
) -> Verdict | None:  # fmt: skip
    """Why a claim of the exchange must not be sent any more, or None.

    Whether the two may have the roles was judged before; this is what can change on the way. To
    give back what somebody had, the session need not be open.
    """
    if back:
        later = now + timedelta(hours=1)
        session = replace(session, state=SessionState.LIVE, ends_at=later, claimable=True)
    applicant = Applicant(step.roblox_id, HIGHEST_RANK, by_host=True)
    return judge_claim(session, step.place, applicant, reserved, capabilities, now)


def overfull(session: Session | None, place: Place) -> bool:
    """Whether more hold the place than may: somebody in the panel claimed at the same moment."""
    role = session.role(place.group_id, place.role_id) if session else None
    if session is None or role is None or role.capacity is None:
        return False
    return len(session.holders(place.server_id, place.role_id)) > role.capacity


def _step(number: int, side: Exchange, *, claiming: bool, old: bool) -> Step:
    return Step(number, claiming, old, side.old if old else side.new, side.roblox_id)


def _without(server: Server, given: Collection[tuple[str, str, int]]) -> Server:
    kept = [
        claim
        for claim in server.claims
        if (server.server_id, claim.role_id, claim.roblox_id) not in given
    ]
    return replace(server, claims=tuple(kept))
