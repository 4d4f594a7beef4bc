"""What happens without anybody asking for it, and how often it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from bot.background import Background
from bot.services.autoposting import Autoposter
from bot.services.reminders import ReminderService
from bot.services.threads import ThreadService

AUTOPOST = 60.0  # seconds between two looks for sessions to post
THREADS = 15.0  # seconds between two looks for announcements without a thread
REMIND = 20.0  # seconds between two looks for reminders that are due


@dataclass(frozen=True, slots=True)
class Automation:
    """The workers of a process; each looks after all guilds."""

    autoposter: Autoposter
    threads: ThreadService
    reminders: ReminderService

    def start(self, background: Background) -> None:
        """Keep them going."""
        background.every(AUTOPOST, self.autoposter.post_due, "post sessions")
        background.every(THREADS, self.threads.ensure_all, "open threads")
        background.every(REMIND, self.reminders.remind_due, "remind")
