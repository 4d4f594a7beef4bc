"""Files that members send with a command."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.errors import Refusal

log = logging.getLogger(__name__)


async def read_upload(file: discord.Attachment, most: int, rule: str) -> bytes:
    """The file's content; one of more than `most` bytes is not even fetched.

    Raises Refusal, with the `rule` about sizes in words where that is the reason.
    """
    if file.size > most:
        raise Refusal(f"The file is too big: {rule}. Split it and send the parts.")
    try:
        return await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("attachment %s could not be read: %s", file.id, error)
        raise Refusal("Discord did not hand the file over. Send it again.") from error
