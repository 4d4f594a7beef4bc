"""The invented communities of the demo: three workspaces, nine people, sessions of every state."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.platforms.documents import Doc, utcnow
from bot.sandbox.platforms.readmin_world import Clock, ReAdminWorld, Role, Server, Workspace
from bot.sandbox.platforms.roblox import RobloxUser, RobloxWorld
from bot.sandbox.platforms.series_world import (
    CustomRole,
    SeriesSession,
    SeriesWorkspace,
    SeriesWorld,
    Status,
)

NORTHGATE_NAME, NORTHGATE_GROUP = "Northgate Airways", 34118820
NORTHGATE_KEY = "ReAdmin_Loader_ID=" + "4e6f7274686761746500" * 10
REDWOOD_NAME, REDWOOD_GROUP = "Redwood Rangers", 50931174
REDWOOD_KEY = "ReAdmin_Loader_ID=" + "526564776f6f64526e67" * 10
HARBOUR_NAME, HARBOUR_GROUP = "Harbour Cafe", 17250436
HARBOUR_KEY, HARBOUR_WORKSPACE = "srs_harbour_cafe_demo_1f7a4c", "workspace_harbour01"

ADMIN = RobloxUser(1184402756, "MarloweQuill", "Marlowe")
HOSTS = (
    RobloxUser(2204518830, "JunoPassage", "Juno"),
    RobloxUser(2650031947, "TobinHartwell", "Tobin"),
)
# The last one is a trainee, below the minimum rank of most roles.
STAFF = (
    RobloxUser(3071846620, "PipWintergreen", "Pip"),
    RobloxUser(3390215574, "SableOrchard", "Sable", previous_names=("SableInTheTrees",)),
    RobloxUser(3842250916, "OttoMeridian", "Otto"),
    RobloxUser(4127769303, "FernLockridge", "Fern"),
    RobloxUser(4490031178, "NicoBrambleton", "Nico"),
    RobloxUser(5263907741, "WrenHollis", "Wren"),
)
TRAINEE = STAFF[-1]
RANKS = dict(
    zip(
        (user.user_id for user in (ADMIN, *HOSTS, *STAFF)),
        (255, 180, 150, 80, 60, 60, 40, 30, 5),
        strict=True,
    )
)

SOON, LATER = timedelta(minutes=40), timedelta(hours=2)
TOMORROW, LIVE_SINCE = timedelta(hours=26), timedelta(minutes=-20)
ENDED_SINCE = timedelta(hours=-5)


@dataclass(frozen=True)
class DemoWorlds:
    """The seeded state behind the three stand-ins."""

    readmin: ReAdminWorld
    series: SeriesWorld
    roblox: RobloxWorld


def record_id(name: str) -> str:
    """The session id that the seed gives to a name such as `northgate/soon`."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def series_id(name: str) -> str:
    """The session id that the seed gives to a name such as `harbour/soon`."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"session_{int(digest[:8], 16)}_{digest[8:19]}"


def stable_uuid(name: str) -> str:
    """The id that the seed gives to a role (`northgate/Captain`) or server (`northgate/soon/1`)."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def demo_worlds(clock: Clock = utcnow) -> DemoWorlds:
    """A fresh copy of everything; session times count from the clock's present."""
    readmin = ReAdminWorld(clock)
    _seed_northgate(readmin)
    _seed_redwood(readmin)
    series = SeriesWorld(clock)
    _seed_harbour(series)
    return DemoWorlds(readmin, series, _roblox())


def _roblox() -> RobloxWorld:
    world = RobloxWorld()
    groups = (NORTHGATE_GROUP, HARBOUR_GROUP, REDWOOD_GROUP)
    world.groups = dict(zip(groups, (NORTHGATE_NAME, HARBOUR_NAME, REDWOOD_NAME), strict=True))
    for person in (ADMIN, *HOSTS, *STAFF):
        world.add_user(
            RobloxUser(
                person.user_id,
                person.name,
                person.display_name,
                previous_names=person.previous_names,
                ranks=dict.fromkeys(groups, RANKS[person.user_id]),
                headshot=f"https://images.example.org/headshots/{person.user_id}.png",
            )
        )
    return world


def _role(community: str, name: str, capacity: int, min_rank: int, once: bool = False) -> Role:
    return Role(name, capacity, min_rank, once, stable_uuid(f"{community}/{name}"))


def _server(name: str, number: int = 1, nickname: str | None = None) -> Server:
    return Server(nickname, server_id=stable_uuid(f"{name}/{number}"))


def _seed_northgate(world: ReAdminWorld) -> None:
    workspace = world.add_workspace(NORTHGATE_KEY, NORTHGATE_GROUP, NORTHGATE_NAME)
    flight = workspace.add_role_group(
        "Flight Crew",
        [
            _role("northgate", "Captain", 1, 50, once=True),
            _role("northgate", "First Officer", 1, 20),
            _role("northgate", "Cabin Crew", 2, 0),
            _role("northgate", "Observer", 0, 0),
        ],
        stable_uuid("northgate/Flight Crew"),
    )
    ground = workspace.add_role_group(
        "Ground Crew",
        [
            _role("northgate", "Dispatcher", 1, 30),
            _role("northgate", "Gate Agent", 2, 5),
        ],
        stable_uuid("northgate/Ground Crew"),
    )
    game = workspace.add_game(
        "Northgate International", 5514820031, 14490338122, "https://images.example.org/gate.png"
    )
    evening = workspace.add_template(
        "NG204 Evening Flight", [flight, ground], "Nightly rotation to Lakeside.", game=game
    )
    training = workspace.add_template(
        "Cabin Crew Training", [flight], "For new crew.", duration=timedelta(minutes=90), game=game
    )
    workspace.add_template(
        "Charter Shuttle", [ground], "Short hop.", _later_today(world.clock()), game=game
    )
    _add_sessions(workspace, "northgate", evening, training, ("Captain", "Cabin Crew"))


