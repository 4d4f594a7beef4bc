"""Uploaded files: kept in memory and served again."""

from __future__ import annotations

import mimetypes

from aiohttp import web

from bot.sandbox.discord.models import Attachment
from bot.sandbox.discord.world import DiscordWorld


class Files:
    """All attachments of messages and command options; `url` is where they are served."""

    def __init__(self, world: DiscordWorld) -> None:
        self.url = ""
        self._world = world
        self._kept: dict[int, Attachment] = {}

    def add(self, filename: str, content: bytes, description: str | None = None) -> Attachment:
        """Keep a file under a new id."""
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        new_id = self._world.snowflakes.new()
        self._kept[new_id] = Attachment(new_id, filename, content, kind, description)
        return self._kept[new_id]

    def get(self, file_id: int) -> Attachment:
        """A kept file. Raises KeyError when there is none."""
        return self._kept[file_id]

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a download."""
        attachment = self._kept.get(int(request.match_info["file_id"]))
        if attachment is None:
            raise web.HTTPNotFound
        return web.Response(body=attachment.content, content_type=attachment.content_type)
