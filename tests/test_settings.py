"""Settings: what is wrong is said in one sentence each, and never with the value."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import ValidationError

from bot.errors import StartRefused
from bot.settings import PREFIX, Settings, load_settings

KEY = "dGhpcy1pcy1ub3QtYS1zZWNyZXQtanVzdC1hLXRlc3Q="  # a Fernet key that protects nothing
GOOD = {"DISCORD_TOKEN": "token-of-the-bot", "SECRET_KEYS": KEY}
HIDDEN = "s3cr3t-value"
EXAMPLE = Path(__file__).parent.parent / ".env.example"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches these tests."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def put(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set variables, the prefix left out."""
    for name, value in (GOOD | values).items():
        monkeypatch.setenv(PREFIX + name, value)


def sentences() -> list[str]:
    """What a refused start says."""
    with pytest.raises(StartRefused) as refused:
        load_settings()
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None  # nothing that a traceback could print
    return str(refused.value).splitlines()


def test_the_two_required_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch)
    settings = load_settings()
    assert settings.discord_token.get_secret_value() == "token-of-the-bot"
    assert [key.get_secret_value() for key in settings.secret_keys] == [KEY]
    assert settings.database_url == "sqlite:///muster.db"
    assert settings.log_level == "INFO"
    assert not settings.allow_insecure_upstreams
    assert not settings.allow_private_upstreams
    assert str(settings.discord_api_url) == "https://discord.com/api/v10"


def test_several_keys_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Fernet.generate_key().decode()
    put(monkeypatch, SECRET_KEYS=f" {KEY} ,{other},")
    keys = [key.get_secret_value() for key in load_settings().secret_keys]
    assert keys == [KEY, other]


def test_everything_that_is_missing_is_named_at_once() -> None:
    first, second = sentences()
    assert first.startswith("MUSTER_DISCORD_TOKEN: is missing. ")
    assert "Example: " in first
    assert second.startswith("MUSTER_SECRET_KEYS: is missing. ")
    assert second.endswith("Example: the output of `muster generate-key`")


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "SECRET_KEYS"])
def test_an_empty_setting_is_a_missing_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, **{name: ""})
    (only,) = sentences()
    assert only.startswith(f"MUSTER_{name}: is missing. ")


@pytest.mark.parametrize(
    ("name", "value", "rule", "example"),
    [
        ("SECRET_KEYS", HIDDEN, "key 1 is not a Fernet key (32 bytes", "generate-key"),
        ("SECRET_KEYS", f"{KEY},{HIDDEN}", "key 2 is not a Fernet key (32 bytes", "generate-key"),
        ("SECRET_KEYS", ",", "at least 1 item", "generate-key"),
        ("DATABASE_URL", f"mysql://u:{HIDDEN}@h/d", "must begin with sqlite:///", "sqlite:///"),
        ("LOG_LEVEL", HIDDEN, "'DEBUG', 'INFO', 'WARNING' or 'ERROR'", "INFO"),
        ("LOG_LEVEL", "debug", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'", "INFO"),
        ("SHARDS", HIDDEN, "must look like 0-3/16", "0-3/16"),
        ("SHARDS", "3-2/16", "the first up to the last", "0-3/16"),
        ("METRICS_PORT", HIDDEN, "valid integer", "9464"),
        ("METRICS_PORT", "65536", "less than or equal to 65535", "9464"),
        ("ALLOW_INSECURE_UPSTREAMS", HIDDEN, "valid boolean", "false"),
        ("ALLOW_PRIVATE_UPSTREAMS", HIDDEN, "valid boolean", "false"),
        ("ROBLOX_USERS_URL", HIDDEN, "valid URL", "https://users.roblox.com"),
        ("ROBLOX_GROUPS_URL", f"ftp://{HIDDEN}", "'http' or 'https'", "https://groups.roblox.com"),
        ("ROBLOX_OPEN_CLOUD_KEY", f"{HIDDEN} x", "has spaces or unusual", "Creator Dashboard"),
        ("ROBLOX_OPEN_CLOUD_KEY", f"{HIDDEN}é", "has spaces or unusual", "Creator Dashboard"),
        ("ROBLOX_CLOUD_URL", HIDDEN, "valid URL", "https://apis.roblox.com"),
        ("BLOXLINK_URL", HIDDEN, "valid URL", "https://api.blox.link/v4/public"),
        ("ROVER_URL", HIDDEN, "valid URL", "https://registry.rover.link/api"),
        ("DISCORD_API_URL", HIDDEN, "valid URL", "https://discord.com/api/v10"),
    ],
)
def test_a_wrong_setting_is_explained_without_its_value(
    name: str, value: str, rule: str, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, **{name: value})
    (only,) = sentences()
    said, _, shown = only.partition("Example: ")
    assert said.startswith(f"MUSTER_{name}: ")
    assert rule in said
    assert (Settings.model_fields[name.lower()].description or "") in said
    assert example in shown
    assert HIDDEN not in only
    assert KEY not in only


def test_several_wrong_settings_are_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, LOG_LEVEL=HIDDEN, DATABASE_URL=HIDDEN, SECRET_KEYS=HIDDEN)
    lines = sentences()
    assert {line.partition(":")[0] for line in lines} == {
        "MUSTER_LOG_LEVEL",
        "MUSTER_DATABASE_URL",
        "MUSTER_SECRET_KEYS",
    }
    assert len(lines) == 3


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        f"MUSTER_DISCORD_TOKEN=from-file\nMUSTER_SECRET_KEYS={KEY}\nMUSTER_LOG_LEVEL=ERROR\n"
        "MUSTER_NO_SUCH_SETTING=1\nOTHER=2\n"
    )
    assert load_settings().discord_token.get_secret_value() == "from-file"
    monkeypatch.setenv("MUSTER_DISCORD_TOKEN", "from-environment")
    settings = load_settings()
    assert settings.discord_token.get_secret_value() == "from-environment"
    assert settings.log_level == "ERROR"


