"""Replies as programs and people really build them: each was read wrongly once.

The word ESCALATE stands only in what is quoted: if it is found in the new text, an old command would act again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.cut.quote import split
from bot.mail.read import Reading, read
from bot.model import Mail, MailKind

MAILS = Path(__file__).parent.parent / "mails" / "replies"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
SEEN = "We have seen the family."
FRIDAY = "The family was seen on Friday."


def mail(name: str) -> Mail:
    return read((MAILS / f"{name}.eml").read_bytes(), Reading(), NOW)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_blank_above", "OUTCOME: the plan is changed and the school knows"),
        ("label_of_ones_own", "From: Fay\nThe family was seen on Friday.\n\nThe plan is changed."),
        ("webmail_date_first", SEEN),
        ("webmail_no_verb", SEEN),
        ("webmail_de_folded", SEEN),
        ("notes_form", "We have seen the family and the plan is changed."),
        ("forward_ru", "For you to answer, please."),
        ("forward_unknown_language", "For you to answer, please."),
        ("webmail_no_verb_folded", SEEN),
        ("forwarded_answer", ""),
        ("forwarded_marked", "For you to answer, please."),
        ("yahoo_prefixed_html", SEEN),
        ("outlook_border_html", SEEN),
        ("outlook_through_webmail_html", SEEN),
        ("spark_html", SEEN),
    ],
)
def test_the_quotation_begins_where_the_program_put_it(name: str, words: str) -> None:
    """Old webmail, Notes, forwards in any language, marked-up HTML, and no blank line above: the words end there."""
    found = mail(name)
    assert (found.kind, found.new_text) == (MailKind.HUMAN, words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pressed_wrote", "RESOLVED"),
        ("pressed_outlook", "Agreed"),
        ("pressed_alone", ""),
        ("pressed_titled", "For you to answer, please."),
        ("pressed_footer", "RESOLVED"),
    ],
)
def test_a_quotation_pressed_into_the_line_of_the_answer_is_cut_off(name: str, words: str) -> None:
    """A gateway that takes out line ends loses no word of the answer and makes none of the quotation."""
    assert mail(name).new_text == words


def test_answers_between_and_under_marked_lines_are_new() -> None:
    """Where each quoted line is marked, what stands between them is the sender's, less the signature at the end."""
    assert mail("answers_between").new_text.split("\n\n") == [
        "Yes, on Friday at home, by Tom Lee.",
        "It is. The new one went to the school today.",
    ]
    assert mail("greeting_then_quote").new_text == "Dear Helen\n\nYes, on Friday at home."


LONG = "> if the child has been seen and nothing more is needed please reply with the one word"
BLOCK = "From: Helen Visser\nSent: 11 January 2027 16:45\nTo: Fay\nSubject: x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"ok\n\n> hello\n{LONG}\nESCALATE", "ok"),
        (f"{LONG}\nESCALATE\n> or else", ""),
        (f"> hello\n> there\n\nnoted\n\n{BLOCK}\n\nESCALATE", "noted"),
        (f"{BLOCK}\n\nESCALATE\n\n> hello\n> there\n\nESCALATE", ""),
        ("On Mon, 11 Jan 2027 at 16:45, Helen <h@health.example> wrote:\n\nESCALATE\n\n> hello\n\nESCALATE", ""),
        ("ok\n\nOn 11 Jan 2027 at 16:45, H <h@health.example> wrote:\n> a\n>\nESCALATE\n> b", "ok"),
    ],
)
def test_no_quoted_word_becomes_an_answer(text: str, words: str) -> None:
    """The loose end of a quoted line, and what follows a quotation without marks, are the quoted person's."""
    assert split(text).new == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("closing_in_two_languages", FRIDAY),
        ("closing_with_name", FRIDAY),
        ("signature_with_sentence", FRIDAY),
        ("signature_under_rule", FRIDAY),
        ("signature_html", FRIDAY),
        ("list_footer", FRIDAY),
        ("outlook_app_de", FRIDAY),
        ("name_and_titles", FRIDAY),
        ("name_and_telephone", "The family was seen on Friday and the plan is changed."),
    ],
)
def test_signatures_and_footers_go(name: str, words: str) -> None:
    """Bilingual closings, names behind them, telephones without them, sentences inside them, and lists' footers."""
    assert mail(name).new_text == words


