"""The new text above the quoted text, as UK public mail really looks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.cut.quote import split
from bot.mail.cut.trimmings import instant
from bot.mail.read import Reading, read
from bot.model import MailKind

MAILS = Path(__file__).parent.parent / "mails" / "replies"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)

ENGLISH = """From: Helen Visser <helen.visser@health.example>
Sent: 15 January 2027 16:45
To: Fay Marsh
Subject: Professional Safeguarding Challenge – 24 hours

Following my call ..."""


@pytest.mark.parametrize(
    "quotation",
    [
        ENGLISH,
        "________________________________\n" + ENGLISH,
        "-----Original Message-----\n" + ENGLISH,
        "*From:* Helen Visser\n*Sent:* Friday, January 15, 2027 4:45 PM\n*To:* Fay\n*Subject:* x\n\nold",
        "Oddi wrth: Helen Visser\nAnfonwyd: 15 Ionawr 2027 16:45\nAt: Fay\nPwnc: Her Broffesiynol Diogelu\n\nhen",
        "Von: Helen\nGesendet: Freitag\nAn: Fay\nBetreff: x\n\nalt",
        "De : Helen\nEnvoyé : vendredi\nÀ : Fay\nObjet : x\n\nancien",
        "On Fri, 15 Jan 2027 at 16:45, Helen Visser <helen.visser@health.example> wrote:\n> old",
        "On Fri, 15 Jan 2027 at 16:45, Helen Visser\n<helen.visser@health.example> wrote:\n\n> old",
        "Ar Gwe, 15 Ion 2027 am 16:45, ysgrifennodd Helen Visser <h@health.example>:\n> hen",
        "Am 15.01.2027 um 16:45 schrieb Helen Visser:\n> alt",
        "Le ven. 15 janv. 2027 à 16:45, Helen <h@health.example> a écrit :\n> ancien",
        "15.01.2027, 16:45, \"Helen\" <h@health.example>:\nold",
        "> old\n> older",
        "---------- Forwarded message ---------\nold",
        "\ue000\nold in a blockquote",
    ],
)  # fmt: skip
@pytest.mark.parametrize("words", ["ok", "Will call you", "Agreed.\n\nWe visited on Friday: the plan has changed."])
def test_new_words_are_cut_from_any_quotation(words: str, quotation: str) -> None:
    """Whatever program quoted the original, what was written above it is the new text, however short."""
    assert split(f"{words}\n\n{quotation}").new == words


@pytest.mark.parametrize(
    "around",
    [
        "CAUTION: This email originated from outside of the organisation. Do not click links.\n\n{}",
        "[EXTERNAL EMAIL]\nThink before you click on links or open attachments.\n\n{}",
        "You don't often get email from h@health.example. Learn why this is important\n\n{}",
        "OFFICIAL-SENSITIVE\n\n{}",
        "{}\n\nSent from my iPhone",
        "{}\n\nGet Outlook for iOS",
        "{}\n\nSent from Outlook for Android",
        "{}\n\nAnfonwyd o'm iPhone",
        "{}\n\nKind regards\n\nFay Marsh\nTeam Manager\n01270 000000",
        "{}\n\nCofion\nFay",
        "{}\n-- \nFay Marsh",
        "{}\n\nThis email and any files transmitted with it are confidential and intended solely for the addressee.",
        "{}\n\nPlease consider the environment before printing this email",
        "{}\n\nDISCLAIMER\nwhatever follows",
    ],
)
def test_what_is_not_the_senders_own_is_taken_off(around: str) -> None:
    """Banners, footers, signatures and disclaimers are no part of the new text."""
    assert split(around.format("We visited this morning.")).new == "We visited this morning."


@pytest.mark.parametrize(
    "words",
    [
        "Thanks",
        "Kind regards",
        "From what I hear: the date is wrong",
        "On Monday we wrote to the school:\nthey have not answered.",
        "Many thanks\n\nThe visit has been done today and the child was seen alone by the worker.",
        "Our figures:\n\n- one: 5\n- two: 6",
        "I have sent it from the office phone book, please check.",
    ],
)
def test_ordinary_sentences_are_no_quotation(words: str) -> None:
    """Words that only resemble a quotation, a signature or a footer stay."""
    assert split(words).new == words


def test_an_answer_below_the_quotation_is_found() -> None:
    """Some people answer underneath."""
    found = split(
        "On Fri, 15 Jan 2027 at 16:45, Helen <h@health.example> wrote:\n> Did you visit?\n\nYes, this morning."
    )
    assert (found.new, found.answers_inline) == ("Yes, this morning.", False)


@pytest.mark.parametrize(
    "text",
    [
        "Please see my comments below in red.\n\n" + ENGLISH,
        "My answers are inline.\n\n" + ENGLISH,
        "See responses below\n\n" + ENGLISH,
        "Hi\n\n> Did you visit?\nYes we did\n> When?\nOn Friday",
    ],
)
def test_answers_inside_the_quotation_are_announced(text: str) -> None:
    """What is new cannot be told apart there: it is said, and nothing is made of it."""
    assert split(text).answers_inline


def test_a_quotation_broken_by_a_gateway_is_no_inline_answer() -> None:
    """The loose end of a long quoted line is not the sender's."""
    long = "> " + "the family was seen on the day before the conference and the "
    assert not split(f"Noted, we will go.\n\n{long}\nplan\n{long}\nplan\n> end").answers_inline


