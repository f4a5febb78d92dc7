"""`make corpus` tells what was read, beside other readers; and mails that were written unseen are held to."""

import json
from pathlib import Path

import pytest

from bot.cli.understand import reading_of
from bot.mail.understood import understand
from tests.corpus.__main__ import CONFIG, ROWS, found_of, main
from tests.corpus.labelled import FIELD, HELD_OUT, KINDS, ROOM, Row, load
from tests.corpus.said import ours, plain, rates

HEAD = (
    "From: Fay Marsh <fay.marsh@csc.example>\nTo: clock@partnership.example\nMessage-ID: <one@csc.example>\n"
    "Date: Tue, 12 Jan 2027 10:00:00 +0000\n"
)
REPLY = f"{HEAD}Subject: RE: your challenge\nIn-Reply-To: <letter@partnership.example>\n\n"
CHALLENGE = f"{HEAD}Subject: Professional Safeguarding Challenge - 24 hours\n\nWe disagree with the closure.\n"
MAILS: tuple[tuple[str, Row], ...] = (
    (f"{REPLY}We will hold a strategy meeting on Friday at 10.\n", {"kind": "human", "meaning": "answer"}),
    (f"{REPLY}Thank you, I will get back to you tomorrow.\n", {"kind": "human", "meaning": "holding"}),
    (f"{REPLY}Fay Marsh reacted to your message:\n", {"kind": "human", "meaning": "holding", "shape": "reaction"}),
    (f"{REPLY}I have asked Sam to look at it.\n", {"kind": "human", "meaning": "doubtful"}),
    (f"{REPLY}RESOLVED\n", {"kind": "human", "command": "RESOLVED", "reply": "RESOLVED"}),
    (CHALLENGE, {"kind": "human", "trigger": True, "window": "24 hours"}),
)

#: Precision and recall below which none may fall: of the reading after rules were mended with sight of the mails.
FLOORS = {
    "human": (0.96, 0.98), "auto_reply": (0.90, 0.90), "bounce": (1.0, 1.0), "receipt": (1.0, 1.0),
    "meeting": (1.0, 1.0), "other_automated": (1.0, 0.66), "answer": (1.0, 0.93), "holding": (1.0, 1.0),
    "doubtful": (0.88, 1.0), "stops no clock": (0.96, 1.0), "kept and asked": (0.5, 0.5), "reaction": (1.0, 1.0),
    "away, no header": (1.0, 1.0), "bounce, report": (1.0, 1.0), "bounce, no report": (1.0, 1.0),
    "challenge": (1.0, 1.0), "window": (1.0, 1.0), "command": (1.0, 1.0),
}  # fmt: skip


def written(root: Path) -> Path:
    """A folder of labelled mails."""
    rows = []
    for number, (mail, row) in enumerate(MAILS):
        (root / f"{number}.eml").write_text(mail, "utf-8")
        rows.append(json.dumps({"file": f"{number}.eml", **row}))
    (root / "labels.jsonl").write_text("\n".join(rows), "utf-8")
    return root


@pytest.fixture
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv(ROOM, raising=False)
    monkeypatch.delenv(FIELD, raising=False)
    return monkeypatch


