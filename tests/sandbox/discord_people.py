"""People on the stand-in whose bot is played by the test itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.discord import DiscordStandIn
from bot.sandbox.discord.interactions import Interaction
from bot.sandbox.discord.people import Answer, Person, Sandbox
from tests.sandbox.discord_bench import Api, Community

Json = dict[str, Any]
FORM: Json = {
    "custom_id": "f",
    "title": "Form",
    "components": [
        {"type": 1, "components": [{"type": 4, "custom_id": "i", "style": 1, "label": "Text"}]}
    ],
}
COMMANDS: list[Json] = [
    {"name": "plain", "description": "d"},
    {
        "name": "full",
        "description": "d",
        "options": [
            {"name": "text", "description": "d", "type": 3, "required": True, "min_length": 2},
            {"name": "count", "description": "d", "type": 4, "min_value": 1, "max_value": 9},
            {"name": "flag", "description": "d", "type": 5},
            {"name": "who", "description": "d", "type": 6},
            {"name": "where", "description": "d", "type": 7, "channel_types": [5]},
            {"name": "role", "description": "d", "type": 8},
            {"name": "level", "description": "d", "type": 10, "max_value": 0.5},
            {
                "name": "pick",
                "description": "d",
                "type": 3,
                "choices": [{"name": "One", "value": "1"}],
            },
        ],
    },
    {
        "name": "find",
        "description": "d",
        "options": [{"name": "q", "description": "d", "type": 3, "autocomplete": True}],
    },
]


@dataclass
class PeopleBench:
    """A stand-in with people and commands, whose bot the test plays itself."""

    town: Community
    stand_in: DiscordStandIn
    api: Api
    sandbox: Sandbox

    @property
    def sam(self) -> Person:
        return self.sandbox.person(self.town.sam, self.town.board, patience=0.0)

    @property
    def tess(self) -> Person:
        return self.sandbox.person(self.town.tess, self.town.board, patience=0.0)

    def known(self, answer: Answer) -> Interaction:
        return self.stand_in.core.interactions.by_id[int(answer.interaction_id)]

    async def reply(self, answer: Answer, body: Json) -> tuple[int, Any]:
        known = self.known(answer)
        path = f"/interactions/{known.id}/{known.token}/callback?with_response=1"
        return await self.api.call("POST", path, body)

    def webhook(self, answer: Answer) -> str:
        return f"/webhooks/{self.town.bot.id}/{self.known(answer).token}"

    async def board_press(self) -> Answer:
        button = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
        rows = [{"type": 1, "components": [button]}]
        path = f"/channels/{self.town.board.id}/messages"
        await self.api.call("POST", path, {"content": "board", "components": rows})
        return await self.sam.press((await self.sam.messages())[0], "Go")
