"""Where a mail goes, as the store knows it: ids, refs, its content, its words, and guesses for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.case.dated import SAME_FROM
from bot.case.placement import Attach, Ignore, Open, Pen, Placement
from bot.engine.reading.place import TAIL, content_key, hash_id, keys_of, place, same_keys
from bot.model import Arrival, Attachment, ClosedAs, How, Inbox, LetterKind, Mail, MailKind, State
from bot.store import cases, outbox
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, INBOX, MO, START, STRANGER, TOM, addresses, mail
from tests.unit.engine_samples import WORDS, House

OUR_BOX = Inbox("CE", BOT, "cheshire-east", "", is_bot=True)
MINUTE = timedelta(minutes=1)
FIRST = mail(HELEN, WORDS, title=DAY, to=(FAY,), cc=(CREWE,))


def found(house: House, one: Mail, inbox: Inbox = INBOX, *, is_old: bool = False) -> tuple[Placement, bool]:
    with house.db.read() as tx:
        return place(tx, one, inbox, house.settings.directory, is_old=is_old)


def where(house: House, one: Mail, inbox: Inbox = INBOX) -> Placement:
    return found(house, one, inbox)[0]


def challenge(text: str = WORDS, **more: Any) -> Mail:
    return mail(HELEN, text, title=DAY, to=(FAY,), cc=(CREWE,), **more)


def opened(house: House, first: Mail = FIRST) -> int:
    """A case with the keys that a mail leaves which opens one."""
    number = house.open(first)
    with house.db.begin() as tx:
        cases.note_ids(tx, number, keys_of(first))
    return number


def closed(house: House, number: int) -> None:
    stored_case = replace(house.case(number), state=State.CLOSED, closed_as=ClosedAs.WITHDRAWN, closed=START)
    with house.db.begin() as tx:
        stored = cases.load(tx, number)
        plan = house.turn.plan(tx, number, Arrival(mail(HELEN, "Thanks."), "the ref"), START)
        house.turn.save(tx, replace(plan, stored=stored, decision=replace(plan.decision, case=stored_case)), START)


def ours(house: House) -> outbox.Queued:
    """The acknowledgement of the first case."""
    return house.letters(LetterKind.ACKNOWLEDGEMENT)[0]


# --- ids and refs -----------------------------------------------------------------------------------------------------


def test_a_mail_that_cites_our_letter_belongs_to_its_case_and_answers_that_letter(house: House) -> None:
    """By the Message-ID that we wrote, in either header."""
    opened(house)
    letter = ours(house).letter
    for cited in ({"in_reply_to": (letter.message_id,)}, {"references": (letter.message_id, "x@health.example")}):
        assert where(house, mail(HELEN, "Thanks.", **cited)) == Attach(1, "our letter", letter.key)


def test_a_mail_that_cites_what_the_server_called_our_letter_belongs_to_its_case(house: House) -> None:
    """Some servers give a letter another Message-ID, and people's programs cite that one."""
    opened(house)
    with house.db.begin() as tx:
        claimed = outbox.claim(tx, START, "a life", MINUTE)
        assert claimed is not None
        outbox.in_data(tx, claimed, "", START, assigned_id="<given@mx.example>")
    answer = mail(HELEN, "Thanks.", in_reply_to=("given@mx.example",))
    assert where(house, answer) == Attach(1, "our letter", claimed.letter.key)
    assert where(house, replace(answer, message_id="given@mx.example")) == Ignore("our own letter")


def test_our_own_letter_is_none_of_our_business(house: House) -> None:
    """It comes back from a watched inbox that it was copied to."""
    opened(house)
    own = mail(BOT, "…", message_id=ours(house).letter.message_id)
    assert where(house, own) == Ignore("our own letter")


def test_a_mail_that_cites_the_challenge_belongs_to_its_case(house: House) -> None:
    """And so does what answers a mail of the case."""
    opened(house)
    assert where(house, mail(FAY, "Yes.", in_reply_to=(str(FIRST.message_id),))) == Attach(
        1, "the challenge or a mail of the case"
    )


@pytest.mark.parametrize("what", ["content", "words"])
def test_nobody_can_cite_a_key_of_ours(house: House, what: str) -> None:
    """Anybody can work out how a challenge is hashed; only ids lead into a case."""
    opened(house)
    key = next(key for key, kind in keys_of(FIRST).items() if kind == what)
    assert where(house, mail(STRANGER, "Yes.", in_reply_to=(key,))) == Ignore("none of our business")


