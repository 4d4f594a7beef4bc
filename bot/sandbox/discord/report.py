"""What the stand-in saw: calls, unknown routes and breaches of Discord's rules."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger(__name__)
_KEPT = 200


@dataclass(slots=True)
class Report:
    """Counts and lists for `GET /sandbox/report`; tests assert that it is clean."""

    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    unknown_routes: Counter[str] = field(default_factory=Counter)
    rate_limited: int = 0
    violations: list[dict[str, str]] = field(default_factory=list)
    violation_count: int = 0

    def violation(self, kind: str, detail: str) -> None:
        """Note that the bot did something Discord's rules forbid."""
        log.warning("discord stand-in: %s: %s", kind, detail)
        self.violation_count += 1
        if len(self.violations) < _KEPT:
            at = datetime.now(UTC).isoformat()
            self.violations.append({"kind": kind, "detail": detail, "at": at})

    def unknown_route(self, method: str, path: str) -> None:
        """Note a call to a route the stand-in does not have."""
        log.warning("discord stand-in: unknown route %s %s", method, path)
        self.unknown_routes[f"{method} {path}"] += 1

    def render(self, shards: list[dict[str, Any]]) -> dict[str, Any]:
        """The report as JSON; `clean` means no unknown route and no violation."""
        return {
            "clean": not self.unknown_routes and not self.violation_count,
            "unknown_routes": [
                {"route": route, "count": count} for route, count in self.unknown_routes.items()
            ],
            "violations": self.violations,
            "violation_count": self.violation_count,
            "calls": dict(self.calls),
            "errors": {str(code): count for code, count in self.errors.items()},
            "rate_limited": self.rate_limited,
            "shards": shards,
        }

    def clear(self) -> None:
        """Forget everything seen so far."""
        self.calls.clear()
        self.errors.clear()
        self.unknown_routes.clear()
        self.violations.clear()
        self.rate_limited = self.violation_count = 0
