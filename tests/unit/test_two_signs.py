"""A cut needs two signs: what only resembles a banner, a signature or a quotation is somebody's answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.mail.cut.quote import split
from bot.mail.read import Reading, read

TITLE = "RE: Professional Safeguarding Challenge [CE-2027-0001]"
QUOTED = (
    "\n\n________________________________\nFrom: Challenge Clock <clock@county.example>\nSent: 12 January 2027 10:00\n"
    f"To: Ina Rowe <ina.rowe@csc.example>\nSubject: {TITLE}\n\nPlease reply by Wednesday."
)
WORDS = "We will hold a strategy meeting on Friday at 10."


@pytest.mark.parametrize(
    "words",
    [
        "Please do not forward our email to mother. The decision stands: no further action.",
        "The views of the school were received by email. We have closed the case.",
        "Confidential: the father is not to know. We opened a section 47.",
        "Unauthorised contact by father is prohibited by the court; we visit today.",
        "Warning markers are on the file. We will visit with the police at 3pm.",
        "Caution was advised by police. We agree to the strategy meeting.",
        "If you have received the minutes, you know our decision: the plan stays.",
        "External agencies will be invited on Friday.",
        "Important: strategy meeting moved to Friday at 10.",
        "You do not often get an apology from us. Here it is. We reopen the case.",
        "Think before you close, you wrote. We did, and the case stays open.",
        "The message was scanned and added to the file. We hold a strategy meeting today.",
        "This email is to confirm that we have opened a section 47.",
        "This message is to say that the threshold is not met.",
        "The attachments you sent were opened and read. The case is reopened.",
        "We take no responsibility for what the school did. Our visit is booked for 2pm.",
        "Responsibility for the loss of contact lies with us. We visit today.",
        "The information you sent was new to us. We reopen.",
        "Emails from the school were not monitored over Christmas, we are sorry. We visit today.",
        "Disclosure was made to the teacher. We opened a section 47 today.",
        "Hi Helen,\n\nThanks\n\nPolice Informed\nChild Seen Alone\nPlan Unchanged",
        "Regards to your question:\nOutcome: NFA\nReason: threshold",
        "We agree.\n\n--\n\n1) Visit today\n2) Strategy meeting Friday",
        "We agree.\n__\nDecision: step down to CIN",
        "Actions\n==========\nVisit today\nPolice check done\nSchool told",
        "Decision\n----------------\nNo Further Action",
        "Many thanks,\nHome Visit Done Today",
        "Dear Helen\n\nKind regards\n\nSection 47 Agreed",
        "We have the log:\n\nFrom: EDT\nTo: Duty\nDate: 9 January 2027 22:10\nSubject: call from neighbour\n"
        "\nThe police were told and saw the child. We close.",
        "The school told us:\n\nOn Tuesday 5 January 2027 at 09:10 the head teacher wrote:\n\nKit was in "
        "school.\n\nSo we do not agree.",
        "Best,\nwe close the case today as agreed with the school",
        "Thanks\nAgreed",
        "Cheers\nCase Reopened",
        "Safe\nSeen today.",
        "This is confidential. The child is with her aunt. We have told no one else.",
        "Please delete the first referral, it was sent in error. The second one stands and we visit today.",
    ],
)
@pytest.mark.parametrize("below", ["", QUOTED])
def test_what_only_resembles_a_trimming_stays(words: str, below: str) -> None:
    """Sentences that begin like a warning or a disclaimer, statements under thanks and rules, pasted logs."""
    assert split(words + below, "Ina Rowe", TITLE).new.split() == words.split()


@pytest.mark.parametrize(
    "banner",
    [
        "CAUTION: This email originated outside of Cheshire East Council. Do not click on links or open "
        "attachments unless you recognise the sender and know the content is safe.",
        "==========\nEXTERNAL EMAIL: be careful with links and attachments\n==========",
        "-----\nWARNING: This message comes from an external organisation. Be cautious about opening "
        "attachments.\n-----",
        "[External] This message was sent from outside the NHS. Take care before opening links.",
        "RHYBUDD: Daeth yr e-bost hwn o'r tu allan i'r Cyngor. Peidiwch â chlicio ar ddolenni nac agor atodiadau.",
        "EXTERNAL: This e-mail is from an external sender. Please think before you click.",
        "You don't often get email from ina.rowe@csc.example. Learn why this is "
        "important<https://aka.ms/LearnAboutSenderIdentification>",
        "This sender is unusual: you have not received email from this sender before.\nReport phishing",
        "Some people who received this message don't often get email from ina.rowe@csc.example. Learn why "
        "this is important",
        "This email was scanned by Barracuda Email Security Gateway.",
        "This message has been encrypted in transit using TLS.",
        "OFFICIAL - SENSITIVE: PERSONAL",
        "Protective Marking: OFFICIAL-SENSITIVE",
        "Classification: OFFICIAL-SENSITIVE [PERSONAL]",
        "SWYDDOGOL / OFFICIAL",
        "This e-mail has been sent securely via the NHSmail secure service.",
        "This message originated from outside of NHSmail. Please do not click links or open attachments "
        "unless you recognise the sender and know the content is safe.",
        "***** This is an external email. *****",
        "* External email: use caution *",
        "This e-mail is confidential and intended only for the person to whom it is addressed.",
        "This email is from an external source. Please take care when clicking links or opening attachments. "
        "When in doubt, contact the IT Service Desk.",
        "Security notice: this email is from outside our organisation.\nPlease check the sender's address "
        "before replying.",
        "Rhybudd allanol: peidiwch ag agor dolenni oni bai eich bod yn adnabod yr anfonwr.",
        "## Type your reply above this line ##",
        "-----Please reply above this line-----",
        "=== Write ABOVE THIS LINE to reply ===",
        "ZjQcmQRYFpfptBannerStart\nThis Message Is From a New External Sender\nYou have not previously "
        "corresponded with this sender.\nSee the following link for more information\n    Report Suspicious  "
        "‌\nZjQcmQRYFpfptBannerEnd",
    ],
)
@pytest.mark.parametrize("words", ["RESOLVED", WORDS])
def test_what_a_gateway_puts_above_the_words_goes(banner: str, words: str) -> None:
    """Framed or not, in English or Welsh, markings and a help desk's line: the word below it is the first."""
    found = split(f"{banner}\n\n{words}{QUOTED}", "Ina Rowe", TITLE)
    assert (found.new, found.is_unsure) == (words, False)


