"""An import by the command line, beside a bot that starts, works, or takes over."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.errors import Refusal
from bot.models import NOBODY, ImportState, LinkImport
from bot.services.link_imports import LinkImports
from bot.services.link_plans import LinkPlanner
from bot.services.ports import Actor
from bot.store.database import Database
from bot.store.link_imports import ImportStore
from bot.store.link_lists import LinkLists
from bot.store.links import LinkStore
from tests.services.bench import GUILD, STRANGERS, actor
from tests.services.link_desk import MEMBER, Desk
from tests.services.link_desk import desk as desk
from tests.services.test_link_imports import accounts as accounts
from tests.services.test_link_imports import die_in_the_middle, held, rows, settle

OPERATOR = Actor(GUILD, NOBODY, frozenset(), is_admin=True)
FILE = rows(*((MEMBER + number, 1000 + number) for number in range(10)))


@pytest_asyncio.fixture
async def command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LinkImports]:
    """`muster links import`, on the same file as the bot."""
    monkeypatch.setattr("bot.store.link_imports._AT_ONCE", 2)
    await desk.bench.add_workspace()
    database = await Database.open(desk.bench.database.url)
    planner = LinkPlanner(LinkStore(database), LinkLists(database), desk.names, None)
    yield LinkImports(ImportStore(database), planner, None, desk.bench.clock)
    await database.close()


def bots_words(desk: Desk) -> list[str]:
    """What the bot said in the log channel."""
    return [text for _, text in desk.bench.messenger.notices]


async def test_a_bot_that_starts_leaves_a_running_command_alone(
    desk: Desk, command: LinkImports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the command is just at."""

    def watch(name: str) -> None:
        real = getattr(ImportStore, name)

        async def beside(store: ImportStore, *what: object) -> object:
            if store is not desk.import_store:
                await desk.imports.recover(desk.bench.background)
                await settle(desk)
            return await real(store, *what)

        monkeypatch.setattr(ImportStore, name, beside)

    watch("plan")
    watch("apply_some")
    async with command.as_operator(GUILD):
        report = await command.read(OPERATOR, FILE)
        done = await command.apply(OPERATOR, report.one.import_id)
    assert (done.done, done.one.state) == (10, ImportState.APPLIED)
    assert bots_words(desk) == []


@pytest.mark.parametrize("state", [ImportState.READING, ImportState.APPLYING])
async def test_what_a_killed_command_left_is_taken_over(
    desk: Desk, command: LinkImports, monkeypatch: pytest.MonkeyPatch, state: ImportState
) -> None:
    async with command.as_operator(GUILD):
        if state is ImportState.READING:
            await command._store.begin(GUILD, NOBODY, desk.bench.clock())
        else:
            number = (await command.read(OPERATOR, FILE)).one.import_id
            work = command.apply(OPERATOR, number)
            await die_in_the_middle(desk, "apply_some", work, monkeypatch)
        await desk.imports.take_over()
        await settle(desk)
        assert bots_words(desk) == []
        with pytest.raises(Refusal, match="Another import is under way here"):
            await desk.imports.read(actor(), FILE)
    await desk.imports.take_over()
    await settle(desk)
    (said,) = bots_words(desk)
    if state is ImportState.READING:
        assert "the operator of Muster was not read to its end" in said
    else:
        assert "is applied: 10 of 10 members linked" in said
        assert len(await held(desk)) == 10
    await desk.imports.read(actor(), FILE)


async def test_the_next_command_drops_what_a_killed_one_had_half_read(
    desk: Desk, command: LinkImports
) -> None:
    async with command.as_operator(GUILD):
        await command._store.begin(GUILD, NOBODY, desk.bench.clock())
    async with command.as_operator(GUILD):
        report = await command.read(OPERATOR, FILE)
    assert report.one.state is ImportState.PLANNED


async def test_two_commands_at_once(command: LinkImports) -> None:
    async with command.as_operator(GUILD):
        with pytest.raises(Refusal, match="Another `muster links import` is under way"):
            async with command.as_operator(GUILD):
                pass


async def test_of_two_imports_in_a_guild_the_second_is_refused(
    desk: Desk, command: LinkImports, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await desk.imports.read(actor(), FILE)).one.import_id
    second = (await command.read(OPERATOR, FILE)).one.import_id
    refused: list[str] = []
    real = ImportStore.apply_some

    async def beside(store: ImportStore, one: LinkImport, *rest: int) -> object:
        if store is desk.import_store and not refused:
            with pytest.raises(Refusal) as error:
                await command.apply(OPERATOR, second)
            refused.append(str(error.value))
        return await real(store, one, *rest)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(ImportStore, "apply_some", beside)
    done = await desk.imports.apply(actor(), first)
    assert done.done == 10
    assert refused == ["Another import is under way here. Try again when it is done."]
    stranger = actor(guild_id=STRANGERS)
    await desk.imports.read(stranger, FILE)
    found = await command._store.get(GUILD, second)
    assert found is not None
    assert found.state is ImportState.PLANNED
