"""The workspaces that guilds have connected, and their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict, Unpack

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Row, delete, select, update

from bot.errors import Refusal
from bot.models import ClashPolicy, Leavers, ProviderKind, Workspace, WorkspaceState
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.keyed import Keyed
from bot.store.keyring import KeyRing
from bot.store.privacy_tables import is_kept, require_kept
from bot.store.reads import Reads
from bot.store.tables import IS_AUTOMATIC, workspaces

_c = workspaces.c
_SHORTEST_HINTED = 12  # of a shorter key, four characters would be too much to show
_SHOWN = [_c[name] for name in Workspace.__dataclass_fields__]  # everything but the key
_OF_IDS = Keyed(select(*_SHOWN), _c.workspace_id)
_IN_ORDER = select(*_SHOWN).order_by(_c.guild_id, _c.folded_name)
_OF_GUILDS = Keyed(_IN_ORDER, _c.guild_id)


class WorkspaceSettings(TypedDict, total=False):
    """What an admin may change about a connected workspace."""

    announcement_channel_id: int | None
    log_channel_id: int | None
    ping_role_id: int | None
    host_role_ids: frozenset[int]
    claimer_role_ids: frozenset[int]
    barred_role_ids: frozenset[int]
    clash: ClashPolicy
    auto_lead_minutes: int | None
    auto_filter: str
    auto_ping: bool
    cutoff_minutes: int | None
    threads: bool
    reminder_minutes: frozenset[int]
    leavers: Leavers
    host_swaps: bool


class WorkspaceStore:
    """Rows of `workspaces`. Keys go in and come out as SecretStr and are encrypted in between."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring
        self._gets = Reads(database, self._get_all)
        self._of_guilds = Reads(database, self._list_of_guilds)

    async def add(
        self,
        guild_id: int,
        name: str,
        kind: ProviderKind,
        base_url: str,
        key: SecretStr,
        *,
        now: datetime,
        **settings: Unpack[WorkspaceSettings],
    ) -> Workspace:
        """Connect a workspace.

        Raises Refusal when the guild has one of that name, or took Muster out.
        """
        values: dict[str, Any] = {"host_role_ids": frozenset(), "claimer_role_ids": frozenset()}
        values |= settings
        values |= self._key_columns(key, now)
        insert = self._database.insert(workspaces).values(
            guild_id=guild_id,
            name=name,
            folded_name=name.casefold(),
            kind=kind,
            base_url=base_url,
            state=WorkspaceState.OK,
            state_since=now,
            **values,
        )
        async with self._database.write() as connection:
            await require_kept(connection, guild_id)
            added = await connection.execute(insert.on_conflict_do_nothing().returning(*_SHOWN))
            row = added.one_or_none()
        if row is None:
            raise Refusal("That name is already used by another workspace here. Choose another.")
        return _to_workspace(row)

    async def get(self, guild_id: int, workspace_id: int) -> Workspace | None:
        """One workspace of this guild."""
        found = await self.get_anywhere(workspace_id) if fits(workspace_id) else None
        return found if found is not None and found.guild_id == guild_id else None

    async def get_anywhere(self, workspace_id: int) -> Workspace | None:
        """One workspace of any guild, for the process's own workers."""
        return await self._gets.get(workspace_id)

    async def get_by_name(self, guild_id: int, name: str) -> Workspace | None:
        """One workspace of this guild, by its short name in any case."""
        return await self._one(_c.guild_id == guild_id, _c.folded_name == name.casefold())

    async def list_all(self, guild_id: int) -> list[Workspace]:
        """Every workspace of this guild, by name."""
        return list(await self._of_guilds.get(guild_id) or ())

    async def list_anywhere(self) -> list[Workspace]:
        """Every workspace of every guild of ours that Muster is in, for our own workers."""
        return await self._list(is_kept(_c.guild_id), self._database.ours(_c.guild_id))

    async def list_automatic(self) -> list[Workspace]:
        """Those of them that post sessions by themselves."""
        ours = (is_kept(_c.guild_id), self._database.ours(_c.guild_id))
        query = select(*_SHOWN).where(IS_AUTOMATIC, *ours).order_by(_c.workspace_id)
        async with self._database.read() as connection:
            return [_to_workspace(row) for row in await connection.execute(query)]

    async def get_key(self, workspace_id: int) -> SecretStr:
        """The platform's key.

        Raises Refusal when the workspace is gone, StartRefused when the key ring cannot open it.
        Never asked for one in state NO_KEY.
        """
        async with self._database.read() as connection:
            token = await connection.scalar(
                select(_c.encrypted_key).where(_c.workspace_id == workspace_id)
            )
        if token is None:
            raise Refusal("This workspace is not connected any more.")
        return self._keyring.decrypt(token)

    async def set_key(
        self, guild_id: int, workspace_id: int, key: SecretStr, now: datetime
    ) -> Workspace | None:
        """Put a new key in place of the old one; None when the guild has no such workspace.

        Raises Refusal when Muster was taken out of the guild.
        """
        values, own = self._key_columns(key, now), _own(guild_id, workspace_id)
        change = update(workspaces).where(own).values(values).returning(*_SHOWN)
        async with self._database.write() as connection:
            await require_kept(connection, guild_id)
            row = (await connection.execute(change)).one_or_none()
        return _to_workspace(row) if row else None

    async def update(
        self, guild_id: int, workspace_id: int, **settings: Unpack[WorkspaceSettings]
    ) -> Workspace | None:
        """Change the named settings; None when the guild has no such workspace."""
        if not settings:
            return await self.get(guild_id, workspace_id)
        return await self._update(_own(guild_id, workspace_id), dict(settings))

    async def set_state(self, workspace_id: int, state: WorkspaceState, now: datetime) -> None:
        """Note whether the connection works, and since when if that is news; not without a key."""
        news = (_c.workspace_id == workspace_id) & (_c.state != state) & (_c.encrypted_key != "")
        await self._update(news, {"state": state, "state_since": now})

    async def remove(self, guild_id: int, workspace_id: int) -> Workspace | None:
        """Forget a workspace, its key and its announcements; the journal stays.

        Returns what was forgotten; None when the guild has no such workspace.
        """
        removal = delete(workspaces).where(_own(guild_id, workspace_id)).returning(*_SHOWN)
        async with self._database.write() as connection:
            row = (await connection.execute(removal)).one_or_none()
        return _to_workspace(row) if row else None

    async def rotate_keys_anywhere(self) -> int:
        """Encrypt again what an older key of the ring encrypted; returns how many were.

        Raises StartRefused when one of them cannot be decrypted; then nothing is changed.
        """
        old = select(_c.workspace_id, _c.encrypted_key).where(
            _c.key_id != self._keyring.key_id, _c.encrypted_key != ""
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(old.with_for_update())).all()
            for row in rows:
                rotated = self._keyring.rotate(row.encrypted_key)
                await connection.execute(
                    update(workspaces)
                    .where(_c.workspace_id == row.workspace_id)
                    .values(encrypted_key=rotated, key_id=self._keyring.key_id)
                )
        return len(rows)

    def _key_columns(self, key: SecretStr, now: datetime) -> dict[str, Any]:
        plain = key.get_secret_value()
        return {
            "encrypted_key": self._keyring.encrypt(key),
            "key_id": self._keyring.key_id,
            "key_hint": plain[-4:] if len(plain) >= _SHORTEST_HINTED else "",
            "key_set_at": now,
        }

    async def _get_all(self, workspace_ids: Collection[int]) -> dict[int, Workspace]:
        rows = await self._database.find(_OF_IDS, workspace_ids)
        found = [_to_workspace(row) for row in rows]
        return {workspace.workspace_id: workspace for workspace in found}

    async def _list_of_guilds(self, guild_ids: Collection[int]) -> dict[int, list[Workspace]]:
        found: dict[int, list[Workspace]] = defaultdict(list)
        for row in await self._database.find(_OF_GUILDS, guild_ids):
            found[row.guild_id].append(_to_workspace(row))
        return found

    async def _one(self, *conditions: ColumnElement[bool]) -> Workspace | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(*_SHOWN).where(*conditions))).one_or_none()
        return _to_workspace(row) if row else None

    async def _list(self, *conditions: ColumnElement[bool]) -> list[Workspace]:
        async with self._database.read() as connection:
            rows = await connection.execute(_IN_ORDER.where(*conditions))
            return [_to_workspace(row) for row in rows]

    async def _update(self, which: ColumnElement[bool], values: dict[str, Any]) -> Workspace | None:
        change = update(workspaces).where(which).values(values).returning(*_SHOWN)
        async with self._database.write() as connection:
            row = (await connection.execute(change)).one_or_none()
        return _to_workspace(row) if row else None


def _own(guild_id: int, workspace_id: int) -> ColumnElement[bool]:
    return (_c.workspace_id == workspace_id) & (_c.guild_id == guild_id)


def _to_workspace(row: Row[Any]) -> Workspace:
    return Workspace(**row._mapping)
