"""Counts the answers of Discord's API where all of them pass: at discord.py's HTTP client."""

from __future__ import annotations

import aiohttp

from bot.metrics import Metrics


def discord_trace(metrics: Metrics) -> aiohttp.TraceConfig:
    """For discord.py's option `http_trace`."""

    async def ended(
        _session: aiohttp.ClientSession, _context: object, params: aiohttp.TraceRequestEndParams
    ) -> None:
        scope = params.response.headers.get("X-RateLimit-Scope", "")
        metrics.discord_answered(params.method, params.response.status, scope)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace
