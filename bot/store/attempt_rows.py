"""How an attempt of the journal becomes a row, and a row an attempt."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Row

from bot.models import Attempt, Place
from bot.store.keyring import KeyRing


class AttemptRows:
    """Knows the columns, and the key of the interaction tokens."""

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    def to_row(self, attempt: Attempt, owner: int) -> dict[str, Any]:
        """What is stored of a new attempt."""
        return {
            "operation_id": attempt.operation_id,
            "kind": attempt.kind,
            "state": attempt.state,
            "guild_id": attempt.guild_id,
            "workspace_id": attempt.workspace_id,
            "announcement_id": attempt.announcement_id,
            "opening_id": attempt.opening_id,
            "upstream": attempt.upstream,
            "session_id": attempt.place.session_id,
            "server_id": attempt.place.server_id,
            "group_id": attempt.place.group_id,
            "role_id": attempt.place.role_id,
            "door": attempt.door,
            "actor_id": attempt.actor_id,
            "subject_id": attempt.subject_id,
            "roblox_id": attempt.roblox_id,
            "created_at": attempt.created_at,
            "interaction_id": attempt.interaction_id,
            "encrypted_token": self._keyring.seal(attempt.interaction_token),
            "sent_at": attempt.sent_at,
            "absent_since": attempt.absent_since,
            "settled_at": attempt.settled_at,
            "upstream_status": attempt.upstream_status,
            "reason": attempt.reason,
            "owner": owner,
            "unread_since": attempt.unread_since,
            "repaired": attempt.repaired,
            "with_reason": attempt.with_reason,
            "told": attempt.told,
            "noted": not attempt.noteworthy,
        }

    def to_attempt(self, row: Row[Any]) -> Attempt:
        """What was stored."""
        values = dict(row._mapping)
        values.pop("noted")  # who settles an attempt need not know
        place = Place(**{part.name: values.pop(part.name) for part in fields(Place)})
        token = self._keyring.unseal(values.pop("encrypted_token"), row.operation_id)
        return Attempt(place=place, interaction_token=token, **values)


def saved(attempt: Attempt) -> dict[str, Any]:
    """What changes of an attempt on its way."""
    return {
        "saved_id": attempt.operation_id,
        "done": attempt.state.settled and attempt.told,
        "state": attempt.state,
        "sent_at": attempt.sent_at,
        "absent_since": attempt.absent_since,
        "settled_at": attempt.settled_at,
        "upstream_status": attempt.upstream_status,
        "reason": attempt.reason,
        "unread_since": attempt.unread_since,
        "mended": attempt.repaired,
        "told": attempt.told,
    }
