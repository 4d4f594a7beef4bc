"""Words of upstreams and members: they ping nobody, mark nothing up, and fit into Discord."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.roblox import RobloxUser
from tests.cogs.hands import buttons, embed_text, sent_payloads, text
from tests.cogs.stage import Stage
from tests.cogs.stories import OTTO, PIP, SERIES, V2

ROLE, USER = "<@&100000000000000001>", "<@100000000000000002>"
PING = f"@everyone {ROLE} {USER} **bold** `code` # big"
STARS = "*_`~|" * 1200  # 6,000 characters, each of which becomes two when escaped
LINK = "x](https://evil.example) [y"
WIDE = "🏴‍☠️" * 1500
NASTY = {"ping": PING, "stars": STARS, "link": LINK, "wide": WIDE}
nasty = pytest.mark.parametrize("words", NASTY.values(), ids=NASTY.keys())


def spoil(stage: Stage, words: str) -> None:
    """Every text of the session, as an upstream could send it."""
    world = stage.platforms.worlds.readmin
    workspace = world.workspaces[V2.key]
    record = world.get_session(V2.session_id)

    def change() -> None:
        record["template"].update(name=words, description=words)
        for server in record["servers"].values():
            server["nickname"] = words
        for group in workspace.role_groups:
            group["name"] = words
            for role in group["roles"]:
                role["name"] = f"{role['name']} {words}"
        workspace.games[0]["name"] = words

    stage.upstream.call(change)


def measure(embed: discord.Embed) -> None:
    """Discord's limits, counted in UTF-16 units as Discord does."""

    def size(value: str | None) -> int:
        return len((value or "").encode("utf-16-le")) // 2

    assert 1 <= size(embed.title) <= 256
    assert size(embed.description) <= 4096
    assert size(embed.footer.text) <= 2048
    assert len(embed.fields) <= 25
    for field in embed.fields:
        assert 1 <= size(field.name) <= 256
        assert 1 <= size(field.value) <= 1024
    texts = [embed.title, embed.description, embed.footer.text]
    texts += [part for field in embed.fields for part in (field.name, field.value)]
    assert sum(map(size, texts)) <= 6000


def harmless(words: str) -> None:
    """No mention and no mark-up of a stranger is left in a text."""
    assert "@everyone" not in words
    assert ROLE not in words
    assert USER not in words
    assert "**bold**" not in words
    assert "`code`" not in words


