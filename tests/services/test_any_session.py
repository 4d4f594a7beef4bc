"""Any session whatever: its board is built, and Discord takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.board_controls import to_controls, to_picker
from bot.board_view import to_embed
from bot.models import (
    Announcement,
    AnnouncementState,
    Claim,
    ClaimsForm,
    Game,
    Opening,
    ProviderKind,
    Role,
    Server,
    Session,
    SessionState,
    Workspace,
)
from bot.roster_view import roster_reply
from bot.services.board_facts import full_board, places
from tests import hostile
from tests.services.worlds import NOW
from tests.test_board_controls import assert_takes_components
from tests.test_board_view import assert_discord_takes

texts = st.deferred(lambda: hostile.texts)  # keeps what hypothesis prints short
ids = st.sampled_from([f"id-{n}" for n in range(6)])
people = st.integers(1, 40)
moments = st.integers(-100, 5000).map(lambda minutes: NOW + timedelta(minutes=minutes))
ROLES = st.builds(
    Role, group_id=ids, group_name=texts, role_id=ids, name=texts,
    capacity=st.none() | st.integers(0, 100), min_rank=st.integers(0, 255),
)  # fmt: skip
CLAIMS = st.builds(Claim, roblox_id=people, role_id=st.none() | ids, role_name=st.none() | texts)
SERVERS = st.builds(
    Server, server_id=ids, name=texts, claims=st.lists(CLAIMS, max_size=30).map(tuple),
    form=st.sampled_from(ClaimsForm),
)  # fmt: skip


def _many_roles(drawn: tuple[list[Role], int]) -> tuple[Role, ...]:
    """Up to sixty, of few kinds, each with an id of its own."""
    roles, times = drawn
    many = (roles * times)[:60]
    return tuple(replace(role, role_id=f"role-{n}") for n, role in enumerate(many))


def _many_servers(drawn: tuple[list[Server], int]) -> tuple[Server, ...]:
    servers, times = drawn
    many = (servers * times)[:10]
    return tuple(
        replace(server, server_id=f"server-{n}",
                claims=tuple(replace(c, role_id=f"role-{c.roblox_id % 9}") for c in server.claims))
        for n, server in enumerate(many)
    )  # fmt: skip


SESSIONS = st.builds(
    Session, session_id=ids, name=texts, description=texts, state=st.sampled_from(SessionState),
    starts_at=moments, ends_at=moments,
    servers=st.tuples(st.lists(SERVERS, max_size=3), st.integers(1, 10)).map(_many_servers),
    roles=st.tuples(st.lists(ROLES, max_size=4), st.integers(1, 60)).map(_many_roles),
    game=st.none() | st.builds(Game, st.none() | texts, st.none() | st.integers(1, 2**63 - 1)),
    claimable=st.booleans(),
)  # fmt: skip
ANNOUNCEMENTS = st.builds(
    Announcement, announcement_id=st.integers(1, 2**63 - 1), guild_id=st.just(1),
    workspace_id=st.just(1), session_id=ids, channel_id=st.just(3), message_id=st.just(4),
    state=st.sampled_from(AnnouncementState), host_id=st.integers(0, 2**63 - 1), title=texts,
    starts_at=moments, ends_at=moments, note=texts,
    closed_by=st.none() | st.integers(1, 2**63 - 1), closed_at=st.none() | moments,
    cutoff_minutes=st.none() | st.integers(0, 1440),
    co_host_ids=st.frozensets(st.integers(1, 2**63 - 1), max_size=10), cancel_reason=texts,
    posted_title=texts, posted_starts_at=st.none() | moments,
)  # fmt: skip
WORKSPACES = st.builds(
    Workspace, workspace_id=st.just(1), guild_id=st.just(1), name=texts,
    kind=st.sampled_from(ProviderKind), base_url=st.just("https://example.test"),
    key_hint=st.just(""), key_set_at=st.just(NOW),
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SESSIONS, ANNOUNCEMENTS, WORKSPACES, texts, st.integers(0, 9999), st.sets(st.integers(0, 9)))
def test_any_session_is_a_board_that_discord_takes(
    session: Session, announcement: Announcement, workspace: Workspace, label: str, page: int,
    hidden: set[int],
) -> None:  # fmt: skip
    openings = [
        Opening(number + 1, announcement.announcement_id, place, role, server, number,
                hidden=number % 10 in hidden)
        for number, (place, role, server) in enumerate(places(session))
    ]  # fmt: skip
    labels = {n: f"<@{n}>" if n % 2 else label for n in range(1, 41)}
    board = full_board(announcement, workspace, session, openings, labels, NOW)
    assert_discord_takes(to_embed(board))
    for preview in (True, False):
        assert_takes_components(to_controls(board, preview=preview))
    assert_takes_components(to_picker(board, page))
    roster = roster_reply(board, page)
    assert roster.embed is not None
    assert_discord_takes(roster.embed)
    assert_takes_components(roster.buttons)
