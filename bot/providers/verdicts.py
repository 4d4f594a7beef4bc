"""What an answer of a platform means: a clear yes, or which of our errors."""

from __future__ import annotations

import email.utils
import json
import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from bot.errors import (
    Misread,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Unavailable,
    UpstreamFacts,
    UpstreamNotFound,
    UpstreamRefused,
)
from bot.providers.dialects import COMMON, Dialect

Json = dict[str, Any]

WORDS_LENGTH = 300
RAW_LENGTH = 20_000
DEFAULT_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, reduced to what decides. `body` is None when too long or compressed."""

    status: int
    body: bytes | None
    retry_after: str | None = None
    location: str | None = None


# An answer is parsed by the task that asked for it, some calls away from where it was sent.
_requested_at: ContextVar[datetime | None] = ContextVar("requested_at", default=None)


def judge(dialect: Dialect, reply: Reply, *, writing: bool, now: datetime) -> Json:
    """The answer's JSON object, when the platform clearly said yes; else the fitting ProviderError.

    `now` is UTC. On a write whatever does not tell what happened becomes OutcomeUnknown.
    """
    body = read_object(reply.body)
    if 200 <= reply.status < 300:
        return _accepted(dialect, reply, body, writing=writing)
    facts = UpstreamFacts(dialect.platform, reply.status)
    if reply.status == 429:
        pause = pause_asked(reply.retry_after, now)
        until = now + (DEFAULT_PAUSE if pause is None else pause)
        raise RateLimited(f"{dialect.platform} asks for a pause.", facts, until)
    if reply.status >= 500 or reply.status == 408:
        if writing:
            raise unclear(dialect, reply.status)
        raise Unavailable(f"{dialect.platform} has a problem and did not answer.", facts)
    if reply.status < 400:
        raise _redirected(dialect, reply, facts, writing=writing)
    raise refused(dialect, reply.status, words_of(dialect, body))


def _accepted(dialect: Dialect, reply: Reply, body: Json | None, *, writing: bool) -> Json:
    if body is not None:
        if body.get("success") is False:
            raise refused(dialect, reply.status, words_of(dialect, body))
        if body.get("success") is True or not dialect.enveloped:
            return body
    raise unclear(dialect, reply.status) if writing else misread(dialect, reply.status)


def refused(dialect: Dialect, status: int, words: str) -> ProviderError:
    """The error for a refusal in these words, by the table of the platform's dialect."""
    facts = UpstreamFacts(dialect.platform, status, words)
    for rule in (*dialect.rules, *COMMON):
        if rule.statuses and status not in rule.statuses:
            continue
        if re.search(rule.words, words, re.IGNORECASE):
            break
    sentence = rule.sentence.format(platform=dialect.platform)
    if issubclass(rule.error, UpstreamNotFound):
        return rule.error(sentence, facts, rule.what)
    return rule.error(sentence, facts)


def _redirected(
    dialect: Dialect, reply: Reply, facts: UpstreamFacts, *, writing: bool
) -> ProviderError:
    # 302 and 303 are also how a web server says "done, look there"; the others only say "not here".
    if writing and reply.status in (302, 303):
        return unclear(dialect, reply.status)
    return UpstreamRefused(
        f"{dialect.platform} redirects to {_host(reply.location)}, and redirects are not followed."
        " Check the workspace's base URL.",
        facts,
    )


def _host(location: str | None) -> str:
    try:
        host = httpx.URL(location or "").host
    except httpx.InvalidURL:
        host = ""
    return host if re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", host) else "another address"


def unclear(dialect: Dialect, status: int | None = None) -> OutcomeUnknown:
    """The error for a write that may have happened."""
    return OutcomeUnknown(
        f"{dialect.platform} did not say clearly whether it was done.",
        UpstreamFacts(dialect.platform, status),
    )


def misread(dialect: Dialect, status: int | None = None) -> Misread:
    """The error for an answer to a read that is not what the platform's contract says."""
    return Misread(
        f"{dialect.platform} answered with something Muster cannot read.",
        facts_of_answer(dialect.platform, status),
    )


def note_request(at: datetime) -> None:
    """The calling task sends a request now (UTC); what it finds in the answer is dated so."""
    _requested_at.set(at)


def facts_of_answer(platform: str, status: int | None = None) -> UpstreamFacts:
    """What is known about a fault that shows only in the contents of an answer."""
    return UpstreamFacts(platform, status, sent_at=_requested_at.get())


def read_object(body: bytes | None) -> Json | None:
    """The JSON object in `body`, or None when it holds anything else."""
    if body is None:
        return None
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def words_of(dialect: Dialect, body: Json | None) -> str:
    """The platform's own reason, raw and bounded; empty when there is none. See `presentable`."""
    for path in dialect.words_at:
        value: Any = body
        for step in path:
            value = _step(value, step)
        if isinstance(value, str) and value.strip():
            return clean(value).strip()[:RAW_LENGTH]
    return ""


def presentable(words: str, key: SecretStr | None) -> str:
    """Words cut to a sane length, without the key: a platform may repeat it in them."""
    if key is not None:  # before the cut, which could leave a piece of it
        words = words.replace(key.get_secret_value(), "[key]")
    return words[:WORDS_LENGTH]


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    return value[step] if isinstance(value, list) and len(value) > step else None


def clean(text: str) -> str:
    """`text` without what neither a database nor Discord can take: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def pause_asked(retry_after: str | None, now: datetime) -> timedelta | None:
    """How long a Retry-After header (seconds or an HTTP date) asks to wait; None: it does not."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        pause = timedelta(seconds=float(text))
    else:
        try:
            date = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        pause = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return min(max(pause, timedelta(0)), LONGEST_PAUSE)
