"""The statements that make a year of history, in SQLite's words and in PostgreSQL's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

YEAR = 364 * 86_400  # seconds: a little less than what retention keeps
IN_SESSION = 20  # journal rows of one session
ROLES = 6  # openings of one session
STRANGERS = 2_000  # guilds
FIRST = 1_000_000  # number of the first row made here, in tables that count up
COUNTED = (
    ("announcements", "announcement_id"), ("openings", "opening_id"), ("swaps", "swap_id"),
    ("waitlist", "waitlist_id"), ("link_notices", "notice_id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """How much history, and until when; what is not said here grows in proportion."""

    links: int
    attempts: int
    now: int  # seconds since 1970

    @property
    def sessions(self) -> int:
        """Sessions of all guilds; those of the homes are announced."""
        return max(2, self.attempts // IN_SESSION)


class Words(Protocol):
    """What the two databases spell differently."""

    yes: str
    no: str
    random: str  # 32 hexadecimal digits

    def numbers(self, count: int) -> str:
        """A table `c` of the numbers `n` from 0."""

    def at(self, seconds: str) -> str:
        """A moment, from seconds since 1970."""

    def hexadecimal(self, number: str, digits: int) -> str:
        """A number in so many digits."""


class Sqlite:
    """SQLite's words."""

    yes, no = "1", "0"
    random = "lower(hex(randomblob(16)))"

    def numbers(self, count: int) -> str:
        """By counting."""
        return (
            "(WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c"
            f" WHERE n < {count} - 1) SELECT n FROM c WHERE n < {count}) AS c"
        )

    def at(self, seconds: str) -> str:
        """As SQLAlchemy writes times there."""
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')"

    def hexadecimal(self, number: str, digits: int) -> str:
        """Formatted."""
        return f"printf('%0{digits}x', {number})"


class Postgres:
    """PostgreSQL's words."""

    yes, no = "true", "false"
    random = "replace(gen_random_uuid()::text, '-', '')"

    def numbers(self, count: int) -> str:
        """By its own function."""
        return f"generate_series(0::bigint, {count} - 1) AS c(n)"

    def at(self, seconds: str) -> str:
        """With a zone."""
        return f"to_timestamp({seconds})"

    def hexadecimal(self, number: str, digits: int) -> str:
        """Padded."""
        return f"lpad(to_hex({number}), {digits}, '0')"


def list_statements(w: Words, parts: Parts, homes: int, members: int) -> Iterator[str]:
    """Every statement, in an order that keeps foreign keys true.

    They join the tables `homes` and `members`, which have so many rows.
    """
    yield from _of_links(w, parts, homes)
    yield from _of_sessions(w, parts, homes)
    yield from _of_claims(w, parts, homes, members)


def _home(session: str, homes: int) -> str:
    """Joins the home of a session: every second session has one."""
    return f"LEFT JOIN homes h ON ({session}) % 2 = 0 AND h.number = ({session}) / 2 % {homes}"


def _guild(number: str) -> str:
    return f"coalesce(h.guild_id, 800000000000000000 + {number} % {STRANGERS} * 4194304)"


def _of_links(w: Words, parts: Parts, homes: int) -> Iterator[str]:
    """Links, and what grows with them. Nobody's name is so old that it has to be read anew."""
    count, now = parts.links, parts.now
    who, linked = "300000000000000000 + n * 104729", w.at(f"{now} - n % {YEAR}")
    read = w.at(f"{now} - n % 2500000")
    yield f"""
    INSERT INTO links (guild_id, discord_id, roblox_id, username, username_at, source, linked_by,
                       linked_at)
    SELECT {_guild("n")}, {who}, 2000000000 + n * 7, 'Builder_' || n, {read},
           CASE n % 5 WHEN 0 THEN 'proof' WHEN 1 THEN 'bloxlink' ELSE 'import' END,
           {who}, {linked}
    FROM {w.numbers(count)} {_home("n", homes)}
    """
    yield f"""
    INSERT INTO proofs (discord_id, roblox_id, username, username_at, proved_at)
    SELECT 300000000000000000 + n * 5 * 104729, 2000000000 + n * 35, 'Builder_' || n, {read},
           {linked}
    FROM {w.numbers(count // 5)}
    """
    yield f"""
    INSERT INTO preferences (guild_id, discord_id, reminders, direct)
    SELECT {_guild("n")}, {who}, {w.yes}, {w.yes}
    FROM {w.numbers(count // 10)} {_home("n", homes)}
    """
    yield f"""
    INSERT INTO service_answers (discord_id, guild_id, kind, roblox_id, asked_at)
    SELECT {who}, {_guild("n")}, 'bloxlink', 2000000000 + n * 7, {linked}
    FROM {w.numbers(count // 5)} {_home("n", homes)}
    """
    yield f"""
    INSERT INTO link_notices (notice_id, guild_id, discord_id, kind, roblox_id, username, by_id,
                              at, told)
    SELECT {FIRST} + n, {_guild("n")}, {who}, 'linked', 2000000000 + n * 7, 'Builder_' || n, 99,
           {linked}, {w.yes}
    FROM {w.numbers(count // 10)} {_home("n", homes)}
    """