@pytest.mark.parametrize(
    "footer",
    [
        "This email and any attachments are confidential. If you are not the intended recipient, please "
        "delete it and tell the sender.",
        "--\nIna Rowe\nTeam Manager\n01632 960111",
        "-- \nIna",
        "Kind regards\n\nIna Rowe\nTeam Manager, Assessment\nNorth County Council\nwww.county.example",
        "Many thanks\nIna",
        "Ina Rowe\nService Manager\nTel: 01632 960111",
        "Diolch\nIna",
        "Regards,\nI. Rowe",
        "________________________________\nThis message is for the addressee only. Copying is prohibited.",
        "Get BlueMail for Android",
        "Sent from Yahoo Mail on Android",
        "__._,_.___\nPosted by: Ina Rowe <ina.rowe@csc.example>\nReply via web post • Reply to sender • "
        "Reply to group\nVisit Your Group\nYahoo! Groups • Privacy • Unsubscribe • Terms of Use\n__,_._,___",
        '--\nYou received this message because you are subscribed to the Google Groups "North" group.\nTo '
        "unsubscribe from this group and stop receiving emails from it, send an email to "
        "north+unsubscribe@googlegroups.com.",
        "_______________________________________________\nNorth mailing list\nnorth@lists.example\n"
        "https://lists.example/listinfo/north",
        "**********************************************************************\nThis email and any files "
        "transmitted with it are confidential and intended solely for the use of the individual or entity to "
        "whom they are addressed.\nIf you have received this email in error please notify the system "
        "manager.\n\nThis footnote also confirms that this email message has been swept for the presence of "
        "computer viruses.\n**********************************************************************",
        "North County Council welcomes correspondence in Welsh and English.\nMae'r Cyngor yn croesawu "
        "gohebiaeth yn Gymraeg ac yn Saesneg.",
        "Disclaimer:\n\nThe Council is not responsible for changes made to this message after it was sent.",
        "Working days: Monday to Thursday",
        "Ina Rowe | Team Manager | North County Council | 01632 960111",
        "Please think before you print.\n\nNorth County Council, County Hall, Northtown, NT1 1AA",
    ],
)
def test_what_stands_below_the_words_goes(footer: str) -> None:
    """Disclaimers, signatures, footers of telephones and lists, in one line or many."""
    assert split(f"{WORDS}\n\n{footer}{QUOTED}", "Ina Rowe", TITLE).new == WORDS


