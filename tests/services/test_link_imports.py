"""Imports of links: a dry run that changes nothing, lines that are done whole, and a way back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import ChannelLost, Refusal, Unavailable
from bot.models import ImportState, LinkImport, LinkSource, Verdict
from bot.services.link_directory import report_file
from bot.services.link_imports import Report
from bot.store.link_imports import ImportStore
from tests.services.bench import ADMIN, GUILD, STRANGERS, actor
from tests.services.fakes import FACTS
from tests.services.link_desk import MEMBER, Desk
from tests.services.link_desk import desk as desk

A, B, C, D, E, F = (MEMBER + number for number in range(1, 7))


def rows(*lines: tuple[int, object]) -> bytes:
    """A file of these pairs."""
    return "".join(f"{member},{account}\n" for member, account in lines).encode()


def verdicts(report: Report) -> list[Verdict]:
    """What each line came to."""
    return [line.verdict for line in report.lines]


async def held(desk: Desk, guild_id: int = GUILD) -> dict[int, int]:
    """Discord id -> Roblox id of all links."""
    found = [link async for page in desk.lists.walk(guild_id) for link in page]
    return {link.discord_id: link.roblox_id for link in found}


@pytest.fixture(autouse=True)
def accounts(desk: Desk) -> None:
    """Ten more accounts at Roblox."""
    for number in range(10):
        desk.bench.roblox.add(1000 + number, f"user{number}")


async def test_every_verdict_and_nothing_changed(desk: Desk) -> None:
    await desk.store(A, 1000)
    await desk.store(B, 1001)
    await desk.store(C, 1002, source=LinkSource.PROOF)
    await desk.store(D, 1003)
    await desk.store(F, 1000, guild_id=STRANGERS)  # of no concern here
    desk.bench.messenger.left = {(GUILD, F)}
    before = await held(desk)
    report = await desk.imports.read(
        actor(),
        rows(
            (A, "user0"), (B, 1005), (C, "user6"), (E, "user3"), (E + 10, "user7"),
            (E + 11, "nobody_there"), (F, "user8"), (E + 10, "USER7"), (E + 12, 1009),
            (E + 12, 1004), (E + 13, 99_999),
        ) + b"2.3E+17,1\n",
    )  # fmt: skip
    assert verdicts(report) == [
        Verdict.SAME, Verdict.CHANGED, Verdict.PROVED, Verdict.TAKEN, Verdict.NEW, Verdict.UNKNOWN,
        Verdict.ELSEWHERE, Verdict.REPEATED, Verdict.CONTRADICTION, Verdict.CONTRADICTION,
        Verdict.UNKNOWN, Verdict.MANGLED,
    ]  # fmt: skip
    assert (report.clean, report.done, report.unchecked) == (2, 0, 0)
    assert await held(desk) == before
    text = report_file(report.lines).decode("utf-8-sig")
    assert len(text.splitlines()) == 13
    assert f"4,{E},1003,user3,taken,Another member has this account." in text


async def test_one_account_for_two_members_contradicts(desk: Desk) -> None:
    report = await desk.imports.read(actor(), rows((A, "user1"), (B, 1001), (C, 1002)))
    assert verdicts(report) == [Verdict.CONTRADICTION, Verdict.CONTRADICTION, Verdict.NEW]


async def test_apply_links_who_is_clean_and_tells_them(desk: Desk) -> None:
    await desk.store(B, 1001)
    report = await desk.imports.read(actor(), rows((A, "user0"), (B, 1005), (C, "nobody_there")))
    done = await desk.imports.apply(actor(), report.one.import_id)
    assert (done.one.state, done.done, done.clean) == (ImportState.APPLIED, 2, 2)
    assert await held(desk) == {A: 1000, B: 1005}
    link = await desk.bench.links.get(GUILD, A)
    assert link is not None
    assert (link.source, link.linked_by, link.username) == (LinkSource.IMPORT, ADMIN, "user0")
    for member in (A, B):
        assert await desk.notices.get_untold(GUILD, member) is not None
    with pytest.raises(Refusal, match="applied already"):
        await desk.imports.apply(actor(), report.one.import_id)
    again = await desk.imports.read(actor(), rows((A, "user0"), (B, 1005)))
    assert verdicts(again) == [Verdict.SAME, Verdict.SAME]


async def test_what_changed_since_the_dry_run_is_left(desk: Desk) -> None:
    await desk.store(B, 1001)
    await desk.store(C, 1002)
    report = await desk.imports.read(
        actor(), rows((A, 1000), (B, 1005), (C, 1006), (D, 1007), (E, 1008))
    )
    await desk.store(F, 1000)  # takes A's
    await desk.bench.links.remove(GUILD, B)
    await desk.bench.links.remove(GUILD, C)
    await desk.store(C, 1002, source=LinkSource.PROOF)  # proved it meanwhile
    await desk.store(D, 1009)
    done = await desk.imports.apply(actor(), report.one.import_id)
    assert (done.done, done.clean) == (1, 5)
    assert await held(desk) == {F: 1000, C: 1002, D: 1009, E: 1008}


async def test_undo_puts_everything_back_but_what_was_changed_since(desk: Desk) -> None:
    old = await desk.store(B, 1001, source=LinkSource.ROVER)
    report = await desk.imports.read(actor(), rows((A, 1000), (B, 1005), (C, 1006), (D, 1007)))
    number = report.one.import_id
    await desk.imports.apply(actor(), number)
    await desk.bench.links.remove(GUILD, D)
    await desk.store(D, 1007, source=LinkSource.PROOF)  # the same account, by the member's proof
    undone = await desk.imports.undo(actor(), number)
    assert (undone.one.state, undone.done) == (ImportState.UNDONE, 1)
    assert await held(desk) == {B: 1001, D: 1007}
    assert await desk.bench.links.get(GUILD, B) == old
    with pytest.raises(Refusal, match="not applied"):
        await desk.imports.undo(actor(), number)


async def test_undo_never_takes_an_account_from_who_has_it_now(desk: Desk) -> None:
    await desk.store(B, 1001)
    report = await desk.imports.read(actor(), rows((B, 1005)))
    await desk.imports.apply(actor(), report.one.import_id)
    await desk.store(C, 1001)
    undone = await desk.imports.undo(actor(), report.one.import_id)
    assert undone.done == 1
    assert await held(desk) == {B: 1005, C: 1001}


async def test_undo_within_a_day_only_and_then_the_lines_are_forgotten(desk: Desk) -> None:
    number = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    await desk.imports.apply(actor(), number)
    desk.bench.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    with pytest.raises(Refusal, match="for a day"):
        await desk.imports.undo(actor(), number)
    desk.bench.clock.advance(timedelta(days=1).total_seconds())
    await desk.imports.forget_old()
    assert await desk.imports.get_latest(actor()) is None
    assert await desk.import_store.list_lines(number) == []
    assert await held(desk) == {A: 1000}


async def test_an_old_dry_run_is_not_applied_for_its_undo_would_be_forgotten(desk: Desk) -> None:
    number = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    later = (await desk.imports.read(actor(), rows((B, 1001)))).one.import_id
    desk.bench.clock.advance(timedelta(hours=24).total_seconds())
    await desk.imports.apply(actor(), later)
    desk.bench.clock.advance(1)
    with pytest.raises(Refusal, match="more than a day ago"):
        await desk.imports.apply(actor(), number)
    desk.bench.clock.advance(timedelta(hours=23, minutes=59).total_seconds())
    await desk.imports.forget_old()
    await desk.imports.undo(actor(), later)
    assert await held(desk) == {}


async def test_undo_leaves_what_a_later_import_linked(desk: Desk) -> None:
    first = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    await desk.imports.apply(actor(), first)
    await desk.bench.links.remove(GUILD, A)
    desk.bench.clock.advance(60)
    second = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    await desk.imports.apply(actor(), second)
    await desk.imports.undo(actor(), first)
    assert await held(desk) == {A: 1000}
    await desk.imports.undo(actor(), second)
    assert await held(desk) == {}


async def test_what_was_applied_meanwhile_is_not_discarded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both buttons of a dry run pressed at once: the undo is not thrown away."""
    number = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    real = ImportStore.discard

    async def applied_first(store: ImportStore, import_id: int) -> bool:
        await desk.imports.apply(actor(), import_id)
        return await real(store, import_id)

    monkeypatch.setattr(ImportStore, "discard", applied_first)
    with pytest.raises(Refusal, match="was applied"):
        await desk.imports.discard(actor(), number)
    await desk.imports.undo(actor(), number)
    assert await held(desk) == {}


