"""`muster demo --script`: the whole story, played headless and checked step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.sandbox.acts import Cast, holders
from bot.sandbox.discord.models import Channel
from bot.sandbox.discord.people import Json, Person, Refused, Sandbox, text_of
from bot.sandbox.platforms import seeds
from bot.sandbox.stage import Stage, Unexpected, write
from bot.sandbox.tour_linking import play_linking
from bot.sandbox.tour_swap import swap
from bot.sandbox.tour_waitlist import wait_for_a_role
from bot.sandbox.town import Town

SOON = seeds.record_id("northgate/soon")
BARE = seeds.record_id("northgate/no-server")
CAFE = seeds.series_id("harbour/soon")
SHIFT = seeds.record_id("redwood/soon")
ROBLOX = {a.display_name: str(a.user_id) for a in (seeds.ADMIN, *seeds.HOSTS, *seeds.STAFF)}


async def play(town: Town, sandbox: Sandbox, stage: Stage) -> None:
    """The story, scene by scene. Raises Unexpected at the first difference."""
    cast = Cast(town, sandbox)
    await _connect(cast, stage)
    await _link(cast, stage)
    boards = await _post(cast, stage)
    await _claim(cast, stage, boards)
    await _refuse(cast, stage, boards)
    await play_linking(cast, stage, boards["northgate"])
    await _decide(cast, stage, boards)
    await swap(cast, stage, boards["northgate"])
    await _release(cast, stage, boards)
    await wait_for_a_role(cast, stage, boards["harbour"])
    await _revoke(cast, stage, boards)
    await _kill(cast, stage, boards)
    await _look_back(cast, stage, boards, sandbox)


Boards = dict[str, Json]


async def _connect(cast: Cast, stage: Stage) -> None:
    stage.scene("The admin connects three workspaces")
    town = cast.town
    wrong = await cast.connect(town.coast, "readmin-v2", town.northgate.base_url, "wrong", "Typo")
    stage.saw("Marlowe pastes a wrong key", wrong, "refuses the key", "Workspace not found")
    for answer in await cast.connect_all():
        stage.saw("Marlowe pastes the right key", answer, "is connected to", "release from Discord")
    pip = cast.person("Pip", town.coast)
    try:
        await pip.command("setup", provider="series", announcements=town.coast.sessions)
    except Refused as refused:
        stage.check(f"Pip is not offered /setup ({refused})", seen=True, wanted=True)
    else:
        raise Unexpected("Pip could use /setup")


async def _link(cast: Cast, stage: Stage) -> None:
    stage.scene("The admin links staff to their Roblox accounts")
    for name, answer in (await cast.link_all()).items():
        stage.saw(f"Marlowe links {name}", answer, "is linked to")
    admin = cast.person("Marlowe", cast.town.coast)
    taken = await admin.command(
        "links add", member=cast.town.people["Nico"], roblox="PipWintergreen"
    )
    stage.saw("Marlowe would give Pip's account to Nico", taken, "This account is @Pip's", "both")
    stage.saw("Marlowe thinks better of it", await admin.press(taken, "Cancel"), "Nothing was")


async def _post(cast: Cast, stage: Stage) -> Boards:
    stage.scene("Hosts post sessions")
    town = cast.town
    preview = await cast.preview(town.coast, "Tobin", BARE)
    stage.saw(
        "Tobin previews a session without a server",
        preview,
        "no server yet",
        "Add a server",
        "not open",
    )
    boards = {
        "northgate": await cast.post(town.coast, "Juno", SOON),
        "added": await cast.post(town.coast, "Tobin", BARE),
        "harbour": await cast.post(town.coast, "Tobin", CAFE),
        "redwood": await cast.post(town.forest, "Juno", SHIFT),
    }
    for name, board in boards.items():
        stage.read(f"Everybody reads the board ({name})", board, "open for claims", "0/1")
        stage.check("nobody was pinged", board["pings"]["roles"], [])
    return boards


async def _claim(cast: Cast, stage: Stage, boards: Boards) -> None:
    stage.scene("Staff claim")
    town = cast.town
    pip, sable = cast.person("Pip", town.coast), cast.person("Sable", town.coast)
    answer = await pip.press(boards["northgate"], "Captain")
    stage.saw("Pip presses Captain (ReAdmin)", answer, "You are **Captain**")
    answer = await pip.press(boards["northgate"], "Captain")
    stage.saw("Pip presses it again", answer, "already hold **Captain**")
    answer = await pip.press(boards["harbour"], "Trainer")
    stage.saw("Pip presses Trainer (Series HR)", answer, "You are **Trainer**")
    ranger = cast.person("Sable", town.forest)
    answer = await ranger.press(boards["redwood"], "Lead Ranger")
    stage.saw("Sable presses Lead Ranger (ReAdmin v1)", answer, "You are **Lead Ranger**")
    session = (await sable.autocomplete("claim", "session", session="NG204"))[0]["value"]
    role = await sable.autocomplete("claim", "role", session=session, role="First")
    answer = await sable.command("claim", session=session, role=role[0]["value"])
    stage.saw("Sable uses /claim", answer, "You are **First Officer**")
    stage.check(
        "ReAdmin holds both claims",
        holders(town.northgate, SOON),
        sorted([(ROBLOX["Pip"], "Captain"), (ROBLOX["Sable"], "First Officer")]),
    )
    board = await pip.wait_for(town.coast.sessions, _shows(boards["northgate"], "Captain 1/1"))
    stage.read("The board follows", board, "@Pip", "First Officer 1/1 · full")


async def _refuse(cast: Cast, stage: Stage, boards: Boards) -> None:
    stage.scene("Some are refused, each with the reason")
    town = cast.town
    wren = cast.person("Wren", town.coast)
    otto = cast.person("Otto", town.coast)
    answer = await otto.press(boards["harbour"], "Trainer")
    stage.saw("Otto wants a full role", answer, "is full 1/1: @Pip")
    answer = await wren.press(boards["northgate"], "Dispatcher")
    stage.saw("Wren's rank is too low (Muster checks)", answer, "needs group rank 30", "yours is 5")
    answer = await wren.press(boards["harbour"], "Barista")
    stage.saw("Wren's rank is too low (Series checks)", answer, "Series HR says")
    answer = await otto.press(boards["northgate"], "Observer")
    stage.saw("Otto observes", answer, "You are **Observer**")
    answer = await otto.press(boards["northgate"], "Cabin Crew")
    stage.saw("Otto presses another role", answer, "Move to **Cabin Crew**")
    answer = await otto.press(answer, "Move to Cabin Crew")
    stage.saw("Otto moves", answer, "You are **Cabin Crew**")


async def _decide(cast: Cast, stage: Stage, boards: Boards) -> None:
    stage.scene("Two sessions at one time, and a host who decides")
    town = cast.town
    answer = await cast.set_clash(town.coast, seeds.HARBOUR_NAME, "warn")
    stage.saw("Marlowe wants people to be asked", answer, "Saved", "asked before they claim both")
    sable, juno = cast.person("Sable", town.coast), cast.person("Juno", town.coast)
    question = await sable.press(boards["harbour"], "Barista")
    stage.saw("Sable presses Barista", question, "at the same time", "Claim **Barista**")
    answer = await sable.press(question, "Cancel")
    stage.saw("Sable thinks better of it", answer, "Nothing was changed")
    await cast.set_clash(town.coast, seeds.HARBOUR_NAME, "off")
    posted = (await juno.autocomplete("session add", "announcement", announcement="NG204"))[0]
    choice = {"announcement": posted["value"], "member": town.people["Tobin"]}
    role = (await juno.autocomplete("session add", "role", role="Observer", **choice))[0]["value"]
    answer = await juno.command("session add", role=role, reason="trial shift", **choice)
    stage.saw("Juno adds Tobin", answer, "@Tobin is now **Observer**", "trial shift")
    marlowe = cast.person("Marlowe", town.coast)
    notice = await marlowe.wait_for(town.coast.log, lambda m: " added " in text_of(m))
    stage.read("The log channel says so", notice, "@Juno added @Tobin", "Observer")
    stage.check("nobody was pinged", notice["pings"]["users"], [])


async def _release(cast: Cast, stage: Stage, boards: Boards) -> None:
    stage.scene("Roles are given back")
    town = cast.town
    pip, sable = cast.person("Pip", town.coast), cast.person("Sable", town.forest)
    for board, role, held, platform in (
        ("northgate", "Captain", SOON, town.northgate),
        ("harbour", "Trainer", CAFE, town.harbour),
    ):
        receipt = await pip.press(boards[board], role)
        question = await pip.press(receipt, "Release")
        stage.saw(f"Pip presses Release on {role}", question, f"Release **{role}**", "?")
        answer = await pip.press(question, "Release")
        stage.saw("Pip says yes", answer, "Released")
        stage.check("the platform agrees", (ROBLOX["Pip"], role) in holders(platform, held), False)
    claim = (await sable.autocomplete("release", "claim", claim=""))[0]["value"]
    answer = await sable.command("release", claim=claim)
    stage.saw("Sable cannot release on ReAdmin v1", answer, "panel", "still hold **Lead Ranger**")


async def _revoke(cast: Cast, stage: Stage, boards: Boards) -> None:
    stage.scene("The platform's key is revoked, then works again")
    town = cast.town
    town.harbour.faults.add("revoked-key")
    otto = cast.person("Otto", town.coast)
    answer = await otto.press(boards["harbour"], "Barista")
    stage.saw("Otto presses Barista", answer, "refuses this workspace's key", "not your fault")
    marlowe = cast.person("Marlowe", town.coast)
    notice = await marlowe.wait_for(town.coast.log, lambda m: "refuses the key" in text_of(m))
    stage.read("Marlowe reads the log channel", notice, "/workspace key")
    town.harbour.faults.clear()
    answer = await otto.press(boards["harbour"], "Barista")
    stage.saw("Otto presses again", answer, "You are **Barista**")


async def _kill(cast: Cast, stage: Stage, boards: Boards) -> None:
    stage.scene("The bot is killed in the middle of a claim")
    town = cast.town
    pip = cast.person("Pip", town.coast)
    town.northgate.faults.add("slow", match="claim", times=1, seconds=60)
    claiming = asyncio.create_task(pip.press(boards["northgate"], "Captain"))
    await _until(lambda: (ROBLOX["Pip"], "Captain") in holders(town.northgate, SOON))
    waiting = await _until_thinking(pip, town.coast.sessions)
    await town.bot.kill()
    claiming.cancel()  # nobody waits for the press itself any more
    await town.start_bot()
    write("• kill -9 while ReAdmin was answering; the bot is started again")
    message = await pip.wait_for(
        town.coast.sessions, lambda m: m["id"] == waiting and "You are" in text_of(m)
    )
    stage.read("Pip's own answer, after the restart", message, "You are **Captain**", "Release")
    held = holders(town.northgate, SOON).count((ROBLOX["Pip"], "Captain"))
    stage.check("ReAdmin holds Pip's claim exactly once", held, 1)
    town.northgate.faults.clear()
    sable = cast.person("Sable", town.forest)
    trail = await cast.person("Otto", town.forest).press(boards["redwood"], "Trail Ranger")
    stage.saw("Otto presses a button from before the restart", trail, "You are **Trail Ranger**")
    again = await sable.press(boards["redwood"], "Lead Ranger")
    stage.saw("Sable's claim is still known", again, "already hold **Lead Ranger**")


async def _look_back(cast: Cast, stage: Stage, boards: Boards, sandbox: Sandbox) -> None:
    stage.scene("Nothing was lost")
    town = cast.town
    sable = cast.person("Sable", town.coast)
    answer = await sable.command("claims")
    stage.saw("Sable lists her claims", answer, "First Officer")
    answer = await sable.command("open")
    stage.saw("Sable looks what is open", answer, "NG204 Evening Flight", "Cashier Training")
    juno = cast.person("Juno", town.coast)
    choice = (await juno.autocomplete("session close", "announcement", announcement="NG204"))[0]
    answer = await juno.command("session close", announcement=choice["value"])
    stage.saw("Juno closes the session", answer, "is closed")
    board = await juno.wait_for(town.coast.sessions, _shows(boards["northgate"], "closed by"))
    stage.read("The closed board keeps its roster", board, "@Sable", "@Otto")
    report = await sandbox.report()
    stage.check("Discord saw no violation of its rules", report["violations"], [])
    stage.check("Discord knew every route", report["unknown_routes"], [])


def _shows(board: Json, text: str) -> Callable[[Json], bool]:
    """Whether a message is this board and shows a text, on a button or in the embed."""

    def matches(message: Json) -> bool:
        labels = [c.get("label") for row in message["components"] for c in row["components"]]
        return message["id"] == board["id"] and text in "\n".join((text_of(message), *labels))

    return matches


async def _until(happened: Callable[[], bool]) -> None:
    """Wait for something inside the sandbox. Raises Unexpected when it does not come."""
    for _ in range(400):
        if happened():
            return
        await asyncio.sleep(0.05)
    raise Unexpected("what the story waits for did not happen")


async def _until_thinking(person: Person, channel: Channel) -> str:
    """The id of the "thinking" answer that only this person sees."""
    message = await person.wait_for(channel, lambda m: m["ephemeral"] and m["loading"])
    return str(message["id"])


async def run_script() -> int:
    """Play the story in a fresh town; the exit status: 0 when everything was as expected."""
    town = Town()
    stage = Stage(town)
    try:
        await town.start()
        async with Sandbox(town.discord.url) as sandbox:
            await play(town, sandbox, stage)
    except (Unexpected, Refused, TimeoutError, LookupError) as error:
        write(f"\n✖ Not as expected: {error}\n\nThe bot's last lines:\n{town.bot.tail()}")
        return 1
    finally:
        await town.stop()
    write(f"\n✔ All {stage.steps} steps as expected.")
    return 0
