"""What a person can do: use a command, press, choose, fill in a form, open a DM."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.core import Core
from bot.sandbox.discord.interaction_payloads import resolved_payload
from bot.sandbox.discord.interactions import Interaction, Kind
from bot.sandbox.discord.models import Channel, Message
from bot.sandbox.discord.people_components import component_of, form_data, press_data
from bot.sandbox.discord.people_options import Chosen, NotPossible, OptionReader
from bot.sandbox.discord.people_view import can_see

Json = dict[str, Any]


class People:
    """The hands of everybody in the world. All methods raise NotPossible."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def user_id(self, raw: Any) -> int:
        """The person who acts."""
        user_id = int(raw) if str(raw).isdigit() else 0
        if user_id not in self._core.world.users:
            raise NotPossible(f"there is no person {raw}", 404)
        return user_id

    def channel(self, raw: Any, user_id: int) -> Channel:
        """A channel this person sees."""
        channel = self._core.world.channels.get(int(raw) if str(raw).isdigit() else 0)
        if channel is None or not self._core.world.can_view(channel, user_id):
            raise NotPossible(f"you see no channel {raw}", 404)
        return channel

    def message(self, raw: Any, user_id: int) -> Message:
        """A message this person sees."""
        message_id = int(raw) if str(raw).isdigit() else 0
        for channel in self._core.world.channels.values():
            message = channel.messages.get(message_id)
            if message is not None and can_see(self._core, message, user_id):
                return message
        raise NotPossible(f"you see no message {raw}", 404)

    def interaction(self, raw: Any, user_id: int) -> Interaction:
        """An interaction this person caused."""
        interaction_id = int(raw) if str(raw).isdigit() else 0
        interaction = self._core.interactions.by_id.get(interaction_id)
        if interaction is None or interaction.user_id != user_id:
            raise NotPossible(f"you have no interaction {raw}", 404)
        return interaction

    def command(self, body: Json, focused: str | None = None) -> Interaction:
        """Use a slash command, or with `focused` ask for its autocomplete choices."""
        user_id = self.user_id(body.get("as"))
        channel = self.channel(body.get("channel_id"), user_id)
        name = str(body.get("name", "")).lstrip("/")
        found = self._core.commands.find(channel, user_id, name)
        if found is None:
            raise NotPossible(f"you have no command /{name} here", 404)
        command, chain, declared = found
        self._check_focus(declared, focused)
        reader = OptionReader(self._core, channel)
        options = reader.read(declared, body.get("options") or {}, focused)
        for part in reversed(chain):
            options = [{"name": part["name"], "type": part["type"], "options": options}]
        data: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": options}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        self._resolve(data, channel, reader.chosen)
        kind = Kind.COMMAND if focused is None else Kind.AUTOCOMPLETE
        return self._open(kind, user_id, channel, name, data)

    def press(self, body: Json) -> Interaction:
        """Press a button or choose in a select."""
        user_id = self.user_id(body.get("as"))
        message = self.message(body.get("message_id"), user_id)
        if message.loading:
            raise NotPossible("the answer is still loading")
        channel = self._core.world.channels[message.channel_id]
        component = component_of(message, str(body.get("custom_id")))
        reader = OptionReader(self._core, channel)
        data = press_data(reader, component, body.get("values"))
        self._resolve(data, channel, reader.chosen)
        name = component.get("label") or component["custom_id"]
        return self._open(Kind.COMPONENT, user_id, channel, name, data, source_id=message.id)

    def submit(self, body: Json) -> Interaction:
        """Submit the form that answered an interaction of this person."""
        user_id = self.user_id(body.get("as"))
        shown = self.interaction(body.get("interaction_id"), user_id)
        channel = self.channel(shown.channel_id, user_id)
        data = form_data(self._core, channel, shown, body.get("values") or {})
        self._resolve(data, channel, data.pop("chosen"))
        title = (shown.form or {}).get("title", "")
        more: Json = {"caused_by": shown, "source_id": shown.source_id}
        return self._open(Kind.FORM, user_id, channel, title, data, **more)

    def open_dm(self, body: Json) -> Channel:
        """The person's DM with the bot."""
        return self._core.world.dm_with(self._core.world.users[self.user_id(body.get("as"))])

    def _open(
        self, kind: Kind, user_id: int, channel: Channel, name: str, data: Json, **more: Any
    ) -> Interaction:
        book = self._core.interactions
        interaction = book.open(kind, user_id, channel.id, name, data, **more)
        self._core.deliver(interaction)
        return interaction

    def _resolve(self, data: Json, channel: Channel, chosen: Chosen) -> None:
        if chosen:
            core = self._core
            data["resolved"] = resolved_payload(core.world, core.files, channel.id, chosen)

    @staticmethod
    def _check_focus(declared: list[Json], focused: str | None) -> None:
        if focused is None:
            return
        option = next((o for o in declared if o["name"] == focused), None)
        if option is None or not option.get("autocomplete"):
            raise NotPossible(f"{focused} has no autocomplete")
