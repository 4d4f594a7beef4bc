"""What Muster forgets, and how often it looks whether there is something to forget."""

from __future__ import annotations

from dataclasses import dataclass

from bot.background import Background
from bot.services.departures import Departures
from bot.services.erasing import ErasingService
from bot.services.my_data import MyDataService
from bot.services.removed_guilds import RemovedGuilds
from bot.services.retention import Retention

FINISH = 30.0  # seconds between two looks at erasures that are not finished
LEFT = 60.0  # seconds between two looks for sessions whose holders are to be asked after
RETAIN = 3600.0  # seconds between two looks whether the daily work is due


@dataclass(frozen=True, slots=True)
class Privacy:
    """Members' own data, communities that left, members who left."""

    my_data: MyDataService
    erasing: ErasingService
    removed_guilds: RemovedGuilds
    retention: Retention
    departures: Departures

    def start(self, background: Background) -> None:
        """Finish what the last run left, and keep the workers going."""
        background.spawn(self.erasing.finish_open(), "finish what was promised to be erased")
        background.every(FINISH, self.erasing.finish_open, "finish erasures")
        background.every(FINISH, self.removed_guilds.catch_up, "see who took Muster out")
        background.every(LEFT, self.departures.look, "look who left")
        background.every(RETAIN, self.retention.run_due, "forget what is old")
