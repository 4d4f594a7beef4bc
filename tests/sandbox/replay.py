"""Plays the recorded exchanges against a ReAdmin sandbox and says where the answers differ."""

import asyncio
import json
from itertools import groupby
from typing import Any

import httpx

from bot.sandbox.platforms.readmin import ReAdminPlatform
from tests.sandbox.contracts import ContractBrokenError, readmin_contract
from tests.sandbox.recording import (
    EXCHANGES,
    LEFT_OUT,
    RACE_SESSION,
    RECORDING,
    Exchange,
    LeftOut,
    Side,
    TickingClock,
    seeded_world,
)

# The contract promises text; a number as userId, which it does not allow in a request, is echoed
# as a number by the real server and shows in these answers.
BEYOND_CONTRACT = {"claim-numeric", "claim-numeric-get", "v1-list"}


class Replay:
    """One run. `differences` is one line per exchange that was not as recorded."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.recorded, self.ours = Side(), Side()
        self.differences: list[str] = []
        self.contract_breaks: set[str] = set()

    async def run(self) -> None:
        """Everything in order; a burst at the same moment."""
        left_out = {call.before: call for call in LEFT_OUT}
        for _, group in groupby(EXCHANGES, key=lambda e: e.get("burst", e["id"])):
            exchanges = list(group)
            if exchanges[0]["id"] in left_out:
                await self._make_up(left_out[exchanges[0]["id"]])
            await asyncio.gather(*(self._play(exchange) for exchange in exchanges))

    async def _make_up(self, call: LeftOut) -> None:
        workspace = "race" if RACE_SESSION in call.path else "main"
        headers = {"loader-id": RECORDING["seed"]["workspaces"][workspace]["loader"]}
        answer = await self.client.request(call.method, call.path, json=call.body, headers=headers)
        answer.raise_for_status()
        if call.made_server is not None:
            name = f"<left out before {call.before}>"
            self.recorded.names[call.made_server] = name
            self.ours.names[answer.json()["data"]["id"]] = name

    async def _play(self, exchange: Exchange) -> None:
        request, expected = exchange["request"], exchange["response"]
        content = request.get("bodyText")
        if content is None and request.get("body") is not None:
            content = json.dumps(request["body"])
        path = self.recorded.real(request["path"], self.ours)
        answer = await self.client.request(
            request["method"], path, headers=request["headers"], content=content
        )
        difference = self._difference(exchange, answer, expected)
        if difference:
            self.differences.append(f"{exchange['id']}: {difference}")
        try:
            readmin_contract(path).check_response(answer)
        except ContractBrokenError:
            self.contract_breaks.add(exchange["id"])

    def _difference(
        self, exchange: Exchange, answer: httpx.Response, expected: dict[str, Any]
    ) -> str:
        if answer.status_code != expected["status"]:
            return f"status {answer.status_code}, recorded {expected['status']}"
        for header in ("content-type", "content-length", "cache-control"):
            if answer.headers[header] != expected["headers"][header]:
                return f"{header} {answer.headers[header]}, recorded {expected['headers'][header]}"
        recorded = self.recorded.normal(exchange, expected["body"])
        try:
            ours = self.ours.normal(exchange, answer.json())
        except (ValueError, KeyError, IndexError) as error:
            return f"random field: {error!r}"
        return "" if ours == recorded else f"body\n  {ours}\n  recorded\n  {recorded}"


async def replay() -> Replay:
    """Replay everything against a fresh sandbox."""
    platform = ReAdminPlatform(seeded_world(TickingClock()))
    await platform.start()
    try:
        async with httpx.AsyncClient(base_url=platform.base_url, trust_env=False) as client:
            run = Replay(client)
            await run.run()
    finally:
        await platform.stop()
    return run
