"""The first answer to an interaction, and everything its token allows for 15 minutes."""

from __future__ import annotations

from typing import Any

from bot.sandbox.discord.core import Call
from bot.sandbox.discord.errors import Json, Problems, refuse
from bot.sandbox.discord.interactions import Interaction, Reply
from bot.sandbox.discord.limits_commands import check_choices
from bot.sandbox.discord.limits_components import check_form
from bot.sandbox.discord.mentions import PARSE_USERS
from bot.sandbox.discord.messages import Draft
from bot.sandbox.discord.models import EPHEMERAL, Channel, Message
from bot.sandbox.discord.rest_messages import render

_COMMAND_ANSWER, _COMPONENT_ANSWER = 20, 19


async def callback(call: Call) -> Json | None:
    """POST /interactions/{id}/{token}/callback."""
    interaction = call.core.interactions.for_callback(call.ids["interaction_id"], call.token)
    problems = Problems()
    problems.choice(call.form.get("type"), ("type",), tuple(int(reply) for reply in Reply))
    problems.raise_if_any()
    reply = Reply(call.form["type"])
    call.core.interactions.check_reply(interaction, reply)
    message = _REPLIES[reply](call, interaction, call.form.get("data") or {})
    if message is not None:
        interaction.original_id = message.id
        if reply is not Reply.DEFERRED_UPDATE:
            interaction.latest_id = message.id
    call.core.interactions.acknowledge(interaction, reply)
    if call.query.get("with_response") in ("1", "true", "True"):
        return _response(call, interaction, reply, message)
    return None


def _response(call: Call, interaction: Interaction, reply: Reply, message: Message | None) -> Json:
    about: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
    resource: Json = {"type": int(reply)}
    if message is not None:
        about["response_message_id"] = str(message.id)
        about["response_message_loading"] = message.loading
        about["response_message_ephemeral"] = message.viewer_id is not None
        if reply in (Reply.MESSAGE, Reply.UPDATE):
            resource["message"] = render(call, message)
    return {"interaction": about, "resource": resource}


def _draft(call: Call, interaction: Interaction, body: Json, *, hidden: bool) -> Draft:
    return Draft(
        body,
        call.uploads,
        viewer_id=interaction.user_id if hidden else None,
        kind=_COMMAND_ANSWER if interaction.kind == 2 else _COMPONENT_ANSWER,
        interaction_id=interaction.id,
        default_mentions=PARSE_USERS,
    )


def _is_hidden(body: Json) -> bool:
    return bool((body.get("flags") or 0) & EPHEMERAL)


def _place(call: Call, interaction: Interaction) -> Channel:
    channel = call.core.world.channels.get(interaction.channel_id)
    if channel is None:
        raise refuse(10003)
    return channel


def _send(call: Call, interaction: Interaction, body: Json) -> Message:
    draft = _draft(call, interaction, body, hidden=_is_hidden(body))
    return call.core.messages.create(_place(call, interaction), draft)


def _defer(call: Call, interaction: Interaction, body: Json) -> Message:
    problems = Problems()
    if (body.get("flags") or 0) & ~EPHEMERAL:
        problems.add(("data", "flags"), "BASE_TYPE_BAD", "Only EPHEMERAL may be set on a defer")
    problems.raise_if_any()
    draft = _draft(call, interaction, {}, hidden=_is_hidden(body))
    return call.core.messages.create_loading(_place(call, interaction), draft)


def _defer_update(call: Call, interaction: Interaction, _: Json) -> Message:
    return _message(call, interaction, interaction.source_id)


def _update(call: Call, interaction: Interaction, body: Json) -> Message:
    message = _message(call, interaction, interaction.source_id)
    draft = _draft(call, interaction, body, hidden=False)
    call.core.messages.edit(_place(call, interaction), message, draft)
    return message


def _choose(_: Call, interaction: Interaction, body: Json) -> None:
    problems = Problems()
    kind = _focused_type(interaction.data.get("options", []))
    check_choices(problems, body.get("choices"), ("data", "choices"), kind)
    problems.raise_if_any()
    interaction.choices = body.get("choices") or []


def _focused_type(options: list[Json]) -> int:
    for option in options:
        if option.get("focused"):
            return int(option["type"])
        if option.get("options"):
            return _focused_type(option["options"])
    return 3


def _show_form(_: Call, interaction: Interaction, body: Json) -> None:
    check_form(body)
    interaction.form = body


_REPLIES: dict[Reply, Any] = {
    Reply.MESSAGE: _send,
    Reply.DEFERRED_MESSAGE: _defer,
    Reply.DEFERRED_UPDATE: _defer_update,
    Reply.UPDATE: _update,
    Reply.CHOICES: _choose,
    Reply.FORM: _show_form,
}


def _message(call: Call, interaction: Interaction, message_id: int | None) -> Message:
    message = _place(call, interaction).messages.get(message_id or 0)
    if message is None:
        raise refuse(10008)
    return message


def _found(call: Call) -> tuple[Interaction, Message]:
    interaction = _opened(call)
    message_id = call.ids.get("message_id", interaction.original_id)
    message = _message(call, interaction, message_id)
    own = message.interaction_id == interaction.id or message.id == interaction.original_id
    if not own:
        raise refuse(10008)
    return interaction, message


def _opened(call: Call) -> Interaction:
    if call.ids["application_id"] != call.core.world.bot_user.id:
        raise refuse(10015)
    return call.core.interactions.for_webhook(call.token)


async def get_answer(call: Call) -> Json:
    """GET /webhooks/{app}/{token}/messages/{@original or id}."""
    _, message = _found(call)
    return render(call, message)


async def edit_answer(call: Call) -> Json:
    """PATCH /webhooks/{app}/{token}/messages/{@original or id}."""
    interaction, message = _found(call)
    draft = _draft(call, interaction, call.form, hidden=False)
    call.core.messages.edit(_place(call, interaction), message, draft)
    call.core.interactions.finish(interaction, message.id)
    return render(call, message)


async def delete_answer(call: Call) -> None:
    """DELETE /webhooks/{app}/{token}/messages/{@original or id}."""
    interaction, message = _found(call)
    call.core.world.remove_message(_place(call, interaction), message)
    call.core.interactions.finish(interaction)


async def follow_up(call: Call) -> Json:
    """POST /webhooks/{app}/{token}: after a deferral the first one fills the answer in."""
    interaction = _opened(call)
    channel = _place(call, interaction)
    original = channel.messages.get(interaction.original_id or 0)
    if original is not None and original.loading:
        message = original
        draft = _draft(call, interaction, call.form, hidden=False)
        call.core.messages.edit(channel, message, draft)
    else:
        message = _send(call, interaction, call.form)
    call.core.interactions.finish(interaction, message.id)
    return render(call, message)
