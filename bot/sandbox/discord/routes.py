"""The table of Discord's routes that the stand-in has."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.sandbox.discord import (
    rest_apps,
    rest_channels,
    rest_guilds,
    rest_interactions,
    rest_messages,
)
from bot.sandbox.discord.core import Core, Handler, endpoint, json_response

PREFIX = "/api/v10"
_APP = "/applications/{application_id}"
_CHANNEL = "/channels/{channel_id}"
_GUILD = "/guilds/{guild_id}"
_ANSWER = "/webhooks/{application_id}/{token}/messages"

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/gateway", rest_apps.get_gateway),
    ("GET", "/gateway/bot", rest_apps.get_gateway_bot),
    ("GET", "/oauth2/applications/@me", rest_apps.get_application),
    ("GET", "/applications/@me", rest_apps.get_application),
    ("GET", "/users/@me", rest_guilds.get_me),
    ("POST", "/users/@me/channels", rest_channels.open_dm),
    ("GET", "/users/{user_id}", rest_guilds.get_user),
    *(
        route
        for scope in (_APP, f"{_APP}{_GUILD}")
        for route in (
            ("GET", f"{scope}/commands", rest_apps.list_commands),
            ("PUT", f"{scope}/commands", rest_apps.overwrite_commands),
            ("POST", f"{scope}/commands", rest_apps.create_command),
            ("GET", f"{scope}/commands/{{command_id}}", rest_apps.get_command),
            ("PATCH", f"{scope}/commands/{{command_id}}", rest_apps.edit_command),
            ("DELETE", f"{scope}/commands/{{command_id}}", rest_apps.delete_command),
        )
    ),
    ("GET", _GUILD, rest_guilds.get),
    ("GET", f"{_GUILD}/members/{{user_id}}", rest_guilds.get_member),
    ("GET", f"{_GUILD}/roles", rest_guilds.list_roles),
    ("GET", f"{_GUILD}/channels", rest_guilds.list_channels),
    ("GET", f"{_GUILD}/threads/active", rest_guilds.list_threads),
    ("GET", _CHANNEL, rest_channels.get),
    ("PATCH", _CHANNEL, rest_channels.edit),
    ("DELETE", _CHANNEL, rest_channels.delete),
    ("POST", f"{_CHANNEL}/threads", rest_channels.start_thread),
    (
        "POST",
        f"{_CHANNEL}/messages/{{message_id}}/threads",
        rest_channels.start_thread_from_message,
    ),
    ("GET", f"{_CHANNEL}/thread-members", rest_channels.list_thread_members),
    ("PUT", f"{_CHANNEL}/thread-members/@me", rest_channels.add_me_to_thread),
    ("PUT", f"{_CHANNEL}/thread-members/{{user_id}}", rest_channels.add_to_thread),
    ("DELETE", f"{_CHANNEL}/thread-members/{{user_id}}", rest_channels.remove_from_thread),
    ("POST", f"{_CHANNEL}/messages", rest_messages.create),
    ("GET", f"{_CHANNEL}/messages", rest_messages.list_all),
    ("GET", f"{_CHANNEL}/messages/{{message_id}}", rest_messages.get),
    ("PATCH", f"{_CHANNEL}/messages/{{message_id}}", rest_messages.edit),
    ("DELETE", f"{_CHANNEL}/messages/{{message_id}}", rest_messages.delete),
    ("POST", "/interactions/{interaction_id}/{token}/callback", rest_interactions.callback),
    ("POST", "/webhooks/{application_id}/{token}", rest_interactions.follow_up),
    *(
        route
        for message in ("@original", "{message_id}")
        for route in (
            ("GET", f"{_ANSWER}/{message}", rest_interactions.get_answer),
            ("PATCH", f"{_ANSWER}/{message}", rest_interactions.edit_answer),
            ("DELETE", f"{_ANSWER}/{message}", rest_interactions.delete_answer),
        )
    ),
)


def add_api_routes(app: web.Application, core: Core) -> None:
    """Serve all routes under /api/v10; everything else under /api is reported as unknown."""
    for method, path, handler in ROUTES:
        public = path.startswith(("/interactions/", "/webhooks/"))
        serve = endpoint(core, f"{method} {path}", handler, public=public)
        app.router.add_route(method, PREFIX + _only_numbers(path), serve)

    async def unknown(request: web.Request) -> web.Response:
        core.report.unknown_route(request.method, request.path)
        body: dict[str, Any] = {"message": "501: the stand-in has no such route", "code": 0}
        return json_response(body, 501)

    app.router.add_route("*", "/api/{tail:.*}", unknown)


def _only_numbers(path: str) -> str:
    parts = path.split("/")
    return "/".join(f"{p[:-1]}:\\d+}}" if p.endswith("_id}") else p for p in parts)
