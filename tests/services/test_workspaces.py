"""Workspaces: connected only with a working key, watched, and nobody else's business."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.errors import (
    ChannelLost,
    KeyRefused,
    NotPermitted,
    ProviderError,
    RateLimited,
    Refusal,
    Unavailable,
    UpstreamRefused,
)
from bot.models import ProviderKind, Workspace, WorkspaceState
from bot.services.workspace_drafts import WorkspaceDraft
from bot.store.workspaces import WorkspaceStore
from tests.services.bench import (
    ADMIN,
    ANA,
    CHANNEL,
    GUILD,
    HOST,
    KEY,
    LOG_CHANNEL,
    STRANGERS,
    UPSTREAM,
    Bench,
    actor,
)
from tests.services.fakes import FACTS
from tests.services.worlds import NOW

DRAFT = WorkspaceDraft(
    ProviderKind.READMIN_V2, "Harbour", UPSTREAM, announcement_channel_id=CHANNEL,
    log_channel_id=LOG_CHANNEL, host_role_ids=frozenset({5}),
)  # fmt: skip
KEY_REFUSED, DOWN = KeyRefused("m", FACTS), Unavailable("m", FACTS)
OK = None


async def see(bench: Bench, workspace: Workspace, *answers: ProviderError | None) -> None:
    """Use the workspace's client; each time this happens."""
    for answer in answers:
        with contextlib.suppress(ProviderError):
            async with bench.workspaces.watch(workspace.workspace_id):
                if answer is not None:
                    raise answer


async def state(bench: Bench, workspace: Workspace) -> WorkspaceState:
    """As it is stored."""
    return (await bench.workspaces.get(workspace.guild_id, workspace.workspace_id)).state


async def test_connect(bench: Bench) -> None:
    connected = await bench.workspaces.connect(actor(), DRAFT, f"  {KEY}\n")
    assert bench.keys_used == [KEY]
    assert connected.probe.sessions == 1
    assert connected.missing == ()
    workspace = connected.workspace
    assert (workspace.name, workspace.base_url, workspace.key_hint) == ("Harbour", UPSTREAM, "6789")
    assert await bench.workspaces.list_all(GUILD) == [workspace]
    assert bench.platform.closed == 1
    assert KEY not in repr(connected)


@pytest.mark.parametrize("error", [KEY_REFUSED, DOWN, UpstreamRefused("m", FACTS)])
async def test_a_key_that_does_not_work_is_not_saved(error: ProviderError, bench: Bench) -> None:
    bench.platform.read_error = error
    with pytest.raises(Refusal if error is KEY_REFUSED else type(error)):
        await bench.workspaces.connect(actor(), DRAFT, KEY)
    assert await bench.workspaces.list_all(GUILD) == []
    assert bench.platform.closed == 1


@pytest.mark.parametrize("typed", ["", "   ", "two\nlines", "kéy", "k" * 1001, "tab\tbed", "nul\0"])
async def test_what_cannot_be_a_key_is_refused_unasked(typed: str, bench: Bench) -> None:
    with pytest.raises(Refusal, match="That is not a key") as refused:
        await bench.workspaces.connect(actor(), DRAFT, typed)
    assert not typed.strip() or typed not in str(refused.value)
    assert bench.keys_used == []


async def test_a_draft_gets_the_platforms_own_name_and_address(bench: Bench) -> None:
    draft = await bench.workspaces.check_draft(actor(), WorkspaceDraft(ProviderKind.SERIES))
    assert (draft.name, draft.base_url) == ("Series HR", "https://api.series.hr")


async def test_an_address_has_one_spelling(bench: Bench) -> None:
    draft = replace(DRAFT, base_url="HTTPS://API.Example.test:443/")
    assert (await bench.workspaces.check_draft(actor(), draft)).base_url == UPSTREAM


@pytest.mark.parametrize("address", ["http://api.example.test", "https://127.0.0.1", "nonsense"])
async def test_an_address_that_is_not_allowed(address: str, bench: Bench) -> None:
    with pytest.raises(Refusal):
        await bench.workspaces.connect(actor(), replace(DRAFT, base_url=address), KEY)
    assert bench.keys_used == []


async def test_names_are_unique_in_a_guild_in_any_case(bench: Bench, workspace: Workspace) -> None:
    with pytest.raises(Refusal, match="connected already"):
        await bench.workspaces.check_draft(actor(), replace(DRAFT, name=" hARBOUR "))
    await bench.workspaces.check_draft(actor(ADMIN, STRANGERS), DRAFT)
    with pytest.raises(Refusal, match="at most 32"):
        await bench.workspaces.check_draft(actor(), replace(DRAFT, name="x" * 33))


