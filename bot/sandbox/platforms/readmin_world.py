"""What a pretended ReAdmin holds: workspaces with raw records, and what its panel does to them."""

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.sandbox.platforms.documents import Doc, DocumentError, iso, utcnow

Clock = Callable[[], datetime]
Form = Literal["map", "list"]


@dataclass(frozen=True)
class Role:
    """A role to be made: `capacity` 0 means unlimited, `min_rank` 0 no minimum."""

    name: str
    capacity: int = 0
    min_rank: int = 0
    claim_once: bool = False
    role_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Server:
    """A server to be made. The panel stores claims as a list, the API as a map."""

    nickname: str | None = None
    form: Form = "map"
    claims: Sequence[tuple[int, str]] = ()
    server_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def new_object_id() -> str:
    """An id as the database makes them: 24 hexadecimal digits."""
    return secrets.token_hex(12)


def new_claim(user_id: str | int, role_id: str, clock: Clock, claim_id: str | None = None) -> Doc:
    """A stored claim. `claim_id` None leaves the field out, as v1 does."""
    claim: Doc = {"claimedRole": role_id, "claimedBy": user_id, "claimedAt": iso(clock())}
    if claim_id is not None:
        claim["claimId"] = claim_id
    return {**claim, "state": "none"}


def add_to_set(values: list[str | int], value: str | int) -> None:
    """MongoDB's `$addToSet`: a number and the same digits as text are two values."""
    if value not in values:
        values.append(value)


