"""The live websocket: pushes what changes to every open tab, as its person sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.discord.core import Core
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.models import Change
from bot.sandbox.discord.people_view import (
    can_see,
    view_form,
    view_interaction,
    view_message,
    view_world,
)

Json = dict[str, Any]
_MESSAGE_TYPES = {
    "message_create": "message",
    "message_update": "message_edit",
    "message_delete": "message_delete",
}


class Tab:
    """One open page, viewing as one person."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.queue: asyncio.Queue[Json] = asyncio.Queue()


class Live:
    """All open tabs."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tabs: set[Tab] = set()
        self._world_due = False
        core.world.subscribe(self._on_change)
        core.interactions.listeners.append(self._on_interaction)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one tab until it closes."""
        raw = request.query.get("as", "")
        if not raw.isdigit() or int(raw) not in self._core.world.users:
            return web.json_response({"error": f"there is no person {raw}"}, status=404)
        socket = web.WebSocketResponse(heartbeat=30.0)
        await socket.prepare(request)
        tab = Tab(int(raw))
        self._tabs.add(tab)
        tab.queue.put_nowait({"type": "world", "world": view_world(self._core, tab.user_id)})
        writer = asyncio.create_task(_write(socket, tab))
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
        finally:
            self._tabs.discard(tab)
            writer.cancel()
        return socket

    def world_changed(self) -> None:
        """Push the world to every tab, once for all changes of this turn of the loop."""
        if self._world_due or not self._tabs:
            return
        self._world_due = True
        asyncio.get_running_loop().call_soon(self._push_world)

    def _push_world(self) -> None:
        self._world_due = False
        for tab in self._tabs:
            world = view_world(self._core, tab.user_id)
            tab.queue.put_nowait({"type": "world", "world": world})

    def _on_change(self, change: Change) -> None:
        if not self._tabs:
            return
        kind = _MESSAGE_TYPES.get(change.kind)
        if kind is None or change.message is None:
            self.world_changed()
            return
        body = view_message(self._core, change.message)
        for tab in self._tabs:
            if can_see(self._core, change.message, tab.user_id):
                tab.queue.put_nowait({"type": kind, "message": body})

    def _on_interaction(self, interaction: Interaction) -> None:
        for tab in self._tabs:
            if tab.user_id != interaction.user_id:
                continue
            body = view_interaction(self._core, interaction)
            tab.queue.put_nowait({"type": "interaction", "interaction": body})
            if interaction.form is not None:
                tab.queue.put_nowait({"type": "form", "form": view_form(interaction)})


async def _write(socket: web.WebSocketResponse, tab: Tab) -> None:
    with contextlib.suppress(ConnectionError):  # the tab is gone; handle() cleans up
        while True:
            await socket.send_str(json.dumps(await tab.queue.get()))
