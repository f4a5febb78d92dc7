"""More ways (see techniques.py): refs that came along, mails that were signed for something else, reports of bounces.

`ALL` is every technique of both files.
"""

from dataclasses import replace

from tests.forged.letters import Forged, parts, passed
from tests.forged.techniques import ALL as ALL
from tests.forged.techniques import (
    BOUNCED,
    COPY,
    KIND,
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
from tests.forged.world import EVIL, FAY, Target, World

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


# --- marks from inside ------------------------------------------------------------------------------------------------


@technique(PROFILE)
def inside_the_organisation_though_it_failed(w: World, c: Target, word: str, n: int) -> Forged:
    """Marked from inside above and below our border's own line, which says that it failed."""
    inside = ("X-MS-Exchange-Organization-AuthAs: Internal", "X-MS-Exchange-CrossTenant-AuthAs: Internal")
    failed = Forged(c.raiser, word, n, auth=f"dmarc=fail header.from={c.raiser.partition('@')[2]}", cites=c.to_raiser)
    return replace(failed, above=inside) if n % 2 else replace(failed, below=inside)
