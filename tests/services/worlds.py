"""A session as a platform would show it, and small changes to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.models import Capabilities, Claim, Place, Role, Server, Session, SessionState

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

READMIN = Capabilities(
    can_release=True, has_servers=True, enforces_limits=False, one_claim_per_server=True,
    loses_writes=True,
)  # fmt: skip
SERIES = Capabilities(
    can_release=True, has_servers=False, enforces_limits=True, one_claim_per_server=False
)

TRAINER = Role("staff", "Staff", "trainer", "Trainer", capacity=1)
HELPER = Role("staff", "Staff", "helper", "Helper", capacity=2)
GUARD = Role("staff", "Staff", "guard", "Guard", capacity=None)
MAIN, SECOND = Server("main", "Main"), Server("second", "Second")

SESSION = Session(
    session_id="training",
    name="12:00 Training",
    description="",
    state=SessionState.SCHEDULED,
    starts_at=NOW + HOUR,
    ends_at=NOW + 2 * HOUR,
    servers=(MAIN,),
    roles=(TRAINER, HELPER, GUARD),
    group_id=77,
)


def place_of(role: Role = TRAINER, server: Server = MAIN) -> Place:
    """Where a claim of this role goes."""
    return Place(SESSION.session_id, server.server_id, role.group_id, role.role_id)


def with_claims(
    session: Session, *roblox_ids: int, role: Role = TRAINER, server: str = "main"
) -> Session:
    """The session with further claims of one role."""
    more = tuple(Claim(roblox_id, role.role_id, role.name) for roblox_id in roblox_ids)
    servers = tuple(
        replace(one, claims=one.claims + more) if one.server_id == server else one
        for one in session.servers
    )
    return replace(session, servers=servers)


def with_role(session: Session, changed: Role) -> Session:
    """The session with one role's limits changed."""
    roles = tuple(changed if role.role_id == changed.role_id else role for role in session.roles)
    return replace(session, roles=roles)
