"""A key that an admin types is in no log line and in nothing that is sent to Discord."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import logs
from tests.cogs.hands import all_json, text, type_key
from tests.cogs.stage import Stage
from tests.cogs.stories import STORIES, Story

NAMES = {"ids": lambda story: story.kind.value}


@pytest.fixture
def everything(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Iterator[pytest.LogCaptureFixture]:
    """All loggers as Muster configures them at DEBUG, heard by caplog; put back afterwards."""
    capsys.readouterr()  # in place before the handler looks for standard error
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    named = {name: logging.getLogger(name).level for name in root.manager.loggerDict}
    root.handlers = []  # configure() closes what it finds
    logs.configure("DEBUG")
    root.addHandler(caplog.handler)
    yield caplog
    root.handlers, root.level = handlers, level
    for name in root.manager.loggerDict:
        logging.getLogger(name).setLevel(named.get(name, logging.NOTSET))


@pytest.mark.parametrize("story", STORIES, indirect=True, **NAMES)
async def test_no_key_in_any_log_line_or_payload(
    everything: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], stage: Stage,
    story: Story,
) -> None:  # fmt: skip
    house, wrong = stage.house, "ReAdmin_Loader_ID=5ec2e7" + "ab" * 20
    await stage.setup(house, story, key=wrong)
    await stage.setup(house, story)
    await stage.link_staff(house)
    board = await stage.post(house)
    shown = await stage.slash(house.admin, "workspace key")
    await type_key(house.admin, shown, wrong)
    stage.upstream.fault("error-500", "claim", times=1)
    await stage.claim(house.pip, story.double)
    stage.upstream.fault("revoked-key")
    await stage.slash(house.admin, "workspace test")
    written, sent = capsys.readouterr(), all_json(stage.env)
    formatted = everything.text + "".join(str(vars(record)) for record in everything.records)
    assert "connected in guild" in formatted
    assert "connected in guild" in written.err
    assert any(record.levelno == logging.DEBUG for record in everything.records)
    assert board.embeds[0].title in sent
    for key in (story.key, wrong):
        for place in (formatted, written.err, written.out, sent):
            assert key not in place
            assert key[:-4] not in place


@pytest.mark.usefixtures("everything")
def test_loggers_that_would_write_keys_stay_quiet_at_debug() -> None:
    """discord.py logs whole gateway events at DEBUG, httpx every address."""
    for name in ("discord.gateway", "discord.http", "httpcore.http11", "aiosqlite"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert logging.getLogger("bot.services.claims").isEnabledFor(logging.DEBUG)


async def test_the_key_is_not_in_the_database_file(stage: Stage) -> None:
    await stage.setup(stage.house, stage.story)
    assert "is connected" in text(await stage.slash(stage.house.admin, "workspace test"))
    stored = _read_database(stage)
    assert stage.upstream.base_url.encode() in stored
    assert stage.story.key.encode() not in stored


def _read_database(stage: Stage) -> bytes:
    path = stage.settings.database_url.removeprefix("sqlite:///")
    return Path(path).read_bytes() + Path(f"{path}-wal").read_bytes()
