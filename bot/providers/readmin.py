"""What ReAdmin v1 and v2 share: role groups, raw records, names of servers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.errors import NotClaimable, UpstreamFacts, UpstreamNotFound
from bot.models import Claim, ClaimsForm, Game, Place, Role, Server, Session, SessionState
from bot.providers import ids
from bot.providers.bounds import Monotonic
from bot.providers.dialects import Dialect
from bot.providers.payloads import parse_each, parse_values, to_roblox_id
from bot.providers.readmin_payloads import (
    GamePayload,
    RawClaim,
    RawServer,
    RawSession,
    RoleGroupPayload,
    RolePayload,
    TemplatePayload,
)

GROUPS_LIVE = 60.0  # seconds
NICKNAME_LENGTH = 80
# In a list an id up to this is an index: the list is filled up with nulls, and the session with it
# becomes unreadable. Larger ones are refused by ReAdmin's database.
LAST_LIST_INDEX = 1_500_000
PLACEHOLDER = "notCreated:"

Groups = Mapping[str, tuple[Role, ...]]


class RoleGroups:
    """The workspace's role groups, kept for a minute, and asked for anew when one is unknown."""

    def __init__(self, fetch: Callable[[], Awaitable[Groups]], monotonic: Monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._groups: Groups = {}
        self._deleted: set[str] = set()  # asked for, and the platform did not have them
        self._stale_at = float("-inf")  # monotonic seconds

    async def forget(self) -> None:
        """What is kept, or just being read, is not good enough for who asks next."""
        async with self._lock:
            self._stale_at = float("-inf")

    async def covering(self, group_ids: Iterable[str]) -> Groups:
        """All role groups; those with these ids among them, unless they were deleted."""
        wanted = set(group_ids)
        async with self._lock:
            now = self._monotonic()
            fresh = now < self._stale_at
            if not fresh:
                self._deleted.clear()
            if not fresh or wanted - self._groups.keys() - self._deleted:
                self._groups = await self._fetch()
                self._stale_at = now + GROUPS_LIVE
                self._deleted |= wanted - self._groups.keys()
            return self._groups


def to_groups(items: Iterable[Any], dialect: Dialect) -> Groups:
    """Role groups by id, each with its roles in order."""
    groups = {}
    for group in parse_each(RoleGroupPayload, items, dialect):
        roles = parse_each(RolePayload, group.roles, dialect)
        groups[group.id] = tuple(_to_role(group, role) for role in roles)
    return groups


def _to_role(group: RoleGroupPayload, role: RolePayload) -> Role:
    return Role(
        group_id=group.id,
        group_name=group.name,
        role_id=role.id,
        name=role.name,
        capacity=role.max_users if role.max_users > 0 else None,
        min_rank=max(role.min_rank, 0),
        claim_once=role.claim_once,
    )


def group_ids_in(items: Iterable[Any]) -> list[str]:
    """The ids among a session's role group ids, each once."""
    return list(dict.fromkeys(item for item in items if isinstance(item, str)))


def offered(groups: Groups, group_ids: Iterable[str]) -> tuple[Role, ...]:
    """The roles of the offered groups, in order; deleted groups offer nothing."""
    return tuple(role for group_id in group_ids for role in groups.get(group_id, ()))


def role_names(groups: Groups) -> dict[str, str]:
    """The name of every role of the workspace, by role id."""
    return {role.role_id: role.name for roles in groups.values() for role in roles}


def server_name(nickname: str | None, number: int) -> str:
    """A server's name: its nickname, cut, or its place in the order (from 1)."""
    return (nickname or "").strip()[:NICKNAME_LENGTH].strip() or f"Server {number}"


def to_game(game: GamePayload | None, template: TemplatePayload | None = None) -> Game | None:
    """The game, as far as it is told."""
    if game is not None and (game.name or game.place_id):
        return Game(game.name, game.place_id)
    if template is not None and template.place_id:
        return Game(None, template.place_id)
    return None


def end_of(starts_at: datetime, ends_at: datetime | None, minutes: int | None) -> datetime:
    """The told end, or the one that ReAdmin would compute: an hour where the template says 0."""
    return ends_at or starts_at + timedelta(minutes=min(max(minutes or 60, 1), 10_000))


def state_at(now: datetime, starts_at: datetime, ends_at: datetime) -> SessionState:
    """The state that follows from the times alone."""
    if now < starts_at:
        return SessionState.SCHEDULED
    return SessionState.LIVE if now <= ends_at else SessionState.ENDED


def to_form(server: RawServer) -> ClaimsForm:
    """How the server stores its claims."""
    return ClaimsForm.LIST if server.is_list else ClaimsForm.MAP


def raw_servers(raw: RawSession, dialect: Dialect) -> dict[str, RawServer]:
    """The readable servers of a record, by id, in order."""
    return parse_values(RawServer, raw.servers, dialect)


def from_raw(raw: RawSession, groups: Groups, now: datetime, dialect: Dialect) -> Session:
    """A v1 record or placeholder as a session. Its state follows from `now` (UTC)."""
    template = raw.template or TemplatePayload()
    ends_at = end_of(raw.date, raw.ends_at, template.session_duration)
    names = role_names(groups)
    servers = tuple(
        Server(
            server_id,
            server_name(server.nickname, number),
            raw_claims(server, names, dialect),
            to_form(server),
        )
        for number, (server_id, server) in enumerate(raw_servers(raw, dialect).items(), start=1)
    )
    placeholder = raw.is_placeholder
    return Session(
        session_id=f"{PLACEHOLDER}{template.id or raw.inner_id}" if placeholder else raw.record_id,
        name=template.name or "Session",
        description=template.description or "",
        state=SessionState.NOT_OPEN if placeholder else state_at(now, raw.date, ends_at),
        starts_at=raw.date,
        ends_at=ends_at,
        servers=servers,
        roles=offered(groups, group_ids_in(template.roles)),
        group_id=raw.group_id,
        game=to_game(raw.game, template),
        claimable=not placeholder,
    )


def raw_claims(server: RawServer, names: Mapping[str, str], dialect: Dialect) -> tuple[Claim, ...]:
    """The claims of a v1 server in either form; a role that `names` lacks was deleted."""
    if isinstance(server.claims, list):
        listed = parse_each(RawClaim, server.claims, dialect, "userId", logging.DEBUG)
        found = [(claim.user_id, claim) for claim in listed]
    else:
        mapped = parse_values(RawClaim, server.claims, dialect, logging.DEBUG)
        found = [(to_roblox_id(user_id), claim) for user_id, claim in mapped.items()]
    claims = []
    for roblox_id, claim in found:
        name = names.get(claim.claimed_role or "")
        role_id = claim.claimed_role if name else None
        if roblox_id is not None:
            claims.append(Claim(roblox_id, role_id, name, claim.claimed_at))
    return tuple(claims)


def placeholders(
    items: Iterable[RawSession], groups: Groups, now: datetime, dialect: Dialect
) -> list[Session]:
    """The sessions among `items` that nobody opened yet and that are not over, each id once."""
    found: dict[str, Session] = {}
    for raw in items:
        if raw.is_placeholder:
            session = from_raw(raw, groups, now, dialect)
            if session.ends_at >= now:
                found.setdefault(session.session_id, session)
    return list(found.values())


def session_id(value: str, platform: str) -> str:
    """`value`, when it can be a session's id; else UpstreamNotFound."""
    if value.startswith(PLACEHOLDER):
        raise UpstreamNotFound(
            f"Nobody opened this session on {platform} yet. Open it in the panel first.",
            UpstreamFacts(platform), "session",
        )  # fmt: skip
    return ids.session_id(value, ids.READMIN_SESSION, platform)


def check_server(session: Session, place: Place, platform: str) -> None:
    """Refuse a claim that could not be stored, or would corrupt the session."""
    server = session.server(place.server_id)
    if server is None:
        text = f"This session has no such server on {platform}."
        raise UpstreamNotFound(text, UpstreamFacts(platform), "server")
    if server.form is ClaimsForm.LIST:
        raise NotClaimable(
            f"This server was made in the {platform} panel, which takes claims only there. Claim"
            " in the panel, or let a host add a server from Discord (the panel, in turn, does not"
            " understand claims on that one).",
            UpstreamFacts(platform),
        )


def check_unknown_form(roblox_id: int, platform: str) -> None:
    """Refuse an id that would corrupt the session, should the server keep its claims as a list."""
    if roblox_id <= LAST_LIST_INDEX:
        raise NotClaimable(
            f"{platform} does not tell how this server keeps its claims, and for a Roblox id this"
            " short that matters. Claim in the panel, or let a host add a server from Discord.",
            UpstreamFacts(platform),
        )


def by_start(sessions: Iterable[Session]) -> list[Session]:
    """In order of start, then id."""
    return sorted(sessions, key=lambda session: (session.starts_at, session.session_id))
