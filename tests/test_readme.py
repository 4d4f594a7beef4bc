"""The README tells the truth: its links lead somewhere and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


def test_it_opens_with_what_muster_does_and_a_picture() -> None:
    before_trying = README.partition("## Try it")[0]
    assert re.search(r"!\[[^\]]+\]\(docs/demo\.png\)", before_trying)


def test_every_local_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_muster_command_exists() -> None:
    named = set(re.findall(r"muster ([a-z][a-z-]*)", "\n".join(COMMANDS) + README))
    described = CliRunner().invoke(app, ["--help"]).output
    assert {"demo", "doctor", "run", "generate-key"} <= named
    assert [name for name in named if f" {name} " not in described] == []


def test_the_gate_runs_the_readmes_own_test_command() -> None:
    gate = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "# install, and pass the tests" in gate
    assert re.search(r"^# install, and pass the tests\npython3 -m venv .*pytest$", README, re.M)


def test_the_invite_asks_for_exactly_what_a_board_needs() -> None:
    view, send, embed, history = 1 << 10, 1 << 11, 1 << 14, 1 << 16
    assert f"permissions={view | send | embed | history}" in README
    assert "scope=bot+applications.commands" in README
