"""What people do in the story, each a few presses and commands as they would make them."""

from __future__ import annotations

import asyncio

from bot.sandbox.discord.people import Answer, Json, Person, Sandbox
from bot.sandbox.platforms import seeds
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.town import Community, Town

LOOKS = 50
NOT_LINKED = ("Fern", "Nico")  # staff whom the admin has not linked yet


class Cast:
    """The people of a town, by name, ready to act."""

    def __init__(self, town: Town, sandbox: Sandbox) -> None:
        self.town = town
        self._sandbox = sandbox

    def person(self, name: str, community: Community) -> Person:
        """Somebody in the channel where a community's boards are."""
        return self._sandbox.person(self.town.people[name], community.sessions)

    async def connect(
        self, community: Community, provider: str, address: str, key: str, name: str
    ) -> Answer:
        """The admin connects a workspace; the answer to the key form."""
        admin = self.person(seeds.ADMIN.display_name, community)
        form = await admin.command(
            "setup",
            provider=provider,
            announcements=community.sessions,
            host_role=community.host_role,
            log=community.log,
            staff_role=community.staff_role,
            ping_role=community.staff_role,
            name=name,
            address=address,
        )
        return await admin.submit(form, Key=key)

    async def connect_all(self) -> list[Answer]:
        """Both guilds' three workspaces, with their right keys.

        Clashes are left alone there: the seeded sessions overlap, for everybody to try.
        """
        town = self.town
        answers = [
            await self.connect(
                town.coast, "readmin-v2", town.northgate.base_url,
                seeds.NORTHGATE_KEY, seeds.NORTHGATE_NAME,
            ),
            await self.connect(
                town.coast, "series", town.harbour.base_url,
                seeds.HARBOUR_KEY, seeds.HARBOUR_NAME,
            ),
            await self.connect(
                town.forest, "readmin-v1", town.redwood.base_url,
                seeds.REDWOOD_KEY, seeds.REDWOOD_NAME,
            ),
        ]  # fmt: skip
        for community, name in (
            (town.coast, seeds.NORTHGATE_NAME),
            (town.coast, seeds.HARBOUR_NAME),
            (town.forest, seeds.REDWOOD_NAME),
        ):
            await self.set_clash(community, name, "off")
        return answers

    async def set_clash(self, community: Community, workspace: str, clash: str) -> Answer:
        """The admin says what happens when somebody claims two sessions at one time."""
        admin = self.person(seeds.ADMIN.display_name, community)
        return await admin.command("workspace settings", workspace=workspace, clash=clash)

    async def link(self, community: Community, name: str) -> Answer:
        """The admin links one member to their Roblox account, looks at the card and says yes."""
        admin = self.person(seeds.ADMIN.display_name, community)
        accounts = {account.display_name: account for account in (*seeds.HOSTS, *seeds.STAFF)}
        member = self.town.people[name]
        card = await admin.command("links add", member=member, roblox=accounts[name].name)
        answer = await admin.press(card, "Link")
        told = self.person(name, community).at(community.chat)
        await told.command("reminders")  # reads there who linked them
        return answer

    async def link_all(self) -> dict[str, Answer]:
        """Everybody but two, in both guilds; the answers by "name in guild"."""
        return {
            f"{account.display_name} in {community.guild.name}": await self.link(
                community, account.display_name
            )
            for community in (self.town.coast, self.town.forest)
            for account in (*seeds.HOSTS, *seeds.STAFF)
            if account.display_name not in NOT_LINKED
        }

    async def preview(self, community: Community, host: str, session_id: str) -> Answer:
        """A host chooses a session from the list; the preview."""
        person = self.person(host, community)
        value = await self._choice(person, session_id)
        return await person.command("session post", session=value)

    async def post(self, community: Community, host: str, session_id: str) -> Json:
        """A host previews and posts a session; the board."""
        person = self.person(host, community)
        preview = await self.preview(community, host, session_id)
        if any(button["label"] == "Add a server" for button in preview.buttons):
            preview = await person.press(preview, "Add a server")
        before = {message["id"] for message in await person.messages()}
        await person.press(preview, "Post")
        return await person.wait_for(
            community.sessions,
            lambda m: m["id"] not in before and not m["ephemeral"] and bool(m["embeds"]),
        )

    async def _choice(self, host: Person, session_id: str) -> str:
        """The list's value for a session; the list may take a moment to know a new workspace."""
        for _ in range(LOOKS):
            for choice in await host.autocomplete("session post", "session", session=""):
                if choice["value"].endswith(f":{session_id}"):
                    return str(choice["value"])
            await asyncio.sleep(0.1)
        raise LookupError(f"session {session_id} is not in the list")


def holders(platform: Platform, session_id: str) -> list[tuple[str, str]]:
    """(Roblox id, role name) of every claim in the platform's own database, sorted."""
    sessions = [s for w in platform.state()["workspaces"] for s in w["sessions"]]
    session = next(s for s in sessions if s["id"] == session_id)
    if "roles" in session:  # Series
        return sorted((h, role["role"]) for role in session["roles"] for h in role["holders"])
    return sorted((c["userId"], c["roleName"]) for s in session["servers"] for c in s["claims"])
