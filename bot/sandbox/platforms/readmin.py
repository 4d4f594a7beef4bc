"""The ReAdmin stand-in: v1 and v2 side by side on one state, behind one key check."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from bot.sandbox.platforms import readmin_v1, readmin_v2
from bot.sandbox.platforms.documents import DocumentError, iso
from bot.sandbox.platforms.fastify import (
    FrameworkRefusalError,
    bad_url,
    framework_error,
    not_found,
    parse_body,
)
from bot.sandbox.platforms.faults import gap
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.readmin_v1 import SessionsV1
from bot.sandbox.platforms.readmin_v2 import RefusedError, SessionsV2
from bot.sandbox.platforms.readmin_views import overview
from bot.sandbox.platforms.readmin_world import ReAdminWorld, Workspace
from bot.sandbox.platforms.wire import Answer, Call, Route, json_answer

KEY_HEADER = "loader-id"
NO_STORE = {"Cache-Control": "no-store, no-cache, must-revalidate, max-age=0"}

Handler = Callable[[Workspace, Call], Awaitable[Answer]]


class ReAdminPlatform(Platform):
    """A pretended ReAdmin API. `release_gap` is the seconds between a release's read and write."""

    def __init__(self, world: ReAdminWorld, release_gap: float = 0.002) -> None:
        super().__init__()
        self.world = world
        self.release_gap = release_gap
        self.started_at = iso(world.clock())
        self.v1 = SessionsV1()
        self.v2 = SessionsV2(self.pause_in_release)

    async def pause_in_release(self) -> None:
        """Between read and overwrite of a release; a child may hold a release here."""
        seconds = gap.get()
        await asyncio.sleep(self.release_gap if seconds is None else seconds)

    def routes(self) -> Sequence[Route]:
        """Static paths first, as the framework matches them."""
        v1, v2, keyed = self.v1, self.v2, self._keyed
        session, claims = "/sessions/v2/{sessionId}", "/servers/{serverId}/claims"
        return [
            Route("GET", "/", "other", self._liveness),
            Route("GET", "/sessions/v2", "list", keyed(v2.list_sessions)),
            Route("GET", "/sessions/v2/roles", "other", keyed(v2.list_roles)),
            Route("GET", "/sessions", "list", keyed(v1.list_sessions)),
            Route("GET", "/sessions/upcoming", "list", keyed(v1.list_upcoming)),
            Route("GET", "/sessions/roles", "other", keyed(v1.list_roles)),
            Route("GET", "/sessions/v2/{sessionId?}", "read", keyed(v2.get_session)),
            Route("POST", "/sessions/v2/{sessionId?}/servers", "other", keyed(v2.create_server)),
            Route("POST", session + claims, "claim", keyed(v2.claim_role)),
            Route("DELETE", session + claims + "/{userId}", "release", keyed(v2.release_claim)),
            Route("GET", "/sessions/{sessionId}", "read", keyed(v1.get_session)),
            Route("POST", "/sessions/{sessionId}/servers", "other", keyed(v1.create_server)),
            Route(
                "POST",
                "/sessions/{sessionId}/servers/{serverId}/roles",
                "claim",
                keyed(v1.claim_role),
            ),
        ]

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """Route, body, key, handler: in the framework's order."""
        if route is None:
            return not_found(call)
        try:
            answer = await route.handler(replace(call, body=parse_body(call)))
        except FrameworkRefusalError as refused:
            answer = refused.answer
        except RefusedError as refused:
            words = readmin_v2 if _is_v2(call.path) else readmin_v1
            answer = words.refusal(refused)
        except DocumentError:
            answer = self.worded(500, call.path)
        return replace(answer, headers={**NO_STORE, **answer.headers})

    def worded(self, status: int, path: str) -> Answer:
        """400 is a bad path, 429 a proxy in front: ReAdmin's own session routes have no limit."""
        if status == 400:
            return bad_url(path)
        if status == 401:
            return json_answer(401, {"success": False, "reason": "Workspace not found"})
        if status == 429:
            return framework_error(429, "Too Many Requests", "Rate limit exceeded")
        reason = {"reason": "Internal server error"} if _is_v2(path) else {}
        return json_answer(status, {"success": False, **reason})

    def state(self) -> dict[str, Any]:
        """Workspaces, sessions, servers with the form of their claims, holders."""
        return overview(self.world)

    async def _liveness(self, _call: Call) -> Answer:
        # The wording and the name of the start time are ours: only their presence is known.
        told = {"message": "ReAdmin API", "version": "sandbox", "startedAt": self.started_at}
        return json_answer(200, {"success": True, **told})

    def _keyed(self, handler: Handler) -> Callable[[Call], Awaitable[Answer]]:
        async def checked(call: Call) -> Answer:
            key = call.headers.get(KEY_HEADER)
            if not key:
                missing = "Loader ID header was not provided."
                return json_answer(401, {"success": False, "reason": missing})
            workspace = self.world.workspaces.get(key)
            if workspace is None:
                return self.worded(401, call.path)
            return await handler(workspace, call)

        return checked


def _is_v2(path: str) -> bool:
    return path == "/sessions/v2" or path.startswith("/sessions/v2/")
