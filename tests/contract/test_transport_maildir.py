"""The Maildir transport keeps every transport's promises, and those of a Maildir."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from bot.doors.maildir.send import deliver
from bot.doors.opened import open_transport
from bot.model.errors import DoorClosed
from bot.settings.settings import Door
from tests.contract.transport_contract import RAW, TransportContract, allowed, letter


class Folder:
    keeps_recipients = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.transport = open_transport(Door(kind="maildir", path=str(path)), allowed)

    def known_change(self, raw: bytes) -> bytes:
        return raw

    def shut(self) -> None:
        self.path.write_text("a file, not a folder")

    def unshut(self) -> None:
        self.path.unlink()

    def files(self) -> list[Path]:
        found = [f for name in ("new", "cur") for f in (self.path / name).glob("*")]
        return sorted(found, key=lambda f: f.stat().st_mtime_ns)

    def arrived(self) -> list[tuple[tuple[str, ...], bytes]]:
        return [((), f.read_bytes()) for f in self.files()]


@pytest.fixture
def room(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "out")


NO_SERVER = "a folder on this machine has no server, and no line to it"


class TestMaildir(TransportContract):
    """The contract itself."""

    door = "Maildir"
    absent: ClassVar[dict[str, str]] = {
        "test_a_server_that_hung_up_between_letters_costs_nothing": NO_SERVER,
        "test_a_line_lost_before_the_last_step_sends_nothing_twice": NO_SERVER,
        "test_a_lost_answer_is_unsure": "a file is renamed or it is not, and the same letter again finds it there",
        "test_a_silent_server_is_given_up": NO_SERVER,
        "test_a_refused_login_is_told_as_one": "who may write into a folder, the system decides: a closed door",
        "test_a_certificate_that_does_not_hold_gets_nothing": NO_SERVER,
        "test_a_sender_that_may_not_send_closes_the_door": "a folder takes letters of any sender",
        "test_a_refused_recipient_is_named_and_the_others_are_served": "a folder knows no recipients",
        "test_a_letter_too_large_is_refused_for_everybody": "a folder has no limit but the disk, which closes the door",
        "test_not_now_loses_nothing": NO_SERVER,
        "test_an_id_given_in_place_of_ours_is_told": "nobody changes a file",
        "test_three_connections_at_most": NO_SERVER,
    }


def test_the_same_letter_again_adds_no_copy(room: Folder) -> None:
    """A re-send after a crash finds the letter there, even when a reader has marked it seen."""
    room.transport.offer(letter()).deliver()
    (only,) = room.files()
    room.transport.offer(letter()).deliver()
    assert len(room.files()) == 1
    only.rename(room.path / "cur" / f"{only.name}:2,S")
    room.transport.offer(letter()).deliver()
    assert len(room.files()) == 1


def test_other_bytes_under_one_id_are_kept_beside_it(room: Folder) -> None:
    """Nothing is ever overwritten."""
    room.transport.offer(letter()).deliver()
    room.transport.offer(letter(raw=RAW + b"PS\r\n")).deliver()
    assert [len(f.read_bytes()) for f in room.files()] == [len(RAW), len(RAW) + 4]


def test_files_are_private(room: Folder) -> None:
    """Folders 0700, letters 0600."""
    room.transport.offer(letter()).deliver()
    assert room.path.stat().st_mode & 0o777 == 0o700
    assert room.files()[0].stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_a_closed_door(tmp_path: Path) -> None:
    """The letter waits; the sentence names the folder."""
    (tmp_path / "out").write_text("a file, not a folder")
    with pytest.raises(DoorClosed, match="out"):
        Folder(tmp_path / "out").transport.offer(letter())


def test_a_mail_put_there_bears_its_time_of_arrival(tmp_path: Path) -> None:
    """Rehearsals and tests place mail as of any instant, equal bytes as often as they like."""
    at = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
    first, second = deliver(tmp_path / "in", RAW, at), deliver(tmp_path / "in", RAW, at)
    assert first != second
    assert first.stat().st_mtime == at.timestamp()
