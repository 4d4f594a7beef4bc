"""Watches Discord's API where all calls pass: at discord.py's HTTP client."""

from __future__ import annotations

import asyncio
import re

import aiohttp

from bot.first_answers import FirstAnswers
from bot.metrics import Metrics

_FIRST_ANSWER = re.compile(r"/interactions/(\d+)/[^/]+/callback$")


def discord_trace(metrics: Metrics, first_answers: FirstAnswers) -> aiohttp.TraceConfig:
    """For discord.py's option `http_trace`."""

    async def ended(
        _session: aiohttp.ClientSession, _context: object, params: aiohttp.TraceRequestEndParams
    ) -> None:
        status = params.response.status
        scope = params.response.headers.get("X-RateLimit-Scope", "")
        metrics.discord_answered(params.method, status, scope)
        if params.method != "POST" or status >= 300:
            return
        if found := _FIRST_ANSWER.search(params.url.path):
            first_answers.taken(int(found[1]), asyncio.get_running_loop().time())

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace
