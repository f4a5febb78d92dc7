"""What a configuration takes of the service manager's limits, and who hears when they are too low."""

from __future__ import annotations

import re
from pathlib import Path

from bot.daemon.limits import UNIT, needs, short
from bot.settings.settings import Config, Door
from tests.unit.case_samples import shipped

SHIPPED = (Path(__file__).parents[2] / "docs" / UNIT).read_text("utf-8")


def config_of(count: int) -> Config:
    """So many inboxes on one IMAP server."""
    config = shipped().config
    door = Door(kind="imap", host="mail.council.example", user="clock")
    box = config.mailboxes[0]
    boxes = tuple(
        box.model_copy(update={"address": f"team{n}@csc.example", "team": "", "receive": door}) for n in range(count)
    )
    return config.model_copy(update={"mailboxes": boxes})


def unit(folder: Path, tasks: int, files: int) -> Path:
    text = re.sub("TasksMax=.*", f"TasksMax={tasks}", SHIPPED)
    (folder / UNIT).write_text(re.sub("LimitNOFILE=.*", f"LimitNOFILE={files}", text), "utf-8")
    return folder


def test_the_shipped_unit_bears_a_thousand_mailboxes(tmp_path: Path) -> None:
    """And says how many threads and files it allows."""
    (tmp_path / UNIT).write_text(SHIPPED, "utf-8")
    assert "TasksMax=" in SHIPPED
    assert "LimitNOFILE=" in SHIPPED
    assert list(short(config_of(1000), [tmp_path])) == []


def test_a_unit_that_allows_too_little(tmp_path: Path) -> None:
    """It is said which limit, what is needed, and the line to write; what is written beside the unit counts."""
    took = needs(config_of(900))
    folder = unit(tmp_path, 32, 1024)
    tasks, files = short(config_of(900), [folder])
    assert f"take up to {took.tasks} threads and processes, and the unit allows 32: write TasksMax=" in tasks
    assert "the unit allows 1024: write LimitNOFILE=2048" in files
    (folder / f"{UNIT}.d").mkdir()
    (folder / f"{UNIT}.d" / "more.conf").write_text("[Service]\nLimitNOFILE=4096\nTasksMax=256\n", "utf-8")
    assert list(short(config_of(900), [folder])) == []


def test_a_limit_that_is_lifted_beside_the_unit(tmp_path: Path) -> None:
    """What comes later wins, also where it is no number."""
    folder = unit(tmp_path, 32, 1024)
    (folder / f"{UNIT}.d").mkdir()
    (folder / f"{UNIT}.d" / "more.conf").write_text("[Service]\nLimitNOFILE=infinity\nTasksMax=80%\n", "utf-8")
    assert list(short(config_of(900), [folder])) == []


def test_without_a_unit_nothing_is_said(tmp_path: Path) -> None:
    """Somebody else starts it, and may know better."""
    assert list(short(config_of(5000), [tmp_path])) == []


def test_each_reading_process_takes_its_pipes() -> None:
    """Two more of them: two processes, and a pipe each way."""
    one, three = (needs(config_of(100).model_copy(update={"readers": many})) for many in (1, 3))
    assert (three.tasks - one.tasks, three.files - one.files) == (2, 4)


def test_mailboxes_are_no_threads() -> None:
    """A hundred more cost files where they are connected, and no thread; connections are bounded."""
    few, many = needs(config_of(100)), needs(config_of(200))
    assert few.tasks == many.tasks
    assert many.files - few.files == 100
    bounded = config_of(200).model_copy(update={"connections": 50})
    assert needs(bounded).files < few.files
