"""`forms`: every form of every policy, as people will get it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.main import app
from bot.mail.forms import forms
from tests.unit.form_samples import SHAPES


def test_forms_are_printed_blank_and_filled(tmp_path: Path) -> None:
    """Each form is written as Word document and PDF under policy and form; the sample fills in what a case knows."""
    told = CliRunner().invoke(app, ["forms", "--out", str(tmp_path / "blank"), "--json"])
    assert told.exit_code == 0, told.output
    names = {Path(json.loads(line)["file"]).name for line in told.stdout.splitlines()}
    assert {"pan-cheshire-appendix-a.docx", "sandwell-appendix-3.pdf", "salford-escalation-notice.docx"} <= names
    filled = CliRunner().invoke(app, ["forms", "--out", str(tmp_path / "filled"), "--sample", "--pictures"])
    assert filled.exit_code == 0, filled.output
    assert (tmp_path / "filled" / "sandwell-appendix-3-2.png").read_bytes().startswith(b"\x89PNG")
    for folder, is_filled in (("blank", False), ("filled", True)):
        content = (tmp_path / folder / "pan-cheshire-appendix-a.docx").read_bytes()
        found, _ = forms.read("", [("digest", content)], SHAPES)
        assert (bool(found[0].fields), found[0].is_completed) == (is_filled, False)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One plain sentence, and no traceback."""
    (tmp_path / "file").write_text("in the way", "utf-8")
    told = CliRunner().invoke(app, ["forms", "--out", str(tmp_path / "file")])
    assert "cannot be written" in str(told.exception)
