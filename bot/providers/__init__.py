"""Clients of the staff platforms. `open_provider` picks the class; nobody above asks which."""

from __future__ import annotations

import time

from pydantic import SecretStr

from bot.models import Capabilities, ProviderKind
from bot.providers.base import Provider
from bot.providers.bounds import DEFAULT_BOUNDS, Bounds, Clock, Monotonic, utc_now
from bot.providers.dialects import READMIN_V1, READMIN_V2, SERIES, Dialect
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import Wire
from bot.providers.readmin_v1 import ReAdminV1
from bot.providers.readmin_v2 import ReAdminV2
from bot.providers.series import Series

DEFAULT_BASE_URLS = {
    ProviderKind.READMIN_V2: "https://api.readmin.app",
    ProviderKind.READMIN_V1: "https://api.readmin.app",
    ProviderKind.SERIES: "https://api.series.hr",
}

_KINDS: dict[ProviderKind, tuple[type[ReAdminV2] | type[ReAdminV1] | type[Series], Dialect]] = {
    ProviderKind.READMIN_V2: (ReAdminV2, READMIN_V2),
    ProviderKind.READMIN_V1: (ReAdminV1, READMIN_V1),
    ProviderKind.SERIES: (Series, SERIES),
}


def capabilities_of(kind: ProviderKind) -> Capabilities:
    """What this kind of platform can do, without asking one."""
    return _KINDS[kind][0].capabilities


def open_provider(
    kind: ProviderKind,
    base_url: str,
    key: SecretStr,
    policy: UpstreamPolicy,
    *,
    clock: Clock = utc_now,
    monotonic: Monotonic = time.monotonic,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> Provider:
    """A client of one workspace, to be closed with `aclose`. Connects on first use.

    `base_url` comes from `normalise_base_url`. Raises Refusal when no header can carry the key.
    """
    provider, dialect = _KINDS[kind]
    wire = Wire(base_url, dialect, key, policy, clock=clock, monotonic=monotonic, bounds=bounds)
    return provider(wire, clock=clock)
