"""Which Discord roles may claim single roles of a workspace."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select

from bot.errors import Refusal
from bot.models import RoleRule
from bot.store.database import Database
from bot.store.keyed import Keyed
from bot.store.reads import Reads
from bot.store.tables import role_rules, workspaces

_c = role_rules.c
_SHOWN = [_c[name] for name in RoleRule.__dataclass_fields__]
_OF_ROLES = Keyed(select(*_SHOWN), _c.workspace_id, _c.group_id, _c.role_id)
_Role = tuple[int, str, str]  # workspace id, group id, role id


class RoleRuleStore:
    """Rows of `role_rules`; they go with their workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gets = Reads(database, self._get_all)

    async def get(self, workspace_id: int, group_id: str, role_id: str) -> RoleRule | None:
        """The rule of one claimable role."""
        return await self._gets.get((workspace_id, group_id, role_id))

    async def _get_all(self, roles: Collection[_Role]) -> dict[_Role, RoleRule]:
        rules = [_to_rule(row) for row in await self._database.find(_OF_ROLES, roles)]
        return {(rule.workspace_id, rule.group_id, rule.role_id): rule for rule in rules}

    async def list_all(self, workspace_id: int) -> list[RoleRule]:
        """Every rule of a workspace, by the role's name."""
        query = select(*_SHOWN).where(_c.workspace_id == workspace_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return sorted((_to_rule(row) for row in rows), key=lambda rule: rule.role_name.casefold())

    async def set(self, rule: RoleRule) -> None:
        """Put a rule in place of the role's earlier one; a rule that says nothing is removed.

        Raises Refusal when the workspace is gone.
        """
        own = workspaces.c.workspace_id == rule.workspace_id
        lock = select(workspaces.c.workspace_id).where(own).with_for_update()
        earlier = delete(role_rules).where(_is(rule.workspace_id, rule.group_id, rule.role_id))
        async with self._database.write() as connection:
            # Locked first: two admins who change one rule at the same moment take turns.
            if (await connection.execute(lock)).one_or_none() is None:
                raise Refusal("This workspace is not connected here any more.")
            await connection.execute(earlier)
            if rule.allowed_role_ids or rule.barred_role_ids:
                values = {name: getattr(rule, name) for name in RoleRule.__dataclass_fields__}
                await connection.execute(role_rules.insert().values(values))


def _is(workspace_id: int, group_id: str, role_id: str) -> ColumnElement[bool]:
    return (_c.workspace_id == workspace_id) & (_c.group_id == group_id) & (_c.role_id == role_id)


def _to_rule(row: Row[Any]) -> RoleRule:
    return RoleRule(**row._mapping)