def test_the_quoted_header_block_is_read() -> None:
    """Subject, address and London time of the original come out of the block."""
    found = split(f"fyi\n\n{ENGLISH}")
    assert found.quoted_subject == "Professional Safeguarding Challenge – 24 hours"
    assert found.quoted_from == "helen.visser@health.example"
    assert found.quoted_sent == datetime(2027, 1, 15, 16, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("15 January 2027 16:45", datetime(2027, 1, 15, 16, 45, tzinfo=UTC)),
        ("Friday, January 15, 2027 4:45 PM", datetime(2027, 1, 15, 16, 45, tzinfo=UTC)),
        ("01/06/2026 09:30", datetime(2026, 6, 1, 8, 30, tzinfo=UTC)),
        ("1 Mehefin 2026 09:30", datetime(2026, 6, 1, 8, 30, tzinfo=UTC)),
        ("15 January 2027 12:05 am", datetime(2027, 1, 15, 0, 5, tzinfo=UTC)),
        ("31 February 2027 10:00", None),
        ("soon", None),
    ],
)
def test_the_time_in_a_quoted_block_is_london_s(words: str, at: datetime | None) -> None:
    """Outlook writes local time without a zone, in summer too; what is no time is none."""
    assert instant(words) == at


def test_answers_announced_inline_are_known_without_a_quotation() -> None:
    """Where no quotation could be told apart, "see my comments in red below" still announces answers inline."""
    assert split("Please see my comments in red below.").answers_inline
    assert not split("We visited today and the plan is changed.").answers_inline


@pytest.mark.parametrize(
    "footer",
    [
        "Von meinem iPhone gesendet", "Enviado desde mi Android", "Inviato da iPhone", "Envoyé de mon iPhone",
        "Verzonden vanaf mijn Samsung", "Skickat från min iPhone", "发自我的iPhone", "Sent from Outlook for Android",
        "أُرسلت من الـ iPhone", "Anfonwyd o fy iPhone",
        "Freundliche Grüsse", "Cordialement", "Met vriendelijke groet", "Venlig hilsen", "Diolch yn fawr",
    ],
)  # fmt: skip
def test_footers_and_closings_of_many_languages_go(footer: str) -> None:
    """What a telephone or good manners put below is nobody's answer."""
    assert split(f"Agreed.\n\n{footer}\n").new == "Agreed."


@pytest.mark.parametrize(
    "line",
    [
        '2013.02.08. 7:31 keltezéssel, "Győrvári Eszter" írta:',
        "Dne 8. 2. 2027 v 7:31 Jan Novák napsal(a):",
        "8 Şubat 2027 07:31 tarihinde Ali Veli yazdı:",
        "2027年2月8日 7:31 王小明 写道:",
    ],
)
def test_attributions_of_many_languages_begin_a_quotation(line: str) -> None:
    """A line with a year that ends in the word for "wrote" stands above a quotation."""
    assert split(f"Agreed.\n\n{line}\n> old words\n").new == "Agreed."


def test_a_sentence_about_a_telephone_survives() -> None:
    """Only a footer is a footer."""
    text = "Sent from my desk, which is much easier than my mobile phone."
    assert split(text).new == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("outlook_fi", "Olemme nähneet perheen."),
        ("outlook_cs", "Rodinu jsme viděli."),
        ("outlook_hu", "Láttuk a családot."),
        ("outlook_ro", "Am văzut familia."),
        ("outlook_tr", "Aileyi gördük."),
        ("outlook_uk", "Ми бачили родину."),
        ("outlook_el", "Είδαμε την οικογένεια."),
        ("outlook_zh", "我们今天拜访了。"),
        ("outlook_ja", "本日訪問しました。"),
        ("below_quote", "We have visited today and the plan has been changed."),
        ("away_and_more", "I am away until Monday, but the plan is agreed and Tom Lee will visit on Friday."),
        ("webmail_zh", "We have visited today and the plan has been changed."),
        ("webmail_zh_tw", "We have visited today and the plan has been changed."),
        ("webmail_fr", "We have visited today and the plan has been changed."),
        ("webmail_de_time_first", "We have visited today and the plan has been changed."),
        ("ticket_above", "We have visited today and the plan has been changed."),
        (
            "leave_and_more",
            "I am on leave from tomorrow, so Tom Lee has the case now. He visited on Friday and the plan stands.",
        ),
    ],
)
def test_replies_that_were_once_read_wrongly(name: str, words: str) -> None:
    """Header blocks of nine more languages, webmail's first lines, and an answer under the quotation."""
    found = read((MAILS / f"{name}.eml").read_bytes(), Reading(), NOW)
    assert (found.kind, found.new_text) == (MailKind.HUMAN, words)