def _of_sessions(w: Words, parts: Parts, homes: int) -> Iterator[str]:
    """What homes posted: `n` counts their sessions, which are every second one."""
    posted = parts.sessions // 2
    starts = f"{parts.now} - {YEAR} - 7200 + n * {YEAR} / {posted}"
    start, end = w.at(starts), w.at(f"{starts} + 3600")
    home = f"JOIN homes h ON h.number = n % {homes}"
    yield f"""
    INSERT INTO announcements (announcement_id, guild_id, workspace_id, session_id, channel_id,
        message_id, state, host_id, title, starts_at, ends_at, note, ping, rendered_hash,
        touched_at, posted_title, posted_starts_at)
    SELECT {FIRST} + n, h.guild_id, h.workspace_id, {w.hexadecimal("n * 2", 24)},
           1100000000000000000, 1200000000000000000 + n, 'ended', 400000000000000000 + n % 50,
           'Evening Training', {start}, {end}, '', {w.no}, {w.random}, {start},
           'Evening Training', {start}
    FROM {w.numbers(posted)} {home}
    """
    yield f"""
    INSERT INTO openings (opening_id, announcement_id, server_id, group_id, role_id, role_name,
                          server_name, position, active)
    SELECT {FIRST} + n, {FIRST} + n / {ROLES}, 'main-0', {w.hexadecimal("7", 24)},
           {w.hexadecimal(f"n % {ROLES}", 24)}, 'Role ' || n % {ROLES}, 'Main', n % {ROLES},
           {w.yes}
    FROM {w.numbers(posted * ROLES)}
    """
    yield f"""
    INSERT INTO seen_claims (opening_id, roblox_id)
    SELECT {FIRST} + n / 10 * {ROLES} + n % {ROLES}, 2000000000 + n * 7
    FROM {w.numbers(posted * 10)}
    """
    yield f"""
    INSERT INTO sent_reminders (announcement_id, discord_id, minutes, starts_at)
    SELECT {FIRST} + n / 8, CASE n % 8 WHEN 0 THEN 0 ELSE 300000000000000000 + n * 104729 END, 30,
           {w.at(f"{parts.now} - {YEAR} - 7200 + n / 8 * {YEAR} / {posted}")}
    FROM {w.numbers(posted * 8)}
    """
    yield f"""
    INSERT INTO departure_checks (announcement_id, starts_at)
    SELECT {FIRST} + n, {start} FROM {w.numbers(posted)}
    """
    yield f"""
    INSERT INTO departures (announcement_id, discord_id, noticed_at, dealt_with)
    SELECT {FIRST} + n * 20, 300000000000000000 + n * 104729, {w.at(str(parts.now))}, {w.yes}
    FROM {w.numbers(posted // 20)}
    """


