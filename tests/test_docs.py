"""The operator's pages tell the truth: links, commands, settings, numbers and metrics."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from benchmarks import sizing
from bot.cli import app
from bot.messenger import NEEDED, NEEDED_FOR_THREADS
from bot.metrics import Metrics
from bot.runner import DEADLINE, KILLED, LATE
from bot.settings import PREFIX, Settings
from bot.store.backups import DUMP, UNDUMP
from bot.store.engines import _POSTGRES_CONNECTIONS

DOCS = Path(__file__).parents[1] / "docs"
OPERATING, SCALING, SIZING, MEASURED = (
    (DOCS / f"{name}.md").read_text("utf-8")
    for name in ("operating", "scaling", "sizing", "measured")
)


@pytest.mark.parametrize("page", [OPERATING, SCALING, SIZING, MEASURED])
def test_links_commands_and_settings_exist(page: str) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page)]
    assert [link for link in links if not (DOCS / link).exists()] == []
    help_text = CliRunner().invoke(app, ["--help"]).output
    commands = set(re.findall(r"(?:`|/bin/|&& )muster ([a-z][a-z-]*)", page))
    assert [name for name in commands if f" {name} " not in help_text] == []
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", page))
    assert named <= {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_command_for_operators_is_explained() -> None:
    for command in ("doctor", "status", "backup", "restore", "rotate-keys", "migrate"):
        assert f"| `muster {command}" in OPERATING


def test_every_metric_is_explained_and_every_explained_one_exists() -> None:
    families = text_string_to_metric_families(Metrics().render().decode())
    measured = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in families
        if family.name.startswith("muster_")
    }
    table = OPERATING.partition("| metric |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(muster_\w+)`", table)) == measured


def test_the_postgresql_commands_are_those_that_muster_names() -> None:
    assert DUMP in OPERATING
    assert UNDUMP in OPERATING


def test_the_numbers_are_those_of_the_code() -> None:
    assert (DEADLINE, LATE, KILLED) == (10.0, 1, 128)
    assert "within ten seconds" in OPERATING
    assert f"up to {_POSTGRES_CONNECTIONS} connections" in SCALING
    permissions = discord.Permissions(**dict.fromkeys(NEEDED, True))
    assert f"({permissions.value})" in OPERATING
    permissions.update(**dict.fromkeys(NEEDED_FOR_THREADS, True))
    assert f"({permissions.value} in all)" in OPERATING


def test_the_sizes_are_reckoned_from_the_figures_beside_them() -> None:
    assert "\n".join(sizing.table(sizing.figures(SIZING))) in SIZING
    commands = set(re.findall(r"`(?:python -m )?benchmarks\.(\w+)", SIZING))
    assert [name for name in commands if not (DOCS.parent / f"benchmarks/{name}.py").exists()] == []
