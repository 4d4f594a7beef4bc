"""How each platform words its refusals: the one table from status and words to our errors."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import (
    AlreadyHeld,
    KeyRefused,
    NotClaimable,
    PlanTooLow,
    ProviderError,
    RankTooLow,
    SlotTaken,
    UpstreamNotFound,
    UpstreamRefused,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A refusal with one of `statuses` (empty: any) whose words match becomes `error`."""

    statuses: tuple[int, ...]
    words: str  # regular expression, searched without regard to case
    error: type[ProviderError]
    sentence: str
    what: str = ""  # for UpstreamNotFound


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one platform takes its key and words its refusals."""

    platform: str
    key_header: str
    words_at: tuple[tuple[str | int, ...], ...]  # where the reason is looked for, in this order
    rules: tuple[Rule, ...]  # tried before COMMON, first match wins
    enveloped: bool = True  # a 2xx counts only with `success: true`
    key_prefix: str = ""  # stands before the key in its header


def _missing(words: str, what: str, statuses: tuple[int, ...] = ()) -> Rule:
    return Rule(statuses, words, UpstreamNotFound, f"{{platform}} does not have this {what}.", what)


_NO_ROUTE = Rule(
    (404, 405), r"^(route |endpoint |cannot (get|post|patch|delete) |$)", UpstreamNotFound,
    "There is no {platform} at this address. Check the base URL.", "route",
)  # fmt: skip

COMMON = (
    _NO_ROUTE,
    Rule((401,), "", KeyRefused, "{platform} does not accept this workspace's key."),
    Rule((402,), "", PlanTooLow, "The workspace's plan on {platform} does not include this."),
    _missing("", "session", (404,)),
    Rule((), "", UpstreamRefused, "{platform} refused this."),
)

_NO_TEMPLATE = Rule(
    (), r"^(session has no template|template not found)$", NotClaimable,
    "This session lost its template on {platform}, so nobody can claim in it.",
)  # fmt: skip
_READMIN_WORDS: tuple[tuple[str | int, ...], ...] = (("reason",), ("message",))
_NO_SUCH_SESSION = _missing(r"^(session not found|invalid session id)$", "session")
_NO_SUCH_SERVER = _missing(r"^server not found$", "server")

READMIN_V2 = Dialect(
    "ReAdmin", "loader-id", _READMIN_WORDS,
    (
        _NO_SUCH_SESSION, _NO_SUCH_SERVER, _NO_TEMPLATE,
        _missing(r"^role group not found$", "role group"),
        _missing(r"^role not found$", "role"),
    ),
)  # fmt: skip

# The same text means the role in v2 and its group in v1.
READMIN_V1 = Dialect(
    "ReAdmin (legacy v1)", "loader-id", _READMIN_WORDS,
    (
        _NO_SUCH_SESSION, _NO_SUCH_SERVER, _NO_TEMPLATE,
        _missing(r"^role not found$", "role group"),
        _missing(r"^subrole not found$", "role"),
    ),
)  # fmt: skip

# Series publishes no texts, only when it refuses: these match on likely words, and what matches
# nothing stays a plain refusal in Series' own words.
_TAKEN = "Somebody else was given this place on {platform} in the meantime."
_WHILE_CLAIMING = (200, 400, 409)

SERIES = Dialect(
    "Series HR", "apikey",
    (("error", "message"), ("error",), ("message",), ("reason",)),
    (
        _NO_ROUTE,
        Rule((401, 403), r"\bapi[ -]?key\b", KeyRefused,
             "{platform} does not accept this workspace's key."),
        Rule((200, 400, 403), r"\brank", RankTooLow,
             "{platform} says that this person's group rank is too low for the role."),
        Rule((200, 403), r"\bplan\b|premium|enterprise|subscription|upgrade", PlanTooLow,
             "The workspace's plan on {platform} does not include custom roles."),
        Rule(_WHILE_CLAIMING, r"\b(another|other|different) (user|member|person)\b"
             r"|\bsome(one|body)\b", SlotTaken, _TAKEN),
        Rule(_WHILE_CLAIMING, r"\balready (holds?|has|have|in)\b"
             r"|\b(user|member|you)\b.*\balready\b", AlreadyHeld,
             "{platform} says that this person already holds this role."),
        Rule(_WHILE_CLAIMING, r"\b(filled|taken|occupied)\b|slot\b.*\balready\b"
             r"|\b(not|no longer) (vacant|available|free)\b", SlotTaken, _TAKEN),
        Rule(_WHILE_CLAIMING, r"\bnot (currently )?(claimable|open)\b"
             r"|\b(can ?not|can'?t) be claimed\b|\bclaim(s|ing)?\b.*\b(closed|disabled|not)\b"
             r"|\bsession\b.*\b(completed|cancelled|canceled|ended|over)\b", NotClaimable,
             "{platform} does not let anybody claim in this session now."),
        _missing(r"\brole", "role", (404,)),
    ),
)  # fmt: skip

ROBLOX = Dialect(
    "Roblox", "", (("errors", 0, "message"), ("message",)),
    (
        _missing(r"\buser", "user", (404,)),
        Rule((404,), "", UpstreamNotFound, _NO_ROUTE.sentence, "route"),
        Rule((401, 403), "", UpstreamRefused, "{platform} does not answer this without a login."),
    ),
    enveloped=False,
)  # fmt: skip