@pytest.mark.parametrize("part", ["subject", "text", "quoted"])
def test_a_ref_leads_to_its_case(house: House, part: str) -> None:
    """In the subject, or at the end of what was written or is quoted, where our letters bear it."""
    opened(house)
    ref = house.case().ref
    said = "x " * TAIL + f"\n[{ref}]"
    given: dict[str, Any] = {"title" if part == "subject" else part: f"about {ref}" if part == "subject" else said}
    assert where(house, mail(FAY, **given)) == Attach(1, "the ref")


def test_a_ref_far_above_the_end_of_a_long_text_leads_nowhere(house: House) -> None:
    """A report that mentions a case in passing does not belong to it."""
    opened(house)
    assert where(house, mail(FAY, f"{house.case().ref}\n" + "x" * TAIL)) == Ignore("none of our business")


def test_a_message_id_of_another_mail_is_told(house: House) -> None:
    """Only where it is a mail's; ids of ours never are."""
    opened(house)
    other = challenge("Nobody told us when the meeting about the twins will be.")
    assert found(house, other) == (Open(), False)
    assert found(house, replace(other, message_id=FIRST.message_id)) == (Open(), True)


# --- copies, and the same again ---------------------------------------------------------------------------------------


def test_the_same_mail_is_a_copy_whatever_else_it_cites(house: House) -> None:
    """Even if its case has long been closed."""
    closed(house, opened(house))
    assert found(house, replace(FIRST, digest="another gateway's bytes")) == (Attach(1, How.COPY), False)


def test_the_same_words_again_join_the_open_case(house: House) -> None:
    """However they are spaced, and whatever the subject asks this time: no second clock."""
    opened(house)
    again = challenge(WORDS.replace(" ", "\n "), at=START + MINUTE)
    assert where(house, again) == Attach(1, How.AGAIN)


@pytest.mark.parametrize(
    "changed",
    [
        {"sender": addresses(MO)[0]},
        {"new_text": f"{WORDS} Nor the twins."},
        {"attachments": (Attachment("plan.pdf", "application/pdf", 9, "d1"),)},
    ],
    ids=["another sender", "other words", "another attachment"],
)
def test_other_words_open_a_case_of_their_own(house: House, changed: dict[str, Any]) -> None:
    """Another person's challenge is another's, and so are a word and a paper more: of these the raiser is asked."""
    opened(house)
    asked = "" if "sender" in changed else house.case().ref
    assert where(house, replace(challenge(at=START + MINUTE), **changed)) == Open(same_as=asked)


def test_the_same_words_after_the_end_of_the_case_begin_anew(house: House) -> None:
    """What was closed is closed."""
    closed(house, opened(house))
    assert where(house, challenge(at=START + MINUTE)) == Open()


@pytest.mark.parametrize(("length", "tells"), [(SAME_FROM - 1, False), (SAME_FROM, True)])
def test_few_words_may_be_the_same_by_chance(length: int, tells: bool) -> None:
    """Below forty characters nothing is told from them."""
    assert bool(same_keys(mail(HELEN, "x" * length))) is tells


def test_words_of_nobody_are_nobodys() -> None:
    """Without a sender that can be read nothing is the same again."""
    assert same_keys(mail("", WORDS)) == ()


def test_a_copy_is_known_by_all_that_a_gateway_leaves_alone() -> None:
    """Id, sender, date, subject, text and attachments; not by who is copied or when it came."""
    assert content_key(replace(FIRST, received=START + MINUTE, cc=(), digest="d", new_text="")) == content_key(FIRST)
    paper = Attachment("plan.pdf", "application/pdf", 9, "d1")
    for changed in (
        {"message_id": "x@health.example"}, {"sender": addresses(MO)[0]}, {"date": START + MINUTE}, {"date": None},
        {"subject": "x"}, {"text": "x"}, {"attachments": (paper,)},
    ):  # fmt: skip
        assert content_key(replace(FIRST, **changed)) != content_key(FIRST), changed  # type: ignore[arg-type]


def test_the_ledger_keeps_no_message_id() -> None:
    """A hash of it, and nothing where there is none."""
    assert hash_id(None) == hash_id("") == ""
    assert len(hash_id("one@health.example")) == 64
    assert hash_id("one@health.example") != hash_id("two@health.example")


