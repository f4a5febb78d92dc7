"""Places where a test may kill the process, to prove that nothing is lost between one step and the next.

Does nothing unless the environment says so. `CHALLENGE_BOT_FAILPOINT=name` (or `name:3`) kills the process by SIGKILL
when that point is passed for the first (third) time; `CHALLENGE_BOT_FAILPOINT=list` writes each name passed as a line
of the file named by `CHALLENGE_BOT_FAILPOINTS_LOG`. It knows nothing of what the points stand between.
"""

import itertools
import os
import signal
from pathlib import Path

_passed = itertools.count(1)  # next() is atomic: points are passed in several threads


def failpoint(name: str) -> None:
    """Marks a place before or after a commit or a network write."""
    armed = os.environ.get("CHALLENGE_BOT_FAILPOINT")
    if not armed:
        return
    if armed == "list":
        _note(name)
        return
    wanted, _, nth = armed.partition(":")
    if name == wanted and next(_passed) == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)


def _note(name: str) -> None:
    with Path(os.environ["CHALLENGE_BOT_FAILPOINTS_LOG"]).open("a", encoding="ascii") as log:
        log.write(f"{name}\n")
