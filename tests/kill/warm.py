"""What a life finds done when it is forked: the bot loaded, its settings read, its letters and statements put together.

To import it is to have lived the first day of the week to be killed in, which touches no folder of a test. Nothing here
may start a thread, which a fork would not have: a record, whose typesetter starts some, is made on a later day.
"""

import tempfile
from pathlib import Path

from tests.kill.engine import INSTANTS, STORY, at, put, running


def live_a_day(folder: Path) -> None:
    with running(folder) as (app, clock):
        for now in (instant for instant in INSTANTS if instant < at(12, 12)):
            clock.now = now
            for mail in STORY.mail:
                if mail.at <= now:
                    put(folder, mail)
            app.once(now)


with tempfile.TemporaryDirectory(prefix="warm-") as made:
    live_a_day(Path(made))
if len(list(Path("/proc/self/task").iterdir())) > 1:
    raise RuntimeError("lives cannot be forked from a process with threads")
