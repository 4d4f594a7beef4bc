"""Everything one stand-in consists of, in one place, and how a bot's call reaches a handler."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.discord.commands import CommandRegistry
from bot.sandbox.discord.errors import ApiError, refuse
from bot.sandbox.discord.faults import Faults
from bot.sandbox.discord.files import Files
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.interaction_payloads import interaction_payload
from bot.sandbox.discord.interactions import Interaction, InteractionBook
from bot.sandbox.discord.messages import MessageDesk, Upload
from bot.sandbox.discord.ratelimits import Buckets, Limits
from bot.sandbox.discord.report import Report
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]
_INVALID = (50006, 50035)


class Core:
    """The parts of a stand-in, wired together."""

    def __init__(self, world: DiscordWorld, token: str, limits: Limits) -> None:
        self.world = world
        self.token = token
        self.limits = limits
        self.report = Report()
        self.buckets = Buckets()
        self.faults = Faults()
        self.files = Files(world)
        self.commands = CommandRegistry(world)
        self.messages = MessageDesk(world, self.files)
        self.interactions = InteractionBook(world, limits, self.report)
        self.gateway = Gateway(world, token, limits, self.report)
        self.interactions.connected = self.gateway.connected

    def deliver(self, interaction: Interaction) -> None:
        """Send a new interaction to the bot; without a session it will just not be answered."""
        payload = interaction_payload(self.world, self.files, interaction)
        guild_id = interaction.guild_id
        self.gateway.dispatch(guild_id, "INTERACTION_CREATE", payload)
        interaction.sent_to = self.gateway.connected(guild_id)

    def answered(self, message_interaction_id: int | None) -> Interaction | None:
        """The interaction a message answers, if any."""
        return self.interactions.by_id.get(message_interaction_id or 0)


@dataclass(slots=True)
class Call:
    """One call of the bot: ids from the path, query, JSON body and uploaded files."""

    core: Core
    ids: dict[str, int]
    token: str
    query: dict[str, str]
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def form(self) -> Json:
        """The body as an object. Raises ApiError 50109 when it is something else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise refuse(50109)
        return self.body


Handler = Callable[[Call], Awaitable[Any]]


def endpoint(core: Core, route: str, handler: Handler, *, public: bool) -> Any:
    """The aiohttp handler for one route of the API; `public` ones carry a token in the path."""

    async def serve(request: web.Request) -> web.Response:
        core.report.calls[route] += 1
        try:
            await core.faults.hit(f"{request.method} {request.path}")
            if not public:
                _authorise(core, request)
            call = await _read(core, request)
            result = await handler(call)
        except ApiError as error:
            return _refused(core, route, error)
        except Exception as error:
            core.report.violation("stand_in_broke", f"{route}: {error!r}")
            raise
        status = 204 if result is None else 200
        return json_response(result, status, call.headers)

    return serve


def json_response(
    body: Any, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """JSON with the bare content type, the only one discord.py takes for JSON."""
    if status == 204:
        return web.Response(status=204, headers=headers)
    data = json.dumps(body).encode()
    return web.Response(body=data, status=status, headers=headers, content_type="application/json")


def _authorise(core: Core, request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bot {core.token}":
        raise refuse(0)
    core.buckets.take_global(core.limits.global_per_second)


def _refused(core: Core, route: str, error: ApiError) -> web.Response:
    core.report.errors[error.code or error.status] += 1
    if error.status == 429:
        core.report.rate_limited += 1
    if error.code in _INVALID:
        core.report.violation("invalid_payload", f"{route}: {json.dumps(error.body)}")
    if error.status == 501:
        core.report.violation("unsupported", f"{route}: {error.body['message']}")
    return json_response(error.body, error.status, error.headers)


async def _read(core: Core, request: web.Request) -> Call:
    ids = {key: int(value) for key, value in request.match_info.items() if key.endswith("_id")}
    token = request.match_info.get("token", "")
    call = Call(core, ids, token, dict(request.query))
    try:
        if request.content_type.startswith("multipart/"):
            await _read_parts(request, call)
        elif request.can_read_body:
            call.body = json.loads(await request.read())
    except ValueError:
        raise refuse(50109) from None
    return call


async def _read_parts(request: web.Request, call: Call) -> None:
    async for part in await request.multipart():
        name = getattr(part, "name", None) or ""
        content = bytes(await part.read())  # type: ignore[union-attr]  # nested parts: never sent
        if name == "payload_json":
            call.body = json.loads(content)
        elif name.startswith("files["):
            index = int(name[len("files[") : -1])
            filename = getattr(part, "filename", None) or "file"
            call.uploads.append(Upload(index, filename, content))


def elapsed(since: float, until: float | None) -> float | None:
    """Seconds between two moments of the monotonic clock, rounded for people."""
    return None if until is None else round(until - since, 4)


def now() -> float:
    """The monotonic clock that all deadlines here count on."""
    return time.monotonic()
