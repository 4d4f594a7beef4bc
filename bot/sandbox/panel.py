"""What somebody does in a platform's own panel, at the press of a button; each can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.documents import Doc
from bot.sandbox.platforms.readmin_world import ReAdminWorld
from bot.sandbox.platforms.series import SeriesPlatform
from bot.sandbox.platforms.series_world import SeriesSession, SeriesWorld
from bot.sandbox.platforms.wire import Answer, Call, Route

FLIGHT = seeds.record_id("northgate/soon")
SHIFT = seeds.record_id("redwood/soon")
CAFE = seeds.series_id("harbour/soon")
GREETER = "Guest Greeter"
FERN, OTTO = (a for name in ("Fern", "Otto") for a in seeds.STAFF if a.display_name == name)

Undo = Callable[[], None]


class HarbourPlatform(SeriesPlatform):
    """Series, where the plan can run out between the look at a session and the claim."""

    plan_ends = False

    async def answer(self, call: Call, route: Route | None) -> Answer:
        """The honest answer; the plan ends first when it is time."""
        if self.plan_ends and route is not None and route.kind == "claim":
            self.world.workspaces[seeds.HARBOUR_KEY].premium = False
        return await super().answer(call, route)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done in one platform's panel."""

    name: str
    community: str
    label: str
    do: Callable[[], Undo]


class Panel:
    """The deeds of the demo, done and undone."""

    def __init__(
        self,
        readmin: ReAdminWorld,
        series: SeriesWorld,
        harbour: HarbourPlatform,
        others: tuple[Deed, ...] = (),
    ) -> None:
        self._readmin = readmin
        self._series = series
        self._harbour = harbour
        self._undo: dict[str, Undo] = {}
        self.deeds = (
            Deed("fern", seeds.NORTHGATE_NAME,
                 "Fern takes Captain in NG204 Evening Flight", self._fern_claims),
            Deed("member", seeds.HARBOUR_NAME,
                 "Otto is taken out of the workspace", self._remove_otto),
            Deed("closed", seeds.HARBOUR_NAME,
                 "Claiming is switched off for Cashier Training", self._switch_off),
            Deed("role", seeds.HARBOUR_NAME,
                 "Guest Greeter is taken out of Cashier Training", self._remove_role),
            Deed("plan", seeds.HARBOUR_NAME,
                 "The plan runs out just as the next person claims", self._end_plan),
            Deed("list", seeds.REDWOOD_NAME,
                 "Trail Shift takes claims in the panel only", self._to_list),
            *others,
        )  # fmt: skip

    def is_done(self, deed: Deed) -> bool:
        """Whether it was done, and not undone since."""
        return deed.name in self._undo

    def set_done(self, name: str, *, done: bool) -> None:
        """Do or undo a deed; nothing happens when it is so already. KeyError: no such deed."""
        deed = {deed.name: deed for deed in self.deeds}[name]
        if done and name not in self._undo:
            self._undo[name] = deed.do()
        elif not done and name in self._undo:
            self._undo.pop(name)()

    def _fern_claims(self) -> Undo:
        server_id = seeds.stable_uuid("northgate/soon/1")
        captain = seeds.stable_uuid("northgate/Captain")
        self._readmin.panel_claim(FLIGHT, server_id, FERN.user_id, captain)
        return lambda: self._readmin.panel_release(FLIGHT, server_id, FERN.user_id)

    def _to_list(self) -> Undo:
        server: Doc = self._readmin.get_session(SHIFT)["servers"][
            seeds.stable_uuid("redwood/soon/1")
        ]
        claims = server["claims"]
        server["claims"] = [{"userId": user, **claim} for user, claim in claims.items()]

        def undo() -> None:
            server["claims"] = {
                entry["userId"]: {k: v for k, v in entry.items() if k != "userId"}
                for entry in server["claims"]
            }

        return undo

    @property
    def _cafe(self) -> SeriesSession:
        return self._series.get_session(CAFE)

    def _remove_otto(self) -> Undo:
        members = self._series.workspaces[seeds.HARBOUR_KEY].members
        rank = members.pop(str(OTTO.user_id))

        def undo() -> None:
            members[str(OTTO.user_id)] = rank

        return undo

    def _switch_off(self) -> Undo:
        self._cafe.claimable = False

        def undo() -> None:
            self._cafe.claimable = True

        return undo

    def _remove_role(self) -> Undo:
        roles = self._cafe.custom_roles or {}
        role = roles.pop(GREETER)

        def undo() -> None:
            roles[GREETER] = role

        return undo

    def _end_plan(self) -> Undo:
        self._harbour.plan_ends = True

        def undo() -> None:
            self._harbour.plan_ends = False
            self._series.workspaces[seeds.HARBOUR_KEY].premium = True

        return undo
