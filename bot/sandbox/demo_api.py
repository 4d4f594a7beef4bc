"""What the demo adds to the stand-in's server: the page, the faults drawer, the bot's switch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox import identities
from bot.sandbox.acts import NOT_LINKED
from bot.sandbox.comings import Comings
from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.town import Town

PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class Prank:
    """A fault as the drawer offers it."""

    name: str  # of the fault
    label: str
    match: str
    times: int | None = None  # None: until it is cleared
    seconds: float | None = None


PRANKS = (
    Prank("slow", "Slow: the next claim takes 6 seconds", "claim", 1, 6),
    Prank("hang", "Dead: nothing answers any more", "any"),
    Prank("cut-after", "The next claim is stored, but its answer is lost", "claim", 1),
    Prank("cut-before", "The next claim is lost on the way", "claim", 1),
    Prank("store-late", "The next claim is stored 20 seconds late", "claim", 1, 20),
    Prank(
        "overwrite-late",
        "The next release gets no answer and arrives 20 seconds late",
        "release",
        1,
        20,
    ),
    Prank("error-500", "Internal server errors", "any"),
    Prank("html-502", "A proxy's error page instead of answers", "any"),
    Prank("rate-limit", "Too many requests, wait 10 seconds", "any", None, 10),
    Prank("revoked-key", "The key was revoked", "any"),
)


@dataclass(frozen=True, slots=True)
class TourStep:
    """Something worth trying, and as whom."""

    who: str
    text: str


TOUR = (
    TourStep("Pip", "Press Captain on the last board in #sessions. The board follows."),
    TourStep("Sable", "Press Captain too: it is taken, and you read by whom."),
    TourStep("Wren", "Press Dispatcher: your Roblox rank is too low."),
    TourStep(
        "Nico",
        "Press any role: you are not linked yet. Verify with a code as NicoBrambleton; your Roblox"
        " profile is in this drawer. Your claim then goes on by itself.",
    ),
    TourStep(
        "Marlowe", "Let members use Bloxlink and RoVer: /links services, with the keys below."
    ),
    TourStep("Fern", "Press any role and link yourself with Bloxlink and RoVer."),
    TourStep(
        "Marlowe",
        "Save the file of /links export, change it in a spreadsheet, send it with /links import.",
    ),
    TourStep("Juno", "Post another session: /session post. One of them needs a server first."),
    TourStep("Otto", "Type /claim and pick a session and a role, then /claims."),
    TourStep("Pip", "Press Captain again and release it."),
    TourStep(
        "Pip",
        "Make Northgate slow, press Captain and kill the bot. Start it again: your claim is still"
        " there, and your answer arrives.",
    ),
    TourStep("Sable", "In Redwood Rangers claim Lead Ranger; ReAdmin v1 cannot release it."),
    TourStep("Marlowe", "Look at your connections: /workspace list and /workspace test."),
    TourStep("Otto", "See what is stored about you: /mydata show. Then /mydata erase."),
)


class DemoApi:
    """Routes under `/`, `/page/` and `/sandbox/demo/`."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._comings = Comings(town)
        self._starting: asyncio.Task[None] | None = None

    def add_routes(self, app: web.Application) -> None:
        """Serve them all. Call before the stand-in starts."""
        app.router.add_get("/", self._index)
        app.router.add_static("/page/", PAGE)
        app.router.add_get("/sandbox/demo/state", self._state)
        app.router.add_post("/sandbox/demo/faults", self._fault)
        app.router.add_post("/sandbox/demo/panel", self._panel)
        app.router.add_post("/sandbox/demo/profile", self._profile)
        app.router.add_post("/sandbox/demo/bot", self._switch)
        app.router.add_post("/sandbox/demo/day", self._day)
        app.router.add_post("/sandbox/demo/coming", self._coming)
        app.on_response_prepare.append(_always_fresh)

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self._describe())

    async def _fault(self, request: web.Request) -> web.Response:
        body = await request.json()
        town = self._town
        platform = (town.platforms | town.asked_about_people).get(body.get("platform"))
        prank = next((p for p in PRANKS if p.name == body.get("fault")), None)
        if platform is None or (prank is None and body.get("fault") is not None):
            return web.json_response({"error": "no such platform or fault"}, status=400)
        platform.faults.clear()
        if prank is not None:
            match: Any = prank.match
            platform.faults.add(prank.name, match, prank.times, prank.seconds)
        return web.json_response(self._describe())

    async def _panel(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            self._town.panel.set_done(body.get("deed"), done=body.get("done") is True)
        except KeyError:
            return web.json_response({"error": "no such deed"}, status=400)
        return web.json_response(self._describe())

    async def _profile(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            self._town.identities.write_profile(body.get("name"), str(body.get("text", "")))
        except KeyError:
            return web.json_response({"error": "nobody is called that"}, status=400)
        return web.json_response(self._describe())

    async def _day(self, _: web.Request) -> web.Response:
        await asyncio.to_thread(self._town.let_a_day_pass)
        return web.json_response(self._describe())

    async def _coming(self, request: web.Request) -> web.Response:
        body = await request.json()
        try:
            self._comings.set_gone(body.get("going"), gone=body.get("gone") is True)
        except KeyError:
            return web.json_response({"error": "nobody goes by that name"}, status=400)
        return web.json_response(self._describe())

    async def _switch(self, request: web.Request) -> web.Response:
        action = (await request.json()).get("action")
        if action == "kill":
            await self._town.bot.kill()
        elif action == "start" and not self._town.bot.running:
            self._starting = asyncio.create_task(self._town.start_bot(), name="start the bot")
        return web.json_response(self._describe())

    def _describe(self) -> dict[str, Any]:
        town = self._town
        return {
            "bot": self._bot_state(),
            "platforms": [
                self._describe_platform(name, platform)
                for name, platform in (town.platforms | town.asked_about_people).items()
            ],
            "faults": [{"name": prank.name, "label": prank.label} for prank in PRANKS],
            "comings": [
                {"name": one.name, "label": one.label, "gone": self._comings.is_gone(one)}
                for one in self._comings.goings
            ],
            "people": [
                {"id": str(town.people[name].id), "name": name, "about": about}
                | self._describe_profile(name)
                for name, about in describe_people().items()
            ],
            "tour": [
                {"as": str(town.people[step.who].id), "who": step.who, "text": step.text}
                for step in TOUR
            ],
            "keys": [
                {"label": f"{name} ({_PLATFORMS[name]})", "key": key, "address": p.base_url}
                for (name, p), key in zip(town.platforms.items(), _KEYS, strict=True)
            ]
            + [
                {"label": f"{name} of Northgate & Harbour (/links services)", "key": key}
                for name, key in _SERVICE_KEYS.items()
            ],
        }

    def _describe_platform(self, name: str, platform: Platform) -> dict[str, Any]:
        panel, about_people = self._town.panel, name in self._town.asked_about_people
        offered = [prank for prank in PRANKS if prank.match == "any" or not about_people]
        return {
            "name": name,
            "platform": _PLATFORMS.get(name, "who is who"),
            "faults": platform.faults.to_json(),
            "offers": [{"name": prank.name, "label": prank.label} for prank in offered],
            "deeds": [
                {"name": deed.name, "label": deed.label, "done": panel.is_done(deed)}
                for deed in panel.deeds
                if deed.community == name
            ],
        }

    def _describe_profile(self, name: str) -> dict[str, str]:
        account = self._town.identities.get_profile(name)
        return {"roblox": account.name, "profile": account.description}

    def _bot_state(self) -> str:
        if not self._town.bot.running:
            return "stopped"
        return "running" if self._town.discord.core.gateway.is_connected(None) else "starting"


async def _always_fresh(request: web.Request, response: web.StreamResponse) -> None:
    """After an upgrade the browser must not go on with the old page."""
    if request.path == "/" or request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"


_PLATFORMS = {
    seeds.NORTHGATE_NAME: "ReAdmin",
    seeds.HARBOUR_NAME: "Series HR",
    seeds.REDWOOD_NAME: "ReAdmin v1",
}
_SERVICE_KEYS = {
    identities.BLOXLINK: identities.BLOXLINK_KEY,
    identities.ROVER: identities.ROVER_KEY,
}
_KEYS = (seeds.NORTHGATE_KEY, seeds.HARBOUR_KEY, seeds.REDWOOD_KEY)


def describe_people() -> dict[str, str]:
    """Everybody's display name and what they are in the demo."""
    people = {seeds.ADMIN.display_name: "admin of both communities"}
    people |= {host.display_name: "hosts sessions" for host in seeds.HOSTS}
    for account in seeds.STAFF:
        name = account.display_name
        people[name] = "staff, not linked yet" if name in NOT_LINKED else "staff"
    people[seeds.TRAINEE.display_name] = "staff, a trainee with a low rank"
    return people
