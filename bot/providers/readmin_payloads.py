"""ReAdmin's JSON, v2 and the raw v1 records, as far as Muster reads it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WrapValidator
from pydantic.alias_generators import to_camel

from bot.providers.payloads import (
    Fields,
    Id,
    Items,
    MaybeMoment,
    MaybeRobloxId,
    MaybeText,
    MaybeWhole,
    Moment,
    Payload,
    Text,
    Whole,
    or_none,
)

NOT_CREATED = "notCreated"


class ReAdminPayload(Payload):
    """A payload with camelCase fields."""

    model_config = ConfigDict(alias_generator=to_camel)


class RolePayload(ReAdminPayload):
    """A role of a role group; the same in v1 and v2."""

    id: Id
    name: Text
    max_users: Whole = 0  # 0 = no limit
    min_rank: Whole = 0
    claim_once: bool = False


class RoleGroupPayload(ReAdminPayload):
    """A role group; the same in v1 and v2 as far as Muster reads it."""

    id: Id
    name: Text
    roles: Items


class GamePayload(ReAdminPayload):
    """The experience a session is played in."""

    name: MaybeText = None
    place_id: MaybeWhole = None


MaybeGame = Annotated[GamePayload | None, WrapValidator(or_none)]


class ClaimPayload(ReAdminPayload):
    """A claim in v2."""

    user_id: MaybeRobloxId
    role_id: MaybeText = None
    role_name: MaybeText = None
    claimed_at: MaybeMoment = None


class ServerPayload(ReAdminPayload):
    """A server in v2."""

    id: Id
    nickname: MaybeText = None
    claims: Items = Field(default_factory=list)


class SessionPayload(ReAdminPayload):
    """A session in v2."""

    id: Id
    group_id: MaybeRobloxId = None
    name: MaybeText = None
    description: MaybeText = None
    status: MaybeText = None
    starts_at: Moment
    ends_at: MaybeMoment = None
    duration_minutes: MaybeWhole = None
    game: MaybeGame = None
    role_group_ids: Items = Field(default_factory=list)
    servers: Items = Field(default_factory=list)


class RawClaim(ReAdminPayload):
    """A claim in a v1 record; in the map form the key is the user id."""

    user_id: MaybeRobloxId = None
    claimed_role: MaybeText = None
    claimed_at: MaybeMoment = None


def _empty_map(value: Any) -> Any:
    return {} if value is None else value


class RawServer(ReAdminPayload):
    """A server in a v1 record."""

    nickname: MaybeText = None
    claims: Annotated[dict[str, Any] | list[Any], BeforeValidator(_empty_map)] = Field(
        default_factory=dict
    )

    @property
    def is_list(self) -> bool:
        """Whether the claims are stored as a list, which takes none from the API."""
        return isinstance(self.claims, list)


class TemplatePayload(ReAdminPayload):
    """The template a v1 record carries along."""

    id: MaybeText = None
    name: MaybeText = None
    description: MaybeText = None
    roles: Items = Field(default_factory=list)
    session_duration: MaybeWhole = None
    place_id: MaybeWhole = None


MaybeTemplate = Annotated[TemplatePayload | None, WrapValidator(or_none)]


class RawSession(ReAdminPayload):
    """A v1 record, or a placeholder for a session that nobody opened yet."""

    record_id: Id = Field(alias="_id")
    inner_id: MaybeText = Field(default=None, alias="id")
    group_id: MaybeRobloxId = None
    date: Moment
    ends_at: MaybeMoment = None
    servers: Fields = Field(default_factory=dict)
    template: MaybeTemplate = None
    game: MaybeGame = None

    @property
    def is_placeholder(self) -> bool:
        """Whether the session exists only as a template."""
        return self.record_id == NOT_CREATED
