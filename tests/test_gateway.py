"""In a rush acknowledgements leave while presses are still being read."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, test_utils, web
from discord import http

from bot import rush
from bot.gateway import PatientSocket, read_patiently
from bot.rush import Rush


async def send_three(request: web.Request) -> web.WebSocketResponse:
    """All at once, before any is read."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    for number in range(3):
        await socket.send_str(str(number))
    await socket.close()
    return socket


async def test_others_have_a_turn_between_two_events() -> None:
    app = web.Application()
    app.router.add_get("/", send_three)
    turns: list[str] = []

    async def acknowledge() -> None:
        while True:
            turns.append("answer")
            await asyncio.sleep(0)

    async with (
        test_utils.TestServer(app) as server,
        ClientSession(ws_response_class=PatientSocket) as session,
        session.ws_connect(server.make_url("/")) as socket,
    ):
        await asyncio.sleep(0.1)  # until all three lie in the buffer
        other = asyncio.create_task(acknowledge())
        turns.append(str((await socket.receive()).data))
        turns.append(str((await socket.receive()).data))
        turns.append(str((await socket.receive()).data))
        other.cancel()
    events = [place for place, turn in enumerate(turns) if turn != "answer"]
    assert [turns[place] for place in events] == ["0", "1", "2"]
    assert all(turns[place - 1] == "answer" for place in events)


def test_discord_py_uses_that_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "DiscordClientWebSocketResponse"
    monkeypatch.setattr(http, name, http.__dict__[name])
    read_patiently()
    assert http.__dict__[name] is PatientSocket


async def test_work_waits_until_everybody_is_acknowledged() -> None:
    crowd, done = Rush(), list[str]()

    async def work() -> None:
        await crowd.over()
        done.append("worked")

    with crowd.owing():
        working = asyncio.create_task(work())
        with crowd.owing():
            await asyncio.sleep(0)
        done.append("acknowledged")
        await asyncio.sleep(0)
    await working
    assert done == ["acknowledged", "worked"]


async def test_work_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rush, "PATIENCE", 0.0)
    crowd = Rush()
    with crowd.owing():
        await crowd.over()