async def test_guilds_are_strangers(desk: Desk) -> None:
    number = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    stranger = actor(ADMIN, STRANGERS)
    for act in (desk.imports.apply, desk.imports.undo, desk.imports.discard, desk.imports.get):
        with pytest.raises(Refusal, match="forgotten"):
            await act(stranger, number)
    with pytest.raises(Refusal, match="forgotten"):
        await desk.imports.list_lines(stranger, number)
    assert await desk.imports.get_latest(stranger) is None
    await desk.imports.apply(actor(), number)
    with pytest.raises(Refusal, match="forgotten"):
        await desk.imports.undo(stranger, number)


async def test_a_discarded_dry_run_is_gone(desk: Desk) -> None:
    number = (await desk.imports.read(actor(), rows((A, 1000)))).one.import_id
    await desk.imports.discard(actor(), number)
    with pytest.raises(Refusal, match="forgotten"):
        await desk.imports.apply(actor(), number)


async def test_roblox_away_leaves_nothing_behind(desk: Desk) -> None:
    desk.bench.roblox.error = Unavailable("m", FACTS)
    with pytest.raises(Unavailable):
        await desk.imports.read(actor(), rows((A, 1000)))
    assert await desk.imports.get_latest(actor()) is None
    desk.bench.roblox.error = None
    await desk.imports.read(actor(), rows((A, 1000)))


