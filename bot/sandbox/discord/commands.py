"""The application commands the bot has registered, and which of them a person can use."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord import limits_commands, permissions
from bot.sandbox.discord.errors import Problems, refuse
from bot.sandbox.discord.limits_commands import GROUP, SUBCOMMAND
from bot.sandbox.discord.models import Change, Channel
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]


class CommandRegistry:
    """Global commands (scope None) and those of single guilds."""

    def __init__(self, world: DiscordWorld) -> None:
        self._world = world
        self._scopes: dict[int | None, dict[int, Json]] = {}

    def all(self, scope: int | None) -> list[Json]:
        """The commands of a scope, in the order they were made."""
        return list(self._scopes.get(scope, {}).values())

    def get(self, scope: int | None, command_id: int) -> Json:
        """One command. Raises ApiError 10063."""
        command = self._scopes.get(scope, {}).get(command_id)
        if command is None:
            raise refuse(10063)
        return command

    def overwrite(self, scope: int | None, bodies: list[Json]) -> list[Json]:
        """Replace all commands of a scope. Raises ApiError 50035 or 30032."""
        problems = Problems()
        for index, body in enumerate(bodies):
            limits_commands.check_command(problems, body, (index,))
        limits_commands.check_unique_names(problems, bodies)
        problems.raise_if_any()
        if sum(body.get("type", 1) == 1 for body in bodies) > limits_commands.COMMANDS:
            raise refuse(30032)
        kept = [self._complete(scope, body) for body in bodies]
        self._scopes[scope] = {int(command["id"]): command for command in kept}
        self._world.announce(Change("commands"))
        return kept

    def create(self, scope: int | None, body: Json) -> Json:
        """Add one command, or replace the one with its name. Raises ApiError 50035 or 30032."""
        problems = Problems()
        limits_commands.check_command(problems, body, ())
        problems.raise_if_any()
        command = self._complete(scope, body)
        scoped = self._scopes.setdefault(scope, {})
        if int(command["id"]) not in scoped and len(scoped) >= limits_commands.COMMANDS:
            raise refuse(30032)
        scoped[int(command["id"])] = command
        self._world.announce(Change("commands"))
        return command

    def edit(self, scope: int | None, command_id: int, body: Json) -> Json:
        """Change one command. Raises ApiError 10063 or 50035."""
        problems = Problems()
        changed = self.get(scope, command_id) | body
        limits_commands.check_command(problems, changed, ())
        problems.raise_if_any()
        self._scopes[scope][command_id] = changed
        self._world.announce(Change("commands"))
        return changed

    def delete(self, scope: int | None, command_id: int) -> None:
        """Remove one command. Raises ApiError 10063."""
        self.get(scope, command_id)
        del self._scopes[scope][command_id]
        self._world.announce(Change("commands"))

    def usable(self, channel: Channel, user_id: int) -> list[Json]:
        """The slash commands a person sees in a channel; a guild's own hide global namesakes."""
        rights = self._world.permissions_in(channel, user_id)
        guild = self._world.guild_of(channel)
        if guild is not None:
            if self._world.bot_user.id not in guild.members:
                return []
            if not rights & permissions.USE_APPLICATION_COMMANDS:
                return []
            rights = permissions.in_guild(guild, guild.members[user_id])
        found = {c["name"]: c for c in self.all(None)}
        if guild is not None:
            found |= {c["name"]: c for c in self.all(guild.id)}
        context = 0 if guild is not None else 1
        return [c for c in found.values() if c["type"] == 1 and _is_open(c, context, rights)]

    def find(
        self, channel: Channel, user_id: int, path: str
    ) -> tuple[Json, list[Json], list[Json]] | None:
        """A command by its full name such as "session post".

        The command, the chain of groups and subcommand below it, and the options of the last;
        None when this person has no such command here.
        """
        first, *rest = path.split()
        command = next((c for c in self.usable(channel, user_id) if c["name"] == first), None)
        if command is None:
            return None
        chain: list[Json] = []
        options = command.get("options") or []
        for word in rest:
            nested = [o for o in options if o["type"] in (SUBCOMMAND, GROUP)]
            part = next((o for o in nested if o["name"] == word), None)
            if part is None:
                return None
            chain.append(part)
            options = part.get("options") or []
        if any(o["type"] in (SUBCOMMAND, GROUP) for o in options):
            return None
        return command, chain, options

    def _complete(self, scope: int | None, body: Json) -> Json:
        kind, name = body.get("type", 1), body["name"]
        scoped = self._scopes.get(scope, {}).values()
        old = next((c for c in scoped if (c["type"], c["name"]) == (kind, name)), None)
        command = {
            "options": [],
            "default_member_permissions": None,
            "nsfw": False,
            "description": "",
            **body,
            "id": old["id"] if old is not None else str(self._world.snowflakes.new()),
            "application_id": str(self._world.bot_user.id),
            "type": kind,
            "version": str(self._world.snowflakes.new()),
        }
        if scope is not None:
            command["guild_id"] = str(scope)
        return command


def flatten(command: Json) -> list[tuple[str, Json]]:
    """Every callable path of a command with the part that holds its options."""
    found: list[tuple[str, Json]] = []

    def walk(path: str, part: Json) -> None:
        nested = [o for o in part.get("options") or [] if o["type"] in (SUBCOMMAND, GROUP)]
        for child in nested:
            walk(f"{path} {child['name']}", child)
        if not nested:
            found.append((path, part))

    walk(command["name"], command)
    return found


def _is_open(command: Json, context: int, rights: int) -> bool:
    contexts = command.get("contexts")
    if contexts is not None and context not in contexts:
        return False
    if context == 1:
        return contexts is not None or command.get("dm_permission") is not False
    wanted = command.get("default_member_permissions")
    if wanted is None:
        return True
    needed = int(wanted) or permissions.ADMINISTRATOR
    return bool(rights & permissions.ADMINISTRATOR) or rights & needed == needed
