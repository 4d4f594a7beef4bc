"""A client of the people API, for the scripted tour and the end-to-end tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]
MEANWHILE = "⏳ One moment"  # how Muster begins words that its answer will replace
Target = Any  # an id as int or text, or anything of the world that has an `id`


class Refused(Exception):
    """The sandbox did not let a person do something; the text says why."""


class Sandbox:
    """A connection to the stand-in's control API: `async with Sandbox(stand_in.url) as sandbox`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/sandbox"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def person(self, user: Target, channel: Target = None, *, patience: float = 20.0) -> Person:
        """Act as a user, in a channel; `patience` is how many seconds answers are waited for."""
        return Person(self, _id(user), _id(channel) if channel is not None else "", patience)

    async def report(self) -> Json:
        """What the stand-in saw; see `clean`."""
        return await self.call("GET", "/report")

    async def admin(self, action: str, **body: Any) -> Json:
        """Do what only Discord or an owner could, such as `disconnect_gateway`."""
        return await self.call("POST", f"/admin/{action}", json=body)

    async def call(self, method: str, path: str, **options: Any) -> Json:
        """One call. Raises Refused with the sandbox's reason."""
        if self._session is None:
            raise RuntimeError("use `async with Sandbox(...)`")
        async with self._session.request(method, self._url + path, **options) as response:
            body: Json = await response.json()
            if response.status != 200:
                raise Refused(body.get("error", f"{response.status}"))
            return body


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person got for an action, as it was when it was looked at."""

    person: Person
    data: Json

    @property
    def interaction_id(self) -> str:
        """Which interaction this answers."""
        return str(self.data["interaction_id"])

    @property
    def state(self) -> str:
        """waiting, thinking, done or failed."""
        return str(self.data["state"])

    @property
    def kind(self) -> str | None:
        """How the bot answered first: message, deferred_message, update, form ..."""
        kind: str | None = self.data["kind"]
        return kind

    @property
    def message(self) -> Json | None:
        """The answer, or the message it changed."""
        message: Json | None = self.data["message"]
        return message

    @property
    def form(self) -> Json | None:
        """The form that was shown."""
        form: Json | None = self.data["form"]
        return form

    @property
    def text(self) -> str:
        """Everything readable of the answer; for a failure what Discord says."""
        if self.state == "failed":
            return str(self.data["reason"])
        return text_of(self.message) if self.message is not None else ""

    @property
    def buttons(self) -> list[Json]:
        """The buttons of the answer."""
        return buttons_of(self.message) if self.message is not None else []

    async def refresh(self) -> Answer:
        """The same answer as it is now."""
        return await self.person.look(self.interaction_id)

    async def next(self, timeout: float = 20.0) -> Answer:  # noqa: ASYNC109  # a server-side wait
        """A newer state of the answer, or the same after `timeout` seconds."""
        revision = self.data["revision"]
        return await self.person.look(self.interaction_id, wait=timeout, after=revision)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the sandbox, in one of the channels they see."""

    sandbox: Sandbox
    id: str
    channel_id: str
    patience: float = 20.0

    def at(self, channel: Target) -> Person:
        """The same person in another channel."""
        return replace(self, channel_id=_id(channel))

    async def world(self) -> Json:
        """Everything this person has in their client."""
        return await self.sandbox.call("GET", "/world", params={"as": self.id})

    async def open_dm(self) -> Person:
        """The same person in their DM with the bot."""
        found = await self.sandbox.call("POST", "/actions/open_dm", json={"as": self.id})
        return self.at(found["channel_id"])

    async def command(self, name: str, /, **options: Any) -> Answer:
        """Use a slash command such as "session post" and wait for its outcome."""
        return await self._act("command", self._entered(name, options))

    async def autocomplete(self, name: str, focused: str, /, **options: Any) -> list[Json]:
        """The choices offered for an option as typed so far. Raises Refused when none came."""
        body = self._entered(name, options) | {"focused": focused}
        found = await self.sandbox.call("POST", "/actions/autocomplete", json=body)
        if found["failed"]:
            raise Refused(found["reason"])
        choices: list[Json] = found["choices"]
        return choices

    async def press(self, where: Answer | Json, what: str, /, *values: Any) -> Answer:
        """Press a button, or choose values in a select, and wait for the outcome.

        `what` is a custom id, a label (its beginning is enough) or a select's placeholder; values
        are ids, values or labels of options.
        """
        message = where.message if isinstance(where, Answer) else where
        if message is None:
            raise Refused("there is no message to press something on")
        component = _find(message, what)
        body = {"as": self.id, "message_id": message["id"], "custom_id": component["custom_id"]}
        if component["type"] != 2:
            body["values"] = [_option_value(component, value) for value in values]
        return await self._act("press", body)

    async def submit(self, answer: Answer, values: Json | None = None, /, **fields: Any) -> Answer:
        """Fill in and submit the form of an answer; keys are custom ids or labels."""
        form = answer.form
        if form is None:
            raise Refused(f"no form was shown: {answer.state} {answer.text}")
        names = {item.get("label"): item["custom_id"] for item in form["inputs"]}
        entered = {names.get(k, k): _plain(v) for k, v in {**(values or {}), **fields}.items()}
        body = {"as": self.id, "interaction_id": answer.interaction_id, "values": entered}
        return await self._act("form", body)

    async def messages(self, channel: Target = None) -> list[Json]:
        """The messages this person sees in a channel (by default the one they are in)."""
        path = f"/channels/{self._channel(channel)}/messages"
        found = await self.sandbox.call("GET", path, params={"as": self.id})
        messages: list[Json] = found["messages"]
        return messages

    async def wait_for(
        self,
        channel: Target,
        predicate: Callable[[Json], bool],
        timeout: float = 20.0,  # noqa: ASYNC109  # split into server-side waits below
    ) -> Json:
        """The first message in a channel that fulfils `predicate`.

        Raises TimeoutError with the texts that were there instead.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        path, revision = f"/channels/{self._channel(channel)}/messages", -1
        while True:
            left = deadline - asyncio.get_running_loop().time()
            query = {"as": self.id, "after_revision": revision, "wait": max(0.0, min(left, 5.0))}
            found = await self.sandbox.call("GET", path, params=query)
            for message in found["messages"]:
                if predicate(message):
                    return dict(message)
            if left <= 0:
                seen = [text_of(message) for message in found["messages"]]
                raise TimeoutError(f"no such message after {timeout} s; there are {seen}")
            revision = found["revision"]

    async def look(self, interaction_id: str, *, wait: float = 0.0, after: int = -1) -> Answer:
        """An interaction of this person, once it is newer than `after` and has an outcome."""
        query = {"as": self.id, "wait": wait, "after_revision": after}
        path = f"/interactions/{interaction_id}"
        return Answer(self, await self.sandbox.call("GET", path, params=query))

    async def _act(self, action: str, body: Json) -> Answer:
        begun = await self.sandbox.call("POST", f"/actions/{action}", json=body)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        answer = await self.look(begun["interaction_id"], wait=self.patience)
        while answer.text.startswith(MEANWHILE) and (left := deadline - loop.time()) > 0:
            answer = await answer.next(left)
        return answer

    def _entered(self, name: str, options: Json) -> Json:
        entered = {key: _plain(value) for key, value in options.items()}
        return {"as": self.id, "channel_id": self._channel(None), "name": name, "options": entered}

    def _channel(self, channel: Target) -> str:
        chosen = _id(channel) if channel is not None else self.channel_id
        if not chosen:
            raise Refused("say where: person.at(channel)")
        return chosen


def text_of(message: Json) -> str:
    """Everything readable of a message: content, then each embed from top to bottom."""
    parts = [message["content"]]
    for embed in message["embeds"]:
        parts += [(embed.get("author") or {}).get("name"), embed.get("title")]
        parts.append(embed.get("description"))
        for field in embed.get("fields") or []:
            parts += [field["name"], field["value"]]
        parts.append((embed.get("footer") or {}).get("text"))
    return "\n".join(part for part in parts if part)


def buttons_of(message: Json) -> list[Json]:
    """The buttons of a message in reading order."""
    return [c for c in _components(message) if c["type"] == 2]


def roles_of(board: Json) -> list[Json]:
    """The buttons of a board that claim a role."""
    return [one for one in buttons_of(board) if one["custom_id"].startswith("claim:")]


def _components(message: Json) -> list[Json]:
    return [child for row in message["components"] for child in row["components"]]


def _find(message: Json, what: str) -> Json:
    pressable = [c for c in _components(message) if c.get("custom_id")]
    shown = [c.get("label") or c.get("placeholder") or "" for c in pressable]
    for index, component in enumerate(pressable):
        if what in (component["custom_id"], shown[index]):
            return component
    begins = [c for c, label in zip(pressable, shown, strict=True) if label.startswith(what)]
    if len(begins) != 1:
        raise Refused(f"{len(begins)} components fit {what!r}; there are {shown}")
    return begins[0]


def _option_value(component: Json, value: Any) -> str:
    for option in component.get("options") or []:
        if option["label"] == value:
            return str(option["value"])
    return _id(value)


def _plain(value: Any) -> Any:
    return str(value.id) if hasattr(value, "id") else value


def _id(value: Target) -> str:
    return str(getattr(value, "id", value))
