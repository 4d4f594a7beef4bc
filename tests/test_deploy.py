"""The container's files and the service unit, read without a container engine or systemd.

`.ci/rehearse` runs the image's own commands.
"""

from __future__ import annotations

import configparser
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.runner import DEADLINE
from bot.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def instructions() -> list[tuple[str, str]]:
    """(keyword, rest) of every instruction of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents
    parser.read(ROOT / "deploy" / "muster.service", "utf-8")
    return parser


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    ran = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_image_is_small_and_runs_without_rights() -> None:
    stages = [rest for keyword, rest in instructions() if keyword == "FROM"]
    assert len(stages) == 2
    final = instructions()[instructions().index(("FROM", stages[1])) :]
    assert [rest for keyword, rest in final if keyword == "USER"] == ["10001"]
    assert [rest for keyword, rest in final if keyword == "COPY"] == [
        "--from=build /opt/muster /opt/muster"
    ]
    assert "pip" not in " ".join(rest for _, rest in final)
    assert [rest for keyword, rest in final if keyword in ("ENTRYPOINT", "CMD")] == [
        '["muster"]', '["run"]',
    ]  # fmt: skip


def test_the_image_holds_no_secret_and_only_what_it_needs() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*", "whatever is not named below"
    copied = {
        source.removeprefix("./")
        for keyword, rest in instructions()
        if keyword == "COPY" and not rest.startswith("--")
        for source in rest.split()[:-1]
    }
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert not {".env", "."} & copied
    assert not re.search("TOKEN|SECRET", (ROOT / "Dockerfile").read_text("utf-8"))


def test_images_are_named_without_a_registry(compose: dict[str, Any]) -> None:
    bases = [rest.split()[0] for keyword, rest in instructions() if keyword == "FROM"]
    images = [*bases, *(service["image"] for service in compose["services"].values())]
    assert images == ["python:3.13-slim", "python:3.13-slim", "muster", "postgres:17-alpine"]


def test_compose_gives_muster_no_more_than_it_needs(compose: dict[str, Any]) -> None:
    muster, database = compose["services"]["muster"], compose["services"]["database"]
    assert muster["read_only"] is True
    assert muster["cap_drop"] == ["ALL"]
    assert muster["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in muster
    assert not any("ports" in service for service in compose["services"].values())
    assert int(muster["stop_grace_period"].removesuffix("s")) > DEADLINE
    assert muster["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert set(muster["environment"]) <= SETTINGS
    for service in (muster, database):  # every secret comes from the operator, and is asked for
        for name, value in service["environment"].items():
            if re.search("TOKEN|KEYS|PASSWORD|URL", name):
                assert re.search(r"\$\{[A-Z_]+:\?", value), name


def test_the_unit_is_confined_and_gives_a_stop_its_time(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert service["User"] == "muster"
    assert service["ExecStart"].endswith("/muster run")
    assert int(service["TimeoutStopSec"]) > DEADLINE
    assert service["Restart"] == "on-failure"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert "ProcSubset" not in service, "process_* are measured from the boot time in /proc/stat"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert "Environment" not in service, "secrets are in a file that only root reads"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_nothing_names_a_setting_that_does_not_exist() -> None:
    for name in ("Dockerfile", "compose.yaml", "deploy/muster.service"):
        named = set(re.findall(r"\bMUSTER_[A-Z_]+\b", (ROOT / name).read_text("utf-8")))
        assert named <= SETTINGS, name
