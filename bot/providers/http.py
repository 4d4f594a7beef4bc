"""One workspace's line to its platform: bounded in time and size, writes sent exactly once."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import random
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
import stamina
from pydantic import SecretStr

from bot.errors import (
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Refusal,
    Unavailable,
    UpstreamFacts,
)
from bot.models import Health
from bot.providers.bounds import DEFAULT_BOUNDS as DEFAULT_BOUNDS
from bot.providers.bounds import Bounds as Bounds
from bot.providers.bounds import Clock as Clock
from bot.providers.bounds import Monotonic
from bot.providers.bounds import utc_now as utc_now
from bot.providers.dialects import Dialect
from bot.providers.gate import Gate
from bot.providers.guard import AddressRefusedError, UpstreamPolicy, open_transport
from bot.providers.verdicts import (
    Json,
    Reply,
    judge,
    note_request,
    pause_asked,
    presentable,
    unclear,
)

log = logging.getLogger(__name__)

# It would log a bare line for every repetition, and count them all by itself.
stamina.instrumentation.set_on_retry_hooks(())


class _AskAgainError(Exception):
    """A read failed in a way that may pass; `error` is what to raise when patience ends."""

    def __init__(self, error: ProviderError, after: float | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after  # seconds that the platform asked for


@dataclass(slots=True)
class _Call:
    """A read on its way."""

    trial: bool  # it finds out alone whether the platform is back
    sent_at: datetime | None = None  # UTC; of its latest request


@dataclass(frozen=True, slots=True)
class _Silence:
    """There was no answer. `sent` tells whether the request may have arrived."""

    sent: bool
    why: str


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    # Reading the certificates takes 25 ms: once per process, not once per workspace.
    return httpx.create_ssl_context(trust_env=False)


class Wire:
    """Calls one platform with one key. Every exchange goes through `_exchange`.

    Raises Refusal when the key holds characters that no header can carry.
    """

    def __init__(
        self,
        base_url: str,
        dialect: Dialect,
        key: SecretStr | None,
        policy: UpstreamPolicy,
        *,
        clock: Clock = utc_now,
        monotonic: Monotonic = time.monotonic,
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        self.dialect = dialect
        self.monotonic = monotonic
        self.left_out = 0  # malformed sessions in the latest list; whoever lists counts them
        self._base_url = base_url
        self._key = key
        self._clock = clock
        self._bounds = bounds
        self._gate = Gate(dialect.platform, bounds, clock, monotonic)
        self._client = httpx.AsyncClient(
            transport=open_transport(policy, _ssl_context(), bounds.at_once),
            headers=_headers(dialect, key),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def health(self) -> Health:
        """How the line does, from memory."""
        return replace(self._gate.health(), left_out=self.left_out)

    def look_again(self) -> None:
        """Let the next read through even if the platform was found silent just now."""
        self._gate.breaker.look_again()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Read; repeated within about 8 s while the platform does not answer.

        `path` begins with a slash and is escaped. Raises a ProviderError, never OutcomeUnknown.
        """
        return await self._read(functools.partial(self._request, "GET", path, query=query))

    async def ask(self, path: str, body: Json) -> Json:
        """Read through a POST that changes nothing; otherwise like `get`."""
        return await self._read(functools.partial(self._request, "POST", path, body=body))

    async def send(self, method: str, path: str, body: Json | None = None) -> Json:
        """Write, exactly once. Returns the answer of a clear yes.

        Raises OutcomeUnknown when it may have happened; after any other ProviderError it did not.
        """
        self._gate.check(writing=True)
        request = self._request(method, path, body=body, silence=self._bounds.write)
        async with self._gate.line(writing=True):
            sent_at = self._clock()
            note_request(sent_at)
            try:
                async with asyncio.timeout(self._bounds.write_total):
                    outcome = await self._exchange(request)
            except TimeoutError:
                outcome = _Silence(sent=True, why="the answer took too long")
        if isinstance(outcome, _Silence):
            log.warning("%s: no answer to a write: %s", self.dialect.platform, outcome.why)
            self._gate.breaker.failed()
        return self._judge(outcome, sent_at, writing=True)

    async def _read(self, build: Callable[[], httpx.Request]) -> Json:
        self._gate.check(writing=False)
        call = _Call(trial=self._gate.breaker.begin_trial())
        try:
            return await self._read_patiently(build, call)
        finally:
            if call.trial:
                self._gate.breaker.end_trial()

    async def _read_patiently(self, build: Callable[[], httpx.Request], call: _Call) -> Json:
        failure: ProviderError = self._unavailable("it took too long")
        pause = self._bounds.first_pause
        try:
            async with asyncio.timeout(self._bounds.read_total):
                async for attempt in stamina.retry_context(
                    on=self._patience, attempts=1 if call.trial else 4, timeout=None,
                    wait_initial=pause, wait_max=10 * pause, wait_jitter=pause,
                ):  # fmt: skip
                    with attempt:
                        try:
                            return await self._read_once(build(), call)
                        except _AskAgainError as again:
                            failure = again.error
                            raise
        except (TimeoutError, _AskAgainError):
            log.info("%s: gave up a read", self.dialect.platform)
        if isinstance(failure, Unavailable) and call.sent_at is not None:
            failure.facts = replace(failure.facts, sent_at=call.sent_at)
            self._gate.note(failure)
            self._gate.breaker.failed(trial=call.trial)
        raise failure

    async def _read_once(self, request: httpx.Request, call: _Call) -> Json:
        async with self._gate.line(writing=False, trial=call.trial):
            call.sent_at = self._clock()
            note_request(call.sent_at)
            outcome = await self._exchange(request)
        try:
            return self._judge(outcome, call.sent_at, writing=False)
        except (Unavailable, RateLimited) as error:
            asked = outcome.retry_after if isinstance(outcome, Reply) else None
            pause = pause_asked(asked, self._clock())
            again = _AskAgainError(error, pause.total_seconds() if pause is not None else None)
        raise again

    def _patience(self, error: Exception) -> bool | float:
        """Whether to ask again, or after how many seconds."""
        if not isinstance(error, _AskAgainError):
            return False
        if error.after is None:
            return isinstance(error.error, Unavailable)
        if error.after > self._bounds.longest_pause:
            return False
        return error.after + random.uniform(0, self._bounds.first_pause)  # noqa: S311 - jitter, not a secret

    async def _exchange(self, request: httpx.Request) -> Reply | _Silence:
        """One request, one answer. Raises none of httpx's errors: they hold the request and key."""
        if self._client.is_closed:  # by whoever changed the key while this was under way
            return _Silence(sent=False, why="its key was changed just now")
        try:
            response = await self._client.send(request, stream=True)
            try:
                body = await self._bounded(response)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            refused = isinstance(error.__cause__, AddressRefusedError)
            why = "its address is not a public one" if refused else "it cannot be reached"
            return _Silence(sent=False, why=why)
        except httpx.TransportError as error:
            return _Silence(sent=True, why=f"the connection failed ({type(error).__name__})")
        told = response.headers
        return Reply(response.status_code, body, told.get("retry-after"), told.get("location"))

    async def _bounded(self, response: httpx.Response) -> bytes | None:
        """The body, or None when it is too long or compressed (which could unfold to any size)."""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            return None
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._bounds.max_bytes:
                return None
        return bytes(body)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        silence: float | None = None,
    ) -> httpx.Request:
        wait = httpx.Timeout(self._bounds.connect, read=silence or self._bounds.read)
        # A content type without a body is refused by ReAdmin, DELETE included.
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"content-type": "application/json"}
        url = self._base_url + path
        return self._client.build_request(
            method, url, params=query, content=content, headers=headers, timeout=wait
        )

    def _judge(self, outcome: Reply | _Silence, sent_at: datetime, *, writing: bool) -> Json:
        try:
            if not isinstance(outcome, _Silence):
                answer = judge(self.dialect, outcome, writing=writing, now=self._clock())
            elif writing and outcome.sent:
                raise unclear(self.dialect)
            else:
                raise self._unavailable(outcome.why)
        except ProviderError as error:
            error.facts = replace(self._covered(error.facts), sent_at=sent_at)
            self._gate.note(error)
            if not isinstance(error, (Unavailable, OutcomeUnknown)):
                self._gate.breaker.succeeded()  # a refusal is an answer, too
            raise
        self._gate.breaker.succeeded()
        return answer

    def _covered(self, facts: UpstreamFacts) -> UpstreamFacts:
        """The facts with presentable words. Apart, so that no traceback holds the key."""
        return replace(facts, words=presentable(facts.words, self._key))

    def _unavailable(self, why: str) -> Unavailable:
        platform = self.dialect.platform
        return Unavailable(f"{platform} did not answer: {why}.", UpstreamFacts(platform))


def _headers(dialect: Dialect, key: SecretStr | None) -> dict[str, str]:
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "Muster"}
    if key is not None:
        text = key.get_secret_value()
        # h11 and httpx quote a header that they cannot send, and with it the key.
        if not re.fullmatch(r"[\x21-\x7e]{1,1000}", text):
            raise Refusal(
                "This key cannot be right: it is empty, too long, or has spaces or unusual"
                " characters in it. Copy it again from the platform."
            )
        headers[dialect.key_header] = dialect.key_prefix + text
    return headers
