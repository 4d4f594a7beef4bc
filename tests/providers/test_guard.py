"""Where a workspace's address may point."""

from __future__ import annotations

import asyncio
import ipaddress
import threading

import pytest
from pydantic import SecretStr

from bot.errors import Refusal, Unavailable
from bot.providers import guard
from bot.providers.dialects import READMIN_V2
from bot.providers.guard import UpstreamPolicy, is_public, normalise_base_url
from bot.providers.http import Bounds, Wire

from .conftest import KEY, OPEN, PATIENT, http

STRICT = UpstreamPolicy(allow_insecure=False, allow_private=False)
GUARDED = UpstreamPolicy(allow_insecure=True, allow_private=False)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("https://api.readmin.app", "https://api.readmin.app"),
        ("  HTTPS://API.ReAdmin.App:443/  ", "https://api.readmin.app"),
        ("https://api.example.org./readmin//", "https://api.example.org/readmin"),
        ("https://example.org/A/b-c_d.e~f", "https://example.org/A/b-c_d.e~f"),
        ("https://8.8.8.8", "https://8.8.8.8"),
        ("https://[2606:4700::0001]:443/x", "https://[2606:4700::1]/x"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_one_spelling(text, result):
    assert normalise_base_url(text, STRICT) == result
    assert normalise_base_url(result, STRICT) == result


@pytest.mark.parametrize(
    "text",
    [
        "", "api.readmin.app", "ftp://a.example", "http://a.example", "https://", "https:///x",
        "https://user@a.example", "https://user:pw@a.example", "https://a.example?", "https://a.b#",
        "https://a.example?x=1", "https://a.example:8443", "https://a.example:0",
        "https://a.example:99999", "https://a.example:x", "https://a b.example",
        "https://bücher.example", "https://a.example\\@b.example", "https://a.example/../x",
        "https://a.example/%2e%2e", "https://a.example/x//y", "https://-a.example", "https://a..b",
        "https://" + "a" * 64 + ".example", "https://a.example/" + "x" * 300, "https://a.example/\n",
        "https://127.0.0.1", "https://localhost", "https://x.localhost", "https://[::1]",
        "https://10.1.2.3", "https://169.254.169.254", "https://[fe80::1%25eth0]", "https://[::1",
    ],
)  # fmt: skip
def test_refused_addresses(text):
    if text == "https://a.example/\n":
        assert normalise_base_url(text, STRICT) == "https://a.example"
        return
    with pytest.raises(Refusal):
        normalise_base_url(text, STRICT)


def test_what_the_operator_may_allow():
    assert normalise_base_url("http://a.example:80", GUARDED) == "http://a.example"
    assert normalise_base_url("http://127.0.0.1:3001/", OPEN) == "http://127.0.0.1:3001"
    assert normalise_base_url("http://LOCALHOST:3001", OPEN) == "http://localhost:3001"
    with pytest.raises(Refusal, match="port 80"):
        normalise_base_url("http://a.example:443", GUARDED)
    with pytest.raises(Refusal, match="https"):
        normalise_base_url("http://127.0.0.1", UpstreamPolicy(False, True))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1",
        "168.63.129.16", "169.254.169.254", "172.16.0.1", "192.0.0.192", "192.0.2.1",
        "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
        "2002:808:808::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
        "3fff::1", "5f00::1", "2001:20::1",
    ],
)  # fmt: skip
def test_addresses_not_connected_to(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111"])
def test_public_addresses(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
async def test_a_private_address_is_refused_at_connect(odd, host):
    odd.answers = [http(200, {"success": True})]
    wire = Wire(
        odd.base_url.replace("127.0.0.1", host),
        READMIN_V2, SecretStr(KEY), GUARDED, bounds=PATIENT,
    )  # fmt: skip
    for call in (wire.get("/x"), wire.send("POST", "/x", {})):
        with pytest.raises(Unavailable, match="not a public one"):
            await call
    assert odd.seen == []
    await wire.aclose()


def _resolve_to(monkeypatch, *answers):
    """The name service gives these answers (lists of addresses), the last one again and again."""
    asked = []

    def look_up(host, port):
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [ipaddress.ip_address(address) for address in found]

    monkeypatch.setattr(guard, "look_up", look_up)
    return asked


async def test_a_name_that_resolves_inwards_is_refused(odd, monkeypatch):
    odd.answers = [http(200, {"success": True})]
    asked = _resolve_to(monkeypatch, ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    base = odd.base_url.replace("127.0.0.1", "platform.example")
    wire = Wire(base, READMIN_V2, SecretStr(KEY), GUARDED, bounds=PATIENT)
    with pytest.raises(Unavailable, match="not a public one"):
        await wire.send("POST", "/x", {})
    assert (asked, odd.seen) == (["platform.example"], [])
    await wire.aclose()


async def test_only_the_checked_address_is_connected_to(odd, monkeypatch):
    odd.answers = [http(200, {"success": True})]
    asked = _resolve_to(monkeypatch, ["10.0.0.1", "127.0.0.2", "127.0.0.1"])
    checked = []

    def pretend_public(address):
        checked.append(str(address))
        return address.is_loopback  # loopback plays the public address here

    monkeypatch.setattr(guard, "is_public", pretend_public)
    base = odd.base_url.replace("127.0.0.1", "platform.example")
    wire = Wire(base, READMIN_V2, SecretStr(KEY), GUARDED, bounds=PATIENT)
    await wire.send("POST", "/x", {})
    # The dead 127.0.0.2 (nothing listens there) was tried first, then the next.
    assert odd.seen[0].headers["host"].startswith("platform.example:")
    assert asked == ["platform.example"]
    assert checked == ["10.0.0.1", "127.0.0.2", "127.0.0.1"]
    await wire.aclose()


async def test_dns_that_changes_its_mind_gains_nothing(odd, monkeypatch):
    """Each connection asks once, and goes where the checked answer said, or nowhere."""
    odd.answers = [http(200, {"success": True})]  # and the connection is closed
    asked = _resolve_to(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    monkeypatch.setattr(guard, "is_public", lambda ip: str(ip) == "127.0.0.1")
    base = odd.base_url.replace("127.0.0.1", "platform.example")
    wire = Wire(base, READMIN_V2, SecretStr(KEY), GUARDED, bounds=PATIENT)
    await wire.send("POST", "/x", {})
    with pytest.raises(Unavailable, match="not a public one"):
        await wire.send("POST", "/x", {})
    assert (len(asked), len(odd.seen)) == (2, 1)
    await wire.aclose()


async def test_an_unknown_name_was_not_sent():
    wire = Wire("https://nowhere.invalid", READMIN_V2, SecretStr(KEY), GUARDED, bounds=PATIENT)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await wire.send("POST", "/x", {})
    await wire.aclose()


async def test_a_hanging_name_server_holds_one_thread_and_nobody_else(odd, monkeypatch):
    """One look-up at a time per workspace, with a deadline, outside the shared threads."""
    odd.answers = [http(200, {"success": True})]
    hanging, asked = threading.Event(), []

    def look_up(host, port):
        asked.append((host, threading.current_thread()))
        if host == "hanging.example":
            hanging.wait(60)
        return [ipaddress.ip_address("127.0.0.1")]

    monkeypatch.setattr(guard, "look_up", look_up)
    bounds = Bounds(connect=0.2, first_pause=0.01, read_total=1)
    sick = Wire("http://hanging.example:9", READMIN_V2, SecretStr(KEY), OPEN, bounds=bounds)
    well_url = odd.base_url.replace("127.0.0.1", "well.example")
    well = Wire(well_url, READMIN_V2, SecretStr(KEY), OPEN, bounds=PATIENT)
    calls = [sick.get("/x") for _ in range(10)] + [sick.send("POST", "/x", {})]
    told = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(one) for one in told} == {Unavailable}
    assert [host for host, _ in asked] == ["hanging.example"]  # all of them waited for this one
    assert await well.get("/x")
    assert all(thread.daemon for _, thread in asked)  # the end of the process waits for none
    hanging.set()
    for wire in (sick, well):
        await wire.aclose()


async def test_a_look_up_that_outlives_its_loop_is_silent(monkeypatch):
    hanging, threads = threading.Event(), []

    def look_up(host, port):
        threads.append(threading.current_thread())
        hanging.wait(60)
        return []

    monkeypatch.setattr(guard, "look_up", look_up)

    async def give_up():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await guard.Resolver().resolve("hanging.example", 443)

    await asyncio.to_thread(asyncio.run, give_up())
    hanging.set()
    threads[0].join(30)  # an exception in a thread would be a warning, and so an error
    assert not threads[0].is_alive()


async def test_the_operator_may_allow_private_addresses(odd):
    odd.answers = [http(200, {"success": True})]
    wire = Wire(odd.base_url, READMIN_V2, SecretStr(KEY), OPEN)
    assert await wire.get("/x") == {"success": True}
    await wire.aclose()