# --- what waits for a person ------------------------------------------------------------------------------------------


def test_what_waits_is_shown_with_its_senders_own_open_cases(house: House) -> None:
    """Five at most; closed ones and those of others are no guess."""
    for n in range(7):
        house.open(challenge(f"{WORDS} {n}", at=START + n * MINUTE))
    closed(house, 1)
    refs = tuple(case.ref for case in house.cases())
    assert where(house, mail(HELEN, "A question.", title="?"), OUR_BOX) == Pen(
        "written to our own mailbox and to no case", refs[1:6]
    )
    assert where(house, mail("joan@elsewhere.example", "?", title="?"), OUR_BOX) == Pen(
        "written to our own mailbox and to no case"
    )


def test_who_answers_in_a_case_is_shown_it_as_a_guess(house: House) -> None:
    """Not only its raiser: everybody who was involved, by any address of theirs."""
    house.open()
    for sender in (FAY, "f.marsh@csc.example"):
        assert where(house, mail(sender, "?", title="?"), OUR_BOX) == Pen(
            "written to our own mailbox and to no case", (house.case().ref,)
        )


def test_cited_cases_are_shown_by_their_refs(house: House) -> None:
    """A person knows no numbers of rows."""
    house.open()
    second = challenge(f"{WORDS} Twice.", at=START + MINUTE)
    house.open(second)
    both = mail(FAY, "Yes.", in_reply_to=(str(FIRST.message_id), str(second.message_id)))
    refs = tuple(case.ref for case in house.cases())
    assert where(house, both) == Pen("it cites more than one case", refs)


def test_a_mail_from_one_agency_to_another_may_answer(house: House) -> None:
    """From the challenged agency to the raiser; within an agency, or to nobody of another, nothing is guessed."""
    house.open()
    ref = house.case().ref
    assert where(house, mail(FAY, title="The baby", to=(HELEN,))) == Pen(How.MAY_ANSWER, (ref,), ((1, ()),))
    for sender, to in ((FAY, TOM), (HELEN, MO), (FAY, STRANGER)):
        assert where(house, mail(sender, title="The baby", to=(to,), cc=(CREWE,))) == Ignore("none of our business")


def test_a_mail_from_outside_to_the_raiser_and_the_team_waits(house: House) -> None:
    """Nobody knows its writer, so a person looks at it; in our own mailbox it waits already for another reason."""
    house.open()
    why = "somebody outside the directory writes to the raiser of an open challenge"
    outside = mail(STRANGER, title="The baby", to=(HELEN,), cc=(CREWE,))
    assert where(house, outside) == Pen(why, (house.case().ref,))
    assert where(house, mail("new@health.example", title="The baby", to=(HELEN,), cc=(CREWE,))) == Ignore(
        "none of our business"
    )
    assert where(house, mail(STRANGER, title="The baby", to=(TOM,), cc=(CREWE,))) == Ignore("none of our business")


@pytest.mark.parametrize("changed", [{"kind": MailKind.AUTO_REPLY}, {"is_list": True}, {"sender": None}])
def test_nothing_is_guessed_of_a_machines_mail(house: House, changed: dict[str, Any]) -> None:
    """Nor of a list's, nor of nobody's."""
    house.open()
    assert isinstance(where(house, replace(mail(FAY, title="The baby", to=(HELEN,)), **changed)), Ignore)


def test_old_mail_opens_nothing(house: House) -> None:
    """And joins what it belongs to all the same."""
    opened(house)
    old = challenge(f"{WORDS} Before.", at=START - 9 * MINUTE)
    placement, _ = found(house, old, is_old=True)
    assert isinstance(placement, Pen)
    assert placement.why.startswith("already in flight")
    joined, _ = found(house, mail(FAY, "Yes.", in_reply_to=(str(FIRST.message_id),)), is_old=True)
    assert isinstance(joined, Attach)


def test_a_challenge_under_no_policy_waits(house: House) -> None:
    """To our own mailbox, where it names no team: a case under a guessed policy would have a wrong clock."""
    placement = where(house, challenge(), Inbox("", BOT, "", "", is_bot=True))
    assert placement == Pen("a challenge to our own mailbox that names no team we watch")
