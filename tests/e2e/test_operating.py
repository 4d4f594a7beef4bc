"""What an operator does while members claim: look, back up, stop, start again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.people import Sandbox, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.town import TOKEN
from tests.e2e.conftest import Story
from tests.e2e.operating import OperatedTown, count_claims, eventually, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = seeds.record_id("northgate/soon")
ROBLOX = {a.display_name: str(a.user_id) for a in (*seeds.HOSTS, *seeds.STAFF)}


class Operated(Story):
    """A story whose town has a health port."""

    town: OperatedTown


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story() -> AsyncIterator[Operated]:
    town = OperatedTown()
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            begun = Operated(town, sandbox, Cast(town, sandbox))
            await begun.begin()
            yield begun
    finally:
        await town.stop()


async def test_the_numbers_move_while_people_claim(story: Operated) -> None:
    town, otto = story.town, story.cast.person("Otto", story.town.coast)
    before = await town.numbers()
    town.northgate.faults.add("rate-limit", match="read", times=1, seconds=0.2)
    answer = await otto.press(story.boards["northgate"], "Cabin Crew")
    assert "You are **Cabin Crew**" in answer.text
    edited = "muster_board_changes_total[('act', 'edit'), ('result', 'ok')]"
    after = await eventually(town.numbers, lambda now: now.get(edited, 0) > before.get(edited, 0))

    def moved(name: str, **labels: str) -> float:
        key = f"{name}{sorted(labels.items()) or ''}"
        return after[key] - before.get(key, 0)

    claimed = {"kind": "claim", "code": "claimed", "platform": "ReAdmin", "when": "at once"}
    assert moved("muster_outcomes_total", **claimed) == 1
    assert moved("muster_outcome_seconds_count", kind="claim") == 1
    assert moved("muster_acknowledgement_seconds_count", interaction="component") == 1
    assert moved("muster_answer_seconds_count", interaction="component") == 1
    assert "muster_unacknowledged_total[('interaction', 'component')]" not in after
    assert moved("muster_platform_limited_total", platform="ReAdmin") == 1
    assert moved("muster_database_seconds_count", kind="write") > 0
    assert moved("muster_discord_requests_total", method="PATCH", status="200") > 0
    assert after["muster_platform_circuits[('platform', 'ReAdmin'), ('state', 'closed')]"] == 1
    assert after["muster_journal_unsettled"] == 0
    assert after["muster_guilds"] == 2
    assert after["muster_shard_latency_seconds[('shard', '0')]"] >= 0


async def test_forms_and_choices_are_timed_too(story: Operated) -> None:
    town, juno = story.town, story.cast.person("Juno", story.town.coast)
    before = await town.numbers()
    (board, *_) = await juno.autocomplete("session edit", "announcement", announcement="NG204")
    panel = await juno.command("session edit", announcement=board["value"])
    assert (await juno.press(panel, "Edit")).form is not None
    after = await town.numbers()
    for kind in ("autocomplete", "application_command", "component"):
        name = f"muster_acknowledgement_seconds_count[('interaction', '{kind}')]"
        assert after[name] == before.get(name, 0) + 1


async def test_every_line_is_json_and_says_which_interaction_it_is_about(story: Operated) -> None:
    town = story.town
    lines = [json.loads(line) for line in town.bot.log_file.read_text("utf-8").splitlines()]
    claims = [one for one in lines if ": claimed, reference" in one["event"]]
    assert [(one["logger"], one["guild"]) for one in claims] == [
        ("bot.services.engine", town.coast.guild.id)
    ]
    assert claims[0]["interaction"] > town.coast.guild.id


async def test_no_secret_and_no_name_is_among_the_numbers(story: Operated) -> None:
    town = story.town
    _, text = await town.get("/metrics")
    guild = str(town.coast.guild.id)
    names = (*ROBLOX, *ROBLOX.values(), seeds.NORTHGATE_NAME, guild, str(town.coast.sessions.id))
    secrets = (TOKEN, town.key, seeds.NORTHGATE_KEY, seeds.HARBOUR_KEY, seeds.REDWOOD_KEY)
    assert [one for one in (*names, *secrets) if one in text] == []


async def test_the_port_says_that_all_is_well(story: Operated) -> None:
    assert await story.town.get("/healthz") == (200, "ok\n")
    assert await story.town.get("/readyz") == (200, "ready\n")


async def test_the_port_says_when_discord_is_gone(story: Operated) -> None:
    town = story.town
    town.discord.core.gateway.accepting = False
    town.discord.core.gateway.disconnect()
    answer = await eventually(lambda: town.get("/readyz"), lambda ready: ready[0] != 200)
    assert answer == (503, "Not connected to Discord: shard 0.\n")
    assert await town.get("/healthz") == (200, "ok\n")
    town.discord.core.gateway.accepting = True
    await eventually(lambda: town.get("/readyz"), lambda ready: ready[0] == 200)


async def test_one_screen_says_how_it_does(story: Operated) -> None:
    ran = await story.town.command("status")
    assert (ran.status, ran.err) == (0, "")
    process, *lines = ran.out.splitlines()
    assert process.startswith("process    ready; 2 guilds served, ")
    assert lines[:4] == [
        "guilds     2 with a workspace",
        "boards     3 live",
        "journal    0 without an ending",
        "workspaces 3: 3 ok",
    ]
    assert len(lines) == 7
    assert any(line.startswith(f"  {seeds.NORTHGATE_NAME} (guild ") for line in lines[4:])


async def test_a_second_process_on_the_same_file_is_refused(story: Operated) -> None:
    second = await story.town.command("run")
    assert second.status == 2
    assert "another Muster process works on the SQLite file" in second.err
    assert "muster.db. Stop that one first" in second.err
    assert "Traceback" not in second.err
    for beside in ("doctor", "migrate", "status"):
        ran = await story.town.command(beside)
        assert ran.status == 0, ran.out + ran.err


async def test_a_restore_beside_a_running_process_is_refused(story: Operated) -> None:
    ran = await story.town.command("restore", "anything.db")
    assert ran.status == 2
    assert "another Muster process works on" in ran.err


async def test_keys_are_rotated_while_it_runs(story: Operated) -> None:
    ran = await story.town.command("rotate-keys")
    assert ran.out == "0 stored secrets were encrypted anew; all are under the first key now.\n"


async def test_told_to_stop_it_finishes_what_runs_and_takes_nothing_new(story: Operated) -> None:
    town = story.town
    pip, sable = (story.cast.person(name, town.coast) for name in ("Pip", "Sable"))
    town.northgate.faults.add("slow", match="claim", times=1, seconds=3)
    before = count_claims(town.northgate)
    pressing = asyncio.create_task(pip.press(story.boards["northgate"], "Gate Agent"))
    await until(lambda: count_claims(town.northgate) > before)
    began = time.monotonic()
    await town.ask_to_stop()
    turned_away = await sable.press(story.boards["harbour"], "Barista")
    assert turned_away.text == "⏳ Muster is restarting. Try again in a moment."
    assert "You are **Gate Agent**" in (await pressing).text
    assert await town.bot.wait(10) == 0
    assert time.monotonic() - began < 10
    assert not [h for h in holders(town.harbour, seeds.series_id("harbour/soon"))
                if h == (ROBLOX["Sable"], "Barista")]  # fmt: skip
    await town.start_bot()


async def test_what_does_not_end_in_time_is_settled_by_the_next_start(story: Operated) -> None:
    town, juno = story.town, story.cast.person("Juno", story.town.coast)
    town.northgate.faults.add("slow", match="claim", times=1, seconds=60)
    before = count_claims(town.northgate)
    pressing = asyncio.create_task(juno.press(story.boards["northgate"], "Dispatcher"))
    await until(lambda: count_claims(town.northgate) > before)
    town.bot.ask_to_stop()
    assert await town.bot.wait(10) == 0
    answer = await pressing
    assert answer.text == "⏳ Muster is restarting. In a moment it says here how this ended."
    town.northgate.faults.clear()
    await town.start_bot()
    assert answer.message is not None
    message_id = answer.message["id"]
    told = await juno.wait_for(
        town.coast.sessions,
        lambda m: m["id"] == message_id and "You are **Dispatcher**" in text_of(m),
        timeout=40,
    )
    assert told
    assert holders(town.northgate, SOON).count((ROBLOX["Juno"], "Dispatcher")) == 1
    later = {"kind": "claim", "code": "claimed", "platform": "ReAdmin", "when": "later"}
    assert (await town.numbers())[f"muster_outcomes_total{sorted(later.items())}"] == 1


async def test_told_twice_it_ends_at_once_and_says_with_which_status(story: Operated) -> None:
    town, tobin = story.town, story.cast.person("Tobin", story.town.forest)
    town.redwood.faults.add("slow", match="claim", times=1, seconds=60)
    before = count_claims(town.redwood)
    pressing = asyncio.create_task(tobin.press(story.boards["redwood"], "Trail Ranger"))
    await until(lambda: count_claims(town.redwood) > before)
    await town.ask_to_stop()
    town.bot.ask_to_stop()
    assert await town.bot.wait(3) == 143
    assert "ending at once with status 143" in town.bot.tail()
    pressing.cancel()
    town.redwood.faults.clear()
    await town.start_bot()
    await until(
        lambda: (
            (ROBLOX["Tobin"], "Trail Ranger")
            in holders(town.redwood, seeds.record_id("redwood/soon"))
        )
    )


async def test_a_backup_made_while_people_claim_can_be_restored(story: Operated) -> None:
    town = story.town
    people = [story.cast.person(name, town.coast) for name in ("Otto", "Pip", "Sable", "Juno")]
    presses = [asyncio.create_task(one.press(story.boards["harbour"], "Barista")) for one in people]
    ran = await town.command("backup", "copy.db")
    assert ran.status == 0, ran.err
    assert "Copied into copy.db." in ran.out
    await asyncio.gather(*presses)
    again = await town.command("backup", "copy.db")
    assert again.status == 2
    assert "copy.db is there already" in again.err
    await town.bot.stop()
    (town.bot.log_file.parent / "muster.db").write_bytes(b"")  # the disk ate it
    restored = await town.command("restore", "copy.db")
    assert restored.status == 0, restored.err
    await town.start_bot()
    wren = story.cast.person("Wren", town.coast)
    answer = await wren.press(story.boards["northgate"], "Observer")
    assert "You are **Observer**" in answer.text
