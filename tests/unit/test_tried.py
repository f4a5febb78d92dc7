"""Letters that were found sound are not tried again until what they are made of changes; a broken note is none."""

from datetime import date
from pathlib import Path

import pytest

from bot.cli.check import template_faults
from bot.daemon.templates import TRIED, digest, note_tried, tried
from bot.settings import settings
from bot.settings.settings import Settings
from tests import operator


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The sample configuration in a folder of its own, with templates that may be changed and a `var`."""
    folder = operator.folder(tmp_path)
    monkeypatch.chdir(folder)
    Path("var").mkdir(exist_ok=True)
    return settings.load(Path("config"), operator.environment(), date(2027, 1, 15))


def broken(read: Settings) -> None:
    (read.templates / "information-held.txt.j2").write_text("{{ nobody_knows_this }}", "utf-8")


def test_what_is_sound_is_noted_for_the_owner_alone(read: Settings) -> None:
    """After a check without faults the digest of all that was tried stand in `var`, in a file of its owner's alone."""
    assert template_faults(read) == []
    assert tried(Path("var")) == digest(read)
    assert Path("var", TRIED).stat().st_mode & 0o777 == 0o600


def test_a_changed_template_is_tried_again(read: Settings) -> None:
    """A fault that comes after the note is told, and not noted; what the note does hold is not rendered."""
    note_tried(Path("var"), digest(read))
    assert template_faults(read) == []
    broken(read)
    (fault,) = template_faults(read)
    assert "nobody_knows_this" in fault.text
    assert digest(read) != tried(Path("var"))
    note_tried(Path("var"), digest(read))
    assert template_faults(read) == []


def test_each_part_of_a_letter_has_its_say_in_the_digest(read: Settings) -> None:
    """Another policy, another calendar or another sample makes another digest."""
    before = digest(read)
    for name, old, new in (
        ("config/policies/salford.yaml", "id: salford", "id: salford\n# x"),
        ("config/policies/salford.yaml", "title: ", "title: New "),
        ("config/bot.yaml", "closures: []", "closures: [2027-12-29]"),
        ("mail_templates/samples.yaml", "\n", "\n# x\n"),
    ):
        text = Path(name).read_text("utf-8")
        assert old in text, name
        Path(name).write_text(text.replace(old, new, 1), "utf-8")
        now = digest(settings.load(Path("config"), operator.environment(), date(2027, 1, 15)))
        assert (now == before) is new.endswith("id: salford\n# x"), name
        Path(name).write_text(text, "utf-8")


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"[1, null]", b"[" * 100_000, b'"x"'])
def test_a_note_that_cannot_be_understood_is_none(read: Settings, content: bytes) -> None:
    """Whatever stands there, nothing is believed and nothing fails."""
    Path("var", TRIED).write_bytes(content)
    assert tried(Path("var")) != digest(read)


def test_where_nothing_can_be_noted_nothing_fails(tmp_path: Path) -> None:
    """Without the folder, or with another thing in the note's place, the check goes on."""
    note_tried(tmp_path / "nowhere", "x")
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / TRIED).mkdir()
    note_tried(tmp_path, "x")
    assert tried(tmp_path) == ""
    assert [path.name for path in tmp_path.iterdir()] == [TRIED]
    (tmp_path / TRIED).rmdir()
    note_tried(tmp_path, "x")
    assert (tmp_path / TRIED).read_text("utf-8") == "x"
