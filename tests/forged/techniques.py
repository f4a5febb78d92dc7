"""The ways to say a word that is not one's own. Each names the guard that it tests, and makes one mail a call.

`technique(guard)` registers a function of (world, case, word, n). What the mails must not do is world.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.engine.reading.place import keys_of
from bot.model.letters import Alert
from tests.forged.letters import Forged, b64, named, parts, passed
from tests.forged.world import (
    BOT,
    COLLEAGUE,
    DEPUTY_ELSEWHERE,
    EVIL,
    FAY,
    GATEWAY,
    HELEN,
    INBOX,
    KAY,
    OPENED,
    SAM,
    UNIT,
    Target,
    World,
)

Make = Callable[[World, Target, str, int], Forged | bytes]


@dataclass(frozen=True)
class Technique:
    """A named way. `guard`: the promise that it leans on, in the place that keeps it; guards.py takes it away.

    `seen`: what would be wrong beside `World.harm`, where the guard keeps something smaller than a clock. `opens`: its
    mails are challenges, and open cases of their own. `before`: what it makes of the world first.
    """

    name: str
    guard: str
    make: Make
    to: str = BOT
    seen: Callable[[World], list[str]] = lambda _: []
    opens: bool = False
    before: Callable[[World], None] = lambda _: None

    def wrong(self, world: World) -> list[str]:
        """What its mails have done and must not do."""
        return [one for one in world.harm() if not (self.opens and one == OPENED)] + self.seen(world)


ALL: dict[str, Technique] = {}


def technique(
    guard: str,
    to: str = BOT,
    seen: Callable[[World], list[str]] = lambda _: [],
    *,
    opens: bool = False,
    before: Callable[[World], None] = lambda _: None,
) -> Callable[[Make], Make]:
    def register(make: Make) -> Make:
        name = make.__name__.strip("_")
        ALL[name] = Technique(name, guard, make, to, seen, opens, before)
        return make

    return register


PROOF = "trust.prove: a word that relaxes, and an answer, need a proven sender"
MATRIX = "authority.WORDS: who may use a word"
SIDES = "authority.sides: who stands on which side"
SINGLE = "addresses.sender: one From, with one address"
WHOLE = "read._addressed: a From with a defect proves nothing"
ALIGNED = "trust._passes: the pass is for the domain in From"
BORDER = "trust._ours: only our own border's lines count"
FIRST_LINE = "commands.command: the first line of the new text alone"
KIND = "automatic.classify: a machine gives no command"
MATCHING = "placement.place: only unguessable keys attach"
ASKED = "words._answer: YES counts from whom was asked"
COPY = "place.content_key: the same mail again has no effect"
PEN = "pen.Penned._authority: who may place mail"
KEYS = "place.KEYS: keys of content are no ids"
BOUNCED = "placement._bounced: a bounce counts for ids that we sent"
SEALED = "trust._sealed: ARC of listed gateways only"
PROFILE = "trust.prove: each profile believes its own marks"
WATCHED = "incident.watch: an id of ours used from another address is told"
HIDDEN = "text.from_html: what HTML hides is not read"
DEPARTED = "delivery.on_absent: only a proven reply takes a contact away"
LIST = "automatic.classify: a list gives no command"
SWALLOWED = "placement._is_new, _by_ref: no ref swallows a challenge"
ENDS = "headers.split: a header ends where it ends"
CODE = "codes.bears_code: a YES that nothing proves holds the letter's six digits"
NOWHERE = "words.is_out_of_nowhere: what nothing proves and cites no letter of ours acts on nothing"
REPLAYED = "dated.outdated: a signature proves its words once, on their day"
GUESS = "incident.is_guess: an outsider who cites no letter raises no alarm"
LATE = "delivery._lost: a bounce long after acceptance takes nobody away"
NAMES = "placement._unnamed: a name that nothing proves and the directory does not hold is not printed"
LEADS = "addresses.plain: no name carries a link or a number"
MANY = "strangers.are_many: above a number an hour nobody is written to for each"
INSIDE = "trust._exchange: AuthAs speaks for a domain of ours, from our own hosts, against nothing that failed"


# --- the sender's name ------------------------------------------------------------------------------------------------


@technique(PROOF)
def from_of_the_raiser_failed(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(c.raiser, word, n, auth=f"dmarc=fail header.from={c.raiser.partition('@')[2]}", cites=c.to_raiser)


@technique(PROOF)
def from_of_the_raiser_unproven(w: World, c: Target, word: str, n: int) -> Forged:
    return named(c, Forged(c.raiser, word if word != "YES" else "RESOLVED", n, auth="dmarc=none"))


@technique(PROOF)
def from_of_the_raiser_unchecked(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(c.raiser, word, n, auth="", cites=c.original)


@technique(PROOF)
def from_of_the_responder_failed(w: World, c: Target, word: str, n: int) -> Forged:
    text = "We have seen the family today." if n % 2 else word
    return Forged(FAY, text, n, auth="dmarc=fail header.from=csc.example", cites=c.to_responder)


@technique(PROOF)
def from_of_the_responder_unproven(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(FAY, "We have seen the family today and the plan is changed.", n, auth="dmarc=none", cites=c.original)


@technique(PROOF)
def from_of_the_business_unit_unproven(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(UNIT, ("HOLD", "NOT OURS", "DECIDED: no", "YES")[n % 4], n, auth="dmarc=none", cites=c.to_responder)


@technique(SIDES)
def look_alike_domain(w: World, c: Target, word: str, n: int) -> Forged:
    local, _, domain = c.raiser.partition("@")
    other = (
        domain.replace("e", "3", 1),
        f"{domain}.evil.example",
        f"secure-{domain}",
        domain.replace(".", "-") + ".example",
    )
    sender = f"{local}@{other[n % 4]}"
    return Forged(sender, word, n, auth=passed(sender), cites=c.to_raiser)


@technique(SIDES)
def homoglyph_domain(w: World, c: Target, word: str, n: int) -> Forged:
    sender = c.raiser.partition("@")[0] + "@" + c.raiser.partition("@")[2].replace("e", "е")  # a Cyrillic one
    domain = sender.partition("@")[2].encode("idna").decode()
    return Forged(sender, word, n, auth=f"dmarc=pass header.from={domain}", cites=c.original)


@technique(SIDES)
def punycode_domain(w: World, c: Target, word: str, n: int) -> Forged:
    sender = f"{c.raiser.partition('@')[0]}@xn--{c.raiser.partition('@')[2]}"
    return Forged(sender, word, n, auth=passed(sender), cites=c.to_raiser)


@technique(SIDES)
def plus_address(w: World, c: Target, word: str, n: int) -> Forged:
    sender = c.raiser.replace("@", f"+{n}@")
    return Forged(sender, word, n, auth=passed(sender), cites=c.to_raiser)


@technique(SINGLE)
def display_name(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f'From: "{c.raiser}" <{EVIL}>',)
    return Forged(EVIL, word, n, auth=passed((c.raiser, EVIL)[n % 3 == 0]), cites=c.to_raiser, from_lines=lines)


@technique(SINGLE)
def address_before_the_address(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: {c.raiser} <{EVIL}>",)
    return Forged(EVIL, word, n, auth=passed(c.raiser if n % 2 else EVIL), cites=c.to_raiser, from_lines=lines)


@technique(SINGLE)
def address_in_a_comment(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: {EVIL} ({c.raiser})" if n % 2 else f"From: ({EVIL}) <{EVIL}> ({c.raiser})",)
    return Forged(EVIL, word, n, auth=passed((c.raiser, EVIL)[n % 3 == 0]), cites=c.to_raiser, from_lines=lines)


@technique(SINGLE)
def two_from_lines(w: World, c: Target, word: str, n: int) -> Forged:
    both = (f"From: {c.raiser}", f"From: {EVIL}")
    return Forged(EVIL, word, n, auth=passed(c.raiser), cites=c.to_raiser, from_lines=both if n % 2 else both[::-1])


@technique(WHOLE)
def second_from_behind_the_cut(w: World, c: Target, word: str, n: int) -> Forged:
    """More header than is read stands between the two: only the server that checked it has seen the second."""
    filling = (f"X-Filling: {'a' * 300_000}",) if n % 2 else tuple(f"X-{i}: a" for i in range(1100))
    both = (f"From: {c.raiser}", f"In-Reply-To: <{c.to_raiser}>", *filling, f"From: {EVIL}")
    return Forged(EVIL, word, n, auth=passed(c.raiser), from_lines=both)


@technique(WHOLE)
def hidden_letters_in_the_name(w: World, c: Target, word: str, n: int) -> Forged:
    name = ("\u202emooR ssorP", "Pr\u200bess Room", "=?utf-8?b?4oCubW9vUiBzc2VyUA==?=")[n % 3]
    return Forged(EVIL, word, n, auth=passed(c.raiser), cites=c.to_raiser, from_lines=(f"From: {name} <{c.raiser}>",))


@technique(SINGLE)
def two_addresses_in_from(w: World, c: Target, word: str, n: int) -> Forged:
    both = (c.raiser, EVIL) if n % 2 else (EVIL, c.raiser)
    return Forged(EVIL, word, n, auth=passed(c.raiser), cites=c.to_raiser, from_lines=(f"From: {', '.join(both)}",))


@technique(SINGLE)
def group_in_from(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: Team: {c.raiser}, {EVIL};",)
    return Forged(EVIL, word, n, auth=passed(c.raiser), cites=c.to_raiser, from_lines=lines)


@technique(SINGLE)
def folded_from(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: {c.raiser}\r\n <{EVIL}>",)
    return Forged(EVIL, word, n, auth=passed(c.raiser if n % 2 else EVIL), cites=c.to_raiser, from_lines=lines)


@technique(SINGLE)
def encoded_word_as_name(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: =?utf-8?b?{b64(f'<{c.raiser}>')}?= <{EVIL}>",)
    return Forged(EVIL, word, n, auth=passed((c.raiser, EVIL)[n % 3 == 0]), cites=c.to_raiser, from_lines=lines)


@technique(SINGLE)
def encoded_word_as_address(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"From: =?utf-8?b?{b64(c.raiser)}?=",)
    return Forged(EVIL, word, n, auth=passed(c.raiser) if n % 2 else passed(EVIL), cites=c.to_raiser, from_lines=lines)


@technique(SIDES)
def sender_of_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(EVIL, word, n, auth=passed(EVIL), cites=c.to_raiser, below=(f"Sender: {c.raiser}",))


@technique(ALIGNED)
def on_behalf_of_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    mine = (f"Sender: {EVIL}", f"X-Original-From: {c.raiser}")
    return Forged(c.raiser, word, n, auth=passed(EVIL), cites=c.to_raiser, below=mine)


@technique(SIDES)
def reply_to_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    more = (f"Reply-To: {c.raiser}", f"Return-Path: <{c.raiser}>", f"Resent-From: {c.raiser}")
    return Forged(EVIL, word, n, auth=passed(EVIL), cites=c.to_raiser, below=more)


@technique(SINGLE)
def no_from(w: World, c: Target, word: str, n: int) -> Forged:
    lines = (f"X-From: {c.raiser}",)
    return Forged(
        EVIL, word, n, auth=passed(c.raiser), cites=c.to_raiser, from_lines=lines, below=(f"Sender: {c.raiser}",)
    )


# --- who is proven ----------------------------------------------------------------------------------------------------


@technique(ALIGNED)
def pass_of_another_domain(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(c.raiser, word, n, auth="dmarc=pass header.from=evil.example", cites=c.to_raiser)


@technique(ALIGNED)
def pass_of_a_subdomain(w: World, c: Target, word: str, n: int) -> Forged:
    domain = c.raiser.partition("@")[2]
    found = (f"dmarc=pass header.from=mail.{domain}", f"dmarc=pass header.from={domain}.evil.example")
    return Forged(c.raiser, word, n, auth=found[n % 2], cites=c.to_raiser)


@technique(ALIGNED)
def spf_and_dkim_of_another_domain(w: World, c: Target, word: str, n: int) -> Forged:
    found = "spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example; dmarc=none"
    return Forged(c.raiser, word, n, auth=found, cites=c.to_raiser)


@technique(BORDER)
def results_below_the_border(w: World, c: Target, word: str, n: int) -> Forged:
    mine = ("Received: from a by mx.evil.example with ESMTP; Tue, 12 Jan 2027 10:00:00 +0000",
            f"Authentication-Results: {GATEWAY}; {passed(c.raiser)}")  # fmt: skip
    return Forged(c.raiser, word, n, auth="" if n % 2 else "dmarc=fail", cites=c.to_raiser, below=mine)


@technique(BORDER)
def results_below_our_own_verdict(w: World, c: Target, word: str, n: int) -> Forged:
    mine = (f"Authentication-Results: {GATEWAY}; {passed(c.raiser)}",)
    return Forged(c.raiser, word, n, auth="dmarc=fail", cites=c.to_raiser, below=mine)


@technique(BORDER)
def results_below_our_own_that_say_nothing(w: World, c: Target, word: str, n: int) -> Forged:
    mine = (f"Authentication-Results: {GATEWAY}; {passed(c.raiser)}",)
    return Forged(c.raiser, word, n, auth="spf=pass smtp.mailfrom=evil.example", cites=c.to_raiser, below=mine)


@technique(BORDER)
def results_behind_a_relay_of_ours_that_never_was(w: World, c: Target, word: str, n: int) -> Forged:
    relay = f"Received: from a by relay.{GATEWAY.partition('.')[2]} with ESMTP; Tue, 12 Jan 2027 10:00:00 +0000"
    mine = (relay, f"Authentication-Results: {GATEWAY}; {passed(c.raiser)}")
    return Forged(c.raiser, word, n, auth="", cites=c.to_raiser, below=mine)


@technique(BORDER)
def results_in_an_envelope_that_the_border_does_not_quote(w: World, c: Target, word: str, n: int) -> Forged:
    found = f"spf=pass smtp.mailfrom=x;{passed(c.raiser)};iprev=pass policy.iprev=y@evil.example"
    return Forged(c.raiser, word, n, auth=found, cites=c.to_raiser)


@technique(ALIGNED)
def two_results_in_one_field(w: World, c: Target, word: str, n: int) -> Forged:
    found = [passed(c.raiser), f"dmarc=fail header.from={c.raiser.partition('@')[2]}"]
    return Forged(c.raiser, word, n, auth="; ".join(found if n % 2 else found[::-1]), cites=c.to_raiser)


@technique(BORDER)
def results_of_another_server_above(w: World, c: Target, word: str, n: int) -> Forged:
    other = (f"Authentication-Results: mx.evil.example; {passed(c.raiser)}",)
    return Forged(c.raiser, word, n, auth="dmarc=none", cites=c.to_raiser, above=other)


@technique(BORDER)
def results_of_a_server_with_a_like_name(w: World, c: Target, word: str, n: int) -> Forged:
    names = (f"{GATEWAY}.evil.example", f"evil-{GATEWAY}", f"({GATEWAY}) mx.evil.example", "story.example")
    mine = (f"Authentication-Results: {names[n % 4]}; {passed(c.raiser)}",)
    return Forged(c.raiser, word, n, auth="", cites=c.to_raiser, below=mine)


@technique(BORDER)
def results_in_a_comment(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(
        c.raiser, word, n, auth=f"none (dmarc=pass header.from={c.raiser.partition('@')[2]})", cites=c.to_raiser
    )


@technique(BORDER)
def results_in_the_name_of_a_header(w: World, c: Target, word: str, n: int) -> Forged:
    mine = (
        f"Authentication-Results-Original: {GATEWAY}; {passed(c.raiser)}",
        f"X-Authentication-Results: {passed(c.raiser)}",
    )
    return Forged(c.raiser, word, n, auth="", cites=c.to_raiser, below=mine)


@technique(SEALED)
def arc_of_nobody_we_know(w: World, c: Target, word: str, n: int) -> Forged:
    mine = ("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=evil.example; s=x; b=AAAA",
            f"ARC-Authentication-Results: i=1; mx.evil.example; {passed(c.raiser)}")  # fmt: skip
    return Forged(c.raiser, word, n, auth="arc=pass; dmarc=fail", cites=c.to_raiser, below=mine)


@technique(PROFILE)
def inside_the_organisation(w: World, c: Target, word: str, n: int) -> Forged:
    mine = ("X-MS-Exchange-Organization-AuthAs: Internal", "X-MS-Exchange-Organization-AuthSource: mx.csc.example")
    return Forged(c.raiser, word, n, auth="dmarc=none", cites=c.to_raiser, below=mine)


# --- whose word it is -------------------------------------------------------------------------------------------------


@technique(MATRIX)
def the_raisers_words_from_the_responder(w: World, c: Target, word: str, n: int) -> Forged:
    mine = (
        "RESOLVED",
        "WITHDRAW",
        "EXTEND 5 working days",
        "NOT URGENT",
        "ESCALATE",
        "NOT RESOLVED",
        "HOLD",
        "DECIDED: no",
    )
    return Forged(FAY, mine[n % len(mine)], n, auth=passed(FAY), cites=(c.to_raiser, c.to_responder)[n % 2])


@technique(SIDES)
def a_colleague_of_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(COLLEAGUE, word, n, auth=passed(COLLEAGUE), cites=c.original)


@technique(SIDES)
def another_team_of_the_agency(w: World, c: Target, word: str, n: int) -> Forged:
    mine = ("OUTCOME: done", "NOT OURS", "RECEIVED by Friday", "ACCEPT", "The visit was made today.", word)
    return Forged(KAY, mine[n % len(mine)], n, auth=passed(KAY), cites=c.to_responder)


@technique(SIDES)
def a_deputy_of_another_agency(w: World, c: Target, word: str, n: int) -> Forged:
    text = ("RESOLVED", "OUTCOME: done", "We visited today.", word)[n % 4]
    return Forged(DEPUTY_ELSEWHERE, text, n, auth=passed(DEPUTY_ELSEWHERE), cites=c.to_responder)


@technique(SIDES)
def the_ref_and_the_wrong_sender(w: World, c: Target, word: str, n: int) -> Forged:
    return named(c, Forged(EVIL, word, n, auth=passed(EVIL)))


@technique(SIDES, to=INBOX)
def a_stranger_in_the_team_inbox(w: World, c: Target, word: str, n: int) -> Forged:
    return named(c, Forged(f"parent{n}@home.example", word, n, auth=passed("p@home.example"), to=INBOX))


def untold(w: World) -> list[str]:
    """Cases where nobody was told that an id of ours is in other hands."""
    return [f"nobody was told about case {n}" for n, c in w.cases().items() if "answered_from_elsewhere" not in c.flags]


@technique(WATCHED, seen=untold)
def an_id_of_ours_from_another_address(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(EVIL, word, n, auth=passed(EVIL), cites=(c.to_raiser, c.to_responder)[n % 2])


@technique(SIDES)
def another_raiser_and_this_case(w: World, c: Target, word: str, n: int) -> Forged:
    other = next(t for t in w.targets if t.raiser.partition("@")[2] != c.raiser.partition("@")[2] and t.n != 5)
    return Forged(other.raiser, word, n, auth=passed(other.raiser), cites=c.to_raiser)


@technique(MATCHING)
def the_ref_of_another_case(w: World, c: Target, word: str, n: int) -> Forged:
    """The letter of one case is answered under the ref of another, whose raiser the sender is."""
    other = w.targets[c.n % len(w.targets)]
    sender = other.raiser if other.n != 5 and other.raiser.partition("@")[2] != c.raiser.partition("@")[2] else EVIL
    return named(other, Forged(sender, word, n, auth=passed(sender), cites=c.to_raiser))


@technique(MATCHING)
def two_cases_in_one_mail(w: World, c: Target, word: str, n: int) -> Forged:
    other = w.targets[c.n % len(w.targets)]
    both = f"{c.original}> <{other.original}"
    return Forged(c.raiser, word, n, auth="dmarc=pass header.from=" + c.raiser.partition("@")[2], cites=both)


@technique(ASKED)
def yes_from_the_wrong_person(w: World, c: Target, word: str, n: int) -> Forged:
    sender = (FAY, KAY, SAM, COLLEAGUE, EVIL, DEPUTY_ELSEWHERE)[n % 6]
    return Forged(sender, "YES", n, auth=passed(sender), cites=w.question())


@technique(ASKED)
def yes_against_a_failed_proof(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(w.targets[0].raiser, "YES", n, auth="dmarc=fail", cites=w.question())


@technique(ASKED)
def yes_by_the_ref_alone(w: World, c: Target, word: str, n: int) -> Forged:
    return named(c, Forged(c.raiser, "YES", n, auth="dmarc=none"))


# --- which mail it is -------------------------------------------------------------------------------------------------


def joined(w: World) -> list[str]:
    """Cases that a hostile mail has joined: its ids were to lead to none."""
    now = w.cases()
    return [f"a mail joined case {n}" for n, before in w.before.items() if len(now[n].mails) > len(before.mails)]


@technique(MATCHING, seen=joined)
def a_guessed_id(w: World, c: Target, word: str, n: int) -> Forged:
    guess = f"{n:032x}.{n * 7:032x}@challenge.example"
    return Forged(c.raiser, word, n, auth="dmarc=none", cites=guess)


@technique(MATCHING, seen=joined)
def an_id_of_ours_with_another_seal(w: World, c: Target, word: str, n: int) -> Forged:
    name, _, seal = c.to_raiser.partition(".")
    guess = f"{name}.{seal[1:33]}{n % 10}@challenge.example"
    return Forged(EVIL, word, n, auth=passed(EVIL), cites=guess)


@technique(KEYS, seen=joined)
def a_key_of_content_as_id(w: World, c: Target, word: str, n: int) -> Forged:
    """Whoever was shown a challenge can work out the keys that it is known by."""
    name = ("one", "two", "three", "four", "five")[c.n - 1]
    return Forged(EVIL, word, n, auth=passed(EVIL), cites=sorted(keys_of(w.read(name)))[n % 2])


@technique(COPY)
def replayed_as_it_was(w: World, c: Target, word: str, n: int) -> bytes:
    hop = f"Received: from relay-{n}.evil.example by {GATEWAY} with ESMTPS; Tue, 12 Jan 2027 12:00:00 +0000\r\n"
    return hop.encode() + w.raw(("more", "word", "answer", "one", "doubt")[n % 5])


@technique(PROOF)
def replayed_against_another_case(w: World, c: Target, word: str, n: int) -> bytes:
    """The genuine word of one case with the ids of another: what was signed is broken, and our border says so."""
    raw = w.raw("word").replace(b"dmarc=pass", b"dmarc=fail").replace(b"four@health.example", c.original.encode())
    raw = raw.replace(b"From: nina.rose@health.example", f"From: {c.raiser}".encode())
    return raw.replace(b"word@health.example", f"word-{n}@health.example".encode())


# --- what is said -----------------------------------------------------------------------------------------------------

THANKS = "Thank you, I am reading it and will come back to you."


def _from_raiser(c: Target, text: str, n: int, **more: str) -> Forged:
    """The raiser's own, proven mail, into which somebody has put a word."""
    return Forged(c.raiser, text, n, auth=passed(c.raiser) if c.n != 5 else "dmarc=none", cites=c.to_raiser, **more)  # type: ignore[arg-type]