@nasty
async def test_a_board_of_untrusted_texts(stage: Stage, words: str) -> None:
    house = stage.house
    spoil(stage, words)
    await stage.setup(house, V2)
    await stage.link_staff(house)
    board = await stage.post(house, note=words[:500], ping=True)
    measure(board.embeds[0])
    harmless(embed_text(board))
    rows: list[dict[str, Any]] = [row.to_dict() for row in board.components]
    labels = [button["label"] for row in rows for button in row["components"]]
    assert len(labels) == 7  # six roles and the roster
    assert all(1 <= len(label.encode("utf-16-le")) // 2 <= 80 for label in labels)
    assert not any(set(p["allowed_mentions"]) - {"parse"} for p in sent_payloads(stage.env))


@nasty
async def test_answers_with_untrusted_texts(stage: Stage, words: str) -> None:
    house = stage.house
    spoil(stage, words)
    await stage.setup(house, V2)
    await stage.link_staff(house)
    await stage.post(house)
    results = [
        await stage.claim(house.pip, "First Officer"),
        await stage.claim(house.sable, "First Officer"),
        await stage.claim(house.pip, "Cabin Crew"),
        await stage.slash(house.pip, "claims"),
        await stage.slash(house.pip, "open"),
        await stage.slash(house.pip, "claim", session="1", role=words[:3000]),
        await stage.slash(house.pip, "claim", session=words[:3000], role="x"),
        await stage.slash(house.host, "session refresh", announcement="1"),
        await stage.link(house, house.guest, words[:3000]),
    ]
    for result in results:
        assert 1 <= len(text(result)) <= 2000
        harmless(text(result))
    assert stage.holders("First Officer " + words) == [PIP]
    for command, option in (("claim", "session"), ("release", "claim")):
        offered = await house.pip.autocomplete(house.chat, command, option, "")
        assert offered
        assert all(1 <= len(choice["name"]) <= 100 for choice in offered)
    for option in ("role", "server"):
        offered = await house.pip.autocomplete(house.chat, "claim", option, "", session="1")
        assert all(1 <= len(choice["name"]) <= 100 for choice in offered)
        assert all(len(choice["value"]) <= 100 for choice in offered)


@nasty
async def test_platform_words_and_workspace_names(stage: Stage, words: str) -> None:
    house = stage.house
    answer = await stage.setup(house, V2, name=words[:32])
    harmless(text(answer))
    for command in ("list", "test", "settings", "remove"):
        harmless(text(await stage.slash(house.admin, f"workspace {command}")))
    stage.upstream.fault("revoked-key")
    await stage.slash(house.admin, "workspace test")
    [notice] = house.log.history()
    harmless(notice.content)


async def test_a_title_cannot_lead_a_link_elsewhere(stage: Stage) -> None:
    house = stage.house
    spoil(stage, LINK)
    await stage.setup(house, V2)
    preview = await stage.draft(house)
    posted = await house.host.click(preview.response, label="Post")
    for result in (posted, await stage.slash(house.pip, "open")):
        assert "x)(https://evil.example) (y](https://discord.com/channels/" in text(result)
    assert "[x](https" not in embed_text(stage.board())


async def test_holders_with_odd_names(ready: Stage) -> None:
    users = ready.platforms.worlds.roblox
    users.add_user(RobloxUser(77, "**bold** @everyone", "x"))
    world = ready.platforms.worlds.readmin
    server = next(iter(world.get_session(V2.session_id)["servers"]))
    role = seeds.stable_uuid("northgate/First Officer")
    ready.upstream.call(lambda: world.panel_claim(V2.session_id, server, 77, role))
    words = text(await ready.claim(ready.house.pip, "First Officer"))
    harmless(words)
    assert "is full" in words
    await ready.env.advance_time(3)
    harmless(embed_text(ready.board()))
    assert "bold" in embed_text(ready.board())


async def test_more_roles_than_buttons(stage: Stage) -> None:
    roles = stage.platforms.worlds.readmin.workspaces[V2.key].role_groups[0]["roles"]
    stage.upstream.call(
        lambda: roles.extend(
            dict(roles[-1], id=seeds.stable_uuid(f"extra/{n}"), name=f"Extra {n:02}")
            for n in range(60)
        )
    )
    house = stage.house
    await stage.setup(house, V2)
    await stage.link_staff(house)
    board = await stage.post(house)
    measure(board.embeds[0])
    menus = [row.to_dict()["components"][0] for row in board.components][:-1]
    assert all(menu["type"] == 3 for menu in menus)
    offered = {o["label"]: (o["value"], m) for m in menus for o in m["options"]}
    assert len(offered) == 66
    value, menu = offered["Extra 58 0/∞"]
    picked = text(await house.sable.select(board, [value], custom_id=menu["custom_id"]))
    assert picked.startswith("✔ You are **Extra 58**")
    words = text(await stage.slash(house.pip, "claim", session="1", role="extra 59"))
    assert words.startswith("✔ You are **Extra 59**")
    assert stage.holders("Extra 59") == [PIP]


async def test_many_holders_fit(ready: Stage) -> None:
    world = ready.platforms.worlds.readmin
    server = next(iter(world.get_session(V2.session_id)["servers"]))
    role = seeds.stable_uuid("northgate/Observer")

    def crowd() -> None:
        for number in range(300):
            world.panel_claim(V2.session_id, server, 10_000 + number, role)

    ready.upstream.call(crowd)
    await ready.claim(ready.house.pip, "Observer")
    await ready.env.advance_time(3)
    measure(ready.board().embeds[0])
    assert "Observer 301/∞" in buttons(ready.board())
    assert len(ready.holders("Observer")) == 301


@pytest.mark.parametrize("story", [SERIES], indirect=True)
async def test_a_series_role_name_is_its_key_and_stays_exact(stage: Stage) -> None:
    name = "Überprüfer / 2 **bold** @everyone"
    world = stage.platforms.worlds.series
    roles = world.get_session(SERIES.session_id).custom_roles
    assert roles is not None
    stage.upstream.call(lambda: roles.update({name: roles.pop("Barista")}))
    house = stage.house
    await stage.setup(house, SERIES)
    await stage.link_staff(house)
    await stage.post(house)
    words = text(await stage.claim(house.pip, "Überprüfer"))
    assert words.startswith("✔ You are")
    harmless(words)
    assert stage.holders(name) == [PIP]
    assert OTTO not in stage.holders(name)
