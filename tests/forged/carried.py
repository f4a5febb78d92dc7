"""More ways (see techniques.py): refs that came along, mails that were signed for something else, reports of bounces,
names that carry words or are another's, crowds, and marks from inside.

`ALL` is every technique of both files.
"""

import email.policy
from dataclasses import replace

from tests.forged.letters import Forged, parts, passed
from tests.forged.techniques import ALL as ALL
from tests.forged.techniques import (
    BOUNCED,
    COPY,
    INSIDE,
    KIND,
    LATE,
    LEADS,
    MANY,
    NAMES,
    PROFILE,
    PROOF,
    REPLAYED,
    SIDES,
    SWALLOWED,
    joined,
    report,
    taken_away,
    technique,
)
from tests.forged.world import EVIL, FAY, INBOX, Target, World

JO = "jo.ward@police.example"  # of an agency that is on no side of any case
TITLE = "Professional Safeguarding Challenge – 10 working days"


# --- a ref that came along --------------------------------------------------------------------------------------------


@technique(SIDES)
def the_ref_in_a_signature(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(
        EVIL, f"{word}\n\n-- \nX, worker {n}\nour last matter: [{c.ref}]", n, auth=passed(EVIL), subject="RE: x"
    )


@technique(PROOF)
def the_ref_in_a_quotation(w: World, c: Target, word: str, n: int) -> Forged:
    said = word if word != "YES" else "RESOLVED"
    text = f"{said}\n\nOn Tue, 12 Jan 2027 at 10:0{n % 10}, the clock wrote:\n> Challenge {c.ref}\n> is with you."
    return Forged(c.raiser, text, n, auth="dmarc=none", subject=f"RE: challenge {c.ref}")


@technique(SWALLOWED, seen=joined, opens=True)
def a_challenge_with_an_old_ref_in_its_subject(w: World, c: Target, word: str, n: int) -> Forged:
    """Proven, new and nobody's of that case: it is a case of its own."""
    return Forged(JO, f"We disagree with your plan for family {n}.", n, passed(JO), subject=f"{TITLE} [{c.ref}]")


@technique(SWALLOWED, seen=joined, opens=True)
def a_challenge_with_an_old_ref_in_its_signature(w: World, c: Target, word: str, n: int) -> Forged:
    text = f"We disagree with your plan for family {n}.\n\n-- \nJo Ward\nlast matter: [{c.ref}]"
    return Forged(JO, text, n, passed(JO), subject=TITLE)


@technique(SWALLOWED, seen=joined, opens=True)
def a_challenge_with_an_old_ref_in_its_quotation(w: World, c: Target, word: str, n: int) -> Forged:
    head = f"From: Fay Marsh <{FAY}>\nSent: 11 January 2027 10:00\nTo: Jo Ward\nSubject: RE: family {n} [{c.ref}]"
    text = f"We disagree with what you decide below for family {n}.\n\n{head}\n\nWe take no further action."
    return Forged(JO, text, n, passed(JO), subject=TITLE)


# --- signed for something else ----------------------------------------------------------------------------------------


@technique(COPY)
def replayed_with_another_citation(w: World, c: Target, word: str, n: int) -> bytes:
    """What a signature seldom covers is another's: what it cites and to whom it goes. What it covers is as it was."""
    head, _, body = w.raw("more").partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b"In-Reply-To:", b"Cc:"))]
    first = w.targets[0]
    cited = (first.to_raiser, first.original, first.to_responder)[n % 3]
    mine = [f"Cc: copy{n}@health.example".encode(), f"In-Reply-To: <{cited}>".encode()]
    return b"\r\n".join([*lines, *mine]) + b"\r\n\r\n" + body


@technique(REPLAYED)
def replayed_under_another_id(w: World, c: Target, word: str, n: int) -> bytes:
    """What was said and followed once, to any letter of any case, under an id of its own."""
    raw = w.raw("more").replace(b"Message-ID: <more@", f"Message-ID: <more{n}@".encode())
    first = w.targets[0]
    cited = (first.to_raiser, first.original, first.to_responder)[n % 3]
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"In-Reply-To:")]
    return b"\r\n".join([*lines, f"In-Reply-To: <{cited}>".encode()]) + b"\r\n\r\n" + body