@pytest.mark.parametrize(
    "quotation",
    [
        ">>> Challenge Clock <clock@county.example> 12/01/2027 10:00 >>>\nPlease reply.",
        "Challenge Clock <clock@county.example> 12/01/2027 10:00 AM >>>\nPlease reply.",
        "Quoting Challenge Clock <clock@county.example>:\n\n> Please reply.",
        "On 12 Jan 2027, at 10:00, Challenge Clock <clock@county.example> wrote: Please reply by Wednesday.",
        "-----Original Message-----\nPlease reply",
        "On Tue, 12 Jan 2027 10:00:00 +0000, clock@county.example wrote:\nPlease reply",
        "El 12/1/2027 a las 10:00, Clock <clock@county.example> escribió:\n> x",
        "From: Clock\nSent: 12 January 2027 10:00\nTo: Ina Rowe\nSubject: RE: Professional Safeguarding "
        "Challenge [CE-2027-0001]\n\nPlease reply",
    ],
)
def test_a_quotation_of_any_program_is_cut(quotation: str) -> None:
    """GroupWise, Horde, and attributions with the quoted words behind them in one line."""
    found = split(f"{WORDS}\n\n{quotation}", "Ina Rowe", TITLE)
    assert (found.new, found.is_unsure) == (WORDS, False)


@pytest.mark.parametrize(
    "text",
    [
        f"On 12/01/2027 10:00, Challenge Clock wrote:\n\nPlease reply by Wednesday.\n\n{WORDS}",
        f"On 12/01/2027 10:00, Clock <clock@county.example> wrote:\nPlease reply.\n\n{WORDS}",
        f"Dear Helen,\n\nOn 12/01/2027 10:00, Challenge Clock wrote:\n\nPlease reply.\n\n{WORDS}",
        f"From: Clock <clock@county.example>\nSent: 12 January 2027 10:00\nTo: Ina\nSubject: x\n\nReply\n\n{WORDS}",
        "We have recorded this message.",
        f"Noted.\n\nSent from my iPhone\n\n{WORDS}",
    ],
)
def test_where_an_answer_may_stand_that_cannot_be_told_apart_the_text_is_unsure(text: str) -> None:
    """Nothing above a quotation without marks, boilerplate alone, or sentences below a footer."""
    assert split(text, "Ina Rowe", "RE: x").is_unsure


@pytest.mark.parametrize(
    "text",
    [WORDS, f"{WORDS}{QUOTED}", "On 12 Jan 2027 at 10:00, C <c@county.example> wrote:\n> Reply.\n", "", "Hi Helen,"],
)
def test_what_is_told_apart_is_sure(text: str) -> None:
    """An answer above a quotation, one marked to its end, and nothing at all."""
    assert not split(text, "Ina Rowe", TITLE).is_unsure


def test_a_forward_without_words_is_sure() -> None:
    """Who only hands a mail on has said nothing, and nothing may stand below."""
    text = "From: Helen <h@health.example>\nSent: 12 January 2027 10:00\nTo: Ina\nSubject: x\n\nold"
    assert not split(text, "Ina Rowe", "FW: x", is_forward=True).is_unsure


def test_the_frame_of_a_signed_mail_goes() -> None:
    """Clear-signed OpenPGP: the words inside are the mail."""
    begun, end = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n", "-----BEGIN PGP SIGNATURE-----\n\niQEz\n"
    text = f"{begun}{WORDS}\n- -- \nIna\n{end}-----END PGP SIGNATURE-----\n"
    assert split(text, "Ina Rowe").new == WORDS


def html(body: str) -> str:
    head = "From: Ina Rowe <ina.rowe@csc.example>\nSubject: RE: x\nContent-Type: text/html; charset=utf-8\n\n"
    return read(f"{head}{body}".encode(), Reading(), datetime(2027, 1, 16, tzinfo=UTC)).new_text


def test_indented_html_is_no_quotation_and_a_cited_block_ends() -> None:
    """A <blockquote> quotes by its tag or by the line above it; what follows its end is the writer's again."""
    wrote = "<p>On 12/01/2027 10:00, Clock &lt;c@county.example&gt; wrote:</p>"
    indented = f"<p>We decided:</p><blockquote style='margin:0 0 0 40px'>{WORDS}</blockquote><p>Soon.</p>"
    assert html(indented).split() == f"We decided: {WORDS} Soon.".split()
    assert html(f"{wrote}<blockquote><p>Please reply.</p></blockquote><p>{WORDS}</p>") == WORDS
    assert html(
        f"{wrote}<blockquote type=cite>Seen?</blockquote><p>Yes.</p><blockquote type=cite>When?</blockquote>"
    ) == ("Yes.")


def test_no_command_is_taken_from_an_unsure_text() -> None:
    """Kept words act on nothing."""
    raw = "From: ina.rowe@csc.example\nSubject: RE: x\n\nOn 12/01/2027 10:00, Clock wrote:\n\nRESOLVED\n\nmore\n"
    found = read(raw.encode(), Reading(), datetime(2027, 1, 16, tzinfo=UTC))
    assert (found.is_unsure, found.command) == (True, None)
