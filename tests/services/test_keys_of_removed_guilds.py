"""Muster is taken out of a guild while a key is being tried: the key is not stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.errors import KeyErased, Refusal
from bot.models import IdentityKind, Probe, ProviderKind, Workspace, WorkspaceState
from bot.sandbox.platforms.wire import Answer, Call, Route
from bot.services.workspace_drafts import WorkspaceDraft
from bot.store.linking_tables import identity_services
from bot.store.tables import workspaces
from tests.services.bench import GUILD, KEY, STRANGERS, UPSTREAM, Bench, actor
from tests.services.fakes import FakePlatform
from tests.services.oneself import BLOXLINK_KEY, Oneself
from tests.services.private import Private

DRAFT = WorkspaceDraft(ProviderKind.READMIN_V2, "Harbour", UPSTREAM)
BLOXLINK = IdentityKind.BLOXLINK


@pytest.fixture
def private(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Private:
    """GUILD takes Muster out while its platform answers to a key."""
    private, real = Private(bench), FakePlatform.probe

    async def probe(platform: FakePlatform) -> Probe:
        await private.removed.note_removed(GUILD)
        return await real(platform)

    monkeypatch.setattr(FakePlatform, "probe", probe)
    return private


async def stored_keys(bench: Bench) -> list[str]:
    """Every key in the database, as it is stored."""
    async with bench.database.read() as connection:
        of_workspaces = await connection.scalars(select(workspaces.c.encrypted_key))
        of_services = await connection.scalars(select(identity_services.c.encrypted_key))
        return [*of_workspaces, *of_services]


async def test_no_workspace_is_connected(bench: Bench, private: Private) -> None:
    with pytest.raises(Refusal, match="taken out of this Discord server"):
        await bench.workspaces.connect(actor(), DRAFT, KEY)
    assert await stored_keys(bench) == []
    other = replace(actor(), guild_id=STRANGERS)
    assert (await bench.workspaces.connect(other, DRAFT, KEY)).workspace.guild_id == STRANGERS


async def test_no_new_key_is_stored(bench: Bench, workspace: Workspace, private: Private) -> None:
    with pytest.raises(Refusal, match="taken out of this Discord server"):
        await bench.workspaces.set_key(actor(), workspace.workspace_id, "another-key-987654")
    assert await stored_keys(bench) == [""]
    (after,) = await bench.workspaces.list_all(GUILD)
    assert after.state is WorkspaceState.NO_KEY
    with pytest.raises(KeyErased):
        async with bench.workspaces.watch(workspace.workspace_id):
            pass


async def test_no_key_of_a_service_is_stored(
    oneself: Oneself, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, real = Private(oneself.bench), oneself.bloxlink.answer
    services = oneself.services.services

    async def answer(call: Call, route: Route | None) -> Answer:
        await private.removed.note_removed(GUILD)
        return await real(call, route)

    monkeypatch.setattr(oneself.bloxlink, "answer", answer)
    with pytest.raises(Refusal, match="taken out of this Discord server"):
        await services.set_key(actor(), BLOXLINK, BLOXLINK_KEY)
    assert await stored_keys(oneself.bench) == [""]  # the workspace's
    assert await services.list_all(actor()) == dict.fromkeys(IdentityKind)
    await private.removed.note_present([GUILD])
    monkeypatch.setattr(oneself.bloxlink, "answer", real)
    await services.set_key(actor(), BLOXLINK, BLOXLINK_KEY)
    assert len(await stored_keys(oneself.bench)) == 2
