"""Workspaces: connect, test, settings, new key, remove, and the clients that speak for them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from pydantic import SecretStr

from bot.errors import KeyErased, KeyRefused, Refusal, Unavailable
from bot.models import Health, Probe, ProviderKind, Workspace, WorkspaceState
from bot.providers import DEFAULT_BASE_URLS, open_provider
from bot.providers.base import Provider
from bot.providers.guard import UpstreamPolicy, normalise_base_url
from bot.services.key_notices import KeyNotices
from bot.services.lines import PlatformLines, sum_up
from bot.services.permits import require_admin
from bot.services.ports import Actor, Messenger
from bot.services.schedules import check_settings
from bot.services.workspace_drafts import Connected, WorkspaceDraft, to_key
from bot.store.workspaces import WorkspaceSettings as WorkspaceSettings
from bot.store.workspaces import WorkspaceStore
from bot.text import safe

log = logging.getLogger(__name__)

MAX_NAME = 32


class WorkspaceService:
    """Owns one client per workspace and notices when a connection breaks or heals."""

    def __init__(
        self,
        store: WorkspaceStore,
        messenger: Messenger,
        policy: UpstreamPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._policy = policy
        self._clock = clock
        self._providers: dict[int, Provider] = {}
        self._drops = 0  # how often a key was changed
        self._kinds: dict[int, ProviderKind] = {}  # of the providers
        self._limited: Counter[ProviderKind] = Counter()  # 429s of providers closed by now
        self._states: dict[int, WorkspaceState] = {}  # as last saved
        self._notices = KeyNotices(store, messenger, clock)

    async def list_all(self, guild_id: int) -> list[Workspace]:
        """The guild's workspaces, by name."""
        return await self._store.list_all(guild_id)

    async def get(self, guild_id: int, workspace_id: int) -> Workspace:
        """One workspace of the guild; Refusal when it has no such workspace."""
        workspace = await self._store.get(guild_id, workspace_id)
        if workspace is None:
            raise Refusal("This workspace is not connected here any more.")
        return workspace

    async def list_anywhere(self) -> list[Workspace]:
        """For the process's own workers: the workspaces of all guilds."""
        return await self._store.list_anywhere()

    async def list_automatic(self) -> list[Workspace]:
        """For the process's own workers: those of all guilds that post sessions by themselves."""
        return await self._store.list_automatic()

    async def get_anywhere(self, workspace_id: int) -> Workspace | None:
        """For the process's own workers: a workspace of whichever guild."""
        return await self._store.get_anywhere(workspace_id)

    async def get_by_name(self, guild_id: int, name: str) -> Workspace:
        """The workspace an admin named; the only one when the name is empty."""
        workspaces = await self._store.list_all(guild_id)
        if not workspaces:
            raise Refusal("No workspace is connected yet. Connect one with `/setup`.")
        if not name and len(workspaces) == 1:
            return workspaces[0]
        found = next((w for w in workspaces if w.name.casefold() == name.strip().casefold()), None)
        if found is None:
            names = ", ".join(safe(w.name) for w in workspaces)
            raise Refusal(f"No workspace has that name. Connected here: {names}.")
        return found

    async def check_draft(self, actor: Actor, draft: WorkspaceDraft) -> WorkspaceDraft:
        """The draft with defaults and a normalised address; Refusal says what is wrong."""
        require_admin(actor)
        name = draft.name.strip() or draft.kind.label
        if len(name) > MAX_NAME:
            raise Refusal(f"`name` may have at most {MAX_NAME} characters. Choose a shorter one.")
        if await self._store.get_by_name(actor.guild_id, name):
            raise Refusal(
                "A workspace of that name is connected already. Choose another with the option"
                " `name`, or change the old one with `/workspace settings`."
            )
        base_url = normalise_base_url(draft.base_url or DEFAULT_BASE_URLS[draft.kind], self._policy)
        return WorkspaceDraft(
            draft.kind, name, base_url, draft.announcement_channel_id, draft.log_channel_id,
            draft.ping_role_id, draft.host_role_ids, draft.claimer_role_ids,
        )  # fmt: skip

    async def connect(self, actor: Actor, draft: WorkspaceDraft, key: str) -> Connected:
        """Test the key and, only when it works, save the workspace."""
        draft = await self.check_draft(actor, draft)
        secret = to_key(key)
        try:
            probe = await self._probe_once(draft.kind, draft.base_url, secret)
        except KeyRefused as error:
            said = f": “{safe(error.facts.words)}”" if error.facts.words else ""
            raise Refusal(
                f"⛔ {draft.kind.label} refuses the key{said}. Nothing was saved. Copy the key"
                " again and run `/setup` once more."
            ) from error
        workspace = await self._store.add(
            actor.guild_id, draft.name, draft.kind, draft.base_url, secret,
            announcement_channel_id=draft.announcement_channel_id,
            log_channel_id=draft.log_channel_id, ping_role_id=draft.ping_role_id,
            host_role_ids=draft.host_role_ids, claimer_role_ids=draft.claimer_role_ids,
            now=self._clock(),
        )  # fmt: skip
        log.info("workspace %s connected in guild %s", workspace.workspace_id, actor.guild_id)
        return Connected(workspace, probe, self._missing(workspace))

    async def test(self, actor: Actor, name: str) -> Connected:
        """Probe a connected workspace and check the bot's rights in its channels."""
        workspace = await self.get_for_admin(actor, name)
        async with self.watch(workspace.workspace_id) as provider:
            probe = await provider.probe()
            health = provider.health()
        workspace = await self.get(actor.guild_id, workspace.workspace_id)
        return Connected(workspace, probe, self._missing(workspace), health)

    def get_health(self, workspace_id: int) -> Health | None:
        """How the line to the workspace's platform does; None while it was not used yet."""
        provider = self._providers.get(workspace_id)
        return provider.health() if provider else None

    def lines(self) -> list[PlatformLines]:
        """How the lines to all platforms do, by kind, for metrics."""
        healths = ((self._kinds[n], provider.health()) for n, provider in self._providers.items())
        return sum_up(healths, self._limited)

    async def set_key(self, actor: Actor, workspace_id: int, key: str) -> Connected:
        """Replace the key; the old one stays until the new one has passed the test."""
        require_admin(actor)
        workspace = await self.get(actor.guild_id, workspace_id)
        secret = to_key(key)
        probe = await self._probe_once(workspace.kind, workspace.base_url, secret)
        now = self._clock()
        await self._store.set_key(actor.guild_id, workspace_id, secret, now)
        await self._drop_provider(workspace_id)
        await self._store.set_state(workspace_id, WorkspaceState.OK, now)
        self._states[workspace_id] = WorkspaceState.OK
        self._notices.forget(workspace_id)
        workspace = await self.get(actor.guild_id, workspace_id)
        return Connected(workspace, probe, self._missing(workspace))

    async def list_for_admin(self, actor: Actor) -> list[Workspace]:
        """The guild's workspaces with their state and address; admins only."""
        require_admin(actor)
        return await self._store.list_all(actor.guild_id)

    async def get_for_admin(self, actor: Actor, name: str) -> Workspace:
        """The workspace that an admin named; admins only."""
        require_admin(actor)
        return await self.get_by_name(actor.guild_id, name)

    async def update(self, actor: Actor, name: str, changes: WorkspaceSettings) -> Workspace:
        """Change the settings that were named; absent keys stay as they are.

        Raises Refusal when they do not go together, or threads lack a permission.
        """
        workspace = await self.get_for_admin(actor, name)
        if changes:
            check_settings(workspace, changes, self._messenger)
            await self._store.update(actor.guild_id, workspace.workspace_id, **changes)
        return await self.get(actor.guild_id, workspace.workspace_id)

    async def remove(self, actor: Actor, workspace_id: int) -> Workspace:
        """Forget the workspace, its key first. What stands on the platform stays there."""
        require_admin(actor)
        workspace = await self.get(actor.guild_id, workspace_id)
        await self._store.remove(actor.guild_id, workspace_id)
        await self.disconnect(workspace_id)
        log.info("workspace %s removed from guild %s", workspace_id, actor.guild_id)
        return workspace

    @asynccontextmanager
    async def watch(self, workspace_id: int) -> AsyncIterator[Provider]:
        """The workspace's client; what happens while it is used updates the workspace's state."""
        provider = await self._provider(workspace_id)
        try:
            yield provider
        except KeyRefused:
            await self._note(workspace_id, WorkspaceState.KEY_REFUSED)
            raise
        except Unavailable:
            await self._note(workspace_id, WorkspaceState.DOWN)
            raise
        else:
            await self._note(workspace_id, WorkspaceState.OK)

    async def disconnect(self, workspace_id: int) -> None:
        """Close the workspace's client, and forget how it did: its key was erased."""
        self._states.pop(workspace_id, None)
        self._notices.forget(workspace_id)
        await self._drop_provider(workspace_id)

    async def aclose(self) -> None:
        """Close all clients."""
        for workspace_id in list(self._providers):
            await self._drop_provider(workspace_id)

    async def _provider(self, workspace_id: int) -> Provider:
        while (provider := self._providers.get(workspace_id)) is None:
            drops = self._drops
            workspace = await self._store.get_anywhere(workspace_id)
            if workspace is None:
                raise Refusal("This workspace is not connected here any more.")
            if workspace.state is WorkspaceState.NO_KEY:
                raise KeyErased(workspace.kind.label)
            key = await self._store.get_key(workspace_id)
            if drops == self._drops and workspace_id not in self._providers:
                provider = open_provider(workspace.kind, workspace.base_url, key, self._policy)
                self._providers[workspace_id], self._kinds[workspace_id] = provider, workspace.kind
            # Else another was opened meanwhile, or a key was changed while it was read.
        return provider

    async def _drop_provider(self, workspace_id: int) -> None:
        self._drops += 1
        provider = self._providers.pop(workspace_id, None)
        if provider is not None:
            self._limited[self._kinds.pop(workspace_id)] += provider.health().limited
            await provider.aclose()

    async def _probe_once(self, kind: ProviderKind, base_url: str, key: SecretStr) -> Probe:
        provider = open_provider(kind, base_url, key, self._policy)
        try:
            return await provider.probe()
        finally:
            await provider.aclose()

    async def _note(self, workspace_id: int, state: WorkspaceState) -> None:
        """Save a changed state and, once per change, tell the log channel about a refused key."""
        if self._states.get(workspace_id) is not state:
            self._states[workspace_id] = state  # before the first wait, so that one call tells it
            await self._note_change(workspace_id, state)
        await self._notices.post_due(workspace_id)

    async def _note_change(self, workspace_id: int, state: WorkspaceState) -> None:
        workspace = await self._store.get_anywhere(workspace_id)
        if workspace is None:  # removed while it was used
            self._states.pop(workspace_id, None)
            return
        if workspace.state in (state, WorkspaceState.NO_KEY):
            return
        if state is WorkspaceState.DOWN and workspace.state is WorkspaceState.KEY_REFUSED:
            return  # silence says nothing about the key
        await self._store.set_state(workspace_id, state, self._clock())
        log.warning("workspace %s is now %s", workspace_id, state.value)
        if WorkspaceState.KEY_REFUSED in (state, workspace.state):
            self._notices.owe(workspace, state)

    def _missing(self, workspace: Workspace) -> tuple[str, ...]:
        channels = dict.fromkeys((workspace.announcement_channel_id, workspace.log_channel_id))
        return tuple(
            f"{permission} in <#{channel_id}>"
            for channel_id in channels
            if channel_id is not None
            for permission in self._messenger.missing_permissions(channel_id)
        )
