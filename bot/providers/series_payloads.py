"""Series' JSON, as far as Muster reads it. Nothing but documentation was there to write it from."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from bot.providers.payloads import (
    Fields,
    Id,
    MaybeBool,
    MaybeRobloxId,
    MaybeText,
    MaybeWhole,
    Moment,
    Payload,
)


class SeriesPayload(Payload):
    """A payload with PascalCase fields."""

    model_config = ConfigDict(alias_generator=to_pascal)


class CustomRolePayload(SeriesPayload):
    """A role of one session; its name is the key it stands under."""

    min_rank: MaybeWhole = None
    slots: dict[Any, Any]  # a key is a Roblox id (filled) or VACANT_<n> (free)


class SeriesSession(SeriesPayload):
    """A session in the list or by itself."""

    session_id: Id = Field(validation_alias=AliasChoices("SessionId", "sessionId"))
    title: MaybeText = None
    description: MaybeText = None
    host: MaybeRobloxId = None
    scheduled: Moment
    status: MaybeText = None
    # None: not told, as in older answers; Series itself refuses where it is false.
    claimable: MaybeBool = None
    duration: MaybeWhole = None
    custom_roles: Fields = Field(default_factory=dict)
