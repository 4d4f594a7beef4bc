"""The routes of the bot token: permissions, pings, rate limits, unknown things."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.discord.people import Sandbox
from tests.sandbox.discord_bench import Api, Community, RestBench, running_stand_in

Json = dict[str, Any]


@pytest.fixture
async def bench() -> AsyncIterator[RestBench]:
    town = Community()
    async with (
        running_stand_in(town.world, window=60) as stand_in,
        aiohttp.ClientSession() as session,
    ):
        yield RestBench(town, stand_in, Api(stand_in, session))


TEXT: Json = {"content": "x"}
EMBED: Json = {"embeds": [{"title": "x"}]}
THREAD: Json = {"name": "talk"}
REPLY: Json = {"content": "x", "message_reference": {"message_id": "1"}}


@pytest.mark.parametrize(
    ("denied", "method", "path", "body", "expected"),
    [
        ("view_channel", "GET", "", None, (403, 50001)),
        ("view_channel", "POST", "/messages", TEXT, (403, 50001)),
        ("view_channel", "PATCH", "/messages/{message}", TEXT, (403, 50001)),
        ("send_messages", "POST", "/messages", TEXT, (403, 50013)),
        ("send_messages", "POST", "/messages", EMBED, (403, 50013)),
        ("embed_links", "POST", "/messages", EMBED, (403, 50013)),
        ("read_message_history", "GET", "/messages/{message}", None, (403, 50013)),
        ("read_message_history", "POST", "/messages", REPLY, (403, 160002)),
        ("create_public_threads", "POST", "/messages/{message}/threads", THREAD, (403, 50013)),
        ("create_private_threads", "POST", "/threads", THREAD, (403, 50013)),
    ],
)
async def test_a_missing_permission_has_its_code(
    bench: RestBench,
    denied: str,
    method: str,
    path: str,
    body: Json | None,
    expected: tuple[int, int],
) -> None:
    message = await bench.post(TEXT)
    url = bench.board + path.format(message=message["id"])
    before, _ = await bench.api.call(method, url, body)
    assert before == 200
    bench.deny(denied)
    assert await bench.api.code(method, url, body) == expected


async def test_unknown_things_have_their_codes(bench: RestBench) -> None:
    town, api = bench.town, bench.api
    nobody = town.world.snowflakes.new()
    stranger = town.world.add_user("stranger")
    elsewhere = town.world.add_guild("Elsewhere", stranger)
    assert await api.code("GET", f"/channels/{nobody}") == (404, 10003)
    assert await api.code("GET", f"{bench.board}/messages/{nobody}") == (404, 10008)
    assert await api.code("PATCH", f"{bench.board}/messages/{nobody}", TEXT) == (404, 10008)
    assert await api.code("GET", f"/guilds/{nobody}") == (404, 10004)
    assert await api.code("GET", f"/guilds/{elsewhere.id}") == (403, 50001)
    assert await api.code("GET", f"/guilds/{town.guild.id}/members/{nobody}") == (404, 10013)
    assert await api.code("GET", f"/guilds/{town.guild.id}/members/{stranger.id}") == (404, 10007)
    assert await api.code("POST", "/users/@me/channels", {"recipient_id": nobody}) == (404, 10013)
    assert await api.code("POST", "/interactions/1/token/callback", {"type": 5}) == (404, 10062)
    assert await api.code("POST", f"/webhooks/{town.bot.id}/token", TEXT) == (404, 10015)


async def test_deleted_things_are_gone(bench: RestBench) -> None:
    message = await bench.post(TEXT)
    url = f"{bench.board}/messages/{message['id']}"
    async with Sandbox(bench.stand_in.url) as sandbox:
        channel_id = bench.town.board.id
        await sandbox.admin("delete_message", channel_id=channel_id, message_id=message["id"])
        assert await bench.api.code("PATCH", url, TEXT) == (404, 10008)
        await sandbox.admin("delete_channel", channel_id=channel_id)
    assert await bench.api.code("PATCH", url, TEXT) == (404, 10003)


async def test_a_wrong_token_is_401(bench: RestBench) -> None:
    status, body = await bench.api.call("GET", "/users/@me", token="wrong")
    assert (status, body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_an_unknown_route_is_501_and_listed(bench: RestBench) -> None:
    for method, path in (("GET", "/guilds/1/bans"), ("PUT", f"{bench.board}/pins/1")):
        status, _ = await bench.api.call(method, path)
        assert status == 501
    async with Sandbox(bench.stand_in.url) as sandbox:
        report = await sandbox.report()
        assert not report["clean"]
        listed = [entry["route"] for entry in report["unknown_routes"]]
        assert listed == ["GET /api/v10/guilds/1/bans", f"PUT /api/v10{bench.board}/pins/1"]
        await sandbox.admin("clear_report")
        assert (await sandbox.report())["clean"]


async def test_components_v2_is_refused_loudly(bench: RestBench) -> None:
    body = {"flags": 1 << 15, "components": [{"type": 17, "components": []}]}
    status, _ = await bench.api.call("POST", f"{bench.board}/messages", body)
    assert status == 501
    assert bench.stand_in.report.violation_count == 1


async def test_an_invalid_body_is_a_violation(bench: RestBench) -> None:
    status, body = await bench.api.call("POST", f"{bench.board}/messages", {"content": "x" * 2001})
    assert (status, body["code"]) == (400, 50035)
    assert body["errors"]["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"
    assert [v["kind"] for v in bench.stand_in.report.violations] == ["invalid_payload"]


async def test_an_edit_leaves_what_it_does_not_name(bench: RestBench) -> None:
    sent = await bench.post({"content": "a", "embeds": [{"title": "t"}]})
    url = f"{bench.board}/messages/{sent['id']}"
    _, edited = await bench.api.call("PATCH", url, {"content": "b"})
    assert (edited["content"], edited["embeds"][0]["title"]) == ("b", "t")
    assert edited["edited_timestamp"] is not None
    assert await bench.api.code("PATCH", url, {"content": "", "embeds": []}) == (400, 50006)


async def test_a_nonce_is_enforced(bench: RestBench) -> None:
    body = {"content": "once", "nonce": "n-1", "enforce_nonce": True}
    first, second = await bench.post(body), await bench.post(body)
    assert first["id"] == second["id"]
    other = await bench.post({**body, "nonce": "n-2"})
    assert other["id"] != first["id"]
    assert len(bench.town.board.messages) == 2


async def test_edits_are_limited_per_channel(bench: RestBench) -> None:
    message = await bench.post(TEXT)
    url = f"{bench.board}/messages/{message['id']}"
    left = []
    for _ in range(5):
        status, _ = await bench.api.call("PATCH", url, TEXT)
        assert status == 200
        left.append(bench.api.headers["X-RateLimit-Remaining"])
    assert left == ["4", "3", "2", "1", "0"]
    status, body = await bench.api.call("PATCH", url, TEXT)
    assert status == 429
    assert 0 < body["retry_after"] <= 60
    assert bench.api.headers["Retry-After"].isdigit()
    assert bench.api.headers["X-RateLimit-Scope"] == "user"
    assert bench.stand_in.report.rate_limited == 1


async def test_old_messages_have_a_limit_of_their_own(bench: RestBench) -> None:
    message = await bench.post(TEXT)
    url = f"{bench.board}/messages/{message['id']}"
    async with Sandbox(bench.stand_in.url) as sandbox:
        await sandbox.admin("old_edits", age=-1)
        for _ in range(3):
            assert (await bench.api.call("PATCH", url, TEXT))[0] == 200
        assert await bench.api.code("PATCH", url, TEXT) == (429, 30046)


async def test_a_global_limit_and_other_faults(bench: RestBench) -> None:
    async with Sandbox(bench.stand_in.url) as sandbox:
        await sandbox.admin("rate_limit", retry_after=2.5, **{"global": True})
        status, body = await bench.api.call("GET", "/users/@me")
        assert (status, body["global"], body["retry_after"]) == (429, True, 2.5)
        await sandbox.admin("rate_limit", on=False)
        await sandbox.admin("fault", match="GET /api/v10/users", status=503)
        assert (await bench.api.call("GET", "/users/@me"))[0] == 503
        assert (await bench.api.call("GET", "/users/@me"))[0] == 200


async def test_threads_keep_discords_rules(bench: RestBench) -> None:
    message = await bench.post(TEXT)
    start = f"{bench.board}/messages/{message['id']}/threads"
    status, thread = await bench.api.call("POST", start, THREAD)
    assert (status, thread["id"], thread["parent_id"]) == (
        200,
        message["id"],
        str(bench.town.board.id),
    )
    assert await bench.api.code("POST", start, THREAD) == (400, 160004)
    assert await bench.api.code("POST", f"{bench.board}/threads", {"name": ""}) == (400, 50035)
    inside = f"/channels/{thread['id']}"
    _, first = await bench.api.call("POST", f"{inside}/messages", TEXT)
    assert (await bench.api.call("PATCH", inside, {"archived": True}))[0] == 200
    assert await bench.api.code("PATCH", f"{inside}/messages/{first['id']}", TEXT) == (400, 50083)
    assert (await bench.api.call("POST", f"{inside}/messages", TEXT))[0] == 200
    assert (await bench.api.call("PATCH", f"{inside}/messages/{first['id']}", TEXT))[0] == 200


async def test_dms_to_strangers_are_refused(bench: RestBench) -> None:
    stranger = bench.town.world.add_user("stranger")
    _, dm = await bench.api.call("POST", "/users/@me/channels", {"recipient_id": str(stranger.id)})
    assert await bench.api.code("POST", f"/channels/{dm['id']}/messages", TEXT) == (403, 50278)
    sam = bench.town.sam
    _, dm = await bench.api.call("POST", "/users/@me/channels", {"recipient_id": str(sam.id)})
    url = f"/channels/{dm['id']}/messages"
    assert (await bench.api.call("POST", url, TEXT))[0] == 200
    sam.dms_open = False
    assert await bench.api.code("POST", url, TEXT) == (403, 50007)


async def test_the_history_is_listed_newest_first(bench: RestBench) -> None:
    ids = [(await bench.post({"content": str(n)}))["id"] for n in range(4)]
    url = f"{bench.board}/messages"
    _, newest = await bench.api.call("GET", f"{url}?limit=2")
    assert [m["id"] for m in newest] == [ids[3], ids[2]]
    _, older = await bench.api.call("GET", f"{url}?before={ids[2]}")
    assert [m["id"] for m in older] == [ids[1], ids[0]]
    _, newer = await bench.api.call("GET", f"{url}?after={ids[0]}&limit=2")
    assert [m["id"] for m in newer] == [ids[2], ids[1]]
    bench.deny("read_message_history")
    assert (await bench.api.call("GET", url))[1] == []
