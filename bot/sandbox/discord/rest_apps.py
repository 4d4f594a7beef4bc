"""Routes of the application: itself, the gateway's address, its commands."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.core import Call
from bot.sandbox.discord.errors import refuse
from bot.sandbox.discord.payloads import user_payload
from bot.sandbox.discord.rest_access import guild_of

Json = dict[str, Any]


async def get_gateway(call: Call) -> Json:
    """GET /gateway."""
    return {"url": call.core.gateway.url}


async def get_gateway_bot(call: Call) -> Json:
    """GET /gateway/bot."""
    return {
        "url": call.core.gateway.url,
        "shards": call.core.limits.shards,
        "session_start_limit": {
            "total": 1000,
            "remaining": call.core.limits.identifies_left,
            "reset_after": 0 if call.core.limits.identifies_left else 3_600_000,
            "max_concurrency": call.core.limits.identifies_at_once,
        },
    }


async def get_application(call: Call) -> Json:
    """GET /oauth2/applications/@me and /applications/@me."""
    me = call.core.world.bot_user
    return {
        "id": str(me.id),
        "name": me.display_name,
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "owner": user_payload(me) | {"bot": False},
        "team": None,
        "flags": 1 << 23,
        "approximate_guild_count": len(call.core.world.guilds),
        "bot": user_payload(me),
    }


def _scope(call: Call) -> int | None:
    if call.ids["application_id"] != call.core.world.bot_user.id:
        raise refuse(10002)
    return guild_of(call).id if "guild_id" in call.ids else None


async def list_commands(call: Call) -> list[Json]:
    """GET .../commands."""
    return call.core.commands.all(_scope(call))


async def overwrite_commands(call: Call) -> list[Json]:
    """PUT .../commands."""
    scope = _scope(call)
    if not isinstance(call.body, list):
        raise refuse(50109)
    return call.core.commands.overwrite(scope, call.body)


async def create_command(call: Call) -> Json:
    """POST .../commands."""
    return call.core.commands.create(_scope(call), call.form)


async def get_command(call: Call) -> Json:
    """GET .../commands/{id}."""
    return call.core.commands.get(_scope(call), call.ids["command_id"])


async def edit_command(call: Call) -> Json:
    """PATCH .../commands/{id}."""
    return call.core.commands.edit(_scope(call), call.ids["command_id"], call.form)


async def delete_command(call: Call) -> None:
    """DELETE .../commands/{id}."""
    call.core.commands.delete(_scope(call), call.ids["command_id"])
