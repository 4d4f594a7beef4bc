"""What is the same story on every platform: one session, its roles, and who stands on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.models import ProviderKind
from bot.sandbox.platforms import seeds

PIP, SABLE, OTTO, FERN, NICO, WREN = (user.user_id for user in seeds.STAFF)


@dataclass(frozen=True)
class Story:
    """A workspace of the seeded worlds and the session that the tests post."""

    kind: ProviderKind
    key: str
    session_id: str
    title: str
    single: str  # a role with one place
    double: str  # a role with two places and a low rank
    ranked: str  # a role that a trainee's rank does not reach
    server: str  # the session's only server; empty where the platform has none
    platform: str  # the platform's name as members read it
    bad_key_words: str

    @property
    def has_release(self) -> bool:
        return self.kind is not ProviderKind.READMIN_V1


def _readmin(kind: ProviderKind) -> Story:
    return Story(
        kind, seeds.NORTHGATE_KEY, seeds.record_id("northgate/soon"), "NG204 Evening Flight",
        "First Officer", "Cabin Crew", "Captain", "Main", kind.label, "Workspace not found",
    )  # fmt: skip


V2 = _readmin(ProviderKind.READMIN_V2)
V1 = _readmin(ProviderKind.READMIN_V1)
SERIES = Story(
    ProviderKind.SERIES, seeds.HARBOUR_KEY, seeds.series_id("harbour/soon"), "Cashier Training",
    "Trainer", "Barista", "Trainer", "", "Series HR", "Invalid API key",
)  # fmt: skip
STORIES = (V2, V1, SERIES)


def holders_in(state: dict[str, Any], session_id: str, role: str) -> list[int]:
    """The Roblox ids that hold this role of the session, in a platform's overview."""
    sessions = [s for w in state["workspaces"] for s in w["sessions"] if s["id"] == session_id]
    found: list[int] = []
    for session in sessions:
        for server in session.get("servers", ()):
            found += [int(c["userId"]) for c in server["claims"] if c["roleName"] == role]
        for slots in session.get("roles", ()):
            found += [int(holder) for holder in slots["holders"] if slots["role"] == role]
    return found
