"""Two members with a role each, and what they do to swap them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.models import Opening, Swap
from bot.services.ports import TextButton
from bot.services.swap_choices import Proposal
from bot.services.swap_outcomes import SwapOutcome
from bot.services.swaps import Answer
from tests.services.bench import ANA, BEN, GUILD, Bench, actor, roblox_of

ACCEPT, DECLINE = "swapyes", "swapno"


@dataclass
class Pair:
    """ANA holds one role and BEN another."""

    bench: Bench
    mine: Opening
    theirs: Opening

    async def begin(self) -> None:
        """Claim both."""
        for opening, member in ((self.mine, ANA), (self.theirs, BEN)):
            outcome = await self.bench.claims.claim(self.bench.press(opening, member))
            assert outcome.code.value == "claimed", outcome
        await self.bench.background.settle()
        self.bench.platform.writes.clear()

    async def propose(
        self, by: int = ANA, to: int = BEN, *, member: int | None = None, **choices: str
    ) -> SwapOutcome:
        """`/swap` by one of them, or by a host for a member."""
        return await self.bench.swaps.propose(
            Proposal(actor(by), to, member_id=member, interaction_token="host" * bool(member),
                     **choices)
        )  # fmt: skip

    async def accept(
        self, asked: SwapOutcome, by: int = BEN, *, direct: bool = False, roles: int | None = None
    ) -> SwapOutcome:
        """Accept, in the guild unless `direct`."""
        return await self.bench.swaps.accept(self.answer(asked, by, direct=direct, roles=roles))

    def answer(
        self, asked: SwapOutcome, by: int, *, direct: bool = False, roles: int | None = None
    ) -> Answer:
        """A press on one of the question's buttons."""
        held = frozenset({roles} if roles else ())
        guild_id, role_ids = (None, None) if direct else (GUILD, held)
        return Answer(asked.swap_id, by, guild_id, role_ids, "token-of-ben")

    @property
    def holders(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Who holds the two roles on the platform: ANA's first one, BEN's first one."""
        platform = self.bench.platform
        return platform.holders(self.mine.place), platform.holders(self.theirs.place)

    async def swap(self, swap_id: int) -> Swap:
        """As the database has it."""
        found = await self.bench.swap_store.get(swap_id)
        assert found is not None
        return found

    def buttons(self) -> list[TextButton]:
        """What can be pressed under messages to members."""
        return [button for _, button in self.bench.messenger.pressable]


BEFORE = ((roblox_of(ANA),), (roblox_of(BEN),))
AFTER = ((roblox_of(BEN),), (roblox_of(ANA),))
