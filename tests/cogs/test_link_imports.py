"""/links import and export, as an admin presses through them."""

from __future__ import annotations

import threading
from typing import Any

import discord
import pytest
from simcord import InteractionResult

from bot.sandbox.platforms.seeds import STAFF
from bot.services import link_directory, link_plans
from bot.store import link_imports
from tests.cogs.hands import buttons, craft, text
from tests.cogs.stage import House, Stage, build_house
from tests.cogs.stories import OTTO, PIP, SABLE, WREN
from tests.cogs.test_links import card

PIP_USER, SABLE_USER, OTTO_USER, FERN_USER = STAFF[:4]


def rows(*lines: object) -> bytes:
    """A file of these lines."""
    return "\n".join(str(line) for line in lines).encode()


async def send(stage: Stage, content: bytes, house: House | None = None) -> InteractionResult:
    """The admin sends a file."""
    where = house or stage.house
    return await stage.slash(where.admin, "links import", file=("links.csv", content))


async def file_of(result: InteractionResult) -> str:
    """The one file under an answer."""
    assert result.response is not None
    (attachment,) = result.response.attachments
    return (await attachment.read()).decode("utf-8-sig")


async def linked(stage: Stage, who: discord.abc.Snowflake) -> str:
    """What `/links show` says of a member."""
    return text(await stage.slash(stage.house.admin, "links show", member=who))


async def test_dry_run_apply_and_undo(ready: Stage) -> None:
    house = ready.house
    file = rows(
        "Discord ID;Roblox",
        f"{house.guest.id};{OTTO_USER.name}",
        f"{house.pip.id};{PIP_USER.name}",
        f"{house.sable.id};{FERN_USER.name}",
        f"{house.host.id};{WREN}",
        f"{10**17 + 5};{STAFF[4].name}",
        "1.23457E+17;156",
        f"{house.host.id};NobodyIsCalledThis",
    )
    dry = await send(ready, file)
    words = text(dry)
    assert "**Dry run.** Nothing is changed yet." in words
    for part in (
        "**1 new**", "**1 changed**", "**1 the same**", "**1 in conflict**", "**1 unknown**",
        "**1 not in this server**", "**1 unreadable**",
    ):  # fmt: skip
        assert part in words
    report = await file_of(dry)
    assert "Set the column to Text" in report
    assert "is not linked" in await linked(ready, house.guest)
    done = await house.admin.click(dry.response, label="Apply 2 clean lines")
    assert "2 members linked" in text(done)
    assert f"account {OTTO}" in await linked(ready, house.guest)
    assert f"account {FERN_USER.user_id}" in await linked(ready, house.sable)
    (notice,) = (await ready.slash(house.guest, "claims")).followups
    assert "You were linked to" in notice.content
    again = text(await send(ready, file))
    assert "**3 the same**" in again
    assert "There is nothing to apply." in again
    await ready.restart()
    asked = await house.admin.click(done.response, label="Undo this import")
    undone = await house.admin.click(asked.response, label="Undo it")
    assert "what was before it is back" in text(undone)
    assert "is not linked" in await linked(ready, house.guest)
    assert f"account {SABLE}" in await linked(ready, house.sable)


async def test_the_last_import_is_found_again_without_its_message(ready: Stage) -> None:
    house = ready.house
    assert "at most 5 MB" in text(await ready.slash(house.admin, "links import"))
    await send(ready, rows(f"{house.guest.id},{OTTO}"))
    await ready.restart()
    found = await ready.slash(house.admin, "links import")
    assert "**1 new**" in text(found)
    report = await house.admin.click(found.response, label="Line-by-line report")
    assert f"1,{house.guest.id},{OTTO},{OTTO_USER.name},new," in await file_of(report)
    await house.admin.click(found.response, label="Apply 1 clean line")
    shown = await ready.slash(house.admin, "links import")
    assert "**Applied**" in text(shown)
    assert list(buttons(card(shown))) == ["Undo this import", "Line-by-line report"]


