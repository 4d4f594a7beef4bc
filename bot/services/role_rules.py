"""Which Discord roles may claim a single role of a workspace: shown and set by admins."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bot.errors import Refusal
from bot.models import RoleRule, Workspace
from bot.services.catalog import SessionCatalog
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.services.workspaces import WorkspaceService
from bot.store.role_rules import RoleRuleStore
from bot.text import safe


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """One claimable role of a workspace in an autocomplete list."""

    value: str  # short, whatever the platform's own keys are
    group_id: str
    group_name: str
    role_id: str
    name: str


class RoleRules:
    """Owns the rules of single roles; `Policies` applies them."""

    def __init__(
        self, store: RoleRuleStore, workspaces: WorkspaceService, catalog: SessionCatalog
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._catalog = catalog

    async def list_all(self, workspace: Workspace) -> list[RoleRule]:
        """The workspace's rules, by the role's name."""
        return await self._store.list_all(workspace.workspace_id)

    async def list_roles(self, actor: Actor, workspace_name: str) -> list[RoleChoice]:
        """The roles that a rule can be made for, from memory; empty for who is no admin."""
        if not actor.is_admin:
            return []
        try:
            workspace = await self._workspaces.get_by_name(actor.guild_id, workspace_name)
        except Refusal:  # no workspace is chosen yet, and there are several
            return []
        return await self._choices(workspace)

    async def set(
        self,
        actor: Actor,
        workspace: Workspace,
        role: str,
        *,
        allowed: frozenset[int] | None,
        barred: frozenset[int] | None,
    ) -> RoleRule:
        """Change the rule of the chosen or typed role; None leaves that half as it is.

        Raises Refusal when the workspace has no such role.
        """
        require_admin(actor)
        await self._catalog.get_recent(workspace.workspace_id)
        choices = await self._choices(workspace)
        wanted = role.strip()
        found = next((c for c in choices if c.value == wanted), None) or next(
            (c for c in choices if c.name.casefold() == wanted.casefold()), None
        )
        if found is None:
            names = ", ".join(dict.fromkeys(safe(choice.name, 60) for choice in choices[:20]))
            raise Refusal(
                "`only_for` names no role of this workspace's sessions."
                f" Roles I know of: {names or 'none yet'}."
            )
        old = await self._store.get(workspace.workspace_id, found.group_id, found.role_id)
        rule = RoleRule(
            workspace.workspace_id, found.group_id, found.role_id, found.name,
            allowed if allowed is not None else old.allowed_role_ids if old else frozenset(),
            barred if barred is not None else old.barred_role_ids if old else frozenset(),
        )  # fmt: skip
        await self._store.set(rule)
        return rule

    async def _choices(self, workspace: Workspace) -> list[RoleChoice]:
        """Roles of the sessions in memory, and those that have a rule already."""
        found: dict[str, RoleChoice] = {}
        for session in self._catalog.get_sessions(workspace.workspace_id):
            for role in session.roles:
                choice = _choice(role.group_id, role.group_name, role.role_id, role.name)
                found.setdefault(choice.value, choice)
        for rule in await self._store.list_all(workspace.workspace_id):
            choice = _choice(rule.group_id, "", rule.role_id, rule.role_name)
            found.setdefault(choice.value, choice)
        return sorted(found.values(), key=lambda choice: choice.name.casefold())


def _choice(group_id: str, group_name: str, role_id: str, name: str) -> RoleChoice:
    key = hashlib.sha256(f"{group_id}\0{role_id}".encode()).hexdigest()[:16]
    return RoleChoice(key, group_id, group_name, role_id, name)