def _seed_redwood(world: ReAdminWorld) -> None:
    workspace = world.add_workspace(REDWOOD_KEY, REDWOOD_GROUP, REDWOOD_NAME)
    patrol = workspace.add_role_group(
        "Patrol",
        [
            _role("redwood", "Lead Ranger", 1, 60, once=True),
            _role("redwood", "Trail Ranger", 2, 10),
            _role("redwood", "Visitor Guide", 0, 0),
        ],
        stable_uuid("redwood/Patrol"),
    )
    game = workspace.add_game(
        "Redwood National Park", 5720994410, 15520067731, "https://images.example.org/park.png"
    )
    shift = workspace.add_template(
        "Trail Shift", [patrol], "Keep the trails open and the campers fed.", game=game
    )
    drill = workspace.add_template(
        "Search and Rescue Drill", [patrol], "", duration=timedelta(minutes=45), game=game
    )
    workspace.add_template(
        "Campfire Evening", [patrol], "Songs and stories.", _later_today(world.clock()), game=game
    )
    _add_sessions(workspace, "redwood", shift, drill, ("Lead Ranger", "Trail Ranger"))


def _add_sessions(
    workspace: Workspace, name: str, usual: Doc, special: Doc, roles: tuple[str, str]
) -> None:
    """One session of every state; names as in `record_id`."""
    lead, crew = (stable_uuid(f"{name}/{role}") for role in roles)
    pip, sable, otto = (user.user_id for user in STAFF[:3])
    live = Server("Main", claims=[(pip, lead), (sable, crew)], server_id=_id(name, "live"))
    ended = Server(claims=[(otto, lead)], server_id=_id(name, "ended"))
    panel = Server("Panel", "list", [(otto, crew), (sable, crew)], _id(name, "panel-server"))
    two = [_server(f"{name}/two-servers", number, f"Server {number}") for number in (1, 2)]
    plan: Sequence[tuple[str, Doc, timedelta, Sequence[Server], bool]] = (
        ("soon", usual, SOON, [_server(f"{name}/soon", 1, "Main")], False),
        ("later", special, LATER, [_server(f"{name}/later")], False),
        ("tomorrow", usual, TOMORROW, [_server(f"{name}/tomorrow")], False),
        ("live", special, LIVE_SINCE, [live], False),
        ("ended", usual, ENDED_SINCE, [ended], False),
        ("no-server", usual, timedelta(hours=3), [], False),
        ("panel-server", usual, timedelta(hours=4), [panel], False),
        ("two-servers", usual, timedelta(hours=27), two, False),
        ("one-off", special, timedelta(hours=49), [_server(f"{name}/one-off")], True),
    )
    for state, template, starts_in, servers, one_off in plan:
        workspace.add_session(
            template,
            starts_in,
            servers=servers,
            session_id=record_id(f"{name}/{state}"),
            created_by=HOSTS[0].user_id,
            one_off=one_off,
        )


def _id(name: str, state: str) -> str:
    return stable_uuid(f"{name}/{state}/1")


def _later_today(now: datetime) -> Doc:
    """A daily schedule that shows as a placeholder: in 90 minutes, but before midnight."""
    last = now.replace(hour=23, minute=55, second=0, microsecond=0)
    start = min(now + timedelta(minutes=90), last)
    return {"type": "daily", "hour": start.hour, "minute": start.minute}


def _seed_harbour(world: SeriesWorld) -> None:
    workspace = world.add_workspace(HARBOUR_KEY, HARBOUR_WORKSPACE, HARBOUR_NAME)
    for roblox_id, rank in RANKS.items():
        workspace.add_member(roblox_id, rank)
    pip, sable = (user.user_id for user in STAFF[:2])
    _harbour(workspace, "soon", "Cashier Training", SOON)
    _harbour(workspace, "later", "Barista Shift", LATER)
    _harbour(workspace, "tomorrow", "Interview Evening", TOMORROW)
    live = _harbour(workspace, "live", "Lunch Rush", LIVE_SINCE, "ongoing")
    if live.custom_roles is not None:
        live.custom_roles["Trainer"] = CustomRole.with_slots(0, 50, [pip])
        live.custom_roles["Barista"] = CustomRole.with_slots(1, 10, [sable])
    _harbour(workspace, "completed", "Morning Shift", ENDED_SINCE, "completed")
    _harbour(workspace, "cancelled", "Latte Art Contest", timedelta(hours=6), "cancelled")
    _harbour(workspace, "closed", "Staff Meeting", timedelta(hours=5)).claimable = False
    _harbour(workspace, "no-roles", "Open House", timedelta(hours=8)).custom_roles = None


def _harbour(
    workspace: SeriesWorkspace,
    name: str,
    title: str,
    starts_in: timedelta,
    status: Status = "upcoming",
) -> SeriesSession:
    roles = {
        "Trainer": CustomRole.with_slots(1, min_rank=50),
        "Barista": CustomRole.with_slots(2, min_rank=10),
        # Series knows no unlimited role: ten places are its most.
        "Guest Greeter": CustomRole.with_slots(10),
    }
    session = SeriesSession(
        title,
        workspace.clock() + starts_in,
        timedelta(minutes=45),
        status,
        host=HOSTS[1].user_id,
        co_host=HOSTS[0].user_id,
        min_host_rank=150,
        custom_roles=roles,
        session_id=series_id(f"harbour/{name}"),
    )
    return workspace.add_session(session)
