"""How Roblox Open Cloud, Bloxlink and RoVer take their key and word their refusals.

No official list of the words of Bloxlink and RoVer could be found: their tables match what public
clients saw, and likely words. What matches nothing stays an error, since nobody may be called "not
linked" because a text was not understood.
"""

from __future__ import annotations

from bot.errors import KeyRefused, PlanTooLow, UpstreamNotFound, UpstreamRefused
from bot.providers.dialects import Dialect, Rule

# What can be missing, besides a route.
LINK = "link"  # this Discord account has no Roblox account there
CONSENT = "consent"  # it may have one, which its owner has not shared with this guild
RESOURCE = "resource"

ROBLOX_CLOUD = Dialect(
    "Roblox Open Cloud", "x-api-key", (("message",), ("errors", 0, "message")),
    (
        Rule((404,), r"\S", UpstreamNotFound, "{platform} does not have this.", RESOURCE),
        Rule((401, 403), "", KeyRefused,
             "{platform} does not accept this key, or the key lacks the permission."),
    ),
    enveloped=False,
)  # fmt: skip

LIMIT_WORDS = r"rate[ _-]?limit|too many requests|\bquota\b"
_NOT_ABOUT_SOMEBODY = r"^(?!.*(user|member|account|internal)).*"
_REFUSING = (200, 400, 401, 403)  # one client met errors with status 200

_ROUTE = Rule(
    (404, 405),  # the last two words: what hosting services say while nothing runs at an address
    r"^$|^(route|endpoint|path|page)\b|\bcannot get\b|method not allowed|application|deployment",
    UpstreamNotFound, "There is no {platform} at this address. Its URL is a setting of Muster.",
    "route",
)  # fmt: skip
_LIMIT = Rule((), LIMIT_WORDS, UpstreamRefused, "{platform} asks for a pause.")
_KEY = Rule(
    _REFUSING, r"(\b|_)(key|token)(\b|_)|^unauthori[sz]ed", KeyRefused,
    "{platform} does not accept this key for this Discord server.",
)  # fmt: skip
_CONSENT = Rule(
    (), r"consent|access[ _-]?request|not[ _-](yet[ _-])?shared"
    r"|(user|member)[ _-](has[ _-]|is[ _-])?not[ _-](yet[ _-])?(authori[sz]ed|granted|approved)",
    UpstreamNotFound, "{platform} may not tell this Discord server who this person is.", CONSENT,
)  # fmt: skip
_GUILD = Rule(
    (*_REFUSING, 404), _NOT_ABOUT_SOMEBODY + r"(guild|server|\bbot\b)", UpstreamRefused,
    "{platform} does not serve this Discord server, or the key belongs to another one.",
)  # fmt: skip
_PLAN = Rule(
    _REFUSING, r"\bplan\b|premium|subscription|rover plus", PlanTooLow,
    "This Discord server's plan with {platform} does not include look-ups.",
)  # fmt: skip
_KEY_BY_STATUS = Rule((401,), "", KeyRefused, _KEY.sentence)
_NO_LINK = "{platform} knows no Roblox account of this person."
_UNLINKED = Rule(
    (200, 400), r"not[ _-](been[ _-])?(linked|verified|found)|unlinked|unverified",
    UpstreamNotFound, _NO_LINK, LINK,
)  # fmt: skip
_UNLINKED_BY_STATUS = Rule((404,), "", UpstreamNotFound, _NO_LINK, LINK)

BLOXLINK = Dialect(
    "Bloxlink", "authorization", (("error",), ("error", "message"), ("message",), ("reason",)),
    (
        _ROUTE, _LIMIT, _KEY, _GUILD, _PLAN, _KEY_BY_STATUS, _UNLINKED, _UNLINKED_BY_STATUS,
    ),
    enveloped=False,
)  # fmt: skip

ROVER = Dialect(
    "RoVer", "authorization", (("errorCode",), ("message",), ("error",)),
    (
        _ROUTE, _LIMIT, _KEY, _CONSENT, _GUILD, _PLAN, _KEY_BY_STATUS, _UNLINKED,
        _UNLINKED_BY_STATUS,
    ),
    enveloped=False, key_prefix="Bearer ",
)  # fmt: skip