def _of_claims(w: Words, parts: Parts, homes: int, members: int) -> Iterator[str]:
    """The journal and its companions. Two of a hundred were never told their ending."""
    count, session = parts.attempts, f"n / {IN_SESSION}"
    when = f"{parts.now} - {YEAR} + n * {YEAR} / {count}"
    member = (
        f"LEFT JOIN members m ON n % 10 = 0 AND m.number = (n / 10 * 7 + n / 1000)"
        f" % {max(1, members)}"
    )
    who = "coalesce(m.discord_id, 300000000000000000 + n * 104729)"
    opening = f"{FIRST} + {session} / 2 * {ROLES} + n % {ROLES}"
    place = f"""'readmin', {w.hexadecimal(session, 24)}, 'main-0', {w.hexadecimal("7", 24)},
           {w.hexadecimal(f"n % {ROLES}", 24)}"""
    yield f"""
    INSERT INTO claim_attempts (operation_id, kind, state, guild_id, workspace_id,
        announcement_id, opening_id, upstream, session_id, server_id, group_id, role_id, door,
        actor_id, subject_id, roblox_id, created_at, interaction_id, encrypted_token, sent_at,
        settled_at, reason, owner, told)
    SELECT {w.random}, CASE n % 6 WHEN 5 THEN 'release' ELSE 'claim' END,
           CASE n % 5 WHEN 4 THEN 'refused' ELSE 'confirmed' END, {_guild(session)},
           coalesce(h.workspace_id, 0), {FIRST} + {session} / 2, {opening}, {place},
           CASE n % 10 WHEN 9 THEN 'host' ELSE 'button' END,
           CASE n % 10 WHEN 9 THEN 400000000000000000 + n % 50 ELSE {who} END, {who},
           2000000000 + n % {max(1, parts.links)} * 7, {w.at(when)},
           1300000000000000000 + n * 1000, '', {w.at(when)}, {w.at(when)},
           CASE n % 5 WHEN 4 THEN 'full' ELSE 'claimed' END, 77,
           CASE n % 50 WHEN 49 THEN {w.no} ELSE {w.yes} END
    FROM {w.numbers(count)} {_home(session, homes)} {member}
    """
    yield f"""
    INSERT INTO refusals (reference, guild_id, announcement_id, opening_id, actor_id, subject_id,
                          door, code, at)
    SELECT {w.hexadecimal("n", 8)}, {_guild("n")}, {FIRST} + n / 10, {FIRST} + n / 2,
           300000000000000000 + n * 104729, 300000000000000000 + n * 104729, 'button', 'closed',
           {w.at(f"{parts.now} - {YEAR} + n * {YEAR} / {max(1, count // 5)}")}
    FROM {w.numbers(count // 5)} {_home("n", homes)}
    """
    yield f"""
    INSERT INTO resumes (discord_id, guild_id, opening_id, asked_at)
    SELECT 300000000000000000 + n * 104729, {_guild("n")}, {FIRST} + n,
           {w.at(f"{parts.now} - n % 80000")}
    FROM {w.numbers(count // 1000)} {_home("n", homes)}
    """
    yield f"""
    INSERT INTO waitlist (waitlist_id, guild_id, workspace_id, announcement_id, opening_id,
        upstream, session_id, server_id, group_id, role_id, discord_id, roblox_id, since, state,
        reason, told, tried_at, changed_at)
    SELECT {FIRST} + n, {_guild(session)}, coalesce(h.workspace_id, 0), {FIRST} + {session} / 2,
           {opening}, {place}, 300000000000000000 + n * 104729, 2000000000 + n * 7,
           {w.at(f"{parts.now} - n % 1000000")}, 'ended', 'over', {w.no},
           {w.at(f"{parts.now} + 86400")}, {w.at(f"{parts.now} - n % 1000000")}
    FROM {w.numbers(max(100, count // 5000))} {_home(session, homes)}
    """
    yield f"""
    INSERT INTO swaps (swap_id, key, guild_id, workspace_id, actor_id, by_host, state, asked_at,
                       expires_at, accepted_at, settled_at, owner)
    SELECT {FIRST} + n, {w.hexadecimal("n", 24)}, {_guild("n")}, coalesce(h.workspace_id, 0),
           300000000000000000 + n * 104729, {w.no}, 'done', {w.at(when)}, {w.at(when)},
           {w.at(when)}, {w.at(when)}, 77
    FROM {w.numbers(count // 200)} {_home("n", homes)}
    """
    yield f"""
    INSERT INTO swap_sides (swap_id, side, guild_id, discord_id, roblox_id, opening_id, live, news,
                            stands, asked_at)
    SELECT {FIRST} + n / 2, n % 2, {_guild("n / 2")}, 300000000000000000 + n * 104729,
           2000000000 + n * 7, {FIRST} + n, {w.no}, 'none', 'new', {w.at(when)}
    FROM {w.numbers(count // 200 * 2)} {_home("n / 2", homes)}
    """
