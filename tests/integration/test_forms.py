"""A form through the whole house: what a family's form says is printed for secure readers, and for nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from bot.mail.forms import forms
from bot.rules.directory import Directory
from tests.integration.office import Office, raw_mail
from tests.letters import about
from tests.unit.case_samples import START
from tests.unit.form_samples import SHAPES

HALF = """\
Name of Child/Young Person: Persephone Quackenbush
Date of Birth: 17/03/2024
Address: 1 High Street
Brief details about the inter-agency disagreement: The home was not seen.
What was the methodology used to resolve the disagreement? A meeting.
"""


@pytest.mark.parametrize("secure", [True, False])
def test_a_childs_name_is_printed_for_secure_readers_only(secure: bool, tmp_path: Path) -> None:
    """The half filled form goes back with what it said; the child's part only where every address is secure."""
    office = Office(tmp_path)
    office.close()
    rows = tuple(replace(row, secure=secure) for row in office.settings.directory.rows)
    office.settings = replace(office.settings, directory=Directory(rows))
    office.open()
    office.once(START - timedelta(hours=1))
    office.put(raw_mail(text=HALF, subject="Our conversation"))
    office.once(START)
    (receipt,) = office.letters("acknowledgement")
    message = message_from_bytes(receipt.raw or b"", policy=default)
    parts = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    ref = office.case().ref
    assert set(parts) == {f"{ref}-appendix-a.docx", f"{ref}-appendix-a.pdf"}
    for content in parts.values():
        (found,), _ = forms.read("", [("digest", content)], SHAPES)
        said = {field.field: field.value for field in found.fields}
        assert said["methodology"] == "A meeting."
        assert said.get("child_name", "") == ("Persephone Quackenbush" if secure else "")
        assert ("address" in said, "date_of_birth" in said) == (secure, secure)
    assert "Persephone" not in str(message["Subject"])
    body = message.get_body(("plain",))
    assert body is not None
    assert "Persephone" not in body.get_content()
    assert office.faults() == []
    office.close()


def test_a_template_that_fails_costs_the_word_document_only(tmp_path: Path) -> None:
    """The letter goes with the PDF, and the operator hears which file it was."""
    office = Office(tmp_path)
    office.close()
    office.settings = replace(office.settings, forms={"appendix-a.docx": b"no document any more"})
    office.open()
    office.once(START - timedelta(hours=1))
    office.put(raw_mail(text=HALF, subject="Our conversation"))
    office.once(START)
    (receipt,) = office.letters("acknowledgement")
    message = message_from_bytes(receipt.raw or b"", policy=default)
    assert [part.get_content_type() for part in message.iter_attachments()] == ["application/pdf"]
    office.once(START + timedelta(minutes=1))
    assert any("forms/appendix-a.docx" in str(about(one.letter)["lines"]) for one in office.letters("alert"))
    office.close()
