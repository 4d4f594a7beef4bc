"""/setup and /workspace: admins connect a workspace and look after it."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering import answer
from bot.buttons import Action, Button, Interaction
from bot.client import MusterBot
from bot.errors import Refusal
from bot.models import ClashPolicy, Leavers, ProviderKind
from bot.replies import MAX_TEXT, Reply
from bot.services.role_rules import RoleRules
from bot.services.today import TodayService
from bot.services.workspace_drafts import WorkspaceDraft
from bot.services.workspaces import WorkspaceService, WorkspaceSettings
from bot.text import cut, safe, shorten
from cogs._automatic import Automatic
from cogs._common import to_actor, to_choices
from cogs._key_form import KeyForm
from cogs._workspace_words import connected_reply, settings_text, summary

PROVIDERS = [app_commands.Choice(name=kind.label, value=kind.value) for kind in ProviderKind]
CLASHES = [
    app_commands.Choice(name="Ask them first", value=ClashPolicy.WARN.value),
    app_commands.Choice(name="Refuse the second", value=ClashPolicy.REFUSE.value),
    app_commands.Choice(name="Say nothing", value=ClashPolicy.OFF.value),
]
LEAVERS = [
    app_commands.Choice(name="Tell the hosts", value=Leavers.FLAG.value),
    app_commands.Choice(name="Tell the hosts, release their claims", value=Leavers.RELEASE.value),
]


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
        draft = await self.workspaces.check_draft(to_actor(interaction), draft)

        async def connect(sent: Interaction, key: str) -> Reply:
            connected = await self.workspaces.connect(to_actor(sent), draft, key)
            self.bot.services.catalog.warm(connected.workspace.workspace_id)
            return connected_reply(connected)

        await interaction.response.send_modal(KeyForm(draft.kind.label, connect))


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Workspaces(Automatic, commands.GroupCog, group_name="workspace"):
    """The connected workspaces of this community."""

    def __init__(self, bot: MusterBot) -> None:
        self.bot = bot
        self.workspaces: WorkspaceService = bot.services.workspaces
        self.rules: RoleRules = bot.services.role_rules
        self.today: TodayService = bot.services.today
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
        barred_role="Who may not claim, whatever else they are",
        everyone_claims="Forget staff_role and barred_role, but for what you name in this command",
        only_for="Let staff_role, barred_role or everyone_claims change this claimable role only",
        clash="When somebody claims two sessions that run at the same time",
        ping_role="Who is pinged when a host asks for it",
        leavers="When somebody with a role has left this server shortly before a session",
        host_swaps="Let hosts swap two members' roles without asking them",
    )
    @app_commands.choices(clash=CLASHES, leavers=LEAVERS)
    async def settings(
        self,
        interaction: Interaction,
        workspace: str = "",
        announcements: discord.TextChannel | None = None,
        host_role: discord.Role | None = None,
        log: discord.TextChannel | None = None,
        staff_role: discord.Role | None = None,
        barred_role: discord.Role | None = None,
        everyone_claims: bool = False,
        only_for: str = "",
        clash: app_commands.Choice[str] | None = None,
        ping_role: discord.Role | None = None,
        leavers: app_commands.Choice[str] | None = None,
        host_swaps: bool | None = None,
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
        if host_swaps is not None:
            changes["host_swaps"] = host_swaps
        if clash is not None:
            changes["clash"] = ClashPolicy(clash.value)
        if leavers is not None:
            changes["leavers"] = Leavers(leavers.value)
        if staff_role is not None or everyone_claims:
            changes["claimer_role_ids"] = frozenset({staff_role.id} if staff_role else ())
        if barred_role is not None or everyone_claims:
            changes["barred_role_ids"] = frozenset({barred_role.id} if barred_role else ())
        await answer(interaction, self._settings(interaction, workspace, changes, only_for))

    @app_commands.command()
    @app_commands.describe(workspace="Which one, if there are several")
    async def key(self, interaction: Interaction, workspace: str = "") -> None:
        """Enter a new key; the old one stays until the new one has passed the test."""
        found = await self.workspaces.get_for_admin(to_actor(interaction), workspace)

        async def change(sent: Interaction, key: str) -> Reply:
            connected = await self.workspaces.set_key(to_actor(sent), found.workspace_id, key)
            return connected_reply(connected, await self.rules.list_all(connected.workspace))

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

    @settings.autocomplete("only_for")
    async def complete_role(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """The roles that can be claimed in the workspace's sessions."""
        workspace = str(interaction.namespace.workspace or "")
        found = await self.rules.list_roles(to_actor(interaction), workspace)
        pairs = [
            (cut(r.name, 50) + (f" · {cut(r.group_name, 40)}" if r.group_name else ""), r.value)
            for r in found
        ]
        return to_choices(pairs, current)

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
        lines = [summary(one, self.workspaces.get_health(one.workspace_id)) for one in found]
        return Reply(shorten("\n".join(lines), MAX_TEXT))

    async def _test(self, interaction: Interaction, name: str) -> Reply:
        connected = await self.workspaces.test(to_actor(interaction), name)
        return connected_reply(connected, await self.rules.list_all(connected.workspace))

    async def _settings(
        self, interaction: Interaction, name: str, changes: WorkspaceSettings, only_for: str
    ) -> Reply:
        actor = to_actor(interaction)
        claimers: frozenset[int] | None = None
        barred: frozenset[int] | None = None
        if only_for:
            claimers = changes.pop("claimer_role_ids", None)
            barred = changes.pop("barred_role_ids", None)
            if claimers is None and barred is None:
                raise Refusal(
                    "`only_for` says whom a rule is about; say the rule as well: `staff_role`,"
                    " `barred_role`, or `everyone_claims` to take it away."
                )
        workspace = await self.workspaces.get_for_admin(actor, name)
        if only_for:  # first, as it may be refused
            await self.rules.set(actor, workspace, only_for, allowed=claimers, barred=barred)
        workspace = await self.workspaces.update(actor, workspace.name, changes)
        saved = "✔ Saved.\n" if changes or only_for else ""
        text = saved + settings_text(workspace, await self.rules.list_all(workspace))
        return Reply(shorten(text, MAX_TEXT))

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


async def _cancelled() -> Reply:
    return Reply("Nothing was changed.")


async def setup(bot: MusterBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Setup(bot))
    await bot.add_cog(Workspaces(bot))