def test_held_out_mails_are_counted_beside_other_readers(
    tmp_path: Path, nothing_given: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind that is labelled has a row: how many, then precision and recall of this bot, a few phrases, and any
    reply taken for an answer."""
    assert main(["--held", str(written(tmp_path))]) == 0
    lines = [line.split() for line in capsys.readouterr().out.replace(" / ", "/").splitlines()]
    assert ["==", "held", "out:", "written", "unseen:", "6", "mails,", "0", "crashes"] in lines
    assert ["precision/recall", "n", "this", "bot", "phrases", "any", "reply"] in lines
    for row in (
        ["answer", "1", "1.000/1.000", "0.500/1.000", "0.250/1.000"],
        ["holding", "2", "1.000/1.000", "1.000/1.000", "-/0.000"],
        ["doubtful", "1", "1.000/1.000", "-/0.000", "-/0.000"],
        ["stops", "no", "clock", "3", "1.000/1.000", "1.000/0.667", "-/0.000"],
        ["reaction", "1", "1.000/1.000", "1.000/1.000", "-/0.000"],
        ["challenge", "1", "1.000/1.000", "1.000/1.000", "-/0.000"],
        ["window", "1", "1.000/1.000", "1.000/1.000", "-/0.000"],
        ["command", "1", "1.000/1.000", "1.000/1.000", "-/0.000"],
        ["answers", "lost", "1", "0", "(0.0%)", "0", "(0.0%)", "0", "(0.0%)"],
    ):
        assert row in lines
    assert [line[0] for line in lines if line[2:] == ["1.000", "1.000", "1.000"]][-3:] == [
        "mail-parser-reply", "email-reply-parser", "quotequail"
    ]  # fmt: skip


def test_mails_of_the_field_are_given_ones(
    tmp_path: Path, nothing_given: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in NAME.expected.json is counted, and a mail read otherwise is named with what was read."""
    (tmp_path / "away-1.eml").write_text(f"{REPLY}I work Monday to Wednesday only.\n", "utf-8")
    (tmp_path / "away-1.expected.json").write_text('{"holding": true}', "utf-8")
    (tmp_path / "answer-1.eml").write_text(f"{REPLY}The assessment is reopened today.\n", "utf-8")
    (tmp_path / "answer-1.expected.json").write_text('{"kind": "human", "command": "RESOLVED"}', "utf-8")
    nothing_given.setenv(FIELD, str(tmp_path))
    assert main(["--held", str(tmp_path), "--wrong"]) == 0
    told = capsys.readouterr().out
    assert "== given: mails of the field: 2 mails, 0 crashes" in told
    assert "away, no header       1   1.000 / 1.000       - / 0.000       - / 0.000" in told
    assert "  answer-1.eml: command: RESOLVED, read as no\n" in told


def test_nothing_to_measure_is_no_success(
    tmp_path: Path, nothing_given: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no folder holds labels the run fails, and says which names are missing."""
    assert main(["--held", str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("*** NOT MEASURED: ") == 2


def test_a_wrong_value_counts_against_both() -> None:
    """Precision is of what was said, recall of what is labelled; the same instant is the same in any zone."""
    assert rates([("24 hours", "24 hours"), ("24 hours", "5 days"), ("", "5 days"), ("5 days", "")]) == (1 / 3, 1 / 3)
    assert rates([("", ""), (False, False)]) == (None, None)
    assert rates([("2027-01-12T12:00:00+00:00", "2027-01-12T13:00:00+01:00")]) == (1, 1)


def test_mails_written_unseen_are_held_to() -> None:
    """No rate falls below what is reached of 110 mails, which were written without sight of the reader; none of the
    mails that stop no clock is an answer, at most one of 76 people is lost, and 67 of 76 replies are exact."""
    mails = load(HELD_OUT)
    reading = reading_of(CONFIG)
    answers = [understand(mail.raw, reading) for mail in mails]
    said = [ours(answer) for answer in answers]
    found = {row[0]: rates(found_of(row, mails, {"bot": said})["bot"]) for row in ROWS}
    for kind in KINDS:
        found[kind] = rates([(m.kind == kind, s.kind == kind) for m, s in zip(mails, said, strict=True)])
    assert len(mails) == 110
    below = {name: found[name] for name, floor in FLOORS.items() if any(a < b for a, b in _least(found[name], floor))}
    assert below == {}
    both = list(zip(mails, said, strict=True))
    assert sum(mail.holding is True and one.meaning == "answer" for mail, one in both) == 0
    assert sum(mail.kind == "human" and one.kind != "human" for mail, one in both) <= 1
    stated = [(m.reply, a["reply"]) for m, a in zip(mails, answers, strict=True) if m.reply is not None]
    assert (len(stated), sum(plain(was) == plain(got) for was, got in stated) >= 67) == (76, True)


def _least(found: tuple[float | None, float | None], floor: tuple[float, float]) -> list[tuple[float, float]]:
    return [(rate or 0.0, least) for rate, least in zip(found, floor, strict=True)]
