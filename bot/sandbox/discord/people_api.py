"""The control API for people: what the page, the tour and the tests act and look through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.discord.core import Core
from bot.sandbox.discord.models import Change, Channel
from bot.sandbox.discord.people_actions import People
from bot.sandbox.discord.people_options import NotPossible
from bot.sandbox.discord.people_view import (
    can_see,
    view_interaction,
    view_message,
    view_person,
    view_world,
)

Json = dict[str, Any]
Answerer = Callable[[web.Request], Awaitable[Any]]
_LONGEST_WAIT = 60.0


def answering(answer: Answerer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Turn a function's result into JSON, and what is not possible into {"error": why}."""

    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await answer(request))
        except NotPossible as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except ValueError as error:
            return web.json_response({"error": f"not understood: {error}"}, status=400)

    return serve


class PeopleApi:
    """Handlers of `/sandbox/world`, `/sandbox/channels`, `/sandbox/actions` and the like."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._people = People(core)
        self._changed = asyncio.Event()
        core.world.subscribe(self._on_change)

    def add_routes(self, app: web.Application) -> None:
        """Serve them all."""
        routes: tuple[tuple[str, str, Answerer], ...] = (
            ("GET", "/sandbox/people", self.people),
            ("GET", "/sandbox/world", self.world),
            ("GET", "/sandbox/report", self.report),
            ("GET", "/sandbox/channels/{id}/messages", self.messages),
            ("GET", "/sandbox/interactions/{id}", self.interaction),
            ("POST", "/sandbox/actions/command", self.command),
            ("POST", "/sandbox/actions/autocomplete", self.autocomplete),
            ("POST", "/sandbox/actions/press", self.press),
            ("POST", "/sandbox/actions/form", self.form),
            ("POST", "/sandbox/actions/open_dm", self.open_dm),
        )
        for method, path, answer in routes:
            app.router.add_route(method, path, answering(answer))

    async def people(self, _: web.Request) -> Json:
        """Everybody one can act as."""
        users = self._core.world.users.values()
        return {"people": [view_person(user) for user in users if not user.bot]}

    async def world(self, request: web.Request) -> Json:
        """What the person named by `as` has in their client."""
        return view_world(self._core, self._people.user_id(request.query.get("as")))

    async def report(self, _: web.Request) -> Json:
        """Unknown routes, violations, calls, shards."""
        return self._core.report.render(self._core.gateway.shards())

    async def messages(self, request: web.Request) -> Json:
        """The channel's messages; with `wait` and `after_revision` as soon as one changed."""
        user_id = self._people.user_id(request.query.get("as"))
        channel = self._people.channel(request.match_info["id"], user_id)
        if "after_revision" in request.query:
            seen = int(request.query["after_revision"])
            await self._until_changed(channel, seen, _seconds(request))
        seen_by_them = [m for m in channel.messages.values() if can_see(self._core, m, user_id)]
        return {
            "revision": channel.revision,
            "messages": [view_message(self._core, message) for message in seen_by_them],
        }

    async def interaction(self, request: web.Request) -> Json:
        """One interaction; with `wait` when it has an outcome newer than `after_revision`."""
        user_id = self._people.user_id(request.query.get("as"))
        interaction = self._people.interaction(request.match_info["id"], user_id)
        seen = int(request.query.get("after_revision", -1))
        deadline = asyncio.get_running_loop().time() + _seconds(request)
        while not interaction.settled or interaction.revision <= seen:
            try:
                async with asyncio.timeout_at(deadline):
                    await interaction.changed.wait()
            except TimeoutError:
                break
        return view_interaction(self._core, interaction)

    async def command(self, request: web.Request) -> Json:
        """Use a slash command."""
        interaction = self._people.command(await _body(request))
        return {"interaction_id": str(interaction.id)}

    async def autocomplete(self, request: web.Request) -> Json:
        """Ask the bot for choices and wait for them."""
        body = await _body(request)
        interaction = self._people.command(body, focused=str(body.get("focused")))
        while not interaction.settled:
            await interaction.changed.wait()
        if interaction.state == "failed":
            return {"failed": True, "reason": interaction.reason, "choices": []}
        return {"failed": False, "choices": interaction.choices}

    async def press(self, request: web.Request) -> Json:
        """Press a button or choose in a select."""
        interaction = self._people.press(await _body(request))
        return {"interaction_id": str(interaction.id)}

    async def form(self, request: web.Request) -> Json:
        """Submit a form."""
        interaction = self._people.submit(await _body(request))
        return {"interaction_id": str(interaction.id)}

    async def open_dm(self, request: web.Request) -> Json:
        """Open the person's DM with the bot."""
        return {"channel_id": str(self._people.open_dm(await _body(request)).id)}

    async def _until_changed(self, channel: Channel, seen: int, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while channel.revision <= seen:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _on_change(self, _: Change) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _seconds(request: web.Request) -> float:
    return min(float(request.query.get("wait", 0)), _LONGEST_WAIT)


async def _body(request: web.Request) -> Json:
    body = await request.json()
    if not isinstance(body, dict):
        raise NotPossible("a JSON object is needed")
    return body
