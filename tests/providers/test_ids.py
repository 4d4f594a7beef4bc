"""Ids that would do harm never leave the process."""

from __future__ import annotations

import pytest

from bot.errors import UpstreamNotFound, UpstreamRefused
from bot.providers import ids

HARMFUL = [
    "", ".", "..", "a.b", "a/b", "a\\b", "a%2Fb", "a b", "a\n", "a\x00", "é", "$set", "x" * 201,
    "constructor", "__proto__", "prototype", "toString", "hasOwnProperty", "valueOf",
    "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "__defineGetter__",
]  # fmt: skip


@pytest.mark.parametrize("value", HARMFUL)
def test_harmful_ids(value):
    for what in ("server", "role group", "role"):
        with pytest.raises(UpstreamNotFound) as caught:
            ids.plain_id(value, what, "ReAdmin")
        assert caught.value.what == what
    for form in (ids.READMIN_SESSION, ids.SERIES_SESSION):
        with pytest.raises(UpstreamNotFound):
            ids.session_id(value, form, "ReAdmin")


@pytest.mark.parametrize("value", ["9c5f5f0e-9a64-47a8-8c9f-5f0a6d3f7b10", "1", "role_1:x"])
def test_plain_ids(value):
    assert ids.plain_id(value, "server", "ReAdmin") == value


@pytest.mark.parametrize(
    "value", ["0" * 23, "0" * 25, "g" * 24, "A" * 24, "notCreated", "0" * 24 + "\n"]
)
def test_readmin_sessions_are_24_hexadecimal_digits(value):
    with pytest.raises(UpstreamNotFound):
        ids.session_id(value, ids.READMIN_SESSION, "ReAdmin")


def test_good_sessions():
    assert ids.session_id("65f0a1b2c3d4e5f600000001", ids.READMIN_SESSION, "x")
    assert ids.session_id("session_17638_q1w2-e3", ids.SERIES_SESSION, "x")


@pytest.mark.parametrize("value", [0, -1, 2**63, 10**30])
def test_numbers_that_are_no_roblox_ids(value):
    assert not ids.is_roblox_id(value)
    with pytest.raises(UpstreamRefused):
        ids.roblox_text(value, "ReAdmin")


@pytest.mark.parametrize("value", [1, 2**63 - 1])
def test_roblox_ids(value):
    assert ids.roblox_text(value, "ReAdmin") == str(value)


@pytest.mark.parametrize("value", ["", "a\n", "x" * 501, "__proto__", "constructor"])
def test_role_names_that_are_refused(value):
    with pytest.raises(UpstreamNotFound):
        ids.role_name(value, "Series HR")


@pytest.mark.parametrize("value", ["Trainer", "Überprüfer / 2", "a.b", "見習い"])
def test_role_names_are_free_text(value):
    assert ids.role_name(value, "Series HR") == value


def test_every_part_of_a_path_is_escaped():
    assert ids.path("sessions", "a/b?c#d%", "é") == "/sessions/a%2Fb%3Fc%23d%25/%C3%A9"
