"""The model of `model.py`, played by hypothesis: what fails is shown as a short story."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.proofs.model import ACTIONS, Story, open_story

EXAMPLES, LENGTH = 21, 100
NUMBERS = st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 11))
NAMES = st.sampled_from([name for name, often in ACTIONS.items() for _ in range(often)])
steps: list[int] = []  # of each story


class Model(RuleBasedStateMachine):
    """One story; its loop lives as long as it does."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-model-"))
        opening = self.stack.enter_async_context(open_story(Path(folder)))
        self.story: Story = self.runner.run(_run(opening))

    @rule(name=NAMES, numbers=NUMBERS)
    def act(self, name: str, numbers: tuple[int, int, int]) -> None:
        """Anything that can happen."""
        self.runner.run(self.story.act(name, *numbers))

    def teardown(self) -> None:
        """Everything comes to rest, and is looked at once more."""
        try:
            if sys.exc_info()[0] is None:
                self.runner.run(self.story.settle())
        finally:
            steps.append(self.story.steps)
            self.runner.run(self.stack.aclose())
            self.runner.close()


async def _run(opening):  # type: ignore[no-untyped-def]  # Runner.run wants a coroutine
    return await opening


def test_platform_journal_boards_and_words_agree() -> None:
    steps.clear()
    run_state_machine_as_test(
        Model,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=LENGTH, deadline=None, database=None,
            derandomize=True, phases=(Phase.generate, Phase.shrink), verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck), print_blob=False,
        ),
    )  # fmt: skip
    sys.stdout.write(f"{sum(steps)} steps in {len(steps)} stories\n")
    assert sum(steps) >= 2_000
