"""Discord's limits on a message: content, embeds, attachments and allowed mentions."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.discord.errors import Json, Path, Problems, refuse
from bot.sandbox.discord.limits_components import check_components
from bot.sandbox.discord.models import Message

CONTENT = 2000
EMBEDS = 10
EMBED_TOTAL = 6000
FIELDS = 25
_EMBED_TEXTS = {"title": 256, "description": 4096}
_WEB = re.compile(r"(https?|attachment)://\S+", re.IGNORECASE)
_PARSE = ("users", "roles", "everyone")
_SNOWFLAKE = re.compile(r"\d{15,20}")


def check_message(body: Json, *, files: int = 0, editing: Message | None = None) -> None:
    """Check a message to be sent or, with `editing`, what would remain of an edited one.

    Raises ApiError 50035 with Discord's error tree, or 50006 for a message with nothing in it.
    """
    problems = Problems()
    problems.text(body.get("content"), ("content",), CONTENT)
    embeds = problems.items(body.get("embeds"), ("embeds",), EMBEDS)
    check_embeds(problems, embeds)
    check_components(problems, body.get("components"))
    _check_mentions(problems, body.get("allowed_mentions"))
    _check_nonce(problems, body)
    problems.items(body.get("attachments"), ("attachments",), 10)
    problems.raise_if_any()
    if _is_empty(body, files, editing):
        raise refuse(50006)


def check_embeds(problems: Problems, embeds: list[Any]) -> None:
    """Each embed by itself, then the size of all together."""
    total = 0
    for index, embed in enumerate(embeds):
        if isinstance(embed, dict):
            total += _check_embed(problems, embed, ("embeds", index))
        else:
            problems.add(("embeds", index), "DICT_TYPE_CONVERT", "Only dictionaries may be used")
    if total > EMBED_TOTAL:
        problems.add(
            ("embeds",), "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000"
        )


def _check_embed(problems: Problems, embed: Json, path: Path) -> int:
    size = 0
    for key, most in _EMBED_TEXTS.items():
        size += len(problems.text(embed.get(key), (*path, key), most))
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    if footer:
        size += len(problems.text(footer.get("text"), (*path, "footer", "text"), 2048, least=1))
    if author:
        size += len(problems.text(author.get("name"), (*path, "author", "name"), 256, least=1))
    fields = problems.items(embed.get("fields"), (*path, "fields"), FIELDS)
    for index, part in enumerate(fields):
        where = (*path, "fields", index)
        size += len(problems.text(part.get("name"), (*where, "name"), 256, least=1))
        size += len(problems.text(part.get("value"), (*where, "value"), 1024, least=1))
    if embed.get("color") is not None:
        problems.number(embed["color"], (*path, "color"), 0, 0xFFFFFF)
    _check_links(problems, embed, path)
    return size


def _check_links(problems: Problems, embed: Json, path: Path) -> None:
    links: dict[Path, Any] = {("url",): embed.get("url")}
    for part, key in (("image", "url"), ("thumbnail", "url"), ("author", "url")):
        links[(part, key)] = (embed.get(part) or {}).get(key)
    links[("footer", "icon_url")] = (embed.get("footer") or {}).get("icon_url")
    for where, link in links.items():
        if link is not None and not _WEB.fullmatch(str(link)):
            problems.add((*path, *where), "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_mentions(problems: Problems, allowed: Any) -> None:
    path: Path = ("allowed_mentions",)
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        problems.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    parse = allowed.get("parse") or []
    for index, what in enumerate(parse):
        problems.choice(what, (*path, "parse", index), _PARSE)
    for kind in ("users", "roles"):
        listed = problems.items(allowed.get(kind), (*path, kind), 100)
        for index, entry in enumerate(listed):
            if not _SNOWFLAKE.fullmatch(str(entry)):
                problems.add(
                    (*path, kind, index), "NUMBER_TYPE_COERCE", f'Value "{entry}" is not snowflake.'
                )
        if listed and kind in parse:
            problems.add(
                path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", f"parse and {kind} exclude it."
            )


def _check_nonce(problems: Problems, body: Json) -> None:
    nonce = body.get("nonce")
    if nonce is not None and len(str(nonce)) > 25:
        problems.add(("nonce",), "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.")


def _is_empty(body: Json, files: int, editing: Message | None) -> bool:
    def remaining(key: str) -> Any:
        if editing is not None and key not in body:
            return getattr(editing, key)
        return body.get(key)

    content = (remaining("content") or "").strip()
    embeds = [embed for embed in remaining("embeds") or [] if _shows_something(embed)]
    kept = remaining("attachments") or []
    return not (content or embeds or remaining("components") or kept or files)


def _shows_something(embed: Json) -> bool:
    return any(value for key, value in embed.items() if key not in ("type", "color", "flags"))