def test_no_env_file_is_read_when_none_is_wanted() -> None:
    Path(".env").write_text(f"MUSTER_DISCORD_TOKEN=t\nMUSTER_SECRET_KEYS={KEY}\n")
    with pytest.raises(StartRefused):
        load_settings(env_file=None)


def test_settings_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch)
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.log_level = "DEBUG"


def test_no_secret_shows_in_the_settings_object(monkeypatch: pytest.MonkeyPatch) -> None:
    put(
        monkeypatch,
        DATABASE_URL=f"postgresql://muster:{HIDDEN}@localhost/muster",
        ROBLOX_OPEN_CLOUD_KEY=HIDDEN,
    )
    settings = load_settings()
    for shown in (repr(settings), str(settings)):
        assert KEY not in shown
        assert "token-of-the-bot" not in shown
        assert HIDDEN not in shown


def entry(name: str) -> str:
    """How a setting stands in the example file."""
    field = Settings.model_fields[name]
    first, *others = field.examples or []
    lines = [f"# {field.description}"]
    if field.is_required():
        lines += [f"# Example: {first}", f"{PREFIX}{name.upper()}="]
    elif field.default is None:
        lines += [f"# Example: {first}", f"# {PREFIX}{name.upper()}="]
    else:
        lines += [f"# Example: {other}" for other in others]
        lines.append(f"# {PREFIX}{name.upper()}={first}")
    return "\n".join(lines)


def test_the_example_file_lists_exactly_the_settings_with_their_words() -> None:
    paragraphs = EXAMPLE.read_text("utf-8").strip().split("\n\n")
    assert paragraphs[1:] == [entry(name) for name in Settings.model_fields]


def test_the_example_file_asks_for_the_required_settings_only() -> None:
    Path(".env").write_text(EXAMPLE.read_text("utf-8"))
    lines = sentences()
    assert [line.partition(":")[0] for line in lines] == [
        "MUSTER_DISCORD_TOKEN",
        "MUSTER_SECRET_KEYS",
    ]


def test_the_example_file_with_every_line_in_force_gives_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = EXAMPLE.read_text("utf-8").replace("# MUSTER_", "MUSTER_")
    text = text.replace("MUSTER_DISCORD_TOKEN=", "MUSTER_DISCORD_TOKEN=token-of-the-bot")
    Path(".env").write_text(text.replace("MUSTER_SECRET_KEYS=", f"MUSTER_SECRET_KEYS={KEY}"))
    from_file = load_settings()
    Path(".env").unlink()
    put(monkeypatch)
    assert from_file == load_settings()
    with_a_value = {
        name for name, field in Settings.model_fields.items() if field.default is not None
    }
    assert from_file.model_fields_set == with_a_value
