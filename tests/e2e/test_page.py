"""The demo as a newcomer meets it: started from the command line, lived in with a browser."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.sandbox.discord.people import Sandbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WITHIN = 20_000  # milliseconds; only a failure waits that long

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium here: install it (Debian: apt-get install chromium) to test the page",
)


@pytest.fixture
async def demo() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The running demo and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", "--port", "0",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", told)):
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, f"the demo ended: {told}"
            told += line.decode()
        yield process, found[0]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)  # killed, it would leave its bot behind
        await asyncio.wait_for(process.wait(), 30)


async def test_ctrl_c_ends_the_demo_cleanly(
    demo: tuple[asyncio.subprocess.Process, str],
) -> None:
    process, _ = demo
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 30) == 0


@needs_chromium
async def test_a_claim_in_the_browser(demo: tuple[asyncio.subprocess.Process, str]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pip, sable = await browser.new_page(), await browser.new_page()
        for page in (pip, sable):
            page.set_default_timeout(WITHIN)
            await page.goto(demo[1])
        await _become(pip, "Pip")
        await _become(sable, "Sable")
        await _press(pip, "Trainer 0/1")
        await expect(pip.locator(".ephemeral").last).to_contain_text(
            "You are Trainer", timeout=WITHIN
        )
        # The other tab is another person's: the board follows there, the answer does not show.
        full = sable.get_by_role("button", name="Trainer 1/1 · full")
        await expect(full).to_be_visible(timeout=WITHIN)
        await expect(sable.locator(".ephemeral")).to_have_count(0)
        await browser.close()


@needs_chromium
async def test_a_waitlist_in_two_tabs(demo: tuple[asyncio.subprocess.Process, str]) -> None:
    async with async_playwright() as playwright, Sandbox(demo[1]) as sandbox:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pip, sable = await browser.new_page(), await browser.new_page()
        for page, name in ((pip, "Pip"), (sable, "Sable")):
            page.set_default_timeout(WITHIN)
            await page.goto(demo[1])
            await _become(page, name)
        await _ask_by_direct_message(sable, sandbox)
        await _press(pip, "Trainer 0/1")
        await _press(sable, "Trainer 1/1 · full")
        await _press(sable, "Join waitlist (you would be no. 1)")
        waited_for = pip.get_by_role("button", name="Trainer 1/1 · full · +1")
        await expect(waited_for).to_be_visible(timeout=WITHIN)
        for _ in range(2):  # the question, then yes
            await pip.locator(".ephemeral").last.get_by_role("button", name="Release").click()
        await sable.get_by_role("button", name="Direct messages").click()
        offer = sable.locator("[data-message-id]", has_text="A place is free for you").last
        await offer.get_by_role("button", name="Accept").click()
        told = sable.locator("[data-message-id]", has_text="You are Trainer").last
        await expect(told).to_be_visible(timeout=WITHIN)
        await expect(pip.get_by_role("button", name="Trainer 1/1 · full").last).to_be_visible()
        await browser.close()


async def _ask_by_direct_message(page: Page, sandbox: Sandbox) -> None:
    """The person of this tab turns direct messages on."""
    person = sandbox.person(await page.locator("#viewing-as").input_value())
    channels = [c for guild in (await person.world())["guilds"] for c in guild["channels"]]
    sessions = next(c["id"] for c in channels if c["name"] == "sessions")
    answer = await person.at(sessions).command("reminders", direct="on")
    assert "Saved" in answer.text


async def _become(page: Page, name: str) -> None:
    chooser = page.locator("#viewing-as")
    option = chooser.locator("option", has_text=name)
    await chooser.select_option(value=await option.first.get_attribute("value"))
    await expect(page.locator("[data-message-id]").first).to_be_visible(timeout=WITHIN)


async def _press(page: Page, label: str) -> None:
    await page.get_by_role("button", name=label).click()
