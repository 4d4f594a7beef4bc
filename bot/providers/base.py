"""What every platform's client can be asked. Domain objects in and out; payloads stay inside."""

from __future__ import annotations

from typing import Protocol

from bot.models import Capabilities, Health, Place, Probe, Server, Session


class Provider(Protocol):
    """One workspace on one platform.

    Every method raises only the `ProviderError`s of `bot.errors`. Reads may be repeated within the
    client's time limits; writes are sent once. While the platform was found silent or asked for a
    pause, nothing is sent: calls raise Unavailable or RateLimited at once. A write that raises
    `OutcomeUnknown` may have happened; any other error means that it certainly did not.
    """

    capabilities: Capabilities

    async def probe(self) -> Probe:
        """Test the key and the address by reading, even when it was silent just now."""
        ...

    async def list_sessions(self) -> list[Session]:
        """Live and coming sessions, by start time; `NOT_OPEN` ones included where known."""
        ...

    async def fetch_session(self, session_id: str, max_age: float = 0.0) -> Session:
        """A reading with claims, roles and the storage form of each server.

        With `max_age` 0 its requests begin after the call: only such a reading settles what a
        write did. With more (seconds), one that began at most so long ago may be shared, unless
        this client has written to the session since; whoever asks during it gets the same answer
        or error. A write through another client is not noticed: that is for the caller to know.
        Raises UpstreamNotFound when the platform no longer has it.
        """
        ...

    async def forget_roles(self) -> None:
        """Ask the platform anew for whatever is kept of the roles besides the sessions."""
        ...

    async def claim(self, session: Session, place: Place, roblox_id: int) -> None:
        """Claim `place` for a Roblox user. `session` is a fresh reading of it.

        Limits (capacity, rank, ended) are the caller's to check where `enforces_limits` is false.
        Returns when the platform clearly said yes.
        """
        ...

    async def release(self, place: Place, roblox_id: int, *, by_host: bool) -> None:
        """Give the claim back. Only where `can_release`."""
        ...

    async def create_server(self, session_id: str, name: str) -> Server:
        """Add a server that takes claims from the API. Only where `has_servers`."""
        ...

    def health(self) -> Health:
        """How the line to the platform does, from memory."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