async def test_discord_silent_about_members_is_said_not_guessed(desk: Desk) -> None:
    desk.bench.messenger.error = ChannelLost("silent")
    report = await desk.imports.read(actor(), rows((A, 1000), (B, 1001)))
    assert (verdicts(report), report.unchecked) == ([Verdict.NEW, Verdict.NEW], 2)


async def test_fifty_thousand_lines_are_asked_about_a_hundred_at_a_time(desk: Desk) -> None:
    number = 50_000
    for one in range(number):
        desk.bench.roblox.add(10_000_000 + one, f"many_{one}")
    heard: list[tuple[str, int, int]] = []

    async def told(what: str, done: int, total: int) -> None:
        heard.append((what, done, total))

    file = rows(*((MEMBER + one, 10_000_000 + one) for one in range(number)))
    report = await desk.imports.read(actor(), file, told)
    assert report.counts == {Verdict.NEW: number}
    asked = [len(one) for one in desk.bench.roblox.asked if isinstance(one, list)]
    assert asked == [100] * 500
    assert desk.bench.messenger.member_queries == [100] * 500
    assert sum(desk.slept) < 15 * 60, "within the life of the admin's answer"
    assert heard[0] == ("Looked up Roblox accounts", 100, number)
    assert await desk.lists.count(GUILD) == 0


async def test_many_lines_are_applied_and_undone_in_parts(desk: Desk) -> None:
    number = 3000
    for one in range(number):
        desk.bench.roblox.add(10_000_000 + one, f"many_{one}")
    heard: list[tuple[str, int, int]] = []

    async def told(what: str, done: int, total: int) -> None:
        heard.append((what, done, total))

    file = rows(*((MEMBER + one, 10_000_000 + one) for one in range(number)))
    report = await desk.imports.read(actor(), file)
    done = await desk.imports.apply(actor(), report.one.import_id, told)
    assert done.done == number == await desk.lists.count(GUILD)
    assert [one for _, one, _ in heard] == [500, 1000, 1500, 2000, 2500, 3000]
    undone = await desk.imports.undo(actor(), report.one.import_id, told)
    assert (undone.done, await desk.lists.count(GUILD)) == (0, 0)
    assert heard[-1] == ("Put back links", number, number)


async def test_one_import_at_a_time(desk: Desk) -> None:
    report = await desk.imports.read(actor(), rows((A, 1000)))
    work = [desk.imports.apply(actor(), report.one.import_id) for _ in range(5)]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert sum(isinstance(one, Report) for one in results) == 1
    assert sum(isinstance(one, Refusal) for one in results) == 4


async def test_a_killed_process_is_carried_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the first lines of an apply, and again in the middle of the undo."""
    monkeypatch.setattr("bot.store.link_imports._AT_ONCE", 2)
    await desk.bench.add_workspace()
    report = await desk.imports.read(actor(), rows(*((MEMBER + n, 1000 + n) for n in range(10))))
    number = report.one.import_id
    await die_in_the_middle(desk, "apply_some", desk.imports.apply(actor(), number), monkeypatch)
    assert 0 < len(await held(desk)) < 10
    desk = await desk.restart()
    await desk.imports.recover(desk.bench.background)
    await settle(desk)
    assert len(await held(desk)) == 10
    assert "is applied: 10 of 10" in desk.bench.messenger.notices[-1][1]
    await die_in_the_middle(desk, "undo_some", desk.imports.undo(actor(), number), monkeypatch)
    assert 0 < len(await held(desk)) < 10
    desk = await desk.restart()
    await desk.imports.recover(desk.bench.background)
    await settle(desk)
    assert await held(desk) == {}
    assert "is undone" in desk.bench.messenger.notices[-1][1]


async def die_in_the_middle(
    desk: Desk, step: str, work: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let two steps happen; the third never comes."""
    real, steps = getattr(ImportStore, step), 0

    async def stop_after_two(store: ImportStore, one: LinkImport, *rest: object) -> object:
        nonlocal steps
        steps += 1
        if steps > 2:
            raise KeyboardInterrupt
        return await real(store, one, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(ImportStore, step, stop_after_two)
        with pytest.raises(KeyboardInterrupt):
            await work  # type: ignore[misc]  # a coroutine


async def settle(desk: Desk) -> None:
    """Until what was recovered is done; the tidying comes round for ever."""
    await asyncio.sleep(0)
    while tasks := list(desk.bench.background._tasks - desk.bench.background._asleep):
        await asyncio.wait(tasks)


async def test_a_file_half_read_at_a_kill_is_forgotten_and_said(desk: Desk) -> None:
    await desk.bench.add_workspace()
    await desk.import_store.begin(GUILD, ADMIN, desk.bench.clock())
    desk = await desk.restart()
    await desk.imports.recover(desk.bench.background)
    await settle(desk)
    assert await desk.imports.get_latest(actor()) is None
    assert "was not read to its end" in desk.bench.messenger.notices[-1][1]