async def test_two_admins_at_once_connect_one(bench: Bench) -> None:
    results = await asyncio.gather(
        *(bench.workspaces.connect(actor(), DRAFT, KEY) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, Refusal) for result in results) == 2
    assert len(await bench.workspaces.list_all(GUILD)) == 1


async def test_a_refused_key_is_noted_and_told_once(bench: Bench, workspace: Workspace) -> None:
    bench.clock.advance(60)
    await see(bench, workspace, OK, KEY_REFUSED, KEY_REFUSED, KEY_REFUSED)
    found = await bench.workspaces.get(GUILD, workspace.workspace_id)
    assert (found.state, found.state_since) == (WorkspaceState.KEY_REFUSED, bench.clock())
    ((channel, text),) = bench.messenger.notices
    assert channel == LOG_CHANNEL
    assert "refuses the key of the workspace **Harbour**" in text
    await see(bench, workspace, OK, OK)
    assert await state(bench, workspace) is WorkspaceState.OK
    assert len(bench.messenger.notices) == 2
    assert "works again" in bench.messenger.notices[1][1]


async def test_a_rush_on_a_refused_key_tells_it_once(bench: Bench, workspace: Workspace) -> None:
    await asyncio.gather(*(see(bench, workspace, KEY_REFUSED) for _ in range(50)))
    assert len(bench.messenger.notices) == 1


async def test_after_a_restart_it_is_not_told_again(bench: Bench, workspace: Workspace) -> None:
    await see(bench, workspace, KEY_REFUSED)
    after = await bench.crash()
    await see(after, workspace, KEY_REFUSED)
    assert len(bench.messenger.notices) == 1
    await see(after, workspace, OK)
    assert len(bench.messenger.notices) == 2


async def test_being_down_is_noted_and_told_nobody(bench: Bench, workspace: Workspace) -> None:
    await see(bench, workspace, DOWN)
    assert await state(bench, workspace) is WorkspaceState.DOWN
    await see(bench, workspace, OK)
    assert await state(bench, workspace) is WorkspaceState.OK
    assert bench.messenger.notices == []


async def test_a_platform_that_falls_silent_does_not_heal_the_key(
    bench: Bench, workspace: Workspace
) -> None:
    await see(bench, workspace, KEY_REFUSED, DOWN)
    assert await state(bench, workspace) is WorkspaceState.KEY_REFUSED
    await see(bench, workspace, KEY_REFUSED, DOWN, KEY_REFUSED)
    assert len(bench.messenger.notices) == 1
    await see(bench, workspace, DOWN, OK)
    assert await state(bench, workspace) is WorkspaceState.OK
    assert "works again" in bench.messenger.notices[-1][1]
    assert len(bench.messenger.notices) == 2


@pytest.mark.parametrize("error", [UpstreamRefused("m", FACTS), RateLimited("m", FACTS, NOW)])
async def test_other_refusals_say_nothing_about_the_connection(
    error: ProviderError, bench: Bench, workspace: Workspace
) -> None:
    await see(bench, workspace, error)
    assert await state(bench, workspace) is WorkspaceState.OK
    await see(bench, workspace, DOWN, error)
    assert await state(bench, workspace) is WorkspaceState.DOWN


async def test_a_lost_log_channel_changes_nothing_else(bench: Bench, workspace: Workspace) -> None:
    bench.messenger.error = ChannelLost("gone")
    await see(bench, workspace, KEY_REFUSED)
    assert await state(bench, workspace) is WorkspaceState.KEY_REFUSED


async def test_without_a_log_channel_nothing_is_posted(bench: Bench) -> None:
    quiet = await bench.add_workspace(log_channel_id=None)
    await see(bench, quiet, KEY_REFUSED, OK)
    assert bench.messenger.notices == []


async def test_one_client_serves_a_workspace_until_its_key_changes(
    bench: Bench, workspace: Workspace
) -> None:
    await see(bench, workspace, OK, OK, OK)
    assert bench.keys_used == [KEY]
    await bench.workspaces.set_key(actor(), workspace.workspace_id, "another-key-987654")
    await see(bench, workspace, OK)
    assert bench.keys_used == [KEY, "another-key-987654", "another-key-987654"]
    assert bench.platform.closed == 2  # the one that probed, and the old client