@technique(FIRST_LINE)
def quoted_command(w: World, c: Target, word: str, n: int) -> Forged:
    return _from_raiser(c, f"{THANKS}\n\nOn Tue, 12 Jan 2027 at 10:0{n % 10}, Fay Marsh wrote:\n> {word}\n> {word}", n)


@technique(FIRST_LINE)
def quoted_command_alone(w: World, c: Target, word: str, n: int) -> Forged:
    return _from_raiser(
        c, f"> {word}\n\n{THANKS}" if n % 2 else f"{THANKS}\n\n-----Original Message-----\nFrom: x\n\n{word}", n
    )


@technique(FIRST_LINE)
def command_in_the_signature(w: World, c: Target, word: str, n: int) -> Forged:
    return _from_raiser(c, f"{THANKS}\n-- \n{word}\nA Person, {n}", n)


@technique(FIRST_LINE)
def command_on_a_later_line(w: World, c: Target, word: str, n: int) -> Forged:
    return _from_raiser(c, f"Dear all, number {n},\n{word}\n{THANKS}", n)


@technique(FIRST_LINE)
def command_in_the_subject(w: World, c: Target, word: str, n: int) -> Forged:
    return _from_raiser(c, f"{THANKS} {n}", n, subject=f"{word} RE: Professional Safeguarding Challenge")