@technique(REPLAYED)
def signed_for_something_else_weeks_before(w: World, c: Target, word: str, n: int) -> Forged:
    """A bare word that its writer sent to somebody, and whose signature leaves out what it cites."""
    said = word if word not in ("YES", "HOLD", "NOT OURS") else "RESOLVED"
    return replace(
        Forged(c.raiser, said, n, passed(c.raiser), cites=c.to_raiser),
        when=f"Tue, 0{n % 8 + 1} Dec 2026 09:00:{n:02d} +0000",
    )


# --- reports of bounces -----------------------------------------------------------------------------------------------


@technique(BOUNCED, seen=taken_away)
def bounce_in_words_of_an_id_never_sent(w: World, c: Target, word: str, n: int) -> Forged:
    text = (
        "This is the mail system at host mx.csc.example.\n\nI'm sorry to have to inform you that your message could not"
        f" be delivered to one or more recipients.\n\n<{FAY}>: host mx said: 550 5.1.1 User unknown\n\n"
        f"Message-ID: <{n:032x}.{n:032x}@challenge.example>\n"
    )
    lines = ("From: Mail Delivery System <mailer-daemon@csc.example>",)
    return Forged("mailer-daemon@csc.example", text, n, auth=passed(FAY), below=("Return-Path: <>",), from_lines=lines,
                  subject="Undelivered Mail Returned to Sender")  # fmt: skip


@technique(BOUNCED, seen=taken_away)
def bounce_of_another_servers_letter(w: World, c: Target, word: str, n: int) -> Forged:
    """The id of a letter of ours with another domain, and the ref of the case in the subject."""
    kind, text = report(f"{c.to_responder.partition('@')[0]}@challenge{n}.example", FAY)
    subject = f"Undeliverable: Professional Safeguarding Challenge [{c.ref}]"
    return Forged("mailer-daemon@csc.example", text, n, auth=passed(FAY), kind=kind, below=("Return-Path: <>",),
                  subject=subject)  # fmt: skip


@technique(KIND)
def bounce_with_a_command(w: World, c: Target, word: str, n: int) -> Forged:
    kind, text = parts(
        ("Content-Type: text/plain", word),
        ("Content-Type: message/delivery-status", f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; p{n}@x.example"
         "\nAction: failed\nStatus: 5.1.1\n"),
        kind="multipart/report", extra="; report-type=delivery-status",
    )  # fmt: skip
    auth = passed(c.raiser) if c.n != 5 else "dmarc=none"
    return Forged(c.raiser, text, n, auth=auth, cites=c.to_raiser, kind=kind, subject="Undeliverable: x")


@technique(LATE, seen=taken_away, before=World.is_late)
def bounce_of_a_letter_that_was_accepted_hours_ago(w: World, c: Target, word: str, n: int) -> Forged:
    """With the true id: whoever was served holds it, and wants the clock to begin again."""
    kind, text = report(c.to_responder, FAY)
    return Forged("mailer-daemon@csc.example", text, n, auth=passed(FAY), kind=kind, below=("Return-Path: <>",))


# --- names ------------------------------------------------------------------------------------------------------------

CARRIED = ("Mailbox full", "evil.example", "960 999")


def printed(w: World) -> list[str]:
    """Words of a stranger's name that stand in letters, in headers too; a stranger's address is its own."""
    found = []
    for queued in w.letters():
        message = email.message_from_bytes(queued.raw or b"", policy=email.policy.default)
        body = message.get_body(("plain",))
        said = f"{message['To']} {message['Subject']} {body.get_content() if body else ''}".replace(EVIL, "")
        found += [f"a letter of kind {queued.letter.kind.value} says {words}" for words in CARRIED if words in said]
    return found


@technique(NAMES, to=INBOX, seen=printed, opens=True)
def words_as_the_name_of_a_stranger(w: World, c: Target, word: str, n: int) -> Forged:
    sender = f"parent{n}@home.example"
    lines = (f'From: "Mailbox full, ring the bank now" <{sender}>',)
    text = f"Nobody listened to us at the meeting about family {n}."
    return Forged(sender, text, n, "dmarc=none", subject=TITLE, to=INBOX, from_lines=lines)


