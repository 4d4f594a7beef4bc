"""Every kind of first answer is timed, and an interaction that got none is counted."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from bot.first_answers import GIVEN_UP, FirstAnswers
from bot.metrics import Metrics
from bot.tracing import discord_trace
from tests.test_metrics import samples

KINDS = ("component", "application_command", "autocomplete", "modal_submit")


def test_an_interaction_without_a_first_answer_is_counted_once() -> None:
    metrics = Metrics()
    answers = FirstAnswers(metrics)
    answers.expect(1, "component", 100.0, 100.0)
    answers.expect(2, "autocomplete", 100.0 + GIVEN_UP - 1, 100.0 + GIVEN_UP - 1)
    answers.give_up(100.0 + GIVEN_UP)
    answers.give_up(100.0 + GIVEN_UP)
    answers.taken(1, 100.0 + GIVEN_UP)  # far too late
    answers.taken(2, 100.0 + GIVEN_UP)
    assert samples(metrics, "muster_unacknowledged_total") == {("component",): 1}
    assert samples(metrics, "muster_acknowledgement_seconds_sum") == {("autocomplete",): 1}


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_sent_as_the_first_answer_is_timed(kind: str) -> None:
    """A refused one is not, nor what is sent afterwards."""
    metrics = Metrics()
    answers = FirstAnswers(metrics)
    statuses = iter((400, 204, 200))

    async def discord(_: web.Request) -> web.Response:
        return web.Response(status=next(statuses))

    application = web.Application()
    application.router.add_post("/api/v10/{rest:.*}", discord)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
        trace = discord_trace(metrics, answers)
        async with aiohttp.ClientSession(trace_configs=[trace]) as session:
            now = asyncio.get_running_loop().time()
            answers.expect(7, kind, now, now)
            counts = []
            for path in ("interactions/7/token/callback", "interactions/7/token/callback",
                         "webhooks/7/token"):  # fmt: skip
                async with session.post(f"{url}/{path}"):
                    found = samples(metrics, "muster_acknowledgement_seconds_count")
                    counts.append(found.get((kind,), 0))
    finally:
        await runner.cleanup()
    assert counts == [0, 1, 1]
