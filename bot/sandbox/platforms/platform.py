"""The server that every platform of the sandbox shares: start, stop, faults, control routes."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.sandbox.platforms.documents import utcnow
from bot.sandbox.platforms.faults import FAULTS, Fault, Faults, Kind, UnknownFaultError, gap
from bot.sandbox.platforms.wire import Answer, BadPathError, Call, Route, SeenRequest, json_answer

HOST = "127.0.0.1"
MIB = 1024 * 1024
HUGE_MIB = 64
DEPTH = 100_000
DRIP = 0.02  # seconds between two bytes: no time limit on silence alone ends it
MAX_BODY = 25 * MIB
CONTROL = "/sandbox/"

Work = Callable[[], Awaitable[Answer]]


class Platform:
    """A pretended upstream on loopback. Children give routes, checks and the words of failures."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.requests: list[SeenRequest] = []
        self.base_url = ""
        self._runner: web.AppRunner | None = None
        self._routes: tuple[Route, ...] = ()
        self._late: set[asyncio.Task[Answer]] = set()
        self._stopping = asyncio.Event()

    # What a platform has to say for itself.

    def routes(self) -> Sequence[Route]:
        """The routes, most particular first."""
        raise NotImplementedError

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The platform's honest answer; `route` is None for a path nobody serves."""
        raise NotImplementedError

    def worded(self, status: int, path: str) -> Answer:
        """How this platform words a 400 (bad path), 401, 429 or 500 on this path."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What the platform really holds, as JSON."""
        raise NotImplementedError

    # The server.

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 picks a free one. `base_url` is set afterwards."""
        self._stopping.clear()
        self._routes = tuple(self.routes())
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # A call that hangs on purpose must not hold up the end.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        self._runner = runner
        self.base_url = f"http://{HOST}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Let go of everything that waits, drop late writes, close."""
        self._stopping.set()
        self.faults.clear()
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        call = await _to_call(request)
        if call.path.startswith(CONTROL):
            return _to_response(self._control(call))
        route, bad_path, call = self._find(call)
        kind: Kind = route.kind if route else "other"
        body = call.content.decode(errors="replace")
        seen = SeenRequest(call.method, call.target, dict(call.headers), body, kind)
        self.requests.append(seen)

        async def work() -> Answer:
            return self.worded(400, call.path) if bad_path else await self.answer(call, route)

        fault = self.faults.take(kind)
        answer = await (work() if fault is None else self._perform(fault, call, work))
        if answer is None:
            return _cut(request)
        seen.status = answer.status
        if fault is not None and fault.name == "huge":
            return await _send_huge(request, answer)
        if fault is not None and fault.name == "drip":
            return await _drip(request, answer, fault)
        return _to_response(answer)

    def _find(self, call: Call) -> tuple[Route | None, bool, Call]:
        try:
            for route in self._routes:
                params = route.match(call.method, call.path)
                if params is not None:
                    return route, False, replace(call, params=params)
        except BadPathError:
            return None, True, call
        return None, False, call

    # The control routes: no key needed, reachable from this machine only.

    def _control(self, call: Call) -> Answer:
        if (call.method, call.path) == ("GET", "/sandbox/state"):
            return json_answer(200, self.state())
        if call.path != "/sandbox/faults" or call.method not in ("GET", "POST", "DELETE"):
            return json_answer(404, {"error": "no such control route"})
        if call.method == "DELETE":
            self.faults.clear()
        if call.method == "POST":
            try:
                self._arm(json.loads(call.content))
            except (UnknownFaultError, TypeError, KeyError, ValueError) as error:
                return json_answer(400, {"error": f"not a fault: {error}"})
        return json_answer(200, {"faults": self.faults.to_json(), "known": FAULTS})

    def _arm(self, wanted: dict[str, Any]) -> None:
        self.faults.add(
            wanted["fault"], wanted.get("match", "any"), wanted.get("times"), wanted.get("seconds")
        )

    # The faults.

    async def _perform(self, fault: Fault, call: Call, work: Work) -> Answer | None:
        """The answer under a fault; None means that the connection closes without one."""
        if fault.name == "hang":
            await fault.cleared.wait()
        if fault.name in ("store-late", "overwrite-late"):
            self._store_late(fault, work)
        if fault.name in ("hang", "cut-before", "store-late", "overwrite-late"):
            return None
        instead = self._instead(fault, call.path)
        if instead is not None:
            return instead
        done = await work()
        if fault.name == "slow":
            await self._pause(fault.seconds)
        return None if fault.name == "cut-after" else self._spoilt(fault.name, done, call.path)

    def _instead(self, fault: Fault, path: str) -> Answer | None:
        """The answer of the faults under which nothing is done."""
        match fault.name:
            case "error-500":
                return self.worded(500, path)
            case "revoked-key":
                return self.worded(401, path)
            case "rate-limit-bare":
                return self.worded(429, path)
            case "rate-limit":
                wait = {"Retry-After": str(max(1, round(fault.seconds)))}
                return replace(self.worded(429, path), headers=wait)
            case "rate-limit-date":
                date = format_datetime(utcnow() + timedelta(seconds=fault.seconds), usegmt=True)
                return replace(self.worded(429, path), headers={"Retry-After": date})
            case "html-502":
                page = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>"
                return Answer(502, page, "text/html")
            case "redirect":
                return Answer(307, b"", headers={"Location": f"{self.base_url}/redirected"})
        return None

    def _spoilt(self, name: str, done: Answer, path: str) -> Answer:
        """What is left of an honest answer under the faults that let the work be done."""
        match name:
            case "error-500-after":
                return self.worded(500, path)
            case "empty-200":
                return Answer(200, b"")
            case "wrong-shape":
                return json_answer(200, {"status": "ok", "result": [1, 2, 3]})
            case "truncated":
                return replace(done, content=done.content[: len(done.content) // 2])
            case "wrong-charset":
                return replace(done, content=done.content.decode().encode("utf-16"))
            case "deep":
                nested = b"[" * DEPTH + b"]" * DEPTH
                return replace(done, status=200, content=b'{"success":true,"data":%b}' % nested)
            case "huge":
                return Answer(200, b"")
        return done

    def _store_late(self, fault: Fault, work: Work) -> None:
        async def later() -> Answer:
            if fault.name == "overwrite-late":
                gap.set(fault.seconds)  # of this task alone
            else:
                await asyncio.sleep(fault.seconds)
            return await work()

        task = asyncio.create_task(later())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


async def _to_call(request: web.Request) -> Call:
    content, too_large = b"", False
    try:
        content = await request.read()
    except web.HTTPRequestEntityTooLarge:
        too_large = True
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.raw_path.partition("?")[0]
    return Call(
        request.method, path, request.raw_path, dict(request.query), headers, content, too_large
    )


def _to_response(answer: Answer) -> web.Response:
    headers = {"Content-Type": answer.content_type, **answer.headers}
    return web.Response(status=answer.status, body=answer.content, headers=headers)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _drip(request: web.Request, answer: Answer, fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": answer.content_type})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):  # the client has had enough
        while not fault.cleared.is_set():
            await response.write(b" ")
            await asyncio.sleep(DRIP)
    return response


async def _send_huge(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": answer.content_type})
    await response.prepare(request)
    await response.write(b'{"padding":"')
    for _ in range(HUGE_MIB):
        await response.write(b"x" * MIB)
    await response.write(b'"}')
    await response.write_eof()
    return response