@technique(LEADS, to=INBOX, seen=printed, opens=True)
def a_link_and_a_number_in_a_proven_name(w: World, c: Target, word: str, n: int) -> Forged:
    link = ("www.evil.example/in", "https://evil.example", "evil.example/a")[n % 3]
    lines = (f'From: "Kim {link} 01632 960 999" <{EVIL}>',)
    text = f"Nobody listened to us at the meeting about family {n}."
    return Forged(EVIL, text, n, passed(EVIL), subject=TITLE, to=INBOX, from_lines=lines)


@technique(SIDES)
def the_name_of_the_responder(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: {('Fay Marsh', 'Fay Marsh (CSC)', 'Marsh, Fay')[n % 2]} <{EVIL}>",)
    text = ("We have seen the family today and the plan is changed.", "OUTCOME: all is done", word)[n % 3]
    return Forged(EVIL, text, n, passed(EVIL), cites=(c.to_responder, c.original)[n % 2], from_lines=lines)


@technique(SIDES)
def the_name_of_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    name = c.raiser.partition("@")[0].replace(".", " ").title()
    lines = (f"From: {name} <{c.raiser.partition('@')[0]}@evil.example>",)
    return Forged(EVIL, word, n, passed(EVIL), cites=c.to_raiser, from_lines=lines)


@technique(SIDES)
def the_name_of_the_service_itself(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f'From: "{w.settings.config.bot.name}" <{EVIL}>',)
    return Forged(EVIL, word, n, passed(EVIL), cites=c.to_raiser, from_lines=lines)


# --- crowds -----------------------------------------------------------------------------------------------------------


def too_many(w: World) -> list[str]:
    """Letters to strangers, who may all be forged, that have gone beyond what an hour may bring."""
    most = w.settings.config.senders.strangers_an_hour
    gone = [q for q in w.letters() if q.letter.to_stranger and q.status == "sent"]
    return [f"{len(gone)} letters to strangers"] if len(gone) > most else []


@technique(MANY, to=INBOX, seen=too_many, opens=True)
def a_crowd_of_strangers(w: World, c: Target, word: str, n: int) -> Forged:
    sender = f"p@home{n}.example"
    return Forged(sender, f"Nobody asked us about family {n}.", n, "dmarc=none", subject=TITLE, to=INBOX)


# --- marks from inside ------------------------------------------------------------------------------------------------


@technique(PROFILE)
def inside_the_organisation_though_it_failed(w: World, c: Target, word: str, n: int) -> Forged:
    """Marked from inside above and below our border's own line, which says that it failed."""
    inside = ("X-MS-Exchange-Organization-AuthAs: Internal", "X-MS-Exchange-CrossTenant-AuthAs: Internal")
    failed = Forged(c.raiser, word, n, auth=f"dmarc=fail header.from={c.raiser.partition('@')[2]}", cites=c.to_raiser)
    return replace(failed, above=inside) if n % 2 else replace(failed, below=inside)


MARK = "X-MS-Exchange-Organization-AuthAs: Internal"
MICROSOFT = "b.prod.outlook.com"
ANSWER = "We have seen the family today and the plan is changed."


@technique(INSIDE, before=World.is_at_microsoft)
def inside_microsoft_of_another_domain(w: World, c: Target, word: str, n: int) -> Forged:
    """Another tenant's mail bears its own mark: ours says nothing of a domain that is not ours."""
    return Forged(c.raiser, word, n, auth="", cites=c.to_raiser, by=MICROSOFT, below=(MARK,))


@technique(INSIDE, before=World.is_at_microsoft)
def inside_microsoft_though_it_failed(w: World, c: Target, word: str, n: int) -> Forged:
    failed = ("dmarc=fail action=none header.from=csc.example", "dmarc=none; compauth=fail reason=001")[n % 2]
    above = (f"Authentication-Results: spf=none; {failed}",)
    return Forged(FAY, ANSWER, n, auth="", cites=c.to_responder, by=MICROSOFT, above=above, below=(MARK,))


@technique(INSIDE, before=World.is_at_microsoft)
def inside_microsoft_behind_a_foreign_hop(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(FAY, ANSWER, n, auth="", cites=c.to_responder, by="mail.evil.example", below=(MARK,))


@technique(INSIDE, before=World.is_at_microsoft)
def inside_microsoft_twice(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(FAY, ANSWER, n, auth="", cites=c.to_responder, by=MICROSOFT, below=(MARK, MARK))