@pytest.mark.parametrize(
    "notice",
    [
        "CONFIDENTIAL AND PRIVILEGED",
        "Confidential note: for the addressee.",
        "If you received this by mistake please notify us.",
        "Please notify the sender immediately if it has reached you in error.",
        "Any unauthorised copying of this e-mail is prohibited.",
        "Save a tree: keep this on the screen.",
        "Diese Nachricht ist vertraulich und nur für den Empfänger bestimmt.",
        "Ce message et ses pièces jointes sont confidentiels.",
        "Outgoing e-mail and attachments are scanned for viruses.",
        "E-mails to the council may be disclosed under the Freedom of Information Act.",
    ],
)
def test_notices_under_the_words_go(notice: str) -> None:
    """What every mail of an organisation carries is nobody's answer."""
    assert split(f"{FRIDAY}\n\n{notice}\nwhatever follows").new == FRIDAY


@pytest.mark.parametrize(
    "words",
    [
        "The information from the school is confidential, so please keep it.\n\nWe visited on Friday.",
        "The message that the father left was intended for the worker.\n\nWe visited on Friday.",
        "She asked under the Freedom of Information Act.\n\nWe visited on Friday.",
        "I have scanned for the letter in the file.\n\nIt is not there.",
        "On Friday 8 January the school wrote:\nthe child has not come since Christmas.",
        "What happened at 10:00:\n\nOn Friday the worker said:\nnobody was at home.",
        "Noted.\n\nThanks\nPlease ring the school before the meeting on Tuesday, they know.",
        "Hi\nThanks\nwe visited the family today",
        "Noted.\n\nThanks\n\nFay\n\nPS: the meeting has moved to Tuesday.",
        "The worker to ask is:\n\nTom Lee\nDuty Manager\n01632 960222",
        "Either of these will know.\n\nTom Lee\n01632 960222\n\nJo Field\n01632 960333",
        "Agreed.\n\nYours sincerely\n\nFay Marsh\n\nfrom Monday on please write to our new address, fay@csc.example",
        "We agreed:\n\n-\nto visit on Friday\n*\nto tell the school",
        "Name of the worker\n\nTom Lee\nDuty Manager\n01632 960222",
        "The next visit is with\n\nTom Lee\nDuty Manager",
        "Part one.\n\n____________________\n\nPart two is with the school, and they will answer.",
        "Sent from the school this morning, with the form.",
        "Sent via Egress",
        "The form is done.\nSent with Tom",
        "We use Outlook for Windows here, so the link did not open.",
        "Changed from: 8 January to: 12 January, date: agreed with the school.",
        "Date: 8 January\nPlace: the school\nPresent: Tom Lee, Fay Marsh\n\nAll agreed.",
    ],
)
def test_words_that_only_resemble_them_stay(words: str) -> None:
    """Reports of what others wrote, thanks above an answer, a colleague's number, a rule between two parts."""
    assert split(words).new == words


def test_an_answer_typed_where_the_program_keeps_the_signature_is_not_lost() -> None:
    """With no words above it, what is marked as a signature is the answer."""
    found = mail("all_in_signature_html")
    assert found.new_text.split() == ["RESOLVED", "Fay", "Marsh"]
    assert found.command is not None and found.command.word == "RESOLVED"


def test_indented_words_are_no_quotation() -> None:
    """An indent is tagged like a quotation, and has no line beside it."""
    said = " ".join(mail("indented_html").new_text.split())
    assert said == "Helen, the family was seen. Nothing more is needed."


@pytest.mark.parametrize("name", sorted(path.stem for path in MAILS.glob("*.eml")))
def test_no_mark_of_ours_reaches_what_is_shown(name: str) -> None:
    """The letters that carry the begin of a quotation or signature through the text stay inside the reader."""
    found = mail(name)
    assert not any("\ue000" <= letter <= "\uf8ff" for letter in found.text + found.new_text + found.quoted)
