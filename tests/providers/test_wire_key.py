"""The key travels in its header and shows up nowhere else."""

from __future__ import annotations

import logging
import traceback

import pytest
from pydantic import SecretStr

from bot.errors import KeyRefused, ProviderError, Refusal
from bot.providers.dialects import READMIN_V2
from bot.providers.http import Wire

from .conftest import KEY, OPEN, PATIENT, http

OK = http(200, {"success": True, "data": 1})


@pytest.mark.parametrize("key", ["", "a b", "abc\r\nX: y", "ключ", "x" * 1001])
def test_keys_that_no_header_carries(key):
    with pytest.raises(Refusal) as caught:
        Wire("https://api.example", READMIN_V2, SecretStr(key), OPEN)
    shown = "".join(traceback.format_exception(caught.value))
    assert not key.strip() or key not in shown


async def test_the_key_is_nowhere_but_in_its_header(odd, caplog):
    caplog.set_level(logging.DEBUG)
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=PATIENT)
    shown = [repr(wire), str(vars(wire))]
    answers = [OK, http(500), http(401), http(307), b"", http(200)]
    for answer in answers:
        odd.answers = [answer]
        for call in (wire.get("/x"), wire.send("POST", "/x", {})):
            try:
                await call
            except ProviderError as error:
                shown += [repr(error), repr(error.facts), repr(error.__context__)]
                told = traceback.TracebackException.from_exception(error, capture_locals=True)
                shown += [str(frame.locals) for frame in told.stack if "/bot/" in frame.filename]
    assert all(seen.headers["loader-id"] == KEY for seen in odd.seen)
    assert not any(KEY in seen.target or KEY.encode() in seen.body for seen in odd.seen)
    shown += [record.getMessage() + str(vars(record)) for record in caplog.records]
    assert caplog.records
    assert [text for text in shown if KEY in text] == []
    await wire.aclose()


async def test_a_key_in_the_words_is_covered(odd):
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=PATIENT)
    odd.answers = [http(401, {"reason": f"Key {KEY} is unknown"})]
    with pytest.raises(KeyRefused) as caught:
        await wire.get("/x")
    assert caught.value.facts.words == "Key [key] is unknown"
    await wire.aclose()


async def test_a_key_across_the_cut_leaves_no_piece(odd):
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=PATIENT)
    odd.answers = [http(401, {"reason": "x" * 290 + KEY})]
    with pytest.raises(KeyRefused) as caught:
        await wire.get("/x")
    assert caught.value.facts.words == "x" * 290 + "[key]"
    await wire.aclose()