@technique(HIDDEN)
def hidden_in_html(w: World, c: Target, word: str, n: int) -> Forged:
    hidden = (
        f'<div style="display:none">{word}</div>', f"<!-- {word} -->", f"<title>{word}</title>",
        f"<style>{word}</style>", f"<script>{word}</script>", f'<p hidden>{word}</p>',
        f'<span style="visibility:hidden">{word}<br></span>',
        f'<p style="font-size:0">{word}</p>',
    )  # fmt: skip
    text = f"<html><body>{hidden[n % len(hidden)]}<p>{THANKS} {n}</p></body></html>"
    return _from_raiser(c, text, n, kind="text/html; charset=utf-8")


@technique(FIRST_LINE)
def command_in_a_forwarded_mail(w: World, c: Target, word: str, n: int) -> Forged:
    inner = f"From: {c.raiser}\nSubject: RE: x\nMessage-ID: <in-{n}@x>\n\n{word}"
    kind, text = parts(("Content-Type: text/plain", f"{THANKS} {n}"), ("Content-Type: message/rfc822", inner))
    return _from_raiser(c, text, n, kind=kind)


@technique(FIRST_LINE)
def command_in_an_attachment(w: World, c: Target, word: str, n: int) -> Forged:
    head = 'Content-Type: text/plain; name="answer.txt"\nContent-Disposition: attachment; filename="answer.txt"'
    body = ("Content-Type: text/plain", f"{THANKS} {n}")
    kind, text = parts((head, word), body) if n % 2 else parts(body, (head, word))
    return _from_raiser(c, text, n, kind=kind)


