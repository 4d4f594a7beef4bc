"""At the end: what the platforms hold, the journal says, and the boards and lists show."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from benchmarks.field import FIRST_ACCOUNT, Field
from benchmarks.soak.panel import Community, Panel, end_of, role_buttons
from benchmarks.soak.process import SoakedBot
from benchmarks.soak.traffic import settled
from bot.sandbox.discord.people_actions import People
from bot.sandbox.platforms.documents import utcnow

LABEL = re.compile(r"(?P<role>.+) (?P<held>\d+)/\d+")
LISTS = 15  # members whose /claims is compared
WAIT = 30.0  # seconds for one list
_JOURNAL = """
SELECT session_id, roblox_id, kind, role_id FROM claim_attempts
WHERE state = 'confirmed' ORDER BY rowid
"""
_BOARDS = """
SELECT workspaces.base_url, session_id, message_id FROM announcements
JOIN workspaces USING (workspace_id)
WHERE announcements.state = 'open' AND message_id IS NOT NULL
"""
Held = dict[tuple[str, str], str]  # (session, Roblox id) -> role id


def held_on_platforms(communities: list[Community]) -> Held:
    """Who holds what, in the platforms' own data."""
    return {
        (session["_id"], who): claim["claimedRole"]
        for one in communities
        for session in one.upstream.sessions.values()
        for server in session["servers"].values()
        for who, claim in server["claims"].items()
    }


def journal_differs(bot: SoakedBot, communities: list[Community], panel: Panel) -> list[str]:
    """Where the journal's last word is not what the platform holds.

    Left out is what others changed in the panel, and what they deleted.
    """
    says: Held = {}
    for session_id, roblox_id, kind, role_id in bot.rows(_JOURNAL):
        key = (str(session_id), str(roblox_id))
        says.pop(key, None)
        if kind == "claim":
            says[key] = str(role_id)
    sessions = {number for one in communities for number in one.upstream.sessions}
    says = {key: role for key, role in says.items() if key[0] in sessions}
    holds = held_on_platforms(communities)
    return [
        f"{key}: journal {says.get(key)}, platform {holds.get(key)}"
        for key in says.keys() | holds.keys()
        if says.get(key) != holds.get(key) and key not in panel.touched
    ]


def overbooked(communities: list[Community]) -> list[str]:
    """Roles that more hold than there are places."""
    found = []
    for one in communities:
        (group,) = one.upstream.role_groups
        most = {role["id"]: role["maxUsers"] for role in group["roles"]}
        for session in one.upstream.sessions.values():
            (server,) = session["servers"].values()
            counts = Counter(claim["claimedRole"] for claim in server["claims"].values())
            found += [f"{session['_id']}: {n}" for role, n in counts.items() if n > most[role]]
    return found


def boards_differ(bot: SoakedBot, field: Field, communities: list[Community]) -> list[str]:
    """Open boards whose buttons count otherwise than the platform."""
    by_address = {one.platform.base_url: one for one in communities}
    messages = {m.id: m for c in field.world.channels.values() for m in c.messages.values()}
    found = []
    for address, session_id, message_id in bot.rows(_BOARDS):
        community = by_address[str(address)]
        session = community.upstream.sessions.get(str(session_id))
        message = messages.get(int(str(message_id)))
        if session is None or message is None:
            found.append(f"{session_id}: open, but there is no session or no message")
            continue
        shown, held = _shown(role_buttons(message)), _held(community, session)
        if shown != held:
            found.append(f"{session_id}: shows {shown}, platform {held}")
    return found


def _coming(community: Community, account: str) -> int:
    """Roles that somebody holds in sessions that are not over."""
    return sum(
        account in server["claims"]
        for session in community.upstream.sessions.values()
        for server in session["servers"].values()
        if end_of(session) > utcnow()
    )


def _shown(buttons: list[dict[str, Any]]) -> dict[str, int]:
    labels = (LABEL.match(button["label"]) for button in buttons)
    return {label["role"]: int(label["held"]) for label in labels if label}


def _held(community: Community, session: dict[str, Any]) -> dict[str, int]:
    (server,) = session["servers"].values()
    counts = Counter(claim["claimedRole"] for claim in server["claims"].values())
    (group,) = community.upstream.role_groups
    return {role["name"]: counts[role["id"]] for role in group["roles"]}


async def lists_differ(field: Field, communities: list[Community]) -> list[str]:
    """Members whose `/claims` lists another number of roles than they hold."""
    people, found = People(field.discord.core), []
    for number in range(LISTS):
        community = communities[number % len(communities)]
        member, account = field.members[number], str(FIRST_ACCOUNT + number)
        asked = people.command(
            {"as": str(member.id), "channel_id": str(community.channel.id), "name": "claims",
             "options": {}}
        )  # fmt: skip
        await settled(asked, WAIT)
        message = field.world.channels[asked.channel_id].messages.get(asked.latest_id or 0)
        words = message.content if message else asked.state
        listed, held = words.count("✔ **"), _coming(community, account)
        if listed != held:
            found.append(f"member {number}: lists {listed}, holds {held}: {words!r}")
    return found
