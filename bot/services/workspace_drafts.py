"""What an admin chose for a new workspace, and what came of connecting it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from bot.errors import Refusal
from bot.models import Health, Probe, ProviderKind, Workspace

MAX_KEY = 1000  # a ReAdmin key has 218 characters; nothing known is longer


@dataclass(frozen=True, slots=True)
class WorkspaceDraft:
    """What an admin chose for a new workspace, before the key."""

    kind: ProviderKind
    name: str = ""
    base_url: str = ""  # empty: the platform's own address
    announcement_channel_id: int | None = None
    log_channel_id: int | None = None
    ping_role_id: int | None = None
    host_role_ids: frozenset[int] = frozenset()
    claimer_role_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Connected:
    """A workspace that answered, what it can do, and what is still in the way."""

    workspace: Workspace
    probe: Probe
    missing: tuple[str, ...]  # "Embed Links in <#1>" and the like
    health: Health | None = None  # of the line that is in use; None: a new one was tried


def to_key(text: str) -> SecretStr:
    """The key as typed or pasted; Refusal when it cannot be one. Never quotes it."""
    key = text.strip()
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Refusal(
            "That is not a key: it must be a single line of plain characters. Copy it again from"
            " the platform and run the command once more."
        )
    return SecretStr(key)