@technique(PROOF)
def split_by_zero_width(w: World, c: Target, word: str, n: int) -> Forged:
    mark = "​‌‍⁠﻿­"[n % 6]
    return Forged(c.raiser, f"{word[:2]}{mark}{word[2:]}", n, auth="dmarc=none", cites=c.original)


@technique(PROOF)
def right_to_left(w: World, c: Target, word: str, n: int) -> Forged:
    text = f"‮{word[::-1]}‬" if n % 2 else f"‏{word}"
    return Forged(c.raiser, text, n, auth="dmarc=none", cites=c.original)


@technique(SIDES)
def homoglyph_word(w: World, c: Target, word: str, n: int) -> Forged:
    text = word.translate(str.maketrans("EOSRAY", "ЕОЅꓣАҮ"))
    return Forged((EVIL, COLLEAGUE)[n % 2], text, n, auth=passed((EVIL, COLLEAGUE)[n % 2]), cites=c.to_raiser)


@technique(PROOF)
def encoded_body(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(c.raiser, b64(f"{word}\n"), n, auth="dmarc=fail", cites=c.to_raiser, encoding="base64")


# --- what sent it -----------------------------------------------------------------------------------------------------


@technique(KIND)
def automatic_reply_of_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    marks = (
        ("Auto-Submitted: auto-replied",),
        ("X-Autoreply: yes",),
        ("X-Auto-Response-Suppress: All", "Auto-Submitted: auto-generated"),
    )
    return Forged(
        c.raiser, word, n, auth=passed(c.raiser) if c.n != 5 else "dmarc=none", cites=c.to_raiser, below=marks[n % 3]
    )


@technique(KIND)
def automatic_reply_of_the_responder(w: World, c: Target, word: str, n: int) -> Forged:
    text = ("OUTCOME: done", "I am on leave until Friday. RESOLVED", "I no longer work here.", word)[n % 4]
    return Forged(FAY, text, n, auth=passed(FAY), cites=c.to_responder, below=("Auto-Submitted: auto-replied",),
                  subject="Automatic reply: Professional Safeguarding Challenge")  # fmt: skip


def taken_away(w: World) -> list[str]:
    """Cases in which somebody who was served is reminded no more."""
    now = w.cases()
    return [f"a contact of case {n} is written to no more" for n in w.before if any(s.is_dead for s in now[n].served)]


@technique(DEPARTED, seen=taken_away)
def forged_departure_of_the_responder(w: World, c: Target, word: str, n: int) -> Forged:
    return Forged(FAY, f"I no longer work here. {n}", n, auth="dmarc=fail", cites=c.to_responder,
                  below=("Auto-Submitted: auto-replied",), subject="Automatic reply: x")  # fmt: skip


@technique(KIND)
def receipt_with_a_command(w: World, c: Target, word: str, n: int) -> Forged:
    kind, text = parts(
        ("Content-Type: text/plain", word),
        ("Content-Type: message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),
        kind="multipart/report", extra="; report-type=disposition-notification",
    )  # fmt: skip
    return Forged(FAY, text, n, auth=passed(FAY), cites=c.to_responder, kind=kind, subject="Read: x")


@technique(KIND)
def meeting_reply_with_a_command(w: World, c: Target, word: str, n: int) -> Forged:
    calendar = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR"
    kind, text = parts(("Content-Type: text/plain", word), ("Content-Type: text/calendar; method=REPLY", calendar))
    return Forged(
        c.raiser,
        text,
        n,
        auth=passed(c.raiser) if c.n != 5 else "dmarc=none",
        cites=c.to_raiser,
        kind=kind,
        subject="Accepted: x",
    )


@technique(KIND)
def recall_of_the_raiser(w: World, c: Target, word: str, n: int) -> Forged:
    return _from_raiser(
        c,
        f"{word}\n{c.raiser} would like to recall the message. {n}",
        n,
        subject="Recall: Professional Safeguarding Challenge",
    )


@technique(LIST)
def through_a_list(w: World, c: Target, word: str, n: int) -> Forged:
    more = ("List-Id: <staff.health.example>", "List-Post: <mailto:staff@health.example>", "Precedence: list")
    return Forged(c.raiser, word, n, auth=passed(c.raiser) if c.n != 5 else "dmarc=none", cites=c.to_raiser, below=more)


def report(cited: str, recipient: str) -> tuple[str, str]:
    report = (
        f"Reporting-MTA: dns; mx.csc.example\n\nFinal-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n"
    )
    return parts(
        ("Content-Type: text/plain", "The mail could not be delivered."),
        ("Content-Type: message/delivery-status", report),
        ("Content-Type: text/rfc822-headers", f"Message-ID: <{cited}>\nSubject: x"),
        kind="multipart/report", extra="; report-type=delivery-status",
    )  # fmt: skip


@technique(BOUNCED, seen=taken_away)
def bounce_of_an_id_never_sent(w: World, c: Target, word: str, n: int) -> Forged:
    kind, text = report(f"{n:032x}.{n:032x}@challenge.example", FAY)
    return Forged("mailer-daemon@csc.example", text, n, auth=passed(FAY), kind=kind, below=("Return-Path: <>",))


@technique(BOUNCED, seen=taken_away)
def bounce_of_the_challenge_itself(w: World, c: Target, word: str, n: int) -> Forged:
    kind, text = report(c.original, FAY)
    return named(
        c, Forged("mailer-daemon@csc.example", text, n, auth=passed(FAY), kind=kind, below=("Return-Path: <>",))
    )


# --- the holding pen --------------------------------------------------------------------------------------------------


@technique(PEN)
def orders_of_a_stranger(w: World, c: Target, word: str, n: int) -> Forged:
    lines = "\n".join(f"{entry} {('not ours', 'new', c.ref)[n % 3]}" for entry in range(1, 30))
    return Forged((EVIL, FAY, c.raiser)[n % 3], lines, n, auth=passed((EVIL, FAY, "x@nowhere.example")[n % 3]))


@technique(PEN)
def orders_of_the_unit_unproven(w: World, c: Target, word: str, n: int) -> Forged:
    lines = "\n".join(f"{entry} {('not ours', 'new', c.ref)[n % 3]}" for entry in range(1, 30))
    return Forged(UNIT, lines, n, auth=("dmarc=none", "dmarc=fail", "")[n % 3])


# --- ugly headers -----------------------------------------------------------------------------------------------------


@technique(ENDS)
def header_in_a_header(w: World, c: Target, word: str, n: int) -> Forged:
    """The only From stands behind a letter that some take for the end of a line."""
    more = (f"X-Note: a\r\n\tAuthentication-Results: {GATEWAY}; {passed(c.raiser)}",)
    lines = (f"X-More: b\x0bFrom: {c.raiser}",)
    return Forged(EVIL, word, n, auth="", cites=c.to_raiser, below=more, from_lines=lines)


@technique(ENDS)
def encoded_newlines_in_the_subject(w: World, c: Target, word: str, n: int) -> Forged:
    """What the subject says of From and of the first line, once it is decoded."""
    title = f"=?utf-8?b?{b64(f'x{chr(13)}{chr(10)}From: {c.raiser}{chr(13)}{chr(10)}{chr(13)}{chr(10)}{word}')}?="
    lines = (f"X-Sender: {EVIL}",)
    return Forged(EVIL, f"See above. {n}", n, auth=passed(c.raiser), cites=c.to_raiser, subject=title,
                  above=(f"In-Reply-To: <{c.to_raiser}>",), from_lines=lines)  # fmt: skip


# --- words that only a ref, or an id that leaked, carries -------------------------------------------------------------


@technique(CODE)
def yes_without_the_code(w: World, c: Target, word: str, n: int) -> Forged:
    """The id of the question leaked, and its digits did not."""
    text = ("YES", "YES 12345", f"YES {n:06}", "YES\n\n> YES 000000")[n % 4]
    return Forged(HELEN, text, n, auth=("dmarc=none", "")[n % 2], cites=w.question())


def _hurried(w: World) -> list[str]:
    return [
        f"case {n} has less time" for n, one in w.cases().items() if one.due and one.due < (w.before[n].due or one.due)
    ]


@technique(NOWHERE, seen=_hurried)
def urgent_of_the_raiser_by_ref(w: World, c: Target, word: str, n: int) -> Forged:
    return named(c, Forged(c.raiser, "URGENT", n, auth=("dmarc=none", "")[n % 2]))


def _alarms(w: World) -> list[str]:
    return [q.letter.ref for q in w.letters() if isinstance(q.letter.values, Alert.Incident)]


@technique(GUESS, seen=_alarms)
def not_mine_of_an_outsider_by_ref(w: World, c: Target, word: str, n: int) -> Forged:
    return named(c, Forged(f"x{n}@evil{n}.example", "NOT MINE", n, auth=("dmarc=none", "")[n % 2]))