@dataclass
class Workspace:
    """One workspace: raw records, as v1 shows them, in the order in which they were made."""

    key: str
    group_id: str
    name: str
    clock: Clock
    role_groups: list[Doc] = field(default_factory=list)
    templates: list[Doc] = field(default_factory=list)
    games: list[Doc] = field(default_factory=list)
    sessions: dict[str, Doc] = field(default_factory=dict)

    def add_role_group(self, name: str, roles: Sequence[Role], group_id: str | None = None) -> Doc:
        """Add a role group; `group_id` is its uuid."""
        group: Doc = {
            "_id": new_object_id(),
            "id": group_id or str(uuid.uuid4()),
            "groupId": self.group_id,
            "name": name,
            "roles": [
                {
                    "id": role.role_id,
                    "name": role.name,
                    "maxUsers": role.capacity,
                    "minRank": role.min_rank,
                    "claimOnce": role.claim_once,
                }
                for role in roles
            ],
            "usedBy": [],
            "created": iso(self.clock()),
        }
        self.role_groups.append(group)
        return group

    def add_game(self, name: str, game_id: int, place_id: int, thumbnail: str) -> Doc:
        """Add a game; sessions whose template names its `game_id` show its name."""
        game: Doc = {
            "_id": new_object_id(),
            "groupId": self.group_id,
            "gameId": game_id,
            "placeId": place_id,
            "viewable": True,
            "name": name,
            "images": {"icon": thumbnail, "thumbnail": thumbnail},
            "lastSeen": iso(self.clock()),
            "created": iso(self.clock()),
        }
        self.games.append(game)
        return game

    def add_template(
        self,
        name: str,
        role_groups: Sequence[Doc],
        description: str = "",
        schedule: Doc | None = None,
        duration: timedelta = timedelta(hours=1),
        game: Doc | None = None,
    ) -> Doc:
        """Add a template; a daily or weekly `schedule` shows in v1 as a placeholder of today."""
        template: Doc = {
            "_id": new_object_id(),
            "id": str(uuid.uuid4()),
            "groupId": self.group_id,
            "name": name,
            "description": description,
            "roles": [group["id"] for group in role_groups],
            "schedule": schedule or {"type": "none", "hour": 0, "minute": 0},
            "appearsMinutesBefore": 60,
            "sessionDuration": int(duration.total_seconds() // 60),
        }
        if game is not None:
            template |= {"placeId": game["placeId"], "gameId": game["gameId"]}
        template |= {"createDiscordEvent": False, "created": iso(self.clock())}
        self.templates.append(template)
        return template

    def add_session(
        self,
        template: Doc | None,
        starts_in: timedelta,
        duration: timedelta | None = None,
        servers: Sequence[Server] = (),
        session_id: str | None = None,
        created_by: int | None = None,
        one_off: bool = False,
    ) -> Doc:
        """Open a session as the panel does. `template` None: a record without one, unclaimable.

        `starts_in` counts from now and may be negative; `duration` None takes the template's.
        """
        if duration is None:
            duration = timedelta(minutes=template["sessionDuration"] if template else 60)
        start = self.clock() + starts_in
        session: Doc = {
            "_id": session_id or new_object_id(),
            "groupId": self.group_id,
            "id": str(uuid.uuid4()),
            "templateId": template["_id"] if template and not one_off else None,
            "comments": [],
            "servers": {server.server_id: self._server(server) for server in servers},
            "claims": list(dict.fromkeys(str(user) for s in servers for user, _ in s.claims)),
            "attendees": [],
            "date": iso(start),
            "endsAt": iso(start + duration),
            "notifyTime": iso(start - timedelta(hours=1)),
            "created": iso(self.clock()),
            "oneOffSession": one_off,
            "sentDMS": False,
            "sentStartMessage": False,
            "sentEndMessage": False,
            "newClaimingSystem": True,
        }
        if created_by is not None:
            session["createdBy"] = str(created_by)
        if template is not None:
            hidden = ("_id",) if one_off else ()
            session["template"] = {k: v for k, v in template.items() if k not in hidden}
        self.sessions[session["_id"]] = session
        return session

    def _server(self, wanted: Server) -> Doc:
        claims: Doc | list[Doc]
        made = {
            str(user): new_claim(str(user), role_id, self.clock, str(uuid.uuid4()))
            for user, role_id in wanted.claims
        }
        if wanted.form == "list":
            claims = [{"userId": user, **claim} for user, claim in made.items()]
        else:
            claims = {**made}
        server: Doc = {"linkedToServer": False, "claims": claims, "attendees": {}}
        return server if wanted.nickname is None else {**server, "nickname": wanted.nickname}


@dataclass
class ReAdminWorld:
    """Everything one pretended ReAdmin holds. `clock` gives aware moments in UTC."""

    clock: Clock = utcnow
    workspaces: dict[str, Workspace] = field(default_factory=dict)

    def add_workspace(self, key: str, group_id: int, name: str = "Workspace") -> Workspace:
        """Add a workspace, opened by this key. The key may be changed later with `change_key`."""
        workspace = Workspace(key, str(group_id), name, self.clock)
        self.workspaces[key] = workspace
        return workspace

    def change_key(self, old: str, new: str) -> None:
        """Regenerate a key: the old one is unknown at once. Raises KeyError for an unknown one."""
        workspace = self.workspaces.pop(old)
        workspace.key = new
        self.workspaces[new] = workspace

    def get_session(self, session_id: str) -> Doc:
        """The raw record, whatever workspace it is in. Raises KeyError for an unknown id."""
        for workspace in self.workspaces.values():
            if session_id in workspace.sessions:
                return workspace.sessions[session_id]
        raise KeyError(session_id)

    def panel_claim(self, session_id: str, server_id: str, user_id: int, role_id: str) -> None:
        """Somebody claims in the panel: appended to a list (twice is possible), set in a map."""
        session = self.get_session(session_id)
        server = session["servers"][server_id]
        claim = new_claim(str(user_id), role_id, self.clock, str(uuid.uuid4()))
        if isinstance(server["claims"], list):
            server["claims"].append({"userId": str(user_id), **claim})
        else:
            server["claims"][str(user_id)] = claim
        add_to_set(session["claims"], str(user_id))

    def panel_release(self, session_id: str, server_id: str, user_id: int) -> None:
        """Somebody is taken off a server in the panel."""
        session = self.get_session(session_id)
        server = session["servers"][server_id]
        server["claims"] = without_user(server["claims"], str(user_id))
        if not holds_elsewhere(session, server_id, str(user_id)):
            session["claims"] = [user for user in session["claims"] if user != str(user_id)]


def without_user(claims: Doc | list[Doc], user_id: str) -> Doc | list[Doc]:
    """A copy of a server's claims, in the same form, without any entry of this user.

    Raises DocumentError for a list with a null in it.
    """
    if isinstance(claims, list):
        return [
            entry for entry, user in zip(claims, _listed(claims), strict=True) if user != user_id
        ]
    return {user: claim for user, claim in claims.items() if user != user_id}


def holds_elsewhere(session: Doc, server_id: str, user_id: str) -> bool:
    """Whether the user holds a claim on another server of this session. Raises DocumentError."""
    others = [server["claims"] for key, server in session["servers"].items() if key != server_id]
    return any(
        user_id in (claims if isinstance(claims, dict) else _listed(claims)) for claims in others
    )


def _listed(claims: list[Doc]) -> list[str | None]:
    if None in claims:
        raise DocumentError("Cannot read properties of null")
    return [entry.get("userId") for entry in claims]
