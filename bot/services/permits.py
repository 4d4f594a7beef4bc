"""Who may do what. Asked on every act, whatever Discord's own command settings say."""

from __future__ import annotations

from collections.abc import Set

from bot.errors import NotPermitted
from bot.models import Workspace
from bot.services.ports import Actor


def require_admin(actor: Actor) -> None:
    """Only members with Manage Server pass."""
    if not actor.is_admin:
        raise NotPermitted(
            "Only members with the permission **Manage Server** can do this. Ask an admin."
        )


def is_host(actor: Actor, workspace: Workspace) -> bool:
    """Hosts have one of the workspace's host roles; admins are hosts everywhere."""
    return actor.is_admin or bool(actor.role_ids & workspace.host_role_ids)


def may_host(actor: Actor, workspace: Workspace, hosts: Set[int] = frozenset()) -> bool:
    """Whether somebody may run an announcement: a host, or one of its own hosts (Discord ids)."""
    return is_host(actor, workspace) or actor.discord_id in hosts


def require_host(actor: Actor, workspace: Workspace, hosts: Set[int] = frozenset()) -> None:
    """Hosts pass, and so do the announcement's own hosts (Discord ids)."""
    if may_host(actor, workspace, hosts):
        return
    roles = " or ".join(f"<@&{role_id}>" for role_id in sorted(workspace.host_role_ids))
    who = f"Only {roles} can do this" if roles else "No host role is set for this workspace yet"
    raise NotPermitted(
        f"{who}. Ask an admin: host roles are set with `/workspace settings`, as the option"
        " `host_role`."
    )
