"""/setup and /workspace: admins connect a workspace and look after it."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.models import Health, LineState, ProviderKind, Workspace, WorkspaceState
from bot.replies import Reply
from bot.services.workspaces import (
    Connected,
    WorkspaceDraft,
    WorkspaceService,
    WorkspaceSettings,
)
from bot.text import cut, safe
from cogs._common import to_actor, to_choices
from cogs._key_form import KeyForm

PROVIDERS = [app_commands.Choice(name=kind.label, value=kind.value) for kind in ProviderKind]


class Setup(commands.Cog):
    """Connect a workspace."""

    def __init__(self, bot: MusterBot) -> None:
        self.bot = bot
        self.workspaces: WorkspaceService = bot.services.workspaces

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    @app_commands.choices(provider=PROVIDERS)
    @app_commands.describe(
        provider="Your staff platform",
        announcements="Where sessions are posted",
        host_role="Who may post sessions, besides admins",
        log="Where admins read about trouble with the connection",
        staff_role="Who may claim; everybody if left out",
        ping_role="Who is pinged when a host asks for it",
        name="A short name, needed only for a second workspace of the same platform",
        address="The address of your own ReAdmin API, if you host it yourself",
    )
    async def setup(
        self,
        interaction: Interaction,
        provider: app_commands.Choice[str],
        announcements: discord.TextChannel,
        host_role: discord.Role | None = None,
        log: discord.TextChannel | None = None,
        staff_role: discord.Role | None = None,
        ping_role: discord.Role | None = None,
        name: str = "",
        address: str = "",
    ) -> None:
        """Connect your staff platform. The key is asked for in a form that only you see."""
        draft = WorkspaceDraft(
            kind=ProviderKind(provider.value), name=name, base_url=address,
            announcement_channel_id=announcements.id, log_channel_id=log.id if log else None,
            ping_role_id=ping_role.id if ping_role else None,
            host_role_ids=frozenset({host_role.id} if host_role else ()),
            claimer_role_ids=frozenset({staff_role.id} if staff_role else ()),
        )  # fmt: skip
        actor = to_actor(interaction)
        draft = await self.workspaces.check_draft(actor, draft)

        async def connect(key: str) -> Reply:
            connected = await self.workspaces.connect(actor, draft, key)
            self.bot.services.catalog.warm(connected.workspace.workspace_id)
            return _connected(connected)

        await interaction.response.send_modal(KeyForm(draft.kind.label, connect))


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Workspaces(commands.GroupCog, group_name="workspace"):
    """The connected workspaces of this community."""

    def __init__(self, bot: MusterBot) -> None:
        self.bot = bot
        self.workspaces: WorkspaceService = bot.services.workspaces
        bot.on_press(Action.REMOVE_WORKSPACE, self.on_remove)
        bot.on_press(Action.CANCEL, self.on_cancel)

    @app_commands.command(name="list")
    async def list_all(self, interaction: Interaction) -> None:
        """Show the connected workspaces."""
        await answer(interaction, self._list(interaction))

    @app_commands.command()
    @app_commands.describe(workspace="Which one, if there are several")
    async def test(self, interaction: Interaction, workspace: str = "") -> None:
        """Test a workspace's connection and the bot's permissions. Nothing is claimed."""
        await answer(interaction, self._test(interaction, workspace))

    @app_commands.command()
    @app_commands.describe(
        workspace="Which one, if there are several",
        announcements="Where sessions are posted",
        host_role="Who may post sessions, besides admins",
        log="Where admins read about trouble with the connection",
        staff_role="Who may claim",
        everyone_claims="Let everybody claim again, instead of a staff role",
        ping_role="Who is pinged when a host asks for it",
    )
    async def settings(
        self,
        interaction: Interaction,
        workspace: str = "",
        announcements: discord.TextChannel | None = None,
        host_role: discord.Role | None = None,
        log: discord.TextChannel | None = None,
        staff_role: discord.Role | None = None,
        everyone_claims: bool = False,
        ping_role: discord.Role | None = None,
    ) -> None:
        """Show a workspace's settings, or change the ones you name."""
        changes: WorkspaceSettings = {}
        if announcements is not None:
            changes["announcement_channel_id"] = announcements.id
        if log is not None:
            changes["log_channel_id"] = log.id
        if ping_role is not None:
            changes["ping_role_id"] = ping_role.id
        if host_role is not None:
            changes["host_role_ids"] = frozenset({host_role.id})
        if staff_role is not None or everyone_claims:
            changes["claimer_role_ids"] = frozenset({staff_role.id} if staff_role else ())
        await answer(interaction, self._settings(interaction, workspace, changes))

    @app_commands.command()
    @app_commands.describe(workspace="Which one, if there are several")
    async def key(self, interaction: Interaction, workspace: str = "") -> None:
        """Enter a new key; the old one stays until the new one has passed the test."""
        actor = to_actor(interaction)
        found = await self.workspaces.get_for_admin(actor, workspace)

        async def change(key: str) -> Reply:
            return _connected(await self.workspaces.set_key(actor, found.workspace_id, key))

        await interaction.response.send_modal(KeyForm(found.kind.label, change))

    @app_commands.command()
    @app_commands.describe(workspace="Which one, if there are several")
    async def remove(self, interaction: Interaction, workspace: str = "") -> None:
        """Disconnect a workspace; asks first."""
        await answer(interaction, self._ask_remove(interaction, workspace))

    @test.autocomplete("workspace")
    @settings.autocomplete("workspace")
    @key.autocomplete("workspace")
    @remove.autocomplete("workspace")
    async def complete_workspace(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The connected workspaces."""
        found = await self.workspaces.list_all(to_actor(interaction).guild_id)
        return to_choices([(cut(w.name, 60), w.name) for w in found], current)

    async def on_remove(self, interaction: Interaction, button: Button) -> None:
        """Yes, disconnect."""
        await answer(interaction, self._remove(interaction, button.number), replacing=True)

    async def on_cancel(self, interaction: Interaction, button: Button) -> None:
        """No to any question of an admin or host."""
        await answer(interaction, _cancelled(), replacing=True)

    async def _list(self, interaction: Interaction) -> Reply:
        found = await self.workspaces.list_for_admin(to_actor(interaction))
        if not found:
            return Reply("No workspace is connected yet. Connect one with `/setup`.")
        lines = [_summary(one, self.workspaces.get_health(one.workspace_id)) for one in found]
        return Reply("\n".join(lines)[:2000])

    async def _test(self, interaction: Interaction, name: str) -> Reply:
        return _connected(await self.workspaces.test(to_actor(interaction), name))

    async def _settings(
        self, interaction: Interaction, name: str, changes: WorkspaceSettings
    ) -> Reply:
        workspace = await self.workspaces.update(to_actor(interaction), name, changes)
        return Reply(("✔ Saved.\n" if changes else "") + _settings_text(workspace))

    async def _ask_remove(self, interaction: Interaction, name: str) -> Reply:
        workspace = await self.workspaces.get_for_admin(to_actor(interaction), name)
        return Reply(
            f"Disconnect **{safe(workspace.name)}**? Its key is erased at once and its"
            f" announcements stop working. What stands on {workspace.kind.label}, claims included,"
            " stays there.",
            (
                Button(Action.REMOVE_WORKSPACE, workspace.workspace_id, "Disconnect", "red"),
                Button(Action.CANCEL, workspace.workspace_id, "Keep it"),
            ),
        )

    async def _remove(self, interaction: Interaction, workspace_id: int) -> Reply:
        workspace = await self.workspaces.remove(to_actor(interaction), workspace_id)
        self.bot.services.catalog.forget(workspace_id)
        return Reply(
            f"✔ **{safe(workspace.name)}** is disconnected and its key erased. To be safe, make a"
            " new key on the platform as well."
        )


def _connected(connected: Connected) -> Reply:
    workspace, probe = connected.workspace, connected.probe
    can = probe.capabilities
    lines = [
        f"✔ **{safe(workspace.name)}** is connected to {workspace.kind.label}.",
        f"• sessions readable: {probe.sessions} live or coming · roles: {probe.roles}",
        f"• release from Discord: {'yes' if can.can_release else 'no, only in the panel'}",
        f"• add servers from Discord: {'yes' if can.has_servers else 'not needed here'}",
    ]
    if connected.health is not None:
        lines.append(f"• line: {_line(connected.health)}")
        if connected.health.left_out:
            lines.append(f"⚠ Sessions left out because unreadable: {connected.health.left_out}")
    lines += [f"⚠ Missing permission: {missing}" for missing in connected.missing]
    if connected.missing:
        lines.append("Grant these to Muster, then check again with `/workspace test`.")
    lines.append(_settings_text(workspace))
    lines.append("Next: link your staff with `/links add`, then post a session: `/session post`.")
    return Reply("\n".join(lines)[:2000])


def _settings_text(workspace: Workspace) -> str:
    hosts = ", ".join(f"<@&{r}>" for r in sorted(workspace.host_role_ids)) or "admins only"
    claimers = ", ".join(f"<@&{r}>" for r in sorted(workspace.claimer_role_ids)) or "everybody"
    return (
        f"Announcements: {_channel(workspace.announcement_channel_id)} ·"
        f" log: {_channel(workspace.log_channel_id)} ·"
        f" hosts: {hosts} · may claim: {claimers} ·"
        f" ping: {f'<@&{workspace.ping_role_id}>' if workspace.ping_role_id else 'nobody'}"
    )


def _line(health: Health) -> str:
    """How the line to a platform does, in a few words."""
    words = []
    if health.state is LineState.CLOSED:
        words += ["in order"] if health.limited_until is None else []
    elif health.asked_again_at is not None:
        words.append(f"not answering, asked again <t:{int(health.asked_again_at.timestamp())}:R>")
    else:
        words.append("not answering, asked again at the next use")
    if health.limited_until is not None:
        words.append(f"asked for a pause until <t:{int(health.limited_until.timestamp())}:T>")
    if health.waiting:
        words.append(f"{health.waiting} calls waiting")
    if health.last_error_at is not None:
        when = int(health.last_error_at.timestamp())
        words.append(f"last trouble <t:{when}:R> ({health.last_error})")
    return " · ".join(words)


def _summary(workspace: Workspace, health: Health | None) -> str:
    sign = "✔" if workspace.state is WorkspaceState.OK else "⛔"
    key_age = f"<t:{int(workspace.key_set_at.timestamp())}:R>"
    return (
        f"{sign} **{safe(workspace.name)}** · {workspace.kind.label} · {workspace.state.value} ·"
        f" {safe(workspace.base_url)} · key …{safe(workspace.key_hint)}, set {key_age}"
        f"{f' · line: {_line(health)}' if health else ''}"
    )


def _channel(channel_id: int | None) -> str:
    return f"<#{channel_id}>" if channel_id else "none"


async def _cancelled() -> Reply:
    return Reply("Nothing was changed.")


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Setup(bot))
    await bot.add_cog(Workspaces(bot))