async def test_a_key_changed_while_it_is_read_is_not_used(
    bench: Bench, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, real = workspace.workspace_id, WorkspaceStore.get_key
    await bench.workspaces.disconnect(number)

    async def changed_meanwhile(store: WorkspaceStore, workspace_id: int) -> SecretStr:
        key = await real(store, workspace_id)
        if key.get_secret_value() == KEY:
            await bench.workspaces.set_key(actor(), workspace_id, "a_new_key_of_it")
        return key

    monkeypatch.setattr(WorkspaceStore, "get_key", changed_meanwhile)
    await see(bench, workspace, OK)
    assert bench.keys_used[-1] == "a_new_key_of_it"


async def test_a_new_key_heals_the_workspace(bench: Bench, workspace: Workspace) -> None:
    await see(bench, workspace, KEY_REFUSED)
    connected = await bench.workspaces.set_key(
        actor(), workspace.workspace_id, "another-key-987654"
    )
    assert connected.workspace.state is WorkspaceState.OK
    assert connected.workspace.key_hint == "7654"


async def test_the_old_key_stays_until_the_new_one_has_passed(
    bench: Bench, workspace: Workspace
) -> None:
    bench.platform.read_error = KEY_REFUSED
    with pytest.raises(KeyRefused):
        await bench.workspaces.set_key(actor(), workspace.workspace_id, "another-key-987654")
    bench.platform.read_error = None
    await see(bench, workspace, OK)
    assert bench.keys_used[-1] == KEY


async def test_test_names_missing_permissions_of_each_channel(
    bench: Bench, workspace: Workspace
) -> None:
    bench.messenger.missing = ["Embed Links"]
    connected = await bench.workspaces.test(actor(), "")
    assert connected.missing == (
        f"Embed Links in <#{CHANNEL}>",
        f"Embed Links in <#{LOG_CHANNEL}>",
    )


async def test_update_changes_what_is_named(bench: Bench, workspace: Workspace) -> None:
    changed = await bench.workspaces.update(actor(), "harbour", {"ping_role_id": 99})
    assert changed == replace(workspace, ping_role_id=99)
    assert await bench.workspaces.update(actor(), "", {}) == changed


async def test_remove_forgets_the_key_and_closes_the_client(
    bench: Bench, workspace: Workspace
) -> None:
    await see(bench, workspace, OK)
    assert await bench.workspaces.remove(actor(), workspace.workspace_id) == workspace
    assert bench.platform.closed == 1
    assert not bench.workspaces._states
    with pytest.raises(Refusal, match="not connected here any more"):
        async with bench.workspaces.watch(workspace.workspace_id):
            pass
    with pytest.raises(Refusal):
        await bench.workspaces.remove(actor(), workspace.workspace_id)


async def test_which_workspace_is_meant(bench: Bench) -> None:
    with pytest.raises(Refusal, match="`/setup`"):
        await bench.workspaces.get_by_name(GUILD, "")
    first = await bench.add_workspace()
    assert await bench.workspaces.get_by_name(GUILD, "") == first
    second = await bench.add_workspace(name="Second")
    assert await bench.workspaces.get_by_name(GUILD, " SECOND ") == second
    for name in ("", "third"):
        with pytest.raises(Refusal, match="Connected here: Harbour, Second"):
            await bench.workspaces.get_by_name(GUILD, name)


def asks(bench: Bench, guild_id: int, discord_id: int) -> list[Callable[[], Awaitable[object]]]:
    """Everything that an admin may do with workspace 1."""
    who, service = actor(discord_id, guild_id), bench.workspaces
    return [
        lambda: service.test(who, "Harbour"),
        lambda: service.set_key(who, 1, KEY),
        lambda: service.get_for_admin(who, "Harbour"),
        lambda: service.update(who, "Harbour", {"ping_role_id": 1}),
        lambda: service.remove(who, 1),
    ]


@pytest.mark.parametrize("discord_id", [ANA, HOST])
async def test_only_admins(discord_id: int, bench: Bench, workspace: Workspace) -> None:
    who = actor(discord_id)
    more: list[Callable[[], Awaitable[object]]] = [
        lambda: bench.workspaces.check_draft(who, DRAFT),
        lambda: bench.workspaces.connect(who, DRAFT, KEY),
        lambda: bench.workspaces.list_for_admin(who),
    ]
    for ask in asks(bench, GUILD, discord_id) + more:
        with pytest.raises(NotPermitted, match="Manage Server"):
            await ask()
    assert bench.keys_used == []


async def test_guilds_are_strangers(bench: Bench, workspace: Workspace) -> None:
    for ask in asks(bench, STRANGERS, ADMIN):
        with pytest.raises(Refusal):
            await ask()
    assert await bench.workspaces.list_for_admin(actor(ADMIN, STRANGERS)) == []
    assert await bench.workspaces.get(GUILD, workspace.workspace_id) == workspace
    assert bench.keys_used == []
