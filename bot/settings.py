"""Every setting of the process, read once from the environment (and `.env`), typed and frozen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.fernet import Fernet
from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import StartRefused
from bot.models import ShardRange

PREFIX = "MUSTER_"


class Settings(BaseSettings):
    """What an operator can choose. Each field is the variable `MUSTER_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, frozen=True, extra="ignore",
        hide_input_in_errors=True,
    )  # fmt: skip

    discord_token: SecretStr = Field(
        description="The bot token from the Discord developer portal.",
        examples=["MTIz.abc.def"],
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        min_length=1,
        description="Keys that encrypt the platforms' keys, comma separated; the first encrypts,"
        " all decrypt. Make one with `muster generate-key`.",
        examples=["the output of `muster generate-key`"],
    )
    database_url: str = Field(
        default="sqlite:///muster.db",
        repr=False,  # a PostgreSQL address holds a password
        description="Where Muster keeps its data: an SQLite file or a PostgreSQL server.",
        examples=["sqlite:///muster.db", "postgresql://muster:password@localhost/muster"],
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much is logged.", examples=["INFO"]
    )
    shards: Annotated[ShardRange | None, NoDecode] = Field(
        default=None,
        description="Which of Discord's shards this process serves, when several share the guilds:"
        " first-last/number of all.",
        examples=["0-3/16"],
    )
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None,
        description="A port on 127.0.0.1 for /healthz, /readyz and /metrics.",
        examples=["9464"],
    )
    allow_insecure_upstreams: bool = Field(
        default=False,
        description="Let workspaces use http:// addresses. Their keys then travel in clear.",
        examples=["false"],
    )
    allow_private_upstreams: bool = Field(
        default=False,
        description="Let workspaces use private and loopback addresses.",
        examples=["false"],
    )
    roblox_users_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://users.roblox.com"),
        description="Roblox's users API, for usernames and ids.",
        examples=["https://users.roblox.com"],
    )
    roblox_groups_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://groups.roblox.com"),
        description="Roblox's groups API, for ranks.",
        examples=["https://groups.roblox.com"],
    )
    roblox_thumbnails_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://thumbnails.roblox.com"),
        description="Roblox's thumbnails API, for pictures of accounts.",
        examples=["https://thumbnails.roblox.com"],
    )
    roblox_open_cloud_key: SecretStr | None = Field(
        default=None,
        description="A Roblox Open Cloud key that may read groups. With it Roblox is asked through"
        " Open Cloud where that can answer.",
        examples=["the key from the Creator Dashboard"],
    )
    roblox_cloud_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://apis.roblox.com"),
        description="Roblox Open Cloud, asked only with a key.",
        examples=["https://apis.roblox.com"],
    )
    bloxlink_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://api.blox.link/v4/public"),
        description="Bloxlink's API, asked only with a server's own key.",
        examples=["https://api.blox.link/v4/public"],
    )
    rover_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://registry.rover.link/api"),
        description="RoVer's API, asked only with a server's own key.",
        examples=["https://registry.rover.link/api"],
    )
    journal_days: int = Field(
        default=365,
        ge=1,
        le=36500,
        description="For how many days claims, refusals and past announcements are kept.",
        examples=["365"],
    )
    name_days: int = Field(
        default=30,
        ge=1,
        le=36500,
        description="After how many days a stored Roblox username is read again, or dropped.",
        examples=["30"],
    )
    removed_guild_days: int = Field(
        default=30,
        ge=1,
        le=36500,
        description="For how many days a community's data is kept once Muster was taken out of it."
        " Its keys are erased at once.",
        examples=["30"],
    )
    discord_api_url: AnyHttpUrl = Field(
        default=AnyHttpUrl("https://discord.com/api/v10"),
        description="Discord's API. The demo points it at its stand-in.",
        examples=["https://discord.com/api/v10"],
    )

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("secret_keys")
    @classmethod
    def _usable(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, key in enumerate(value, start=1):
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError(
                    f"key {number} is not a Fernet key (32 bytes in URL-safe base64)"
                ) from None
        return value

    @field_validator("shards", mode="before")
    @classmethod
    def _shard_range(cls, value: Any) -> Any:
        return ShardRange.parse(value) if isinstance(value, str) else value

    @field_validator("roblox_open_cloud_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{1,1000}", value.get_secret_value()):
            raise ValueError("has spaces or unusual characters in it, or is too long")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings; StartRefused names each wrong variable, the rule and an example."""
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        lines = [_explain(item["loc"], item["type"], item["msg"]) for item in error.errors()]
    raise StartRefused("\n".join(lines))


def _explain(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    """One sentence for one wrong setting; never its value."""
    name = str(loc[0])
    field = Settings.model_fields[name]
    rule = "is missing" if kind == "missing" else message.removeprefix("Value error, ")
    example = (field.examples or [""])[0]
    return f"{PREFIX}{name.upper()}: {rule}. {field.description} Example: {example}"
