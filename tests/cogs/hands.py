"""What a person in Discord does and reads, and what the bot sent: beside simcord's own verbs."""

from __future__ import annotations

import json
from typing import Any

import discord
from simcord import Env, InteractionResult, MemberActor
from simcord.actors import _visible_message
from simcord.backend import serializers
from simcord.interactions import base_payload

from bot.errors import Refusal

BUTTON = 2  # Discord's component type


async def type_key(who: MemberActor, shown: InteractionResult, key: str) -> InteractionResult:
    """Fill the key form in and send it."""
    return await who.submit_modal(shown, {fields_of(shown)[0]: key})


def fields_of(shown: InteractionResult) -> list[str]:
    """The custom ids of a form's fields, from above."""
    modal = shown.modal
    assert modal is not None, "no form was shown"
    return [field["custom_id"] for row in modal["components"] for field in row["components"]]


def text(result: InteractionResult) -> str:
    """What the member reads as the answer."""
    assert result.response is not None, "there was no answer"
    assert result.ephemeral or result.response.ephemeral
    return result.response.content


def buttons(rows: list[dict[str, Any]] | discord.Message) -> dict[str, dict[str, Any]]:
    """Label -> raw button, of raw rows or of a message."""
    if isinstance(rows, discord.Message):
        rows = [row.to_dict() for row in rows.components]
    return {b["label"]: b for row in rows for b in row["components"] if b["type"] == BUTTON}


def claim_buttons(rows: list[dict[str, Any]] | discord.Message) -> dict[str, dict[str, Any]]:
    """The same, of those that claim: all of a board but its roster."""
    return {name: one for name, one in buttons(rows).items() if one["custom_id"][:6] == "claim:"}


def button_id(message: discord.Message, role: str, server: str = "") -> str:
    """The custom id of a role's button on a board, of the server where there are several."""
    found = [
        button["custom_id"]
        for label, button in buttons(message).items()
        if label.startswith(role) and label.endswith(server)
    ]
    assert len(found) == 1, f"{role}: {list(buttons(message))}"
    return str(found[0])


async def press(
    who: MemberActor, message: discord.Message, role: str, server: str = ""
) -> InteractionResult:
    """Press the button of a role."""
    return await who.click(message, custom_id=button_id(message, role, server))


def _emit_press(
    env: Env, who: MemberActor, message: Any, custom_id: str, shown: bool
) -> InteractionResult:
    """Deliver a press without waiting for what it comes to."""
    stored = _visible_message(who, message)
    record, payload = base_payload(
        env.backend, type=3, channel_id=stored.channel_id, guild_id=who.guild.id, user_id=who.id,
        data={"custom_id": custom_id, "component_type": BUTTON},
    )  # fmt: skip
    payload["message"] = dict(serializers.message_payload(env.backend, stored))
    if not shown:
        button = {"type": BUTTON, "style": 2, "label": "?", "custom_id": custom_id}
        payload["message"]["components"] = [{"type": 1, "components": [button]}]
    record.source_message_id = stored.id
    env.backend.emit("INTERACTION_CREATE", payload)
    return InteractionResult(env, record)


async def craft(who: MemberActor, message: Any, custom_id: str) -> InteractionResult:
    """A press as if this message had a button of that id: an old one, or a tampered client."""
    result = _emit_press(who.guild._env, who, message, custom_id, shown=False)
    await who.guild._env.settle()
    return result


async def press_together(
    env: Env, message: Any, presses: list[tuple[MemberActor, str]]
) -> list[InteractionResult]:
    """Several (who, custom id) at the same moment: all arrive before the bot does anything."""
    results = [_emit_press(env, who, message, custom_id, True) for who, custom_id in presses]
    await env.settle()
    return results


def embed_text(message: discord.Message) -> str:
    """All words of a board's embed."""
    embed = message.embeds[0]
    fields = [f"{f.name}\n{f.value}" for f in embed.fields]
    return "\n".join([embed.title or "", embed.description or "", *fields])


def sent_payloads(env: Env) -> list[dict[str, Any]]:
    """Every message that the bot sent or edited: answers, boards, notices."""
    found = []
    for request in env.http_requests:
        body = request.json if isinstance(request.json, dict) else {}
        body = body["data"] if isinstance(body.get("data"), dict) else body
        if {"content", "embeds", "components"} & body.keys() and "title" not in body:
            found.append(body)
    return found


def all_json(env: Env) -> str:
    """Everything that the bot sent to Discord, as one text."""
    return "\n".join(
        f"{r.method} {r.path} {json.dumps(r.json, ensure_ascii=False)}" for r in env.http_requests
    )


def refusals(env: Env) -> list[str]:
    """What commands refused by raising, which simcord captures although it was answered."""
    found = []
    for error in env.errors:
        original = getattr(error, "original", error)
        assert isinstance(original, Refusal), original
        found.append(str(original))
    return found