async def test_discard(ready: Stage) -> None:
    dry = await send(ready, rows(f"{ready.house.guest.id},{OTTO}"))
    dropped = await ready.house.admin.click(dry.response, label="Discard")
    assert text(dropped) == "Discarded. Nothing was changed."
    assert buttons(card(dry)) == {}


async def test_an_import_of_another_guild_is_out_of_reach(ready: Stage) -> None:
    other = build_house(ready.env, "Elsewhere")
    dry = await send(ready, rows(f"{ready.house.guest.id},{OTTO}"))
    ids = [button["custom_id"] for button in buttons(card(dry)).values()]
    theirs = await send(ready, rows(f"{other.guest.id},{OTTO}"), other)
    for custom_id in ids:
        stolen = await craft(other.admin, theirs.response, custom_id)
        assert "This import is forgotten" in text(stolen)
    not_admin = await ready.slash(ready.house.pip, "claims")
    for custom_id in ids:
        stolen = await craft(ready.house.pip, not_admin.response, custom_id)
        assert "Manage Server" in text(stolen)
    assert "is not linked" in await linked(ready, ready.house.guest)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1" * 10_000_000, "too big: at most 5 MB"),
        (b"PK\x03\x04", "Excel workbook"),
        (b"\x00\x01\x02", "not a text file"),
        (b" ", "no lines"),
    ],
)
async def test_files_that_cannot_be_read(stage: Stage, content: bytes, words: str) -> None:
    assert words in text(await send(stage, content))


async def test_utf_16_with_formulas(ready: Stage) -> None:
    house = ready.house
    content = f'{house.guest.id}\t{OTTO}\n=HYPERLINK("x")\t=1+1\n@SUM(A1)\t-2\n'
    dry = await send(ready, content.encode("utf-16"))
    assert "**1 new**" in text(dry)
    assert "**2 unreadable**" in text(dry)
    report = await file_of(dry)
    assert "HYPERLINK" not in report
    assert not any(line.startswith(("=", "+", "-", "@")) for line in report.splitlines())


async def test_export_and_back(ready: Stage) -> None:
    house = ready.house
    exported = await ready.slash(house.admin, "links export")
    assert "All there is: 3 links" in text(exported)
    content = await file_of(exported)
    assert f"{house.pip.id},{PIP},{PIP_USER.name},admin,{house.admin.id}," in content
    for who in (house.pip, house.sable, house.wren):
        await ready.slash(house.admin, "links remove", member=who)
    empty = await ready.slash(house.admin, "links export")
    assert "nothing to export" in text(empty)
    dry = await send(ready, content.encode("utf-8-sig"))
    assert "**3 new**" in text(dry)
    await house.admin.click(dry.response, label="Apply 3 clean lines")
    assert f"account {PIP}" in await linked(ready, house.pip)


async def test_a_result_after_fifteen_minutes_goes_to_the_log_channel(
    ready: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = ready.house
    monkeypatch.setattr(discord.Interaction, "is_expired", lambda _: True)
    await send(ready, rows(f"{house.guest.id},{OTTO}"))
    line = house.log.last_message
    assert line is not None
    assert "**1 new**" in line.content
    assert "Go on with `/links import`" in line.content


async def test_what_takes_long_for_a_long_file_leaves_the_loop_free(
    ready: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, threads = threading.get_ident(), dict[str, set[int]]()

    def watch(module: Any, name: str) -> None:
        real = getattr(module, name)

        def watched(*given: Any) -> Any:
            threads.setdefault(f"{module.__name__}.{name}", set()).add(threading.get_ident())
            return real(*given)

        monkeypatch.setattr(module, name, watched)

    watch(link_plans, "_to_line")
    watch(link_plans, "_without_contradictions")
    watch(link_directory, "write_csv")
    watch(link_imports, "_to_line")
    dry = await send(ready, rows(f"{ready.house.guest.id},{OTTO_USER.name}"))
    latest = await ready.slash(ready.house.admin, "links import")
    again = await ready.house.admin.click(latest.response, label="Line-by-line report")
    assert await file_of(again) == await file_of(dry)
    assert len(threads) == 4
    assert not [name for name, where in threads.items() if loop in where]
