"""Where a workspace's address may point: checks of the base URL and of the address connected to."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import httpx

from bot.errors import Refusal

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_EXAMPLE = "For example: https://api.readmin.app"
_DEFAULT_PORTS = {"https": 443, "http": 80}
_KEEP_ALIVE = 4  # seconds; Node closes idle connections after 5

# Only this part of IPv6 is unicast on the public internet: it leaves out the mapped, compatible,
# NAT64, unique-local, link-local, site-local and multicast addresses.
_UNICAST_6 = ipaddress.ip_network("2000::/3")
# What `is_global` of some Python versions lets pass although it leads elsewhere than it seems.
_FORBIDDEN = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata lives there
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # Azure's host services
        "2001::/23",  # protocol assignments, Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class UpstreamPolicy:
    """What the operator allows beyond public https addresses."""

    allow_insecure: bool
    allow_private: bool


class AddressRefusedError(httpcore.ConnectError):
    """The host's addresses are all ones that Muster does not connect to."""


def is_public(address: IPAddress) -> bool:
    """Whether a workspace may live at this address."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if address.version == 6 and address not in _UNICAST_6:
        return False
    return not any(address in net for net in _FORBIDDEN if net.version == address.version)


def normalise_base_url(text: str, policy: UpstreamPolicy) -> str:
    """The one spelling of a base URL: lower-cased host, no default port, no trailing slash.

    Raises Refusal with a sentence for the admin when the address cannot be used.
    """
    text = text.strip()
    if len(text) > 300 or not re.fullmatch(r"[\x21-\x7e]+", text) or "\\" in text:
        raise Refusal(
            "The base URL must be a plain address, in ASCII and at most 300 characters long"
            f" (write an international name in its xn-- form). {_EXAMPLE}"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refusal(f"The base URL cannot be read. {_EXAMPLE}") from None
    _check_scheme(parts.scheme, policy)
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise Refusal(
            f"The base URL must not hold a user name, a password, a query or a fragment. {_EXAMPLE}"
        )
    host = _normalised_host(parts.hostname or "", policy)
    default = _DEFAULT_PORTS[parts.scheme]
    if port not in (None, default) and not policy.allow_private:
        raise Refusal(f"The base URL may only use port {default}. {_EXAMPLE}")
    place = host if port in (None, default) else f"{host}:{port}"
    return f"{parts.scheme}://{place}{_normalised_path(parts.path)}"


def _check_scheme(scheme: str, policy: UpstreamPolicy) -> None:
    if scheme == "http" and not policy.allow_insecure:
        raise Refusal(
            "The base URL must begin with https://, because over http:// anybody on the way can"
            " read the key. Only the operator of this bot can allow http://."
        )
    if scheme not in _DEFAULT_PORTS:
        raise Refusal(f"The base URL must begin with https://. {_EXAMPLE}")


def _normalised_host(host: str, policy: UpstreamPolicy) -> str:
    host = host.lower().removesuffix(".")
    try:
        address: IPAddress | None = ipaddress.ip_address(host)
    except ValueError:
        address = None
    local = host == "localhost" or host.endswith(".localhost")
    if (local or (address and not is_public(address))) and not policy.allow_private:
        raise Refusal(
            "The base URL must be a public address: private and local ones can only be allowed by"
            " the operator of this bot."
        )
    if address is not None and "%" not in host:
        return f"[{address}]" if address.version == 6 else str(address)
    label = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
    if len(host) > 253 or not re.fullmatch(rf"{label}(\.{label})*", host):
        raise Refusal(f"The base URL has no usable host name. {_EXAMPLE}")
    return host


def _normalised_path(path: str) -> str:
    path = path.rstrip("/")
    parts = path.split("/")[1:]
    if any(part in ("", ".", "..") or not re.fullmatch(r"[\w.~-]+", part) for part in parts):
        raise Refusal(
            "The path of the base URL may only hold letters, digits and the signs . _ ~ - between"
            f" its slashes. {_EXAMPLE}"
        )
    return path


def look_up(host: str, port: int) -> list[IPAddress]:
    """Every address of `host`, each once; none when the name is unknown. Blocks."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))


class Resolver:
    """One workspace's look-ups: at most one at a time, in a thread of its own.

    A name server that hangs holds a thread for as long as it likes. In the shared threads of the
    event loop that would be everybody's, Discord's included; and one per call would be many.
    """

    def __init__(self) -> None:
        self._running: dict[tuple[str, int], asyncio.Future[list[IPAddress]]] = {}

    async def resolve(self, host: str, port: int) -> list[IPAddress]:
        """Every address of `host`, each once; the caller sets the deadline."""
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            running = self._running.get((host, port)) or self._start(host, port)
        return await asyncio.shield(running)

    def _start(self, host: str, port: int) -> asyncio.Future[list[IPAddress]]:
        loop = asyncio.get_running_loop()
        running: asyncio.Future[list[IPAddress]] = loop.create_future()
        self._running[host, port] = running
        running.add_done_callback(lambda _: self._running.pop((host, port), None))

        def work() -> None:
            found = look_up(host, port)
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                loop.call_soon_threadsafe(running.set_result, found)

        threading.Thread(target=work, name=f"look up {host}", daemon=True).start()
        return running


class GuardedBackend(httpcore.AnyIOBackend):
    """Resolves names itself and connects to the very address that it checked."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._resolver = Resolver()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Like httpcore's, but raises AddressRefusedError when no address is allowed."""
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolver.resolve(host, port)
                if not found:
                    raise httpcore.ConnectError("the host name is unknown")
                allowed = [str(ip) for ip in found if self._allow_private or is_public(ip)]
                if not allowed:
                    raise AddressRefusedError("the address is not a public one")
                return await self._connect_any(allowed, port, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout("connecting took too long") from None

    async def _connect_any(
        self,
        addresses: list[str],
        port: int,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        for address in addresses[:-1]:
            try:
                return await super().connect_tcp(
                    address, port, 2, local_address, socket_options
                )  # 2 s each, so that a dead first address leaves time for the next
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(addresses[-1], port, None, local_address, socket_options)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport on a pool whose connections are guarded."""

    def __init__(
        self, context: ssl.SSLContext, limits: httpx.Limits, backend: GuardedBackend
    ) -> None:
        super().__init__(verify=context, trust_env=False, limits=limits)
        # httpx has no parameter for the network backend, so the (still unused) pool is replaced.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=backend,
        )


def open_transport(
    policy: UpstreamPolicy, context: ssl.SSLContext, connections: int
) -> httpx.AsyncHTTPTransport:
    """A transport for at most `connections`, to addresses that the policy allows."""
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=5, keepalive_expiry=_KEEP_ALIVE
    )
    return _Transport(context, limits, GuardedBackend(allow_private=policy.allow_private))
