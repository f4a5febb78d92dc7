"""Lives that start fast: a process that has imported the program forks once for each, and the fork runs the program.

`python -m tests.storm.forks` is that process, loaded with scythe.c. Each line of its input starts a life, of which it
first tells the process id and then, when it is over, how it ended. One life at a time. The fork runs `python -m bot`
with the words it is given: nothing of it is replaced, and its reading process is started as ever.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

from tests.storm.scythe import Call, Cut, Page

HOUSE = Path(__file__).parents[2]


class Forks:
    """That process, seen from the storm. `house`: the folder whose `bot` is run."""

    def __init__(self, library: Path, page: Page, env: dict[str, str], house: Path = HOUSE) -> None:
        self._page = page
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        paths = os.pathsep.join(dict.fromkeys((str(house), str(HOUSE))))
        own = {"LD_PRELOAD": str(library), "STORM_PAGE": str(page.path), "PYTHONPATH": paths}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.storm.forks"], cwd=house, env=kept | own | env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked, self._told = self._process.stdin, self._process.stdout
        self._heard = b""
        self.pid = 0

    def start(self, words: list[str], cwd: Path, log: Path, cut: Cut | None = None) -> None:
        """A life; with a `cut` it is armed before the first line of the program runs."""
        armed = [int(cut.calls), cut.nth, cut.is_after] if cut else None
        self._asked.write(json.dumps([words, str(cwd), str(log), armed]).encode() + b"\n")
        self._asked.flush()
        pid = self._line(300)  # the first waits for the imports, on a machine that may have other work
        assert pid is not None, "no life was begun"
        self.pid = pid

    def ended(self, seconds: float) -> int | None:
        """How it ended: its exit code, or minus the signal; None while it lives after so long."""
        code = self._line(seconds)
        if code is not None:
            self.pid = 0
        return code

    def _line(self, seconds: float) -> int | None:
        """The next number that is told within so long."""
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self._told], [], [], seconds)
            if not ready:
                return None
            piece = os.read(self._told.fileno(), 4096)
            assert piece, "the process that forks has ended"
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        return int(line)

    def signal(self, number: signal.Signals) -> None:
        """To the life that runs: it is not reaped before its end is told, so its number is still its own."""
        if self.pid:
            os.kill(self.pid, number)

    def worked(self) -> float:
        """How many seconds the life and its reading process have run, or waited for a processor, since they began."""
        own = Path(f"/proc/{self.pid}/task")
        try:
            children = [pid for task in own.iterdir() for pid in (task / "children").read_text().split()]
            tasks = [task for pid in (self.pid, *children) for task in Path(f"/proc/{pid}/task").iterdir()]
            spent = [sum(map(int, (task / "schedstat").read_text().split()[:2])) for task in tasks]
        except OSError:  # one of them has just ended: that, too, was work
            return time.monotonic()
        return sum(spent) / 1e9

    def close(self) -> None:
        self.signal(signal.SIGKILL)
        self._asked.close()
        self._process.wait(300)
        self._told.close()


def serve() -> None:
    """Forks for each line."""
    import alembic.command
    import alembic.config
    import alembic.script
    import psycopg

    import bot.__main__
    import bot.cli.main
    from bot.settings import settings

    assert all((alembic.command, alembic.config, alembic.script, psycopg))
    for command in bot.cli.main.COMMANDS:
        command.load()
    settings.load(HOUSE / "config", dict(os.environ))  # what its texts say is parsed once, for all lives
    page = Page(Path(os.environ["STORM_PAGE"]))
    gc.freeze()
    pid = 0
    for line in iter(sys.stdin.readline, ""):
        if pid:
            os.waitpid(pid, 0)
        words, cwd, log, armed = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(bot.__main__.main, words, cwd, log, page, armed)
        _tell(pid)
        # Its number stays its own until the next life is asked for: whoever signals it meets nobody else.
        end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert end is not None
        _tell(end.si_status if end.si_code == os.CLD_EXITED else -end.si_status)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _become(main: Any, words: list[str], cwd: str, log: str, page: Page, armed: list[int] | None) -> NoReturn:
    code = 1
    try:
        os.setsid()
        os.chdir(cwd)
        for path, number in ((os.devnull, 0), (log, 1), (log, 2)):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), number)
        sys.argv = ["challenge-bot", *words]
        page.choose(os.getpid())
        if armed:
            page.arm(Cut(Call(armed[0]), armed[1], bool(armed[2])))
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
