"""Which services a guild lets Muster ask, their keys, and what they last said about a member."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Row, delete, select, update

from bot.models import IdentityKind, ServiceAnswer, ServiceKey
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.linking_tables import identity_services, service_answers
from bot.store.privacy_tables import require_kept

_c = identity_services.c
_SHOWN = [_c[name] for name in ServiceKey.__dataclass_fields__]  # everything but the key
_HAS_KEY = _c.encrypted_key != ""  # a guild that took Muster out has none any more
_SHORTEST_HINTED = 12  # of a shorter key, four characters would be too much to show


class IdentityServiceStore:
    """Rows of `identity_services` and `service_answers`. Keys are encrypted in between."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring

    async def set_key(
        self, guild_id: int, kind: IdentityKind, key: SecretStr, by: int, now: datetime
    ) -> None:
        """Let this guild use the service with this key, in place of an earlier one.

        Raises Refusal when Muster was taken out of the guild.
        """
        plain = key.get_secret_value()
        values: dict[str, Any] = {
            "guild_id": guild_id,
            "kind": kind,
            "encrypted_key": self._keyring.encrypt(key),
            "key_id": self._keyring.key_id,
            "key_hint": plain[-4:] if len(plain) >= _SHORTEST_HINTED else "",
            "set_by": by,
            "set_at": now,
        }
        upsert = (
            self._database.insert(identity_services)
            .values(values)
            .on_conflict_do_update(index_elements=[_c.guild_id, _c.kind], set_=values)
        )
        async with self._database.write() as connection:
            await require_kept(connection, guild_id)
            await connection.execute(upsert)

    async def list_all(self, guild_id: int) -> list[ServiceKey]:
        """The services of this guild, by name."""
        query = select(*_SHOWN).where(_c.guild_id == guild_id, _HAS_KEY).order_by(_c.kind)
        async with self._database.read() as connection:
            return [_to_service(row) for row in await connection.execute(query)]

    async def get_key(self, guild_id: int, kind: IdentityKind) -> SecretStr | None:
        """The guild's key; None without one. Raises StartRefused when the ring cannot open it."""
        query = select(_c.encrypted_key).where(_own(guild_id, kind), _HAS_KEY)
        async with self._database.read() as connection:
            token = await connection.scalar(query)
        return self._keyring.decrypt(token) if token is not None else None

    async def remove(self, guild_id: int, kind: IdentityKind) -> ServiceKey | None:
        """Erase the key; returns what was known about it."""
        removal = delete(identity_services).where(_own(guild_id, kind)).returning(*_SHOWN)
        async with self._database.write() as connection:
            row = (await connection.execute(removal)).one_or_none()
        return _to_service(row) if row else None

    async def rotate_keys_anywhere(self) -> int:
        """Encrypt again what an older key of the ring encrypted; returns how many were.

        Raises StartRefused when one of them cannot be decrypted; then nothing is changed.
        """
        old = select(_c.guild_id, _c.kind, _c.encrypted_key).where(
            _c.key_id != self._keyring.key_id, _HAS_KEY
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(old.with_for_update())).all()
            for row in rows:
                rotated = self._keyring.rotate(row.encrypted_key)
                await connection.execute(
                    update(identity_services)
                    .where(_own(row.guild_id, row.kind))
                    .values(encrypted_key=rotated, key_id=self._keyring.key_id)
                )
        return len(rows)

    async def note_answer(self, answer: ServiceAnswer) -> None:
        """Keep what a service said, in place of what it said before."""
        values = asdict(answer)
        keys = [service_answers.c.discord_id, service_answers.c.guild_id, service_answers.c.kind]
        upsert = (
            self._database.insert(service_answers)
            .values(values)
            .on_conflict_do_update(index_elements=keys, set_=values)
        )
        async with self._database.write() as connection:
            await connection.execute(upsert)

    async def get_answer(
        self, guild_id: int, discord_id: int, kind: IdentityKind
    ) -> ServiceAnswer | None:
        """What the service last said about this member of this guild."""
        query = select(service_answers).where(
            service_answers.c.discord_id == discord_id,
            service_answers.c.guild_id == guild_id,
            service_answers.c.kind == kind,
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return ServiceAnswer(**row._mapping) if row else None

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase what services said about a member, in one guild or in all."""
        theirs = service_answers.c.discord_id == discord_id
        if guild_id is not None:
            theirs &= service_answers.c.guild_id == guild_id
        async with self._database.write() as connection:
            await connection.execute(delete(service_answers).where(theirs))


def _own(guild_id: int, kind: IdentityKind) -> ColumnElement[bool]:
    return (_c.guild_id == guild_id) & (_c.kind == kind)


def _to_service(row: Row[Any]) -> ServiceKey:
    return ServiceKey(**row._mapping)
