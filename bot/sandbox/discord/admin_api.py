"""The control API for tests and the page's drawer: what only Discord or an owner could do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.sandbox.discord.core import Core
from bot.sandbox.discord.faults import Fault
from bot.sandbox.discord.live import Live
from bot.sandbox.discord.models import Channel, Guild, User
from bot.sandbox.discord.people_api import answering
from bot.sandbox.discord.people_options import NotPossible

Json = dict[str, Any]


class AdminApi:
    """Handlers of `POST /sandbox/admin/{action}`; each takes and gives a JSON object."""

    def __init__(self, core: Core, live: Live) -> None:
        self._core = core
        self._live = live
        self._actions: dict[str, Callable[[Json], Json]] = {
            "disconnect_gateway": self._disconnect,
            "reconnect_gateway": self._reconnect,
            "gateway": self._gateway,
            "rate_limit": self._rate_limit,
            "fault": self._fault,
            "clear_faults": self._clear_faults,
            "old_edits": self._old_edits,
            "set_permissions": self._set_permissions,
            "set_roles": self._set_roles,
            "delete_message": self._delete_message,
            "delete_channel": self._delete_channel,
            "remove_member": self._remove_member,
            "add_member": self._add_member,
            "guild_outage": self._guild_outage,
            "dms": self._dms,
            "clear_report": self._clear_report,
        }

    def add_routes(self, app: web.Application) -> None:
        """Serve them all."""
        app.router.add_post("/sandbox/admin/{action}", answering(self._act))

    async def _act(self, request: web.Request) -> Json:
        action = self._actions.get(request.match_info["action"])
        if action is None:
            raise NotPossible(f"no such action; there are {', '.join(self._actions)}", 404)
        body = await request.json() if request.can_read_body else {}
        return {"ok": True, **action(body)}

    def _disconnect(self, body: Json) -> Json:
        code, resumable = int(body.get("code", 4000)), bool(body.get("resumable", True))
        gateway = self._core.gateway
        return {"closed": gateway.disconnect(body.get("shard_id"), code, resumable=resumable)}

    def _reconnect(self, body: Json) -> Json:
        return {"asked": self._core.gateway.ask_to_reconnect(body.get("shard_id"))}

    def _gateway(self, body: Json) -> Json:
        self._core.gateway.accepting = bool(body.get("accepting", True))
        return {}

    def _rate_limit(self, body: Json) -> Json:
        if not body.get("on", True):
            return self._clear_faults(body)
        body = {"status": 429, "times": 1_000_000, **body}
        return self._fault(body)

    def _fault(self, body: Json) -> Json:
        self._core.faults.active.append(
            Fault(
                str(body.get("match", "")),
                int(body.get("status", 0)),
                int(body.get("times", 1)),
                float(body.get("delay", 0.0)),
                float(body.get("retry_after", 1.0)),
                bool(body.get("global", False)),
            )
        )
        return {}

    def _clear_faults(self, _: Json) -> Json:
        self._core.faults.active.clear()
        return {}

    def _old_edits(self, body: Json) -> Json:
        age = body.get("age")
        seconds = None if age is None else float(age)
        self._core.limits = self._core.limits.with_old_edit_age(seconds)
        return {}

    def _set_permissions(self, body: Json) -> Json:
        channel, target_id = self._channel(body), int(body["target_id"])
        allow, deny = body.get("allow", 0), body.get("deny", 0)
        self._core.world.set_permissions(channel, target_id, allow, deny)
        return {}

    def _set_roles(self, body: Json) -> Json:
        guild = self._guild(body)
        roles = [guild.roles[int(role_id)] for role_id in body["roles"]]
        self._core.world.set_roles(guild, self._member(guild, body), roles)
        return {}

    def _delete_message(self, body: Json) -> Json:
        channel = self._channel(body)
        message = channel.messages.get(int(body["message_id"]))
        if message is None:
            raise NotPossible("no such message", 404)
        self._core.world.remove_message(channel, message)
        return {}

    def _delete_channel(self, body: Json) -> Json:
        self._core.world.remove_channel(self._channel(body))
        return {}

    def _remove_member(self, body: Json) -> Json:
        guild = self._guild(body)
        self._core.world.remove_member(guild, self._member(guild, body))
        return {}

    def _add_member(self, body: Json) -> Json:
        guild = self._guild(body)
        roles = [guild.roles[int(role_id)] for role_id in body.get("roles", [])]
        self._core.world.add_member(guild, self._user(body), roles)
        return {}

    def _guild_outage(self, body: Json) -> Json:
        self._core.world.set_unavailable(self._guild(body), bool(body.get("on", True)))
        return {}

    def _dms(self, body: Json) -> Json:
        self._user(body).dms_open = bool(body["open"])
        self._live.world_changed()
        return {}

    def _clear_report(self, _: Json) -> Json:
        self._core.report.clear()
        return {}

    def _user(self, body: Json) -> User:
        user = self._core.world.users.get(int(body.get("user_id", 0)))
        if user is None:
            raise NotPossible("no such user", 404)
        return user

    def _guild(self, body: Json) -> Guild:
        guild = self._core.world.guilds.get(int(body.get("guild_id", 0)))
        if guild is None:
            raise NotPossible("no such guild", 404)
        return guild

    def _member(self, guild: Guild, body: Json) -> User:
        user = self._user(body)
        if user.id not in guild.members:
            raise NotPossible(f"{user.username} is not in that guild", 404)
        return user

    def _channel(self, body: Json) -> Channel:
        channel = self._core.world.channels.get(int(body.get("channel_id", 0)))
        if channel is None:
            raise NotPossible("no such channel", 404)
        return channel
