"""The demo as a newcomer meets it: the program started in a pipe, and what it leaves in its folder."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pypdf import PdfReader

ROOT = Path(__file__).parents[2]


def play(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs `challenge-bot demo` as a process of its own, far from the checkout."""
    command = [sys.executable, "-m", "bot", "demo", "--out", str(out), *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    out.parent.mkdir(exist_ok=True)
    return subprocess.run(command, capture_output=True, text=True, cwd=out.parent, env=env, timeout=100, check=False)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, float]:
    """One demo for all: its folder, what it said, and how many seconds it took."""
    out, began = tmp_path_factory.mktemp("demo") / "out", time.monotonic()
    done = play(out)
    assert (done.returncode, done.stderr) == (0, "")
    return out, done.stdout, time.monotonic() - began


def test_it_takes_less_than_a_minute(played: tuple[Path, str, float]) -> None:
    """Three weeks pass in less than a minute."""
    assert played[2] < 60


def test_a_pipe_gets_plain_lines(played: tuple[Path, str, float]) -> None:
    """Without a terminal each thing that happens is one plain line, in order of time, with no escape code."""
    _, said, _ = played
    assert "\x1b" not in said and "\r" not in said
    lines = [line for line in said.splitlines() if line[:3] in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")]
    assert len(lines) > 60
    escalated = "case 2  out     escalation to Dev Patel, Ruth Okoye: Ring Helen Visser and act now"
    for wanted in (escalated, "(ignored)", "(holding pen)"):
        assert wanted in said
    assert "CE-2027-0001: closed as resolved" in said and "CE-2027-0002: closed as resolved" in said


def test_letters_are_left_to_open(played: tuple[Path, str, float]) -> None:
    """Every letter lies there as a mail whose file name holds a number, the ref and the kind, and nothing else."""
    out, said, _ = played
    letters = sorted((out / "letters").glob("*.eml"))
    assert len(letters) == said.count(" out ")
    for path in letters:
        number, _, rest = path.stem.partition("-")
        ref, _, kind = rest.rpartition("-")
        assert number.isdigit() and ref in ("", "CE-2027-0001", "CE-2027-0002") and kind.isalpha()
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = mail.get_body(("plain",))
        assert mail["From"] and mail["Message-ID"] and body is not None and body.get_content().strip()


def test_it_ends_with_the_quarters_report(played: tuple[Path, str, float]) -> None:
    """As page, PDF, workbook and CSV, with both cases in it."""
    out, said, _ = played
    names = [f"report-2027Q1.{end}" for end in ("html", "pdf", "xlsx", "csv")]
    assert said.endswith(f"The quarter's report: {', '.join(names)}.\n")
    assert "2 challenges were received in the first quarter of 2027" in (out / names[0]).read_text("utf-8")
    assert all((out / name).stat().st_size for name in names)


def test_records_are_left_to_read(played: tuple[Path, str, float]) -> None:
    """Each case leaves its record as a PDF that tells the story, and the journal it was made from."""
    out, _, _ = played
    for ref, told in {"CE-2027-0001": "Joan Pike", "CE-2027-0002": "Dev Patel"}.items():
        text = "\n".join(page.extract_text() for page in PdfReader(out / f"{ref}-record.pdf").pages)
        assert ref in text and told in text
        assert json.loads((out / f"{ref}-journal.json").read_text("utf-8"))
    assert (out / "story.db").read_bytes().startswith(b"SQLite format 3")


class Links(HTMLParser):
    """What a page would load or lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "srcset", "data", "action")]


def test_the_page_shows_every_letter_and_loads_nothing(played: tuple[Path, str, float]) -> None:
    """The page leads to every letter and record beside it and to nothing outside its folder."""
    out, _, _ = played
    text = (out / "index.html").read_text("utf-8")
    page = Links()
    page.feed(text)
    beside = {f"letters/{path.name}" for path in (out / "letters").glob("*.eml")}
    beside |= {path.name for path in out.glob("*-record.pdf")}
    assert set(page.found) == beside
    assert page.tags & {"script", "link", "img", "iframe", "object", "base"} == set()
    assert "url(" not in text and "@import" not in text
    shown = " ".join(unescape(text).split())
    for path in (out / "letters").glob("*.eml"):
        body = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_body(("plain",))
        assert body is not None and " ".join(body.get_content().split()) in shown


def test_another_policy_and_an_earlier_demo(played: tuple[Path, str, float], tmp_path: Path) -> None:
    """A second demo takes the place of the first, for any policy that has a story."""
    out = tmp_path / "demo"
    (out / "letters").mkdir(parents=True)
    (out / "demo.log").write_text("an earlier demo that was broken off")
    (out / "letters" / "001-CE-2027-0001-notice.eml").write_text("old")
    done = play(out, "--policy", "sandwell")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name.split("-")[0] for path in out.glob("*-record.pdf")} == {"SW"}
    assert not (out / "letters" / "001-CE-2027-0001-notice.eml").exists()


SHIPPED = sorted(path.stem for path in (Path(__file__).parents[2] / "config" / "policies").glob("*.yaml"))


@pytest.mark.parametrize("policy", [name for name in SHIPPED if name not in ("cheshire-east", "sandwell")])
def test_every_shipped_policy_can_be_shown(policy: str, tmp_path: Path) -> None:
    """Each has its story, which plays to the end, and leaves a record."""
    done = play(tmp_path / "demo", "--policy", policy)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "demo").glob("*-record.pdf"))


def test_what_cannot_be_played_is_said(tmp_path: Path) -> None:
    """A policy without a story, and a folder that holds other things, are refused in one sentence and left alone."""
    done = play(tmp_path / "demo", "--policy", "no-such-policy")
    assert done.returncode == 2
    assert "no demo story for the policy no-such-policy" in done.stderr and "cheshire-east" in done.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("precious")
    done = play(tmp_path / "mine")
    assert (done.returncode, (tmp_path / "mine" / "letter.txt").read_text()) == (2, "precious")
    assert "name another folder" in done.stderr
